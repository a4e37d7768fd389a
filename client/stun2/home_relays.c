/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When to look and when to ask. */
#include "client/stun2/home_relays.h"

#include "proto/crypto/signed.h"

int home_relays_init(struct home_relays *homes, struct store *store, const struct env *env,
                     struct mono now)
{
    *homes = (struct home_relays){
        .env = env, .look_at = now, .lookup_at = MONO_NEVER, .wait_ms = HOME_LOOKUP_SOON_MS};
    return home_store_init(&homes->stored, store, env, &homes->candidates);
}

void home_relays_wake(struct home_relays *homes, struct mono now)
{
    homes->look_at = mono_min(homes->look_at, now);
}

/* ---- the choice ---- */

/* The chosen ones that are not dead. */
static size_t living(const struct home_relays *homes, struct mono now)
{
    const struct home_candidate *one;
    size_t at = 0, count = 0;

    while ((one = home_relays_next(homes, &at)) != NULL) {
        count += home_candidate_is_dead(one, now) ? 0 : 1;
    }
    return count;
}

/* A chosen relay is silent, or its session is on its way: soon it is dead, or not. */
static bool is_doubtful(const struct home_relays *homes, struct mono now)
{
    const struct home_candidate *one;
    size_t at = 0;

    while ((one = home_relays_next(homes, &at)) != NULL) {
        bool silent = !one->has_session || !one->session.answers;

        if (silent && !home_candidate_is_dead(one, now)) {
            return true;
        }
    }
    return false;
}

bool home_relays_look_due(const struct home_relays *homes, struct mono now)
{
    return mono_due(homes->look_at, now);
}

/* A relay that was lost is to be replaced soon, even if the last question was long ago. */
static void ask_for_missing(struct home_relays *homes, struct mono now)
{
    size_t count = living(homes, now);

    if (count < homes->count) {
        homes->wait_ms = HOME_LOOKUP_SOON_MS;
    }
    homes->count = count;
    if (count < HOME_RELAYS) {
        homes->lookup_at = mono_min(homes->lookup_at, mono_add_ms(now, homes->wait_ms));
    }
}

void home_relays_look(struct home_relays *homes, const struct home_session *sessions, size_t count,
                      struct mono now)
{
    bool fill;
    bool soon;

    home_candidates_tell(&homes->candidates, sessions, count, now);
    home_candidates_expire(&homes->candidates, env_wall_ms(homes->env));
    fill = !home_measure_is_new(&homes->candidates);
    soon = home_choice_look(&homes->choice, &homes->candidates, fill, now);
    soon = soon || !fill || is_doubtful(homes, now);
    homes->look_at = mono_add_ms(now, soon ? HOME_LOOK_SOON_MS : HOME_LOOK_MS);
    ask_for_missing(homes, now);
    home_store_keep(&homes->stored, &homes->candidates);
}

void home_relays_on_open(struct home_relays *homes, struct mono now)
{
    homes->wait_ms = HOME_LOOKUP_SOON_MS;
    home_relays_wake(homes, now);
}

const struct home_candidate *home_relays_next(const struct home_relays *homes, size_t *at)
{
    while (*at < HOME_CANDIDATES_MAX) {
        const struct home_candidate *one = &homes->candidates.list[(*at)++];

        if (one->used && one->chosen) {
            return one;
        }
    }
    return NULL;
}

bool home_relays_has(struct home_relays *homes, const uint8_t key[KEY_SIZE])
{
    const struct home_candidate *one = home_candidates_find(&homes->candidates, key);

    return one != NULL && one->chosen;
}

void home_relays_refused(struct home_relays *homes, const uint8_t key[KEY_SIZE], uint64_t ms,
                         struct mono now)
{
    struct home_candidate *one = home_candidates_find(&homes->candidates, key);

    if (one != NULL && !one->session.kept) {
        home_choice_refuse(one, ms, now);
        home_relays_wake(homes, now);
    }
}

void home_relays_left(struct home_relays *homes, const uint8_t key[KEY_SIZE], struct mono now)
{
    struct home_candidate *one = home_candidates_find(&homes->candidates, key);

    if (one != NULL && !one->session.kept) {
        home_choice_avoid(one, now);
        home_relays_wake(homes, now);
    }
}

/* ---- questions ---- */

bool home_relays_take_lookup(struct home_relays *homes, struct mono now)
{
    if (!mono_due(homes->lookup_at, now)) {
        return false;
    }
    if (living(homes, now) == HOME_RELAYS || homes->wait_ms > HOME_LOOKUP_MS / 2) {
        homes->wait_ms = HOME_LOOKUP_MS;
    } else {
        homes->wait_ms *= 2;
    }
    homes->lookup_at = mono_add_ms(
        now, homes->wait_ms + env_random_below(homes->env, (uint32_t)(homes->wait_ms / 8)));
    homes->asked = HOME_LOOKUP_COUNT;
    return true;
}

static void on_record(struct home_relays *homes, const ProtobufCBinaryData *data,
                      const struct endpoint *told_by, struct mono now)
{
    struct record_parts parts;
    struct record_node record;

    if (signed_open(&parts, RECORD_TYPE_NODE, data->data, data->len) == ERR_OK &&
        record_node_decode(&record, parts.record, parts.record_size) == ERR_OK) {
        home_candidates_on_record(&homes->candidates, &record, told_by, env_wall_ms(homes->env),
                                  now);
    }
}

void home_relays_on_nodes(struct home_relays *homes, const Ziglan__Nodes *nodes,
                          const struct endpoint *told_by, struct mono now)
{
    for (size_t i = 0; i < nodes->n_entries && homes->asked > 0; i++) {
        homes->asked--;
        on_record(homes, &nodes->entries[i]->record, told_by, now);
    }
    homes->asked = 0;
    home_relays_wake(homes, now);
}

struct mono home_relays_deadline(const struct home_relays *homes)
{
    return mono_min(mono_min(homes->look_at, homes->lookup_at),
                    home_measure_deadline(&homes->candidates));
}
