/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking a neighbour, being asked by one, and the binds between the two. */
#include "relayd/service/lane_chain.h"

#include "relayd/service/attaching.h"
#include "relayd/service/forward_foreign.h"

#include <string.h>

/* ---- a host here asks ---- */

/* The neighbour at which the host of a key is, if frames go there straight. */
static struct neighbour *neighbour_to(const struct lane_chain *chain, struct relay_client *client,
                                      const uint8_t dst[KEY_SIZE], struct mono now)
{
    struct forward_relay *relays = chain->relays;
    uint8_t relay[KEY_SIZE];
    struct way_relays way;

    if (relays == NULL || !forward_relay_where(relays, client, dst, relay, now) ||
        !ways_find(relays->ways, client->key, dst, &way, now) || way.count != 1) {
        return NULL;
    }
    return neighbour_of_key(&chain->ends.base->neighbours, relay);
}

/* Tell the neighbour, with the attachment by which it believes that the host is here. */
static void relayed_send(const struct lane_chain *chain, struct neighbour *neighbour,
                         const struct lane_end *end, const ProtobufCBinaryData *attachment,
                         struct mono now)
{
    Ziglan__LaneRelayed body = ZIGLAN__LANE_RELAYED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.src = control_bytes(end->owner->key, KEY_SIZE);
    body.dst = control_bytes(end->lane->far, KEY_SIZE);
    body.label = end->other->label;
    body.secret = control_bytes(end->other->secret, LANE_SECRET_SIZE);
    body.attachment = *attachment;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_RELAYED;
    message.lane_relayed = &body;
    neighbour_send(&chain->ends.base->neighbours, neighbour, &message, now);
}

/* True once in a while for each pair: what one host asks too often is no neighbour's trouble. */
static bool may_ask(const struct lane_chain *chain, const struct relay_client *client,
                    const uint8_t dst[KEY_SIZE], struct mono now)
{
    struct mark_name name = {.kind = FORWARD_MARK_LANE};

    memcpy(name.one, client->key, KEY_SIZE);
    memcpy(name.other, dst, KEY_SIZE);
    return marks_take(chain->relays->marks, &name, LANE_CHAIN_AGAIN_MS, now);
}

static struct lane_end *open_to(struct lane_chain *chain, struct relay_client *client,
                                struct neighbour *neighbour, const uint8_t dst[KEY_SIZE],
                                enum verdict *verdict, struct mono now)
{
    struct relay_base *base = chain->ends.base;
    const struct lane_far far = {.key = dst};
    uint8_t record[PRESENCE_SIGNED_SIZE_MAX];
    size_t record_size = attaching_record(chain->relays->presence, client->key, record);
    const ProtobufCBinaryData attachment = control_bytes(record, record_size);
    struct lane_end *end;
    int rc;

    if (record_size == 0 || !may_ask(chain, client, dst, now)) {
        *verdict = record_size == 0 ? VERDICT_NOT_FOUND : VERDICT_LIMIT;
        return NULL;
    }
    rc = lane_table_open_far(chain->ends.table, &end, client, neighbour->client, &far, now);
    if (rc != ERR_OK) {
        base->counters.lanes_limit += rc == ERR_LIMIT ? 1 : 0;
        *verdict = rc == ERR_LIMIT ? VERDICT_LIMIT : VERDICT_UNAVAILABLE;
        return NULL;
    }
    base->counters.lanes_opened++;
    lane_workers_changed(chain->ends.workers, end);
    relayed_send(chain, neighbour, end, &attachment, now);
    return end;
}

struct lane_end *lane_chain_ask(struct lane_chain *chain, struct relay_client *client,
                                const uint8_t dst[KEY_SIZE], enum verdict *verdict, struct mono now)
{
    struct neighbour *neighbour = neighbour_to(chain, client, dst, now);
    struct lane_end *end;

    if (neighbour == NULL || !lane_ends_far_allowed(chain->ends.base, client, dst)) {
        *verdict = neighbour == NULL ? VERDICT_NOT_FOUND : VERDICT_REFUSED;
        return NULL;
    }
    end = lane_table_through(client, dst, neighbour->client);
    return end != NULL ? end : open_to(chain, client, neighbour, dst, verdict, now);
}

/* ---- a neighbour asks ---- */

bool lane_chain_binds(const struct lane_end *end)
{
    return lane_end_is_relays(end) && end->lane->given;
}

static void bind_at(struct lane_chain *chain, struct lane_end *end)
{
    lane_table_binds(chain->ends.table, end->lane, true);
    chain->bind_at = mono_min(chain->bind_at, end->lane->binding.bind_at);
}

/* Both hosts asked at once. The one with the smaller key counts, as with punches: its relay gives
 * the other one no answer, and the other relay closes its own. */
static bool crosses(const struct lane_end *end, const struct relay_client *to)
{
    return !end->lane->given && !end->other->bound && memcmp(to->key, end->lane->far, KEY_SIZE) < 0;
}

/* The session of the host that a neighbour asks for, if the two may have a lane. */
static struct relay_client *asked_for(struct lane_chain *chain, struct relay_client *neighbour,
                                      const Ziglan__LaneRelayed *body, struct mono now)
{
    struct relay_base *base = chain->ends.base;
    struct relay_client *to = session_table_of_key(&base->sessions, body->dst.data);

    return chain->relays != NULL && to != NULL && to->neighbour == NULL &&
                   lane_ends_far_allowed(base, to, body->src.data) &&
                   foreign_limits_word(&chain->relays->limits, neighbour->key, now) &&
                   forward_foreign_believes(chain->relays, neighbour, body->src.data,
                                            &body->attachment, now)
               ? to
               : NULL;
}

