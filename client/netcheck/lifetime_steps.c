/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A socket that stays silent is not believed alone: one that is as old is asked beside it. */
#include "client/netcheck/lifetime_steps.h"

enum {
    ALIKE_MS = 6000,  /* lifetimes that differ by less may be the same */
    BESIDE_MS = 1000, /* sockets whose ages differ by less are witnesses of the same */
};

struct range {
    size_t first, end;
};

static const struct range quiet_all = {LADDER_QUIET, LADDER_KEPT};
static const struct range quiet_steps = {LADDER_QUIET, LADDER_QUIET_FINE};
static const struct range quiet_fine = {LADDER_QUIET_FINE, LADDER_KEPT};
static const struct range kept_all = {LADDER_KEPT, LADDER_END};
static const struct range kept_steps = {LADDER_KEPT, LADDER_KEPT_FINE};
static const struct range kept_fine = {LADDER_KEPT_FINE, LADDER_END};

static struct lifetime_span span_of(const struct lifetime *l, struct range range)
{
    struct lifetime_span span = {0, 0};

    for (size_t i = range.first; i < range.end; i++) {
        const struct lifetime_socket *s = &l->sockets[i];

        if (s->state == LIFETIME_SOCKET_CAME && s->age_ms > span.alive_ms) {
            span.alive_ms = s->age_ms;
        }
    }
    for (size_t i = range.first; i < range.end; i++) {
        const struct lifetime_socket *s = &l->sockets[i];

        if (s->state == LIFETIME_SOCKET_GONE && s->age_ms > span.alive_ms &&
            (span.dead_ms == 0 || s->age_ms < span.dead_ms)) {
            span.dead_ms = s->age_ms;
        }
    }
    return span;
}

/* ---- what came, and what did not ---- */

static struct mono judged_at(const struct lifetime *l, const struct lifetime_socket *s)
{
    return s->state == LIFETIME_SOCKET_SILENT ? mono_add_ns(s->fire_at, lifetime_wait_ns(l))
                                              : MONO_NEVER;
}

static void sockets_judge(struct lifetime *l, struct mono now)
{
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        struct lifetime_socket *s = &l->sockets[i];

        if (mono_due(judged_at(l, s), now)) {
            s->state = LIFETIME_SOCKET_GONE;
            if (!s->again) {
                s->age_ms =
                    (uint32_t)(mono_ms_between(s->entered_at, s->fire_at) + l->rtt_ns / NS_PER_MS);
            }
        }
    }
    if (l->again != 0 && l->inbound == LIFETIME_INBOUND_UNKNOWN && mono_due(l->again_due, now)) {
        l->inbound = LIFETIME_INBOUND_NO;
    }
}

/* True while a socket that the relay was told to send to has neither heard it nor not. */
static bool is_waited_for(const struct lifetime *l, struct range range)
{
    for (size_t i = range.first; i < range.end; i++) {
        if (l->sockets[i].awaited && l->sockets[i].state == LIFETIME_SOCKET_SILENT) {
            return true;
        }
    }
    return false;
}

/* ---- the last step is divided ---- */

/* Those of a range that are silent, and of which the relay knows. */
static struct live_set silent_of(const struct lifetime *l, struct range range)
{
    struct live_set set = {{0, 0}};

    for (size_t i = range.first; i < range.end; i++) {
        if (l->sockets[i].state == LIFETIME_SOCKET_SILENT) {
            live_set_add(&set, i);
        }
    }
    return set;
}

/* The fine ones, and the next one of the steps, which is as old as that which did not hear. */
static struct live_set fine_set(const struct lifetime *l, struct range steps, struct range fine)
{
    struct live_set set = silent_of(l, fine);
    size_t next = steps.first;

    while (next < steps.end && l->sockets[next].state != LIFETIME_SOCKET_SILENT) {
        next++;
    }
    if (next < steps.end) {
        live_set_add(&set, next);
    }
    return set;
}

/* A socket that heard the relay about half a lifetime ago, and sent nothing since: does it hear it
 * again, now that mappings as old as its own are gone? 0: there is none. */
