/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hub that dials a relay, and keeps the last answer. */
#include "tests/support/net_host.h"

#include "proto/base/bytes.h"
#include "proto/link/quic/conn_state.h"
#include "proto/link/quic/hub.h"
#include "proto/wire/verdict.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000, MARK_ANSWER = 255 };

static size_t attachment_give(void *context, struct handle dialled,
                              const uint8_t relay_key[KEY_SIZE],
                              uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    const struct net_host *host = context;

    (void)dialled;
    (void)relay_key;
    memcpy(out, host->attachment.bytes, host->attachment.size);
    return host->attachment.size;
}

/* ---- lanes ---- */

static void on_lane(struct net_host *host, uint64_t label, const ProtobufCBinaryData *secret,
                    const ProtobufCBinaryData *peer)
{
    lane_init(&host->lane.end, label, secret->data, host->net->now);
    memcpy(host->lane.peer, peer->data, KEY_SIZE);
    if (!host->lane.binds_not) {
        net_host_lane_bind(host);
    }
}

void net_host_lane_bind(struct net_host *host)
{
    uint8_t bind[LANE_BIND_SIZE];

    host->lane.end.bind_at = host->net->now;
    CHECK(lane_bind_due(&host->lane.end, 0, bind, host->net->now));
    wire_send(&host->net->wire, &host->address, &host->relay, bind, sizeof(bind), host->net->now);
}

