/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One row in the table of single values: of each relay its key, ip(16) and port, the SPKI
 * fingerprint and the sequence of its node record. What was measured is not stored, for it may be
 * long ago.
 */
#include "client/stun2/home_store.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

static const char row[] = "home-relays";

static void take(struct rbuf *r, const struct env *env, struct home_candidate *one)
{
    *one = (struct home_candidate){
        .used = true,
        .listed = true,
        .chosen = true,
        .until_ms = env_wall_ms(env) + HOME_STORED_MS,
        .down_since = MONO_NEVER,
        .round = {.sent_at = MONO_NEVER, .next_at = MONO_NEVER, .ended = 1},
    };
    rbuf_copy(r, one->key, KEY_SIZE);
    rbuf_copy(r, one->address.ip, sizeof(one->address.ip));
    one->address.port = rbuf_u16(r);
    rbuf_copy(r, one->spki, sizeof(one->spki));
    one->sequence = rbuf_u64(r);
}

int home_store_init(struct home_store *stored, struct store *store, const struct env *env,
                    struct home_candidates *candidates)
{
    int rc;

    *stored = (struct home_store){.store = store, .env = env};
    rc = store_read_sized(store, STORE_TABLE_META, row, sizeof(row) - 1, stored->value, 0,
                          sizeof(stored->value), &stored->size);
    if (rc != ERR_OK || stored->size == STORE_NONE || stored->size % HOME_STORED_SIZE != 0) {
        stored->size = 0;
        return rc;
    }
    struct rbuf r = rbuf_over(stored->value, stored->size);

    for (size_t i = 0; rbuf_left(&r) > 0; i++) {
        take(&r, env, &candidates->list[i]);
    }
    return ERR_OK;
}

static bool is_known(const struct home_store *stored, const struct home_candidate *one)
{
    for (size_t at = 0; at < stored->size; at += HOME_STORED_SIZE) {
        if (memcmp(stored->value + at, one->key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* A new one no sooner than it answers: it may serve no strangers. */
static bool is_stored(const struct home_store *stored, const struct home_candidate *one)
{
    return one->used && one->chosen && !(one->has_session && one->session.kept) &&
           (is_known(stored, one) || (one->has_session && one->session.answers));
}

void home_store_keep(struct home_store *stored, const struct home_candidates *candidates)
{
    uint8_t value[HOME_STORED_SIZE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        const struct home_candidate *one = &candidates->list[i];

        if (is_stored(stored, one)) {
            wbuf_put(&w, one->key, KEY_SIZE);
            wbuf_put(&w, one->address.ip, sizeof(one->address.ip));
            wbuf_u16(&w, one->address.port);
            wbuf_put(&w, one->spki, sizeof(one->spki));
            wbuf_u64(&w, one->sequence);
        }
    }
    size_t size = wbuf_size(&w);

    if (size == stored->size && memcmp(value, stored->value, size) == 0) {
        return;
    }
    if (store_write(stored->store, STORE_TABLE_META, row, sizeof(row) - 1, value, size) != ERR_OK) {
        env_trace(stored->env, TRACE_LEVEL_ERROR, "relay.homes",
                  "the home relays could not be stored; free some disk space");
        return;
    }
    memcpy(stored->value, value, size);
    stored->size = size;
}
