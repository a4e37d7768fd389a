/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's roster, and the directory that it follows. */
#include "tests/support/roster_fixture.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/delegations.h"
#include "tests/support/fixture.h"

void watcher_reopen(struct watcher *w)
{
    roster_free(w->roster);
    assert_int_equal(roster_new(&w->roster, w->store, &w->office.ports.env,
                                w->office.ziglan.public_key, w->member_max),
                     ERR_OK);
    w->delegation = delegation_of(w->office.ports.wall_ms, &w->office.ziglan, &w->office.entry,
                                  ALL_RIGHTS, w->office.ports.wall_ms + 90 * DAY_MS);
    assert_int_equal(roster_set_delegation(w->roster, w->delegation.bytes, w->delegation.size),
                     ERR_OK);
}

void watcher_init_of(struct watcher *w, uint32_t member_max)
{
    memset(w, 0, sizeof(*w));
    w->member_max = member_max;
    office_init(&w->office);
    assert_int_equal(store_memory_new(&w->store), ERR_OK);
    watcher_reopen(w);
}

void watcher_init(struct watcher *w)
{
    watcher_init_of(w, 0);
}

void watcher_fini(struct watcher *w)
{
    roster_free(w->roster);
    store_close(w->store);
    office_fini(&w->office);
}

static struct roster_change change_of(const struct directory_change *c)
{
    return (struct roster_change){
        .part = {c->member_part, c->member_part_size},
        .admission = {c->admission, c->admission_size},
        .revocation = {c->revocation, c->revocation_size},
        .online = true,
    };
}

size_t watcher_follow(struct watcher *w)
{
    static struct directory_chunk chunk;
    size_t effects = 0;

    do {
        assert_int_equal(directory_changes(w->office.directory, roster_sequence(w->roster), &chunk),
                         VERDICT_OK);
        for (size_t i = 0; i < chunk.count; i++) {
            struct roster_change change = change_of(&chunk.changes[i]);
            enum roster_effect effect;
            uint8_t key[KEY_SIZE];
            assert_int_equal(roster_apply(w->roster, &change, &effect, key), ERR_OK);
            if (effect != ROSTER_EFFECT_NONE) {
                assert_memory_equal(key, chunk.changes[i].key, KEY_SIZE);
                effects++;
            }
        }
        roster_progress(w->roster, chunk.sequence);
    } while (chunk.more);
    return effects;
}

void watcher_admit(struct watcher *w, uint32_t n, const char *name, uint8_t mac)
{
    struct directory_joined joined;

    (void)office_admit(&w->office, n, name, mac, &joined);
}

const struct roster_member *watcher_member_named(struct watcher *w, const char *name)
{
    return roster_find_name(w->roster, name, strlen(name));
}

const struct roster_member *watcher_member(struct watcher *w, uint32_t n)
{
    struct identity node = node_of(n);

    return roster_find_key(w->roster, node.public_key);
}

void watcher_change_for(struct watcher *w, uint32_t n, struct directory_entry *entry,
                        struct roster_change *change)
{
    struct identity node = node_of(n);

    assert_int_equal(directory_find_key(w->office.directory, node.public_key, entry), VERDICT_OK);
    *change = (struct roster_change){
        .part = {entry->member_part, entry->member_part_size},
        .admission = {entry->admission, entry->admission_size},
        .revocation = {entry->revocation, entry->revocation_size},
        .online = true,
    };
}

void watcher_init_with(struct watcher *w, const char *name, uint8_t mac)
{
    watcher_init(w);
    watcher_admit(w, 1, name, mac);
    assert_int_equal(watcher_follow(w), 1);
}

void watcher_init_untold(struct watcher *w, const char *name, uint8_t mac,
                         struct directory_entry *entry, struct roster_change *change)
{
    watcher_init(w);
    watcher_admit(w, 1, name, mac);
    watcher_change_for(w, 1, entry, change);
}

void watcher_roster_new(struct watcher *w, struct roster **roster, struct store **store)
{
    assert_int_equal(store_memory_new(store), ERR_OK);
    assert_int_equal(
        roster_new(roster, *store, &w->office.ports.env, w->office.ziglan.public_key, 0), ERR_OK);
}

enum roster_effect watcher_expire(struct watcher *w, uint64_t settled_ms, uint8_t key[KEY_SIZE])
{
    return roster_expire(w->roster, env_wall_ms(&w->office.ports.env), settled_ms, key);
}