void net_host_lane_ask(struct net_host *host, const uint8_t dst[KEY_SIZE])
{
    Ziglan__LaneOpen body = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.dst = control_bytes(dst, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    message.lane_open = &body;
    net_host_send(host, &message);
}

void net_host_lane_frame(struct net_host *host, uint8_t mark, size_t size)
{
    uint8_t frame[LANE_HEADER_SIZE + FRAME_SIZE_MAX] = {0};

    lane_header_write(frame, host->lane.end.label);
    frame[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    frame[LANE_HEADER_SIZE + 1] = mark;
    wire_send(&host->net->wire, &host->address, &host->relay, frame, LANE_HEADER_SIZE + size,
              host->net->now);
}

static void on_lane_datagram(struct net_host *host, const struct dgram *in)
{
    struct net_host_lane *lane = &host->lane;
    struct lane_message m;
    uint64_t label;

    if (lane_data_decode(&label, in->data, in->size) == ERR_OK && label == lane->end.label) {
        lane->frames++;
        lane->mark = in->data[LANE_HEADER_SIZE + 1];
    } else if (lane_challenge_decode(&m, in->data, in->size) == ERR_OK &&
               lane_on_challenge(&lane->end, &m, host->net->now)) {
        net_host_lane_bind(host);
    } else if (lane_bound_decode(&m, in->data, in->size) == ERR_OK) {
        (void)lane_on_bound(&lane->end, &m, in->data);
    }
}

/* ---- sessions ---- */

static void on_control(struct net_host *host, const struct link_event *event)
{
    Ziglan__Control *control;

    CHECK(control_unpack(&control, &host->arena, event->data, event->size) == ERR_OK);
    host->answer = NULL;
    if (control->body_case == ZIGLAN__CONTROL__BODY_GONE) {
        host->gones++;
        host->gone_reason = control->gone->reason;
        memset(host->gone_relay, 0, KEY_SIZE);
        if (control->gone->relay.len > 0) {
            memcpy(host->gone_relay, control->gone->relay.data, KEY_SIZE);
        }
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_PUNCH_REQUEST) {
        host->punch.offers++;
        host->punch.id = control->punch_request->punch_id;
        memcpy(host->punch.peer, control->punch_request->requester.data, KEY_SIZE);
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_PUNCH_GO) {
        const Ziglan__PunchGo *go = control->punch_go;

        host->punch.goes++;
        host->punch.id = go->punch_id;
        host->punch.listen = go->listen;
        host->punch.peer_at = endpoint_of_bytes(go->message->ip.data, go->message->ip.len,
                                                (uint16_t)go->message->port);
        memcpy(host->punch.peer, go->peer.data, KEY_SIZE);
        memcpy(host->punch.probe_key, go->probe_key.data, PUNCH_PROBE_KEY_SIZE);
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_PUNCH_UPDATE) {
        const Ziglan__PunchMessage *peer = control->punch_update->message;

        host->punch.updates++;
        host->punch.told_at = host->net->now;
        host->punch.peer_at = endpoint_of_bytes(peer->ip.data, peer->ip.len, (uint16_t)peer->port);
        memcpy(host->punch.peer, control->punch_update->peer.data, KEY_SIZE);
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_PUNCH_RESULT) {
        host->punch.results++;
        host->punch.told_at = host->net->now;
        host->punch.direct = control->punch_result->direct;
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_LANE_OPENED) {
        host->lane.opened++;
        on_lane(host, control->lane_opened->label, &control->lane_opened->secret,
                &control->lane_opened->dst);
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_LANE_INCOMING) {
        host->lane.incoming++;
        on_lane(host, control->lane_incoming->label, &control->lane_incoming->secret,
                &control->lane_incoming->src);
    } else if (control->body_case == ZIGLAN__CONTROL__BODY_LANE_CLOSED) {
        host->lane.closed += control->lane_closed->label == host->lane.end.label ? 1 : 0;
    } else if (control->request_id == host->request_next - 1 && control->request_id != 0) {
        host->answer = control;
        host->answered_at = host->net->now;
    }
}

static void on_frame(struct net_host *host, const struct link_event *event)
{
    CHECK(event->size > SESSION_DGRAM_HEADER_SIZE && event->data[0] == SESSION_DGRAM_FROM);
    host->frames++;
    host->friend_frames +=
        host->friend_key != NULL && memcmp(host->friend_key, event->data + 1, KEY_SIZE) == 0;
    host->frame_at = host->net->now;
    host->frame_size = event->size - SESSION_DGRAM_HEADER_SIZE;
    memcpy(host->frame_src, event->data + 1, KEY_SIZE);
    memcpy(host->frame, event->data + SESSION_DGRAM_HEADER_SIZE, host->frame_size);
    if (host->answers && host->frame[1] != MARK_ANSWER) {
        net_host_frame(host, host->frame_src, MARK_ANSWER, host->frame_size);
    }
}

static void poll(struct net_host *host)
{
    struct link_event event;

    while (link_hub_event(host->hub, &event)) {
        if (!handle_equal(event.handle, host->handle)) {
            continue;
        }
        if (event.type == LINK_EVENT_OPEN) {
            host->open = true;
            host->dialling = false;
        } else if (event.type == LINK_EVENT_CLOSED) {
            host->open = false;
            host->dialling = false;
        } else if (event.type == LINK_EVENT_CONTROL) {
            on_control(host, &event);
        } else if (event.type == LINK_EVENT_DATAGRAM) {
            on_frame(host, &event);
        }
    }
}

static void host_send(struct net_host *host)
{
    do {
        outbox_clear(&host->box);
        link_hub_transmit(host->hub, &host->box, host->net->now);
        wire_send_box(&host->net->wire, &host->address, &host->box, host->net->now);
    } while (host->box.items_count > 0);
}

static void guest_receive(void *context, struct dgram *in)
{
    struct net_host *host = context;

    if (in->size > 0 && in->data[0] >= FRAME_LANE_FIRST && in->data[0] <= FRAME_LANE_LAST) {
        on_lane_datagram(host, in);
        return;
    }
    link_hub_receive(host->hub, in, host->net->now);
    poll(host);
    host_send(host);
}

static struct mono guest_deadline(void *context)
{
    const struct net_host *host = context;

    return link_hub_deadline(host->hub);
}

static void guest_turn(void *context)
{
    struct net_host *host = context;

    link_hub_expire(host->hub, host->net->now);
    poll(host);
    host_send(host);
}

void net_host_init(struct net_host *host, struct relay_net *net, uint8_t n)
{
    const uint8_t ip[4] = {198, 51, n, 7};
    const struct endpoint address = endpoint_v4(ip, 5000);

    net_host_init_at(host, net, n, &address);
}

void net_host_init_at(struct net_host *host, struct relay_net *net, uint8_t n,
                      const struct endpoint *address)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {3, n};
    struct link_config cfg = {.identity = &host->identity,
                              .connection_max = 8,
                              .attachments = {.context = host, .make = attachment_give}};

    memset(host, 0, sizeof(*host));
    host->net = net;
    host->request_next = 1;
    identity_from_seed(&host->identity, seed);
    host->address = *address;
    CHECK(link_hub_new(&host->hub, &cfg, &net->ports.env, net->now) == ERR_OK);
    CHECK(outbox_init(&host->box, 1 << 20, 2048) == ERR_OK);
    host->guest = (struct relay_net_guest){.context = host,
                                           .address = host->address,
                                           .receive = guest_receive,
                                           .deadline = guest_deadline,
                                           .turn = guest_turn};
    relay_net_guest_add(net, &host->guest);
}

void net_host_fini(struct net_host *host)
{
    link_hub_free(host->hub);
    outbox_fini(&host->box);
}

void net_host_attach(struct net_host *host, size_t i, uint64_t sequence)
{
    host->attachment = attachment_of(env_wall_ms(&host->net->ports.env), &host->identity,
                                     relay_net_key(host->net, i), sequence, HOUR_MS);
}

void net_host_dial_begin(struct net_host *host, size_t i, uint32_t roles)
{
    const struct link_dial dial = {
        .local = host->address,
        .remote = host->net->nodes[i].address,
        .want = LINK_WANT_RELAY,
        .key = relay_net_key(host->net, i),
        .roles = roles,
    };

    host->relay = dial.remote;
    CHECK(link_hub_dial(host->hub, &host->handle, &dial, host->net->now) == ERR_OK);
    host->dialling = true;
    host_send(host);
}

void net_host_dial(struct net_host *host, size_t i)
{
    if (host->open) {
        net_host_leave(host);
    }
    net_host_dial_begin(host, i, LINK_ROLE_HOST);
    relay_net_run(host->net, 200);
    for (int tries = 0; tries < 50 && !host->open; tries++) { /* packets were lost */
        relay_net_run(host->net, 100);
    }
    CHECK(host->open);
}

void net_host_leave(struct net_host *host)
{
    link_hub_close(host->hub, host->handle, 0, "bye", host->net->now);
    host->open = false;
    host_send(host);
}

void net_host_move(struct net_host *host, uint16_t port)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    host->address.port = port;
    host->guest.address.port = port;
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    net_host_send(host, &message);
}

