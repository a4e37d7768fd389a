/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the other session, and removes one of the two. */
#include "client/core/twins.h"

#include <string.h>

/* One that is closed or does not answer is none: its URL may lead nowhere any more. If it opens
 * again, it is the one that is settled. */
static struct relay_session *twin_of(struct host_core *core, const struct relay_session *relay,
                                     const uint8_t key[KEY_SIZE])
{
    struct relay_session *other;

    TAILQ_FOREACH(other, &core->relays.list, in_set)
    {
        if (other != relay && other->open && !other->stalled &&
            memcmp(other->relay_key, key, KEY_SIZE) == 0 &&
            farewell_of_relay(&core->ziglans.farewells, other) == NULL) {
            return other;
        }
    }
    return NULL;
}

static bool is_entry_point(const struct host_core *core, const struct relay_session *relay)
{
    const struct ziglan *ziglan = ziglan_list_of_relay(&core->ziglans, relay);

    return ziglan != NULL && ziglan->entry_point == relay;
}

static void move_path(struct path_table *paths, struct relay_session *from,
                      struct relay_session *to, struct mono now)
{
    const struct path *path = path_table_find_relay(paths, from);

    if (path != NULL && path_table_find_relay(paths, to) == NULL) {
        (void)path_table_add_relay(paths, to, path->rank, now);
    }
    path_table_forget_relay(paths, from);
}

static void remove_twin(struct host_core *core, struct relay_session *from,
                        struct relay_session *to, struct mono now)
{
    struct ziglan *ziglan = ziglan_list_of_relay(&core->ziglans, from);

    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            move_path(&peer->conversation->paths, from, to, now);
        }
    }
    if (ziglan != NULL) {
        ziglan_forget_relay(ziglan, from);
    }
    relay_set_remove(&core->relays, from, now);
}

/* The relay gave the session's place to the connection that is closed now. */
static void dial_again(struct host_core *core, struct relay_session *relay, struct mono now)
{
    struct ziglan *ziglan = ziglan_list_of_relay(&core->ziglans, relay);

    relay_session_close(relay, 0, now);
    if (ziglan != NULL) {
        ziglan_on_closed(ziglan, relay, true, LINK_REASON_LOCAL, now);
    }
}

bool twins_settle(struct host_core *core, struct relay_session *relay, const uint8_t key[KEY_SIZE],
                  struct mono now)
{
    struct relay_session *twin = twin_of(core, relay, key);

    if (twin == NULL || (is_entry_point(core, relay) && is_entry_point(core, twin))) {
        return true;
    }
    env_trace(core->env, TRACE_LEVEL_INFO, "relay.twin", "two URLs lead to one relay");
    if (is_entry_point(core, relay) ||
        (!is_entry_point(core, twin) && !relay_session_is_used(twin))) { /* it only was a guide */
        remove_twin(core, twin, relay, now);
        return true;
    }
    remove_twin(core, relay, twin, now);
    dial_again(core, twin, now);
    return false;
}
