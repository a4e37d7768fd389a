/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a hub, for the other files of this room.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"
#include "proto/link/event.h"
#include "proto/link/link.h"
#include "proto/link/quic/answer.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/retry_token.h"
#include "proto/link/reset_ledger.h"
#include "proto/link/tls/tls.h"
#include "proto/wire/control.h"

struct link_hub {
    struct link_config cfg;
    const struct env *env;
    struct mono now; /* of the call that is running */
    struct tls tls;
    struct slab *conns;
    struct map *cids;          /* struct cid_key -> struct link_conn * */
    struct map *resets;        /* stateless reset token -> dialled struct link_conn * */
    struct map *half_open_ips; /* ip(16) -> count of accepted, not yet open connections */
    struct heap timers;
    struct link_conn *ready_first, *ready_last;
    struct event_queue events;
    struct answers answers;
    struct reset_ledger ledger;
    uint32_t anonymous_count;
    struct retry_token_key token_key;
    struct bucket answer_bucket;
    struct link_stats stats;
    size_t dgram_bytes; /* waiting in all sessions */
    struct control_arena arena;
    uint8_t scratch[CONTROL_SIZE_MAX];
    struct link_request request; /* of the event polled last */
};

/** The connection of the handle, NULL if stale or already ending. */
struct link_conn *hub_conn(const struct link_hub *hub, struct handle handle);

/** A zeroed connection in the slab, counted; NULL if the cap is reached. */
struct link_conn *hub_conn_take(struct link_hub *hub, bool dialled);

/** Release a DEAD connection whose end was polled (or that nobody knows). */
void hub_conn_release(struct link_hub *hub, struct link_conn *c);

/** Append an event of c. Failure closes c (LIMIT). */
void hub_event(struct link_hub *hub, enum link_event_type type, struct link_conn *c,
               const void *head, size_t head_size, const void *body, size_t body_size);

/** Count c as half-open; as neither half-open nor anonymous any more. */
void hub_half_open_enter(struct link_hub *hub, struct link_conn *c);
void hub_half_open_leave(struct link_hub *hub, struct link_conn *c);

/** Somebody reads our pages: no session is due within the handshake's time, and other handshakes
 * need not wait for it. Beyond CONN_ANONYMOUS_MAX it stays half-open and its time short. */
void hub_anonymous_enter(struct link_hub *hub, struct link_conn *c);

/** Half-open connections from the address of `remote` (/64 of IPv6). */
uint32_t hub_half_open_count(const struct link_hub *hub, const struct endpoint *remote);

/** The stateless reset token of a connection id of ours. */
void hub_reset_token(const struct link_hub *hub, const uint8_t *cid, size_t size,
                     ngtcp2_stateless_reset_token *token);

/** Let c be found by this connection id. ERR_LIMIT, ERR_NOMEM. */
int hub_cid_add(struct link_hub *hub, struct link_conn *c, const uint8_t *cid,
                size_t size) MUST_CHECK;
void hub_cid_remove(struct link_hub *hub, struct link_conn *c, const uint8_t *cid, size_t size);

/** Let a dialled c be found by a stateless reset with this token. Best effort: one more that does
 * not fit only means that c ends by time. */
void hub_reset_add(struct link_hub *hub, struct link_conn *c,
                   const ngtcp2_stateless_reset_token *token);
void hub_reset_remove(struct link_hub *hub, struct link_conn *c,
                      const ngtcp2_stateless_reset_token *token);

/** An Initial packet of an unknown connection: Retry, refusal or a new connection (accept.c). */
void hub_accept(struct link_hub *hub, const struct dgram *in, struct mono now);

/** True if the outbox has room for one packet of any size that we write. */
bool hub_outbox_has_room(const struct outbox *out);
