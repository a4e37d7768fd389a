/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two of least cost, and why they stay. */
#include "client/stun2/home_choice.h"

void home_choice_refuse(struct home_candidate *candidate, uint64_t ms, struct mono now)
{
    candidate->refused_until = mono_add_ms(now, ms);
    candidate->chosen = false;
}

void home_choice_avoid(struct home_candidate *candidate, struct mono now)
{
    candidate->avoided_until = mono_add_ms(now, HOME_AVOIDED_MS);
    candidate->quality.known = false; /* what was measured was before */
    candidate->chosen = false;
}

bool home_candidate_is_dead(const struct home_candidate *candidate, struct mono now)
{
    return candidate->down_since.ns != MONO_NEVER.ns &&
           mono_ms_between(candidate->down_since, now) >= HOME_DEAD_MS;
}

/* May it be chosen? */
static bool is_fit(const struct home_candidate *one, struct mono now)
{
    return one->used && mono_due(one->refused_until, now) && one->quality.known &&
           (one->has_session ? one->session.answers : one->listed);
}

static bool is_avoided(const struct home_candidate *one, struct mono now)
{
    return !mono_due(one->avoided_until, now);
}

static bool is_pinned(const struct home_candidate *one)
{
    return one->has_session && one->session.pinned;
}

/* The worse of the chosen ones that nobody pinned; NULL: there is none. *other is the other chosen
 * one, or NULL; *count is how many there are. */
static struct home_candidate *worse_of(struct home_candidates *candidates,
                                       struct home_candidate **other, size_t *count)
{
    struct home_candidate *worse = NULL;

    *other = NULL;
    *count = 0;
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (!one->chosen) {
            continue;
        }
        *count += 1;
        if (is_pinned(one) ||
            (worse != NULL && home_candidate_cost(one) <= home_candidate_cost(worse))) {
            *other = one;
        } else {
            *other = worse != NULL ? worse : *other;
            worse = one;
        }
    }
    return worse;
}

/* ---- need ---- */

static void take_pinned(struct home_candidates *candidates, struct mono now)
{
    struct home_candidate *other;
    size_t count;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];
        struct home_candidate *worse = worse_of(candidates, &other, &count);

        if (one->chosen || !is_pinned(one) || !is_fit(one, now)) {
            continue;
        }
        if (count == HOME_RELAYS && worse != NULL) {
            worse->chosen = false;
        }
        one->chosen = count < HOME_RELAYS || worse != NULL;
    }
}

/* True if one is to be chosen before another: one that did not die lately, then one that is apart
 * from `other` (NULL: all are), then the one that costs less. */
static bool goes_before(const struct home_candidate *one, const struct home_candidate *another,
                        const struct home_candidate *other, struct mono now)
{
    bool near = other != NULL && home_candidate_near(one, other);
    bool another_near = other != NULL && home_candidate_near(another, other);

    if (is_avoided(one, now) != is_avoided(another, now)) {
        return is_avoided(another, now);
    }
    if (near != another_near) {
        return another_near;
    }
    return home_candidate_cost(one) < home_candidate_cost(another);
}

/* The best one that is not chosen; NULL: none is fit. */
static struct home_candidate *best_of(struct home_candidates *candidates,
                                      const struct home_candidate *other, struct mono now)
{
    struct home_candidate *best = NULL;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (!one->chosen && is_fit(one, now) &&
            (best == NULL || goes_before(one, best, other, now))) {
            best = one;
        }
    }
    return best;
}

/* A session of ours to one that died is not kept if there is another relay. One whose session a
 * ziglan keeps counts again as soon as it answers. */
static void drop_dead(struct home_candidates *candidates, struct mono now)
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (one->chosen && home_candidate_is_dead(one, now) &&
            best_of(candidates, NULL, now) != NULL) {
            one->chosen = false;
            if (!one->session.kept) {
                home_choice_avoid(one, now);
            }
        }
    }
}

static void fill_places(struct home_candidates *candidates, struct mono now)
{
    struct home_candidate *other;
    size_t count;
    struct home_candidate *present = worse_of(candidates, &other, &count);

    for (; count < HOME_RELAYS; count++) {
        struct home_candidate *best = best_of(candidates, present != NULL ? present : other, now);

        if (best == NULL) {
            return;
        }
        best->chosen = true;
        present = best;
    }
}

/* ---- improvement ---- */

static bool is_better(const struct home_candidate *one, const struct home_candidate *worse,
                      const struct home_candidate *other)
{
    uint64_t cost = home_candidate_cost(one), was = home_candidate_cost(worse);
    bool near = other != NULL && home_candidate_near(one, other);
    bool was_near = other != NULL && home_candidate_near(worse, other);

    if (near != was_near) {
        return was_near && cost <= (was > HOME_APART_US ? 2 * was : was + HOME_APART_US);
    }
    return cost * 5 <= was * 4 && was - cost >= HOME_BETTER_US;
}

static bool improve(struct home_choice *choice, struct home_candidates *candidates, struct mono now)
{
    struct home_candidate *other;
    size_t count;
    struct home_candidate *worse = worse_of(candidates, &other, &count);
    struct home_candidate *best = best_of(candidates, other, now);

    if (worse == NULL || best == NULL || is_avoided(best, now) || !worse->quality.known ||
        !is_better(best, worse, other)) {
        choice->better = false;
        return false;
    }
    if (!choice->better) {
        choice->better = true;
        choice->better_since = now;
    }
    if (mono_ms_between(choice->better_since, now) < HOME_BETTER_MS ||
        (choice->changed && mono_ms_between(choice->changed_at, now) < HOME_CHANGE_MS)) {
        return true;
    }
    worse->chosen = false;
    best->chosen = true;
    choice->better = false;
    choice->changed = true;
    choice->changed_at = now;
    return false;
}

bool home_choice_look(struct home_choice *choice, struct home_candidates *candidates, bool fill,
                      struct mono now)
{
    struct home_candidate *other;
    size_t count;

    drop_dead(candidates, now);
    take_pinned(candidates, now);
    (void)worse_of(candidates, &other, &count);
    if (count < HOME_RELAYS) {
        if (fill) {
            fill_places(candidates, now);
        }
        return false;
    }
    return improve(choice, candidates, now);
}