void lane_chain_on_relayed(struct lane_chain *chain, struct relay_client *neighbour,
                           const Ziglan__LaneRelayed *body, struct mono now)
{
    struct relay_base *base = chain->ends.base;
    struct relay_client *to = asked_for(chain, neighbour, body, now);
    const struct lane_far far = {.key = body->src.data,
                                 .drawn = {.label = body->label, .secret = body->secret.data}};
    struct lane_end *end = to == NULL ? NULL : lane_table_through(to, body->src.data, neighbour);
    int rc;

    if (end != NULL && crosses(end, to)) {
        return;
    }
    if (end != NULL) { /* the neighbour knows nothing of it any more */
        lane_ends_close(&chain->ends, end, true);
    }
    rc = to == NULL ? ERR_DROP
                    : lane_table_open_far(chain->ends.table, &end, neighbour, to, &far, now);
    if (rc != ERR_OK) {
        base->counters.lanes_refused++;
        lane_ends_tell_closed(base, neighbour, body->label);
        return;
    }
    base->counters.lanes_opened++;
    lane_init(&end->lane->binding, body->label, body->secret.data, now);
    bind_at(chain, end);
    lane_workers_changed(chain->ends.workers, end);
    lane_ends_tell_incoming(base, end->other);
}

void lane_chain_on_closed(struct lane_chain *chain, const struct relay_client *neighbour,
                          uint64_t label)
{
    struct lane_end *end = lane_table_find(chain->ends.table, label);

    if (end != NULL && end->owner == neighbour) {
        lane_ends_close(&chain->ends, end, false);
    }
}

/* ---- binds ---- */

void lane_chain_on_moved(struct lane_chain *chain, struct lane_end *end, struct mono now)
{
    if (!end->bound || (end->challenged_at.ns != MONO_NEVER.ns &&
                        mono_ms_between(end->challenged_at, now) < LANE_CHAIN_REBIND_MS)) {
        return;
    }
    end->challenged_at = now;
    lane_rebind(&end->lane->binding, now);
    bind_at(chain, end);
}

/* The end of ours of which an answer speaks; NULL unless it comes from where that is bound. */
static struct lane_end *end_of(struct lane_chain *chain, const struct lane_message *m,
                               const struct dgram *in)
{
    struct lane_end *end = lane_table_find(chain->ends.table, m->label);

    return end != NULL && lane_chain_binds(end) && endpoint_equal(&in->remote, &end->owner->remote)
               ? end
               : NULL;
}

static bool on_challenge(struct lane_chain *chain, const struct dgram *in, struct mono now)
{
    struct lane_message m;
    struct lane_end *end;

    if (lane_challenge_decode(&m, in->data, in->size) != ERR_OK) {
        return false;
    }
    end = end_of(chain, &m, in);
    if (end == NULL || !lane_on_challenge(&end->lane->binding, &m, now)) {
        return false;
    }
    bind_at(chain, end);
    return true;
}

static bool on_bound(struct lane_chain *chain, const struct dgram *in, struct mono now)
{
    struct lane_message m;
    struct lane_end *end;

    if (lane_bound_decode(&m, in->data, in->size) != ERR_OK) {
        return false;
    }
    end = end_of(chain, &m, in);
    if (end == NULL || !lane_on_bound(&end->lane->binding, &m, in->data)) {
        return false;
    }
    chain->ends.base->counters.lanes_chained += end->bound ? 0 : 1;
    end->bound = true;
    end->local = in->local;
    end->remote = in->remote;
    end->lane->used_at = now;
    lane_table_binds(chain->ends.table, end->lane, false);
    lane_workers_changed(chain->ends.workers, end);
    return true;
}

void lane_chain_receive(struct lane_chain *chain, const struct dgram *in, struct mono now)
{
    bool taken = in->data[0] == FRAME_TYPE_LANE_CHALLENGE ? on_challenge(chain, in, now)
                                                          : on_bound(chain, in, now);

    chain->ends.base->counters.drop_lane_frame += taken ? 0 : 1;
}

/* Send the bind of a lane, if it is due. False if too many stayed unanswered. */
static bool bind_due(struct lane_chain *chain, struct relay_lane *lane, struct mono now)
{
    static const struct endpoint any = {.port = 0};
    uint8_t bytes[LANE_BIND_SIZE];

    if (lane_failed(&lane->binding, now)) {
        return false;
    }
    if (lane_bind_due(&lane->binding, 0, bytes, now)) {
        outbox_put(chain->out, &any, &lane->far_end->owner->remote, bytes, sizeof(bytes));
    }
    chain->bind_at = mono_min(chain->bind_at, lane->binding.bind_at);
    return true;
}

void lane_chain_expire(struct lane_chain *chain, struct mono now)
{
    struct relay_lane *lane = LIST_FIRST(&chain->ends.table->binding);

    if (!mono_due(chain->bind_at, now)) {
        return;
    }
    chain->bind_at = MONO_NEVER;
    while (lane != NULL) {
        struct relay_lane *next = LIST_NEXT(lane, in_binding);

        if (!bind_due(chain, lane, now)) {
            chain->ends.base->counters.lane_bind_unanswered++;
            lane_ends_close(&chain->ends, lane->far_end, true);
        }
        lane = next;
    }
}

struct mono lane_chain_deadline(const struct lane_chain *chain)
{
    return chain->bind_at;
}

bool lane_chain_is_over(const struct lane_chain *chain, const struct relay_lane *lane,
                        struct mono now)
{
    const struct lane_end *end = lane->far_end;
    struct attached known;

    if (end == NULL || !lane->given) {
        return end != NULL && !end->bound &&
               mono_due(mono_add_ms(lane->used_at, LANE_CHAIN_WAIT_MS), now);
    }
    return !attached_find(chain->relays->attached, lane->far, end->owner->key, &known, now);
}
