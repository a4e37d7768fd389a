/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening, binding, forwarding, closing. */
#include "relayd/service/lane.h"

#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "relayd/service/forward.h"
#include "relayd/service/lane_ends.h"

#include <sodium.h>
#include <string.h>

int lane_service_init(struct lane_service *service, struct relay_base *base,
                      struct forward_relay *relays)
{
    int rc;

    service->base = base;
    service->chain = (struct lane_chain){
        .ends = {.base = base, .table = &service->table, .workers = &service->workers},
        .relays = relays,
        .out = &service->out,
        .bind_at = MONO_NEVER};
    lane_kept_init(&service->kept, &service->chain.ends);
    service->turn = (struct lane_turn){.room = LANE_QUEUE_BYTES, .number = 1};
    rc = lane_table_init(&service->table, &base->env, base->cfg.workers);
    if (rc == ERR_OK) {
        rc = lane_workers_init(&service->workers, base, relays);
    }
    return rc == ERR_OK ? outbox_init(&service->out, LANE_QUEUE_BYTES, LANE_QUEUE_DGRAMS) : rc;
}

void lane_service_fini(struct lane_service *service)
{
    lane_kept_fini(&service->kept);
    lane_table_fini(&service->table);
    outbox_fini(&service->out);
    lane_workers_fini(&service->workers);
    sodium_memzero(&service->cookies, sizeof(service->cookies));
}

/* ---- opening ---- */

/* The end of a client of its lane to another one; NULL, with *verdict, if there is no room. */
static struct lane_end *end_between(struct lane_service *service, struct relay_client *client,
                                    struct relay_client *to, enum verdict *verdict, struct mono now)
{
    struct relay_base *base = service->base;
    struct lane_end *end = lane_table_between(client, to);
    int rc;

    if (end != NULL) {
        return end;
    }
    rc = lane_table_open(&service->table, &end, client, to, now);
    if (rc != ERR_OK) {
        base->counters.lanes_limit += rc == ERR_LIMIT ? 1 : 0;
        *verdict = rc == ERR_LIMIT ? VERDICT_LIMIT : VERDICT_UNAVAILABLE;
        return NULL;
    }
    base->counters.lanes_opened++;
    lane_workers_changed(&service->workers, end);
    lane_ends_tell_incoming(base, end->other);
    return end;
}

static void cookies_draw(struct lane_service *service)
{
    if (!service->cookies_drawn) {
        address_cookies_init(&service->cookies, &service->base->env);
        service->cookies_drawn = true;
    }
}

size_t lane_service_load(struct lane_service *service, const uint8_t *data, size_t size,
                         struct mono now)
{
    cookies_draw(service);
    return lane_kept_load(&service->kept, data, size, now);
}

/* The end of the client of its lane to a key; NULL, with *verdict, if it can have none. Who is not
 * here and who does not want it are told apart by nobody whom the relay does not serve. */
static struct lane_end *end_for(struct lane_service *service, struct relay_client *client,
                                const uint8_t dst[KEY_SIZE], enum verdict *verdict, struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *to = session_table_of_key(&base->sessions, dst);
    struct lane_end *end = lane_table_to(client, dst);

    if (client->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) {
        *verdict = VERDICT_NOT_MEMBER;
        return NULL;
    }
    if (end != NULL && lane_kept_awaits(&service->kept, end)) {
        return end;
    }
    cookies_draw(service);
    if (to == NULL) {
        return lane_chain_ask(&service->chain, client, dst, verdict, now);
    }
    if (to == client || to->neighbour != NULL) {
        *verdict = to == client ? VERDICT_BAD_REQUEST : VERDICT_NOT_FOUND;
        return NULL;
    }
    if (!forward_allowed(base, client, to) || !forward_allowed(base, to, client)) {
        *verdict = VERDICT_REFUSED;
        return NULL;
    }
    return end_between(service, client, to, verdict, now);
}

void lane_service_on_open(struct lane_service *service, struct relay_client *client,
                          const Ziglan__Control *message, struct mono now)
{
    enum verdict verdict = VERDICT_OK;
    const struct lane_end *end =
        end_for(service, client, message->lane_open->dst.data, &verdict, now);

    if (end == NULL) {
        reply_refuse(&service->base->reply, client, message->request_id, verdict, NULL);
        return;
    }
    lane_ends_tell_opened(service->base, end, message->request_id);
}

/* ---- closing ---- */