static size_t again_choose(const struct lifetime *l, uint32_t alive_ms, struct mono now)
{
    uint64_t best_ms = UINT64_MAX;
    size_t best = 0;

    for (size_t i = kept_steps.first; i < kept_steps.end; i++) {
        const struct lifetime_socket *s = &l->sockets[i];
        uint64_t ago_ms = mono_ms_between(s->came_at, now);
        uint64_t off_ms = ago_ms > alive_ms / 2 ? ago_ms - alive_ms / 2 : alive_ms / 2 - ago_ms;

        if (s->state == LIFETIME_SOCKET_CAME && ago_ms < alive_ms - alive_ms / 5 &&
            off_ms < best_ms) {
            best = i;
            best_ms = off_ms;
        }
    }
    return best;
}

static void quiet_divide(struct lifetime *l, struct live_set *out)
{
    static const struct range answered = {LADDER_ANSWERED, LADDER_ANSWERED + 1};
    const struct live_set fine = fine_set(l, quiet_steps, quiet_fine);
    const struct live_set alone = silent_of(l, answered);

    l->quiet = LIFETIME_PHASE_FINE;
    live_set_join(out, &fine);
    live_set_join(out, &alone);
}

static void kept_divide(struct lifetime *l, struct live_set *out, struct mono now)
{
    const struct live_set fine = fine_set(l, kept_steps, kept_fine);

    l->kept = LIFETIME_PHASE_FINE;
    live_set_join(out, &fine);
    if (l->again == 0) {
        l->again = again_choose(l, span_of(l, kept_all).alive_ms, now);
        if (l->again != 0) {
            live_set_add(out, l->again);
        }
    }
}

/* ---- steps ---- */

/* The first one of a range that has not heard the relay; `end` if all have. */
static size_t first_silent(const struct lifetime *l, struct range range)
{
    size_t i = range.first;

    while (i < range.end && (l->sockets[i].state == LIFETIME_SOCKET_CAME ||
                             l->sockets[i].state == LIFETIME_SOCKET_LOST)) {
        i++;
    }
    return i;
}

/* One that did not hear was contradicted by one that is older: what was sent to it got lost. */
static void lost_forget(struct lifetime *l, struct range range)
{
    uint32_t alive_ms = span_of(l, range).alive_ms;

    for (size_t i = range.first; i < range.end; i++) {
        struct lifetime_socket *s = &l->sockets[i];

        if (s->state == LIFETIME_SOCKET_GONE && s->age_ms <= alive_ms) {
            s->state = LIFETIME_SOCKET_LOST;
        }
    }
}

/* The youngest of a range that did not hear is sent to once more, unless another one as old did not
 * hear either: what was sent to it may have got lost. True if it is. */
static bool gone_again(struct lifetime *l, struct range range, struct live_set *out)
{
    uint32_t dead_ms = span_of(l, range).dead_ms;
    size_t youngest = 0, witnesses = 0;

    for (size_t i = range.first; i < range.end; i++) {
        const struct lifetime_socket *s = &l->sockets[i];

        if (s->state == LIFETIME_SOCKET_GONE && s->age_ms < dead_ms + BESIDE_MS) {
            youngest = s->age_ms == dead_ms ? i : youngest;
            witnesses++;
        }
    }
    if (witnesses != 1 || l->sockets[youngest].again) {
        return false;
    }
    l->sockets[youngest].again = true;
    l->sockets[youngest].state = LIFETIME_SOCKET_SILENT;
    l->sockets[youngest].fire_at = MONO_NEVER;
    live_set_add(out, youngest);
    return true;
}

/* The last step was divided, and all is known of it. True if that is believed. */
static bool is_divided(struct lifetime *l, struct range range, struct live_set *out)
{
    if (is_waited_for(l, range)) {
        return false;
    }
    lost_forget(l, range);
    return !gone_again(l, range, out);
}

static void quiet_step(struct lifetime *l, struct live_set *out)
{
    size_t at;

    if (l->quiet == LIFETIME_PHASE_FINE && is_divided(l, quiet_all, out)) {
        if (span_of(l, quiet_all).dead_ms != 0) {
            l->quiet = LIFETIME_PHASE_OVER;
        } else if (l->kept != LIFETIME_PHASE_FINE) { /* on which it depends, too */
            l->quiet = l->kept;
        }
    }
    at = first_silent(l, quiet_steps);
    if (l->quiet == LIFETIME_PHASE_STEPS && at < quiet_steps.end &&
        l->sockets[at].state == LIFETIME_SOCKET_GONE) {
        quiet_divide(l, out);
    }
}

