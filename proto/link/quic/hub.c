/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/quic/hub.h"

#include "proto/base/bytes.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)CONN_CID_SIZE == (int)LINK_RESET_CID_SIZE,
              "the roll keeps ids that we give out");

static const struct bucket_rate answer_rate = {.per_s = ANSWERS_PER_S, .burst = ANSWERS_PER_S};

int link_hub_new(struct link_hub **out, const struct link_config *cfg, const struct env *env,
                 struct mono now)
{
    struct link_hub *hub = calloc(1, sizeof(*hub));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (hub == NULL) {
        return ERR_NOMEM;
    }
    hub->cfg = *cfg;
    if (hub->cfg.queue_bytes_max == 0) {
        hub->cfg.queue_bytes_max = LINK_HUB_QUEUE_BYTES;
    }
    hub->env = env;
    hub->now = now;
    if (slab_new(&hub->conns, sizeof(struct link_conn), cfg->connection_max) != ERR_OK ||
        map_new(&hub->cids, sizeof(struct cid_key), (size_t)cfg->connection_max * CONN_CIDS_MAX,
                env) != ERR_OK ||
        map_new(&hub->resets, sizeof(ngtcp2_stateless_reset_token),
                (size_t)cfg->connection_max * CONN_RESETS_MAX, env) != ERR_OK ||
        map_new(&hub->half_open_ips, 16, LINK_HALF_OPEN_MAX, env) != ERR_OK) {
        goto out;
    }
    env_random(env, hub->token_key.bytes, sizeof(hub->token_key.bytes));
    bucket_init(&hub->answer_bucket, &answer_rate, now);
    rc = tls_init(&hub->tls, cfg->server, env);
    if (rc == ERR_OK && cfg->ledger != NULL) {
        rc = reset_ledger_open(&hub->ledger, cfg->ledger, cfg->ledger_capacity, now);
    }
out:
    if (rc != ERR_OK) {
        link_hub_free(hub);
        return rc;
    }
    *out = hub;
    return ERR_OK;
}

void link_hub_free(struct link_hub *hub)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c;

    if (hub == NULL) {
        return;
    }
    while (hub->conns != NULL) {
        c = slab_next(hub->conns, &cursor);
        if (c == NULL) {
            break;
        }
        conn_fini(c);
    }
    event_queue_fini(&hub->events);
    heap_fini(&hub->timers);
    reset_ledger_close(&hub->ledger);
    map_free(hub->half_open_ips);
    map_free(hub->resets);
    map_free(hub->cids);
    slab_free(hub->conns);
    tls_fini(&hub->tls);
    sodium_memzero(hub, sizeof(*hub));
    free(hub);
}

void link_hub_set_hello(struct link_hub *hub, const struct link_hello *hello)
{
    hub->cfg.hello = *hello;
}

struct link_conn *hub_conn(const struct link_hub *hub, struct handle handle)
{
    struct link_conn *c = slab_at(hub->conns, handle);

    return c == NULL || c->phase >= CONN_PHASE_CLOSING ? NULL : c;
}

struct link_conn *hub_conn_take(struct link_hub *hub, bool dialled)
{
    struct handle handle;
    struct link_conn *c = slab_take(hub->conns, &handle);

    if (c == NULL) {
        return NULL;
    }
    c->hub = hub;
    c->handle = handle;
    c->dialled = dialled;
    c->created_at = hub->now;
    c->hello_deadline = mono_add_ms(hub->now, LINK_HANDSHAKE_MS_MAX);
    c->unanswered_since = MONO_NEVER;
    hub->stats.connections++;
    return c;
}

void hub_conn_release(struct link_hub *hub, struct link_conn *c)
{
    CHECK(!c->ready && c->timer.position == 0);
    reset_ledger_strike(&hub->ledger, c->handle.index);
    slab_release(hub->conns, c->handle);
}

void hub_event(struct link_hub *hub, enum link_event_type type, struct link_conn *c,
               const void *head, size_t head_size, const void *body, size_t body_size)
{
    if (event_queue_push(&hub->events, type, c, head, head_size, body, body_size) != ERR_OK &&
        type != LINK_EVENT_CLOSED) {
        conn_close(c, LINK_REASON_LIMIT, H3_EXCESSIVE_LOAD, "events");
    }
}

