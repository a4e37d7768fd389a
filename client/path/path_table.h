/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The paths to one peer, direct, lanes, and relayed, and the one in use. Direct paths come and go
 * with addresses that answer; relayed ones with the relays that know the peer, and lanes with
 * these.
 */
#pragma once

#include "client/path/path.h"
#include "client/stun2/relay_set.h"

enum {
    PATH_TABLE_DIRECT_MAX = 16,
    PATH_TABLE_RELAY_MAX = RELAY_SET_MAX,
    PATH_TABLE_LANE_MAX = 4,
    PATH_TABLE_MAX = PATH_TABLE_DIRECT_MAX + PATH_TABLE_RELAY_MAX + PATH_TABLE_LANE_MAX,
};

/** All zero: empty. */
struct path_table {
    struct path *list[PATH_TABLE_MAX]; /* on the heap: a path keeps its place in memory */
    size_t count, direct_count, lane_count;
    struct path *present; /* what path_choose said last; NULL: no way */
    bool small_only;      /* in this attempt a direct path was given up that answered small
                             pings only */
};

/** Free all paths. */
void path_table_fini(struct path_table *table);

/** The direct path to an address, the path through a relay; or NULL. */
struct path *path_table_find(const struct path_table *table, const struct endpoint *remote);
struct path *path_table_find_relay(const struct path_table *table,
                                   const struct relay_session *relay);

/**
 * The direct path to `remote`, made if there is none. observed: a relay observed this address for
 * the peer. frame_size_full: the largest frame that we would like to send.
 *
 * At PATH_TABLE_DIRECT_MAX one makes room that never answered or has fallen silent (a peer that
 * restarts often leaves many of these). NULL if none may go, or without memory.
 */
struct path *path_table_add(struct path_table *table, const struct endpoint *local,
                            const struct endpoint *remote, bool observed, uint16_t frame_size_full,
                            struct mono now);

/** The path through a relay, made if there is none; its rank is set in any case. NULL if there are
 * too many, or without memory. */
struct path *path_table_add_relay(struct path_table *table, struct relay_session *relay,
                                  uint8_t rank, struct mono now);

/** The lane with this label, and that through this relay; or NULL. */
struct path *path_table_find_lane(const struct path_table *table, uint64_t label);
struct path *path_table_lane_of(const struct path_table *table, const struct relay_session *relay);

/** A lane through a relay that is a path, in place of the one that there was. NULL if the relay is
 * none, there are too many, or without memory. */
struct path *path_table_add_lane(struct path_table *table, struct relay_session *relay,
                                 const struct lane *lane, uint16_t frame_size_full,
                                 struct mono now);

/** Take one out and free it. The list's last path moves into its place. */
void path_table_remove(struct path_table *table, struct path *path);

/** Remove the path and the lane through this relay, if there are; before the relay's session is
 * freed. */
void path_table_forget_relay(struct path_table *table, const struct relay_session *relay);

/** Choose anew which path is in use; table->present tells. */
void path_table_choose(struct path_table *table);

/** The path in use, chosen anew where it is not direct: relays open and close at any time. NULL: no
 * way to the peer now. */
struct path *path_table_present(struct path_table *table);

/** The direct path in use, or NULL. */
struct path *path_table_direct(const struct path_table *table);

/** The best path through a relay, whatever is in use; NULL if none is open. */
struct path *path_table_relayed(const struct path_table *table);
