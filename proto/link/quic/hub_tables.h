/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a hub finds its connections: by handle, by connection id, by stateless reset token, by
 * deadline, and in the line of those that have something to send. It also counts those that are
 * not open yet, by address. The tables know a connection by its pointer only; what they keep of it
 * are the parts declared here, which the connection embeds, zeroed at its start.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"
#include "proto/link/link.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <ngtcp2/ngtcp2.h>

struct link_conn;

enum {
    HUB_CID_SIZE = 8,        /* of the connection ids that we give out */
    HUB_CIDS_MAX = 24,       /* that one connection may have at once */
    HUB_RESETS_MAX = 8,      /* reset tokens of the peer's connection ids in use */
    HUB_ANONYMOUS_MAX = 256, /* so many readers of pages may stay longer than a handshake */
};

/** A connection id as a key of the map: length and bytes, zero-padded. */
struct cid_key {
    uint8_t bytes[1 + NGTCP2_MAX_CIDLEN];
};

/** Keys under which a connection is found. */
struct conn_ids {
    struct cid_key cids[HUB_CIDS_MAX];
    size_t cids_count;
    ngtcp2_stateless_reset_token resets[HUB_RESETS_MAX]; /* dialled: that would end it */
    size_t resets_count;
};

/** How a connection that is not open yet is counted. */
struct conn_door {
    bool half_open; /* under half_open_ip */
    bool anonymous;
    uint8_t half_open_ip[16];
};

/** A connection's place in the line of those that have something to send. */
struct conn_turn {
    TAILQ_ENTRY(conn_turn) entry;
    bool ready; /* it waits for the next transmit */
};

struct hub_tables {
    struct slab *conns;        /* struct link_conn */
    struct map *cids;          /* struct cid_key -> struct link_conn * */
    struct map *resets;        /* stateless reset token -> dialled struct link_conn * */
    struct map *half_open_ips; /* ip(16) -> count of accepted, not yet open connections */
    struct heap timers;
    TAILQ_HEAD(hub_line, conn_turn) ready;
    uint32_t anonymous_count;
    uint32_t *half_open_count; /* borrowed: the gauge of link_stats */
};

/** Zeroed memory becomes empty tables for connection_max connections of conn_size bytes.
 * half_open_count is borrowed. ERR_NOMEM: hub_tables_fini is still due. */
int hub_tables_init(struct hub_tables *t, size_t conn_size, uint32_t connection_max,
                    uint32_t *half_open_count, const struct env *env) MUST_CHECK;

/** Free the tables, and the memory of all connections. */
void hub_tables_fini(struct hub_tables *t);

/** Let c be found by this connection id. ERR_LIMIT, ERR_NOMEM. */
int hub_cid_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids, const uint8_t *cid,
                size_t size) MUST_CHECK;
void hub_cid_remove(struct hub_tables *t, struct conn_ids *ids, const uint8_t *cid, size_t size);

/** The connection of this connection id, or NULL. */
struct link_conn *hub_cid_find(const struct hub_tables *t, const uint8_t *cid, size_t size);

/** Let a dialled c be found by a stateless reset with this token. Best effort: one more that does
 * not fit only means that c ends by time. */
void hub_reset_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids,
                   const ngtcp2_stateless_reset_token *token);
void hub_reset_remove(struct hub_tables *t, struct conn_ids *ids,
                      const ngtcp2_stateless_reset_token *token);

/** Let nothing find the connection by these ids any more. */
void hub_ids_clear(struct hub_tables *t, struct conn_ids *ids);

/** Half-open connections from the address of `remote` (/64 of IPv6). */
uint32_t hub_half_open_count(const struct hub_tables *t, const struct endpoint *remote);

/** Count it as half-open; as neither half-open nor anonymous any more. */
void hub_half_open_enter(struct hub_tables *t, struct conn_door *door,
                         const struct endpoint *remote);
void hub_half_open_leave(struct hub_tables *t, struct conn_door *door);

/** Somebody reads our pages: other handshakes need not wait for it. False if it is not counted as
 * half-open, or if there are HUB_ANONYMOUS_MAX of them: then it stays what it was. */
bool hub_anonymous_enter(struct hub_tables *t, struct conn_door *door);

/** Let the next transmit visit it, after all that wait already. */
void hub_ready_enter(struct hub_tables *t, struct conn_turn *turn);
void hub_ready_leave(struct hub_tables *t, struct conn_turn *turn);
