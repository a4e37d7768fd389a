/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two hosts do for a lane, as datagrams that a test looks at one by one. */
#include "tests/support/lane_fixture.h"

#include "tests/support/fixture.h"

static const struct endpoint *at_a(void)
{
    static struct endpoint at;
    const uint8_t ip[4] = {203, 0, 113, 9};

    at = endpoint_v4(ip, 7777);
    return &at;
}

static const struct endpoint *at_b(void)
{
    static struct endpoint at;
    const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};

    at = endpoint_v6(ip, 8888);
    return &at;
}

void lane_ask(struct client *from, const struct client *to)
{
    Ziglan__LaneOpen body = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.dst = control_bytes(to->identity.public_key, KEY_SIZE);
    message.request_id = 7;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    message.lane_open = &body;
    client_send(from, &message);
}

static struct lane_host end_at(const struct endpoint *at, uint64_t label,
                               const ProtobufCBinaryData *data)
{
    struct lane_host end = {.at = *at, .label = label};

    assert_int_equal(data->len, LANE_SECRET_SIZE);
    memcpy(end.secret, data->data, LANE_SECRET_SIZE);
    return end;
}

void lane_hosts_open(struct world *w, struct lane_host *a, struct lane_host *b)
{
    const Ziglan__Control *got;

    client_forget(&w->clients[0]);
    client_forget(&w->clients[1]);
    lane_ask(&w->clients[0], &w->clients[1]);
    world_run(w, 50);
    got = client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_LANE_OPENED);
    assert_non_null(got);
    assert_int_equal(got->request_id, 7);
    assert_memory_equal(got->lane_opened->dst.data, w->clients[1].identity.public_key, KEY_SIZE);
    *a = end_at(at_a(), got->lane_opened->label, &got->lane_opened->secret);
    got = client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_LANE_INCOMING);
    assert_non_null(got);
    assert_memory_equal(got->lane_incoming->src.data, w->clients[0].identity.public_key, KEY_SIZE);
    *b = end_at(at_b(), got->lane_incoming->label, &got->lane_incoming->secret);
    assert_int_not_equal(a->label, b->label);
    assert_memory_not_equal(a->secret, b->secret, LANE_SECRET_SIZE);
}

void lane_host_send(struct world *w, const struct endpoint *from, const uint8_t *data, size_t size)
{
    w->loose_count = 0;
    wire_send(&w->wire, from, &w->relay.address, data, size, w->now);
    world_run(w, 20);
}

void lane_host_bind_send(struct world *w, struct lane_host *end, const uint8_t *cookie)
{
    struct lane_message m = {.label = end->label, .nonce = ++end->nonce};
    uint8_t bytes[LANE_BIND_SIZE];

    if (cookie != NULL) {
        memcpy(m.cookie, cookie, LANE_COOKIE_SIZE);
    }
    lane_bind_encode(bytes, &m, end->secret);
    lane_host_send(w, &end->at, bytes, sizeof(bytes));
}

const struct wire_packet *lane_host_got(const struct world *w, const struct lane_host *end)
{
    return w->loose_count == 1 && endpoint_equal(&w->loose[0]->to, &end->at) ? w->loose[0] : NULL;
}

void lane_host_challenged(const struct world *w, const struct lane_host *end,
                          uint8_t cookie[LANE_COOKIE_SIZE])
{
    const struct wire_packet *packet = lane_host_got(w, end);
    struct lane_message m;

    assert_non_null(packet);
    assert_int_equal(lane_challenge_decode(&m, packet->data, packet->size), ERR_OK);
    assert_int_equal(m.label, end->label);
    assert_int_equal(m.nonce, end->nonce);
    memcpy(cookie, m.cookie, LANE_COOKIE_SIZE);
}

bool lane_host_is_bound(const struct world *w, const struct lane_host *end)
{
    const struct wire_packet *packet = lane_host_got(w, end);
    struct lane_message m;

    return packet != NULL && lane_bound_decode(&m, packet->data, packet->size) == ERR_OK &&
           m.label == end->label && m.nonce == end->nonce &&
           lane_mac_ok(packet->data, packet->size, end->secret);
}

void lane_host_bind(struct world *w, struct lane_host *end)
{
    uint8_t cookie[LANE_COOKIE_SIZE];

    lane_host_bind_send(w, end, NULL);
    lane_host_challenged(w, end, cookie);
    lane_host_bind_send(w, end, cookie);
    assert_true(lane_host_is_bound(w, end));
}

void lane_host_data_send(struct world *w, const struct lane_host *end, uint8_t mark)
{
    uint8_t bytes[LANE_HEADER_SIZE + FRAME_SIZE];

    lane_header_write(bytes, end->label);
    frame_fill(bytes + LANE_HEADER_SIZE, mark);
    lane_host_send(w, &end->at, bytes, sizeof(bytes));
}

void lane_host_assert_data(const struct world *w, const struct lane_host *end, uint8_t mark)
{
    const struct wire_packet *packet = lane_host_got(w, end);
    uint8_t want[LANE_HEADER_SIZE + FRAME_SIZE];

    assert_non_null(packet);
    lane_header_write(want, end->label);
    frame_fill(want + LANE_HEADER_SIZE, mark);
    assert_int_equal(packet->size, sizeof(want));
    assert_memory_equal(packet->data, want, sizeof(want));
}

struct world *lane_hosts_of_two(struct lane_host *a, struct lane_host *b)
{
    struct world *w = world_new(NULL);

    world_members(w, 2);
    lane_hosts_open(w, a, b);
    return w;
}