void lane_service_leave(struct lane_service *service, const struct relay_client *client)
{
    while (!LIST_EMPTY(&client->lanes.ends)) {
        lane_ends_close(&service->chain.ends, LIST_FIRST(&client->lanes.ends), false);
    }
}

void lane_service_on_block(struct lane_service *service, const struct relay_client *client,
                           const uint8_t key[KEY_SIZE])
{
    struct lane_end *end;

    while ((end = lane_table_to(client, key)) != NULL && !lane_ends_allowed(service->base, end)) {
        lane_ends_close(&service->chain.ends, end, true);
    }
}

void lane_service_sweep(struct lane_service *service, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct relay_lane *lane;

    while ((lane = lane_table_next(&service->table, &cursor)) != NULL) {
        struct lane_end *end = &lane->ends[0];

        if (mono_due(mono_add_ms(lane->used_at, LANE_IDLE_MS), now) ||
            !lane_ends_allowed(service->base, end) ||
            lane_chain_is_over(&service->chain, lane, now)) {
            lane_ends_close(&service->chain.ends, end, true);
        }
    }
}

/* ---- binding ---- */

/* Nobody binds an end to where it would make us send to ourselves, or into a network of ours in
 * which it is not. */
static bool address_ok(const struct dgram *in)
{
    return in->remote.port != 0 && !endpoint_equal(&in->remote, &in->local) &&
           (endpoint_scope(&in->remote) == ENDPOINT_SCOPE_GLOBAL ||
            endpoint_same_special(&in->remote, &in->local));
}

static void challenge(struct lane_service *service, const struct lane_end *end,
                      const struct dgram *in, struct mono now)
{
    struct lane_message answer = {.label = end->label, .nonce = end->nonce};
    uint8_t bytes[LANE_CHALLENGE_SIZE];

    address_cookie_make_of(&service->cookies, &in->remote, end->label, now, answer.cookie);
    lane_challenge_encode(bytes, &answer);
    outbox_put(&service->out, &in->local, &in->remote, bytes, sizeof(bytes));
    service->base->counters.lane_challenges++;
}

static void bind_end(struct lane_service *service, struct lane_end *end, const struct dgram *in,
                     struct mono now)
{
    const struct lane_message answer = {.label = end->label, .nonce = end->nonce};
    uint8_t bytes[LANE_BOUND_SIZE];

    end->bound = true;
    end->local = in->local;
    end->remote = in->remote;
    end->lane->used_at = now;
    lane_bound_encode(bytes, &answer, end->secret);
    outbox_put(&service->out, &in->local, &in->remote, bytes, sizeof(bytes));
    service->base->counters.lane_bound++;
    lane_workers_changed(&service->workers, end);
}

/* A relay whose own address is a private one may see its hosts at others; their lanes stay unbound,
 * and whoever looks for the cause finds it. */
static void address_refused(struct lane_service *service, const struct lane_end *end,
                            const struct dgram *in, struct mono now)
{
    char peer[KEY_SHORT_SIZE], from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE];
    uint32_t left_out;

    service->base->counters.lane_bind_address++;
    if (log_gate_take(&service->log, 0, &left_out, now)) {
        env_trace(&service->base->env, TRACE_LEVEL_INFO, "lane.refused",
                  "peer=%s address=%s at=%s left_out=%u", key_short(end->owner->key, peer),
                  endpoint_text(&in->remote, from), endpoint_text(&in->local, to),
                  (unsigned)left_out);
    }
}

static void on_bind(struct lane_service *service, const struct dgram *in, struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    struct lane_message m;
    struct lane_end *end;

    if (lane_bind_decode(&m, in->data, in->size) != ERR_OK) {
        counters->drop_lane_frame++;
        return;
    }
    end = lane_table_find(&service->table, m.label);
    if (end == NULL) {
        counters->lane_bind_unknown++;
    } else if (lane_chain_binds(end) || !lane_mac_ok(in->data, in->size, end->secret)) {
        counters->lane_bind_forged++;
    } else if (m.nonce <= end->nonce) {
        counters->lane_bind_replayed++;
    } else if (!address_ok(in)) {
        address_refused(service, end, in, now);
    } else {
        end->nonce = m.nonce;
        if (address_cookie_ok_of(&service->cookies, &in->remote, end->label, now, m.cookie)) {
            bind_end(service, end, in, now);
        } else { /* none yet, of another address, or too old */
            challenge(service, end, in, now);
        }
    }
}

