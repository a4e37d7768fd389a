/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a hub finds its connections: by handle, by connection id, by stateless reset token, by
 * deadline, and in the line of those that have something to send. The tables also count the
 * connections that are not open yet, by address. They never look into a connection: what they keep
 * about it are the parts declared here, which the connection embeds, zeroed at its start.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"
#include "proto/link/quic/older_quic.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <ngtcp2/ngtcp2.h>

struct link_conn;

enum {
    HUB_CID_SIZE = 8,        /* bytes of a connection id that we give out */
    HUB_CIDS_MAX = 24,       /* connection ids of ours that one connection has at once */
    HUB_RESETS_MAX = 8,      /* reset tokens of the peer that one connection knows at once */
    HUB_ANONYMOUS_MAX = 256, /* readers of pages that may stay longer than a handshake */
};

/** A connection id as a key of the map: length and bytes, zero-padded. */
struct cid_key {
    uint8_t bytes[1 + NGTCP2_MAX_CIDLEN];
};

/** The keys by which packets find a connection. */
struct conn_ids {
    struct cid_key cids[HUB_CIDS_MAX];
    size_t cids_count;
    ngtcp2_stateless_reset_token resets[HUB_RESETS_MAX]; /* dialled: each of these ends it */
    size_t resets_count;
};

/** How an accepted connection that is not open yet is counted: as one or the other, or not at all.
 */
struct conn_door {
    bool half_open;           /* it counts for the address half_open_ip */
    bool anonymous;           /* it reads pages */
    uint8_t half_open_ip[16]; /* IPv4-mapped, or the first 64 bits of an IPv6 address */
};

/** A connection's place in the line of those that have something to send. */
struct conn_turn {
    TAILQ_ENTRY(conn_turn) entry;
    bool ready; /* it stands in the line */
};

struct hub_tables {
    struct slab *conns;        /* struct link_conn */
    struct map *cids;          /* struct cid_key -> struct link_conn * */
    struct map *resets;        /* stateless reset token -> dialled struct link_conn * */
    struct map *half_open_ips; /* conn_door.half_open_ip -> how many connections count for it */
    struct heap timers;
    TAILQ_HEAD(hub_line, conn_turn) ready;
    uint32_t anonymous_count;
    uint32_t *half_open_count; /* borrowed: the gauge of link_stats */
};

/** Zeroed memory becomes empty tables for connection_max connections of conn_size bytes.
 * half_open_count and env are borrowed. After ERR_NOMEM hub_tables_fini is still due. */
int hub_tables_init(struct hub_tables *t, size_t conn_size, uint32_t connection_max,
                    uint32_t *half_open_count, const struct env *env) MUST_CHECK;

/** Free the tables, and the memory of all connections. */
void hub_tables_fini(struct hub_tables *t);

/** Let c, which embeds ids, be found by this connection id (size up to NGTCP2_MAX_CIDLEN).
 * ERR_LIMIT if it has too many or the id is taken; ERR_NOMEM. Both change nothing. */
int hub_cid_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids, const uint8_t *cid,
                size_t size) MUST_CHECK;

/** Forget this connection id; nothing happens if it is not among ids. */
void hub_cid_remove(struct hub_tables *t, struct conn_ids *ids, const uint8_t *cid, size_t size);

/** The connection of this connection id, or NULL. */
struct link_conn *hub_cid_find(const struct hub_tables *t, const uint8_t *cid, size_t size);

/** Let a dialled c be found by a stateless reset with this token. A token for which there is no
 * room is left out: then c only notices by its idle timeout that the peer forgot it. */
void hub_reset_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids,
                   const ngtcp2_stateless_reset_token *token);

/** Forget this token; nothing happens if it is not among ids. */
void hub_reset_remove(struct hub_tables *t, struct conn_ids *ids,
                      const ngtcp2_stateless_reset_token *token);

/** Forget all of these ids and tokens. */
void hub_ids_clear(struct hub_tables *t, struct conn_ids *ids);

/** Half-open connections that count for the IPv4 address or the IPv6 /64 of `remote`. */
uint32_t hub_half_open_count(const struct hub_tables *t, const struct endpoint *remote);

/** Count a new connection as half-open. If memory is out it is not counted. */
void hub_half_open_enter(struct hub_tables *t, struct conn_door *door,
                         const struct endpoint *remote);

/** Count it no longer, neither as half-open nor as anonymous. */
void hub_half_open_leave(struct hub_tables *t, struct conn_door *door);

/** Count a half-open connection as a reader of pages instead, so that it takes no place from
 * handshakes. False if it is not half-open or if there are HUB_ANONYMOUS_MAX readers; then nothing
 * changes. */
bool hub_anonymous_enter(struct hub_tables *t, struct conn_door *door);

/** Enter the line of those that have something to send, at its end; one that stands in it keeps its
 * place. */
void hub_ready_enter(struct hub_tables *t, struct conn_turn *turn);

/** Leave the line; nothing happens if it does not stand in it. */
void hub_ready_leave(struct hub_tables *t, struct conn_turn *turn);