/* The part of an address that one customer holds: /32 or /64. */
static void ip_key(uint8_t key[16], const struct endpoint *e)
{
    memcpy(key, e->ip, 16);
    if (!endpoint_is_v4(e)) {
        memset(key + 8, 0, 8);
    }
}

uint32_t hub_half_open_count(const struct link_hub *hub, const struct endpoint *remote)
{
    uint8_t key[16];
    uint64_t count = 0;

    ip_key(key, remote);
    (void)map_find(hub->half_open_ips, key, &count);
    return (uint32_t)count;
}

void hub_half_open_enter(struct link_hub *hub, struct link_conn *c)
{
    uint8_t key[16];
    uint32_t count = hub_half_open_count(hub, &c->remote);

    ip_key(key, &c->remote);
    if (map_put(hub->half_open_ips, key, count + 1) == ERR_OK) {
        memcpy(c->half_open_ip, key, sizeof(key));
        c->half_open = true;
        hub->stats.half_open++;
    }
}

void hub_anonymous_enter(struct link_hub *hub, struct link_conn *c)
{
    if (c->anonymous || !c->half_open || hub->anonymous_count >= CONN_ANONYMOUS_MAX) {
        return;
    }
    hub_half_open_leave(hub, c);
    c->anonymous = true;
    hub->anonymous_count++;
    c->hello_deadline = mono_add_ms(c->created_at, CONN_ANONYMOUS_MS_MAX);
}

void hub_half_open_leave(struct link_hub *hub, struct link_conn *c)
{
    uint64_t count = 0;

    if (c->anonymous) {
        c->anonymous = false;
        hub->anonymous_count--;
    }
    if (!c->half_open) {
        return;
    }
    c->half_open = false;
    hub->stats.half_open--;
    (void)map_find(hub->half_open_ips, c->half_open_ip, &count);
    if (count <= 1) {
        (void)map_remove(hub->half_open_ips, c->half_open_ip, NULL);
    } else {
        /* The key is there, so this cannot fail. */
        CHECK(map_put(hub->half_open_ips, c->half_open_ip, count - 1) == ERR_OK);
    }
}

void hub_reset_token(const struct link_hub *hub, const uint8_t *cid, size_t size,
                     ngtcp2_stateless_reset_token *token)
{
    (void)crypto_generichash(token->data, sizeof(token->data), cid, size, hub->cfg.reset_secret,
                             sizeof(hub->cfg.reset_secret));
}

static struct cid_key cid_key(const uint8_t *cid, size_t size)
{
    struct cid_key key = {{0}};

    CHECK(size <= NGTCP2_MAX_CIDLEN);
    key.bytes[0] = u8_of(size);
    memcpy(key.bytes + 1, cid, size);
    return key;
}

int hub_cid_add(struct link_hub *hub, struct link_conn *c, const uint8_t *cid, size_t size)
{
    struct cid_key key = cid_key(cid, size);
    int rc;

    if (c->cids_count == CONN_CIDS_MAX || map_find(hub->cids, &key, NULL)) {
        return ERR_LIMIT;
    }
    rc = map_put_pointer(hub->cids, &key, c);
    if (rc == ERR_OK) {
        c->cids[c->cids_count] = key;
        c->cids_count++;
    }
    return rc;
}

void hub_cid_remove(struct link_hub *hub, struct link_conn *c, const uint8_t *cid, size_t size)
{
    struct cid_key key = cid_key(cid, size);

    for (size_t i = 0; i < c->cids_count; i++) {
        if (memcmp(&c->cids[i], &key, sizeof(key)) == 0) {
            c->cids_count--;
            c->cids[i] = c->cids[c->cids_count];
            (void)map_remove(hub->cids, &key, NULL);
            return;
        }
    }
}

void hub_reset_add(struct link_hub *hub, struct link_conn *c,
                   const ngtcp2_stateless_reset_token *token)
{
    if (c->resets_count == CONN_RESETS_MAX || map_find(hub->resets, token->data, NULL) ||
        map_put_pointer(hub->resets, token->data, c) != ERR_OK) {
        return;
    }
    c->resets[c->resets_count] = *token;
    c->resets_count++;
}