/* ---- forwarding ---- */

/* A frame with the right label from where its end is not bound: its host, whose mapping moved,
 * learns that, and binds again. */
static void on_moved(struct lane_service *service, struct lane_end *end, const struct dgram *in,
                     struct mono now)
{
    service->base->counters.drop_lane_moved++;
    if (lane_chain_binds(end)) {
        lane_chain_on_moved(&service->chain, end, now);
        return;
    }
    if (!address_ok(in) || (end->challenged_at.ns != MONO_NEVER.ns &&
                            mono_ms_between(end->challenged_at, now) < LANE_CHALLENGE_MS)) {
        return;
    }
    end->challenged_at = now;
    challenge(service, end, in, now);
}

/* The frame with the other end's label goes into the queue. */
static void put(struct lane_service *service, struct lane_end *end, const struct dgram *in,
                struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    const struct lane_end *other = end->other;
    uint8_t *to = lane_share_take(&service->turn, &end->share, in->size)
                      ? outbox_reserve(&service->out, in->size)
                      : NULL;

    if (to == NULL) {
        counters->drop_lane_share++;
        return;
    }
    memcpy(to, in->data, in->size);
    be64_write(to + LANE_LABEL_AT, other->label);
    outbox_commit(&service->out, &other->local, &other->remote, in->size);
    counters->lane_frames++;
    counters->lane_bytes += in->size;
    lane_workers_count(&service->workers, end, 1, in->size - LANE_HEADER_SIZE, now);
}

static void on_data(struct lane_service *service, const struct dgram *in, struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    struct lane_end *end;
    uint64_t label;

    if (lane_data_decode(&label, in->data, in->size) != ERR_OK) {
        counters->drop_lane_frame++;
        return;
    }
    end = lane_table_find(&service->table, label);
    if (end == NULL) {
        counters->drop_lane_unknown++;
    } else if (!end->bound || !endpoint_equal(&end->remote, &in->remote)) {
        on_moved(service, end, in, now);
    } else if (!end->other->bound) {
        counters->drop_lane_unbound++;
    } else if (lane_workers_charge(&service->workers, end, in->size - LANE_HEADER_SIZE, now)) {
        put(service, end, in, now);
    }
}

void lane_service_receive(struct lane_service *service, const struct dgram *in, struct mono now)
{
    switch (in->data[0]) {
    case FRAME_TYPE_LANE_DATA:
        on_data(service, in, now);
        break;
    case FRAME_TYPE_LANE_BIND:
        on_bind(service, in, now);
        break;
    case FRAME_TYPE_LANE_CHALLENGE:
    case FRAME_TYPE_LANE_BOUND:
        lane_chain_receive(&service->chain, in, now);
        break;
    default: /* what later versions add */
        service->base->counters.drop_lane_frame++;
        break;
    }
}

/* ---- what leaves ---- */

void lane_service_transmit(struct lane_service *service, struct outbox *out)
{
    const struct outbox *waits = &service->out;

    for (; service->out_at < waits->items_count; service->out_at++) {
        const struct outbox_item *item = &waits->items[service->out_at];

        if (!outbox_has_room(out, item->size)) {
            return;
        }
        outbox_put(out, &item->local, &item->remote, waits->bytes + item->offset, item->size);
    }
    if (waits->items_count > 0) {
        outbox_clear(&service->out);
        service->out_at = 0;
        lane_turn_next(&service->turn);
    }
}

bool lane_service_waits(const struct lane_service *service)
{
    return service->out.items_count > 0;
}

/* ---- time ---- */

void lane_service_on_moved(struct lane_service *service, const struct relay_client *client,
                           struct mono now)
{
    struct lane_end *end;

    LIST_FOREACH(end, &client->lanes.ends, in_owner)
    {
        if (lane_chain_binds(end)) {
            lane_chain_on_moved(&service->chain, end, now);
        }
    }
}

void lane_service_expire(struct lane_service *service, struct mono now)
{
    lane_chain_expire(&service->chain, now);
    lane_kept_expire(&service->kept, now);
    lane_workers_expire(&service->workers, now);
}

struct mono lane_service_deadline(const struct lane_service *service)
{
    struct mono at =
        mono_min(lane_chain_deadline(&service->chain), lane_kept_deadline(&service->kept));

    return mono_min(at, lane_workers_deadline(&service->workers));
}