static void kept_step(struct lifetime *l, struct live_set *out, struct mono now)
{
    size_t at;

    if (l->kept == LIFETIME_PHASE_FINE && is_divided(l, kept_all, out)) {
        l->kept = span_of(l, kept_all).dead_ms != 0 ? LIFETIME_PHASE_OVER : LIFETIME_PHASE_STEPS;
    }
    if (l->kept != LIFETIME_PHASE_STEPS) {
        return;
    }
    at = first_silent(l, kept_steps);
    if (at >= LADDER_KEPT_LAST) {
        l->kept = LIFETIME_PHASE_OVER; /* none is gone */
    } else if (l->sockets[at].state == LIFETIME_SOCKET_GONE) {
        kept_divide(l, out, now);
    }
    /* What is not kept is not older than what is, so both are divided at once. */
    if (l->kept != LIFETIME_PHASE_STEPS && l->quiet == LIFETIME_PHASE_STEPS) {
        quiet_divide(l, out);
    }
}

void lifetime_steps_take(struct lifetime *l, struct mono now)
{
    struct live_set set = {{0, 0}};

    sockets_judge(l, now);
    quiet_step(l, &set);
    kept_step(l, &set, now);
    quiet_step(l, &set); /* what became of KEPT may be what QUIET waits for */
    lifetime_order(l, &set, now);
}

struct mono lifetime_steps_deadline(const struct lifetime *l)
{
    struct mono at =
        l->again != 0 && l->inbound == LIFETIME_INBOUND_UNKNOWN ? l->again_due : MONO_NEVER;

    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        at = mono_min(at, judged_at(l, &l->sockets[i]));
    }
    return at;
}

bool lifetime_steps_are_over(const struct lifetime *l)
{
    static const struct range answered = {LADDER_ANSWERED, LADDER_ANSWERED + 1};

    return l->quiet == LIFETIME_PHASE_OVER && l->kept == LIFETIME_PHASE_OVER &&
           !is_waited_for(l, answered) && (l->again == 0 || l->inbound != LIFETIME_INBOUND_UNKNOWN);
}

/* ---- what was found ---- */

uint32_t lifetime_span_ms(const struct lifetime_span *span)
{
    return span->dead_ms == 0 ? span->alive_ms : (span->alive_ms + span->dead_ms) / 2;
}

uint32_t lifetime_young_ms(const struct lifetime_found *found)
{
    uint32_t kept_ms = lifetime_span_ms(&found->kept), quiet_ms = lifetime_span_ms(&found->quiet);

    return found->answered == LIFETIME_ANSWERED_AS_KEPT || quiet_ms > kept_ms ? kept_ms : quiet_ms;
}

static enum lifetime_answered answered_of(const struct lifetime *l,
                                          const struct lifetime_found *found)
{
    const struct lifetime_socket *s = &l->sockets[LADDER_ANSWERED];

    if (found->quiet.dead_ms == 0 && found->kept.dead_ms == 0) {
        return LIFETIME_ANSWERED_UNKNOWN;
    }
    if (lifetime_span_ms(&found->quiet) + ALIKE_MS > lifetime_span_ms(&found->kept)) {
        return LIFETIME_ANSWERED_AS_BOTH;
    }
    if (s->state == LIFETIME_SOCKET_CAME && s->age_ms >= found->quiet.dead_ms) {
        return LIFETIME_ANSWERED_AS_KEPT;
    }
    if (s->state == LIFETIME_SOCKET_GONE && s->age_ms <= found->kept.alive_ms) {
        return LIFETIME_ANSWERED_AS_QUIET;
    }
    return LIFETIME_ANSWERED_UNKNOWN;
}

void lifetime_read(const struct lifetime *l, struct lifetime_found *out)
{
    *out = (struct lifetime_found){.quiet = span_of(l, quiet_all),
                                   .kept = span_of(l, kept_all),
                                   .inbound = l->inbound,
                                   .unable = l->failed};
    out->answered = answered_of(l, out);
}