void hub_reset_remove(struct link_hub *hub, struct link_conn *c,
                      const ngtcp2_stateless_reset_token *token)
{
    for (size_t i = 0; i < c->resets_count; i++) {
        if (memcmp(&c->resets[i], token, sizeof(*token)) == 0) {
            (void)map_remove(hub->resets, token->data, NULL);
            c->resets_count--;
            c->resets[i] = c->resets[c->resets_count];
            return;
        }
    }
}

/* A short-header packet of no connection that we know by its id: a stateless reset looks just like
 * that, and ends in the token of the connection that it means (RFC 9000, section 10.3.1). */
static void receive_unknown(struct link_hub *hub, const struct dgram *in,
                            const ngtcp2_version_cid *vc, struct mono now)
{
    struct link_conn *c = NULL;

    if (in->size >= RESET_SIZE_MIN) {
        c = map_find_pointer(hub->resets, in->data + in->size - NGTCP2_STATELESS_RESET_TOKENLEN);
    }
    if (c != NULL) {
        conn_read(c, in, now);
    } else if (hub->cfg.server) {
        answer_reset(hub, in, vc, now);
    }
}

void link_hub_receive(struct link_hub *hub, const struct dgram *in, struct mono now)
{
    ngtcp2_version_cid vc;
    struct link_conn *c = NULL;
    struct cid_key key;
    int rv;

    hub->now = now;
    event_queue_recycle(&hub->events);
    if (in->size == 0 || (in->data[0] & FRAME_QUIC_BIT) == 0) {
        return;
    }
    rv = ngtcp2_pkt_decode_version_cid(&vc, in->data, in->size, CONN_CID_SIZE);
    if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
        if (hub->cfg.server) {
            answer_version(hub, in, &vc, now);
        }
        return;
    }
    if (rv != 0 || vc.dcidlen > NGTCP2_MAX_CIDLEN) {
        return;
    }
    key = cid_key(vc.dcid, vc.dcidlen);
    c = map_find_pointer(hub->cids, &key);
    if (c != NULL) {
        conn_read(c, in, now);
        if (c->phase == CONN_PHASE_OPEN && vc.dcidlen == LINK_RESET_CID_SIZE) {
            reset_ledger_keep(&hub->ledger, c->handle.index, &c->local, &c->remote, vc.dcid);
        }
    } else if ((in->data[0] & 0x80) == 0) {
        receive_unknown(hub, in, &vc, now);
    } else if (hub->cfg.server) {
        hub_accept(hub, in, now);
    }
}

void link_hub_expire(struct link_hub *hub, struct mono now)
{
    struct heap_entry *entry;

    hub->now = now;
    event_queue_recycle(&hub->events);
    for (;;) {
        entry = heap_pop_due(&hub->timers, now);
        if (entry == NULL) {
            break;
        }
        conn_expire(HEAP_OWNER(entry, struct link_conn, timer), now);
    }
}

void link_hub_transmit(struct link_hub *hub, struct outbox *out, struct mono now)
{
    struct link_conn *last = hub->ready_last, *c;
    bool more = hub->ready_first != NULL;

    hub->now = now;
    answers_transmit(&hub->answers, out);
    answer_ledger(hub, out, now);
    /* Each connection gets one burst per round, so that none starves another. What has more to
     * say, or found no room, stands again at the end of the line. */
    while (more) {
        c = hub->ready_first;
        more = c != last;
        conn_unready(c);
        conn_write(c, out, now);
        if (!more && hub->ready_first != NULL && hub_outbox_has_room(out)) {
            last = hub->ready_last;
            more = true;
        }
    }
}

bool hub_outbox_has_room(const struct outbox *out)
{
    return out->items_count < out->items_capacity &&
           out->bytes_capacity - out->bytes_used >= CONN_PACKET_SIZE_MAX;
}

struct mono link_hub_deadline(const struct link_hub *hub)
{
    if (hub->ready_first != NULL || hub->answers.count > 0) {
        return hub->now;
    }
    return mono_min(heap_deadline(&hub->timers), reset_ledger_deadline(&hub->ledger));
}

const struct link_stats *link_hub_stats(const struct link_hub *hub)
{
    return &hub->stats;
}