void net_host_send(struct net_host *host, Ziglan__Control *message)
{
    uint8_t packed[CONTROL_SIZE_MAX];
    size_t size = 0;

    host->answer = NULL;
    message->request_id = host->request_next++;
    CHECK(control_pack(packed, sizeof(packed), &size, message) == ERR_OK);
    CHECK(link_hub_control(host->hub, host->handle, packed, size) == ERR_OK);
    host_send(host);
}

void net_host_send_raw(struct net_host *host, const uint8_t *head, size_t head_size,
                       const uint8_t *body, size_t body_size)
{
    struct link_conn *conn = conn_find(&host->hub->shared.tables, host->handle);

    if (conn != NULL && conn->phase == CONN_PHASE_OPEN) {
        (void)!conn->carrier.ops->put(&conn->carrier, head, head_size, body, body_size);
        host_send(host);
    }
}

void net_host_datagram(struct net_host *host, const uint8_t *head, size_t head_size,
                       const uint8_t *body, size_t body_size)
{
    (void)link_hub_datagram(host->hub, host->handle, head, head_size, body, body_size);
    host_send(host);
}

void net_host_frame(struct net_host *host, const uint8_t dst[KEY_SIZE], uint8_t mark, size_t size)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE] = {SESSION_DGRAM_TO};
    uint8_t frame[FRAME_SIZE_MAX] = {FRAME_TYPE_DATA, mark};

    memcpy(head + 1, dst, KEY_SIZE);
    CHECK(link_hub_datagram(host->hub, host->handle, head, sizeof(head), frame, size));
    host_send(host);
}

uint64_t net_host_locate(struct net_host *host, const uint8_t key[KEY_SIZE])
{
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct mono asked_at = host->net->now;

    body.key = control_bytes(key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    net_host_send(host, &message);
    for (int i = 0; i < 200 && host->answer == NULL; i++) {
        relay_net_run(host->net, 10);
    }
    return host->answer != NULL ? mono_ms_between(asked_at, host->answered_at) : 2000;
}

int net_host_located(const struct net_host *host)
{
    const Ziglan__Control *answer = host->answer;

    if (answer != NULL && answer->body_case == ZIGLAN__CONTROL__BODY_LOCATED) {
        return (int)answer->located->n_records;
    }
    return answer != NULL && answer->body_case == ZIGLAN__CONTROL__BODY_ERROR &&
                   answer->error->code == VERDICT_NOT_FOUND
               ? 0
               : -1;
}
