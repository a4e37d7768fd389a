/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Computes the messages of docs/protocol.md, sections 17 and 18, again. */
#include "tests/support/subnet_vectors.h"

#include "proto/crypto/lane_frame.h"
#include "proto/wire/control.h"
#include "proto/wire/lend.h"
#include "proto/wire/live.h"
#include "proto/wire/relayed.h"
#include "proto/wire/stun.h"
#include "rendezvous/search/find_relays.h"
#include "tests/support/document_vectors.h"
#include "tests/support/fixture.h"

#define NUMBER UINT64_C(0x0102030405060708) /* of queries, jobs and punches */

enum { BODIES_MAX = 128, FIRST_BODY = ZIGLAN__CONTROL__BODY_NODES };

static bool has_vector[BODIES_MAX]; /* by body, of those that a vector was made of */

/* A message, which must be read as it was written. */
static void output_control(const char *name, Ziglan__Control *control)
{
    static struct control_arena arena;
    Ziglan__Control *read;
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    control->request_id = (uint32_t)input_number("pool_request_id");
    assert_int_equal(control_pack(bytes, sizeof(bytes), &size, control), ERR_OK);
    assert_int_equal(control_unpack(&read, &arena, bytes, size), ERR_OK);
    assert_int_equal(read->body_case, control->body_case);
    has_vector[control->body_case] = true;
    output(name, bytes, size);
}

/* A record of the document. */
struct bytes {
    uint8_t data[RECORD_SIGNED_SIZE_MAX];
    size_t size;
};

static ProtobufCBinaryData input_bytes(struct bytes *out, const char *name)
{
    out->size = input(name, out->data, sizeof(out->data));
    return control_bytes(out->data, out->size);
}

/* The three who take part: the host of a relay, that relay, and another, which is the host's peer
 * where hosts talk. */
struct cast {
    struct identity host, relay, other;
};

static struct cast cast_load(void)
{
    return (struct cast){.host = input_identity("initiator_seed"),
                         .relay = input_identity("relay_seed"),
                         .other = input_identity("responder_seed")};
}

static ProtobufCBinaryData key_of(const struct identity *identity)
{
    return control_bytes(identity->public_key, KEY_SIZE);
}

static uint8_t observed_ip[16];

/* Where the host is seen. */
static Ziglan__Address observed(void)
{
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;

    input_exactly("punch_observed_ip", observed_ip, sizeof(observed_ip));
    address.ip = control_bytes(observed_ip, sizeof(observed_ip));
    address.port = (uint32_t)input_number("punch_observed_port");
    return address;
}

/* ---- relays tell of relays ---- */

/* The node of the document, with its attestation. */
static void entry_fill(Ziglan__NodeEntry *entry, struct bytes *record, struct bytes *attestation,
                       ProtobufCBinaryData *attestations)
{
    ziglan__node_entry__init(entry);
    entry->record = input_bytes(record, "record_node");
    attestations[0] = input_bytes(attestation, "record_attestation");
    entry->attestations = attestations;
    entry->n_attestations = 1;
}

static void comparison(const struct cast *cast)
{
    Ziglan__NodeDigest digest = ZIGLAN__NODE_DIGEST__INIT;
    Ziglan__NodeSummary summary = ZIGLAN__NODE_SUMMARY__INIT;
    Ziglan__NodeRef ref = ZIGLAN__NODE_REF__INIT, *refs[] = {&ref};
    Ziglan__NodeWant want = ZIGLAN__NODE_WANT__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    ProtobufCBinaryData keys[] = {key_of(&cast->relay)};
    uint8_t buckets[32] = {0};
    uint8_t bucket = cast->relay.public_key[0];

    digest.root = input_number("node_hash");
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_DIGEST;
    control.node_digest = &digest;
    output_control("node_digest", &control);
    buckets[bucket / 8] = (uint8_t)(1U << bucket % 8);
    summary.buckets = control_bytes(buckets, sizeof(buckets));
    ref.key = keys[0];
    ref.sequence = input_number("timestamp_ms");
    summary.refs = refs;
    summary.n_refs = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_SUMMARY;
    control.node_summary = &summary;
    output_control("node_summary", &control);
    want.keys = keys;
    want.n_keys = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_WANT;
    control.node_want = &want;
    output_control("node_want", &control);
}

static void reach(const struct cast *cast)
{
    Ziglan__ReachRequest request = ZIGLAN__REACH_REQUEST__INIT;
    Ziglan__ReachJob job = ZIGLAN__REACH_JOB__INIT;
    Ziglan__ReachResult result = ZIGLAN__REACH_RESULT__INIT;
    Ziglan__Address address = observed();
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    struct bytes attestation;

    control.body_case = ZIGLAN__CONTROL__BODY_REACH_REQUEST;
    control.reach_request = &request;
    output_control("reach_request", &control);
    job.id = NUMBER;
    job.subject = key_of(&cast->relay);
    job.address = &address;
    job.hops = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_REACH_JOB;
    control.reach_job = &job;
    output_control("reach_job", &control);
    result.id = NUMBER;
    result.outcome = 1;
    result.attestation = input_bytes(&attestation, "record_attestation");
    control.body_case = ZIGLAN__CONTROL__BODY_REACH_RESULT;
    control.reach_result = &result;
    output_control("reach_result", &control);
}

void relays_tell_of_relays(void **state)
{
    const struct cast cast = cast_load();
    Ziglan__NodeEntry entry, *entries[] = {&entry};
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__NodeLookup lookup = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    struct bytes record, attestation;
    ProtobufCBinaryData attestations[1];

    (void)state;
    entry_fill(&entry, &record, &attestation, attestations);
    nodes.entries = entries;
    nodes.n_entries = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_NODES;
    control.nodes = &nodes;
    output_control("nodes", &control);
    lookup.count = 8;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    control.node_lookup = &lookup;
    output_control("node_lookup", &control);
    lookup.count = 0;
    lookup.key = key_of(&cast.relay);
    lookup.watch = true;
    output_control("node_watch", &control);
    comparison(&cast);
    reach(&cast);
}

/* ---- presence ---- */

void a_host_is_located(void **state)
{
    const struct cast cast = cast_load();
    Ziglan__Announce announce = ZIGLAN__ANNOUNCE__INIT;
    Ziglan__Locate locate = ZIGLAN__LOCATE__INIT;
    Ziglan__Located located = ZIGLAN__LOCATED__INIT;
    Ziglan__NodeEntry entry, *entries[] = {&entry};
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    struct bytes attached, record, attestation;
    ProtobufCBinaryData attestations[1], records[1];

    (void)state;
    records[0] = announce.record = input_bytes(&attached, "record_attachment");
    control.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    control.announce = &announce;
    output_control("announce", &control);
    locate.key = key_of(&cast.host);
    control.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    control.locate = &locate;
    output_control("locate", &control);
    entry_fill(&entry, &record, &attestation, attestations);
    located.records = records;
    located.n_records = 1;
    located.nodes = entries;
    located.n_nodes = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_LOCATED;
    control.located = &located;
    output_control("located", &control);
}

/* ---- forwarding ---- */

/* Encode a datagram of kind 3, which must be read as it was written. */
static void output_relayed(const char *name, const struct relayed *relayed)
{
    uint8_t bytes[RELAYED_HEAD_SIZE_MAX + 128];
    struct relayed read;
    size_t size = 0;

    assert_true(relayed->frame_size <= 128);
    assert_int_equal(relayed_head_encode(bytes, &size, relayed), ERR_OK);
    memcpy(bytes + size, relayed->frame, relayed->frame_size);
    size += relayed->frame_size;
    assert_int_equal(relayed_decode(&read, bytes, size), ERR_OK);
    assert_int_equal(read.via_count, relayed->via_count);
    assert_int_equal(read.frame_size, relayed->frame_size);
    output(name, bytes, size);
}

/* From the host over its relay and the one whose key the ziglan has here, to the last one; there
 * without the attachment. */
static void frames(const struct cast *cast)
{
    const struct identity middle = input_identity("ziglan_seed");
    uint8_t passed[2 * KEY_SIZE], frame[128];
    struct bytes attached;
    struct relayed relayed = {.hops = 1,
                              .dst = cast->other.public_key,
                              .src = cast->host.public_key,
                              .passed = passed,
                              .passed_count = 1,
                              .via = middle.public_key,
                              .via_count = 1,
                              .frame = frame};

    memcpy(passed, cast->relay.public_key, KEY_SIZE);
    memcpy(passed + KEY_SIZE, middle.public_key, KEY_SIZE);
    relayed.frame_size = input("ping_chacha20_poly1305", frame, sizeof(frame));
    (void)input_bytes(&attached, "record_attachment");
    relayed.attachment = attached.data;
    relayed.attachment_size = attached.size;
    output_relayed("relayed_first", &relayed);
    relayed.hops = 0;
    relayed.passed_count = 2;
    relayed.via_count = 0;
    relayed.attachment = NULL;
    relayed.attachment_size = 0;
    output_relayed("relayed_last", &relayed);
}

/* What a relay says to another about such frames. */
static void words_of_relays(const struct cast *cast)
{
    Ziglan__AttachmentWanted wanted = ZIGLAN__ATTACHMENT_WANTED__INIT;
    Ziglan__Gone gone = ZIGLAN__GONE__INIT;
    Ziglan__Blocked blocked = ZIGLAN__BLOCKED__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    wanted.src = key_of(&cast->host);
    control.body_case = ZIGLAN__CONTROL__BODY_ATTACHMENT_WANTED;
    control.attachment_wanted = &wanted;
    output_control("attachment_wanted", &control);
    gone.dst = key_of(&cast->other);
    gone.src = key_of(&cast->host);
    control.body_case = ZIGLAN__CONTROL__BODY_GONE;
    control.gone = &gone;
    output_control("gone_of_a_relay", &control);
    blocked.src = gone.src;
    blocked.dst = gone.dst;
    control.body_case = ZIGLAN__CONTROL__BODY_BLOCKED;
    control.blocked = &blocked;
    output_control("blocked", &control);
    blocked.over = true;
    output_control("blocked_over", &control);
}

void frames_go_from_relay_to_relay(void **state)
{
    const struct cast cast = cast_load();
    Ziglan__Via via = ZIGLAN__VIA__INIT;
    Ziglan__Block block = ZIGLAN__BLOCK__INIT;
    Ziglan__Unblock unblock = ZIGLAN__UNBLOCK__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    ProtobufCBinaryData relays[] = {key_of(&cast.relay)};

    (void)state;
    frames(&cast);
    words_of_relays(&cast);
    via.dst = key_of(&cast.other);
    via.relays = relays;
    via.n_relays = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_VIA;
    control.via = &via;
    output_control("via", &control);
    block.key = unblock.key = key_of(&cast.other);
    control.body_case = ZIGLAN__CONTROL__BODY_BLOCK;
    control.block = &block;
    output_control("block", &control);
    control.body_case = ZIGLAN__CONTROL__BODY_UNBLOCK;
    control.unblock = &unblock;
    output_control("unblock", &control);
}

void a_punch_is_relayed(void **state)
{
    const struct cast cast = cast_load();
    Ziglan__Address address = observed();
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Error error = ZIGLAN__ERROR__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    struct bytes attached;
    uint8_t token[PUNCH_TOKEN_SIZE] = {1};

    (void)state;
    request.target = key_of(&cast.other);
    request.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    body.src = key_of(&cast.host);
    body.dst = request.target;
    body.observed = &address;
    body.rtt_us = 20000;
    body.request_id = 7;
    body.attachment = input_bytes(&attached, "record_attachment");
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST;
    body.request = &request;
    control.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    control.punch_relayed = &body;
    output_control("punch_relayed_request", &control);
    ziglan__punch_relayed__init(&body);
    body.src = key_of(&cast.other);
    body.dst = key_of(&cast.host);
    body.request_id = 7;
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REFUSED;
    error.code = ZIGLAN__ERROR_CODE__ERROR_REFUSED;
    body.refused = &error;
    output_control("punch_relayed_refused", &control);
}

/* The host moved, and did not reach the other one. */
void a_side_of_a_punch_is_told_elsewhere(void **state)
{
    const struct cast cast = cast_load();
    Ziglan__Address address = observed();
    Ziglan__PunchMessage message = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchUpdate update = ZIGLAN__PUNCH_UPDATE__INIT;
    Ziglan__PunchResult result = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    uint8_t token[PUNCH_TOKEN_SIZE] = {1};

    (void)state;
    body.src = key_of(&cast.host);
    body.dst = key_of(&cast.other);
    control.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    control.punch_relayed = &body;
    update.punch_id = result.punch_id = NUMBER;
    update.peer = body.src;
    update.message = &message;
    message.ip = address.ip;
    message.port = address.port;
    message.token = control_bytes(token, sizeof(token));
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE;
    body.update = &update;
    output_control("punch_relayed_moved", &control);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_RESULT;
    body.result = &result;
    output_control("punch_relayed_result", &control);
}

/* ---- pools and searches ---- */

void a_pool_is_joined(void **state)
{
    Ziglan__PoolJoin join = ZIGLAN__POOL_JOIN__INIT;
    Ziglan__PoolJoined joined = ZIGLAN__POOL_JOINED__INIT;
    Ziglan__PoolLeave leave = ZIGLAN__POOL_LEAVE__INIT;
    Ziglan__Reward reward = ZIGLAN__REWARD__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    (void)state;
    join.app = control_text("chat");
    join.nat_kind = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_POOL_JOIN;
    control.pool_join = &join;
    output_control("pool_join", &control);
    reward.chain = control_text("any");
    reward.address = control_text("somebody");
    reward.identity = control_text("someone");
    joined.app = join.app;
    joined.size = 2;
    joined.limit = 500;
    joined.reward = &reward;
    control.body_case = ZIGLAN__CONTROL__BODY_POOL_JOINED;
    control.pool_joined = &joined;
    output_control("pool_joined", &control);
    leave.app = join.app;
    control.body_case = ZIGLAN__CONTROL__BODY_POOL_LEAVE;
    control.pool_leave = &leave;
    output_control("pool_leave", &control);
}

void a_search_and_its_result(void **state)
{
    Ziglan__Find find = ZIGLAN__FIND__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    struct identity relay = input_identity("relay_seed");
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct find_relay found = {.record = record, .app = "chat", .pool_size = 2};
    struct find_result result;
    uint32_t kinds[] = {0};
    char *apps[] = {control_text("chat")};

    (void)state;
    found.record_size = input("record_node", record, sizeof(record));
    find.apps = apps;
    find.n_apps = 1;
    find.nat_kinds = kinds;
    find.n_nat_kinds = 1;
    find.count = 4;
    control.body_case = ZIGLAN__CONTROL__BODY_FIND;
    control.find = &find;
    output_control("find_of_a_host", &control);
    find.origin = control_bytes(relay.public_key, KEY_SIZE);
    find.query = NUMBER;
    find.hops = FIND_HOPS_MAX;
    output_control("find_of_a_relay", &control);
    find_result_begin(&result);
    assert_true(find_result_add(&result, &found, false));
    output_control("find_result", &result.control);
}

/* ---- addresses for a host to measure its NAT ---- */

void addresses_are_lent(void **state)
{
    struct lend_answer answer = {
        .state = LEND_STATE_SENT,
        .ports = {443, 40001},
        .ports_count = 2,
        .lenders = {{.result = LEND_RESULT_SENT}, {.result = LEND_RESULT_REFUSED}},
        .lenders_count = 2,
    };
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__LendJob job = ZIGLAN__LEND_JOB__INIT;
    Ziglan__LendDone done = ZIGLAN__LEND_DONE__INIT;
    Ziglan__LendPorts tells = ZIGLAN__LEND_PORTS__INIT;
    Ziglan__LendClient client = ZIGLAN__LEND_CLIENT__INIT;
    uint32_t ports[] = {4433, 443};
    Ziglan__Address target = ZIGLAN__ADDRESS__INIT;
    uint8_t value[LEND_ANSWER_SIZE_MAX], ip[16], id[STUN_ID_SIZE];
    uint8_t host[4] = {198, 51, 100, 7}, lent[STUN_ANSWER_SIZE_MAX];
    const struct endpoint mapped = endpoint_v4(host, 40000);
    size_t size;

    (void)state;
    (void)input("relay_ip4", ip, sizeof(ip));
    answer.lenders[0].address = endpoint_v4(ip, 4433);
    (void)input("relay_ip6", ip, sizeof(ip));
    answer.lenders[1].address = endpoint_v6(ip, 4433);
    lend_answer_encode(value, &size, &answer);
    output("lend_answer", value, size);
    (void)input("stun_id", id, sizeof(id));
    target.ip = control_bytes(host, sizeof(host));
    target.port = 40000;
    job.id = NUMBER;
    job.target = &target;
    job.transaction = control_bytes(id, sizeof(id));
    control.body_case = ZIGLAN__CONTROL__BODY_LEND_JOB;
    control.lend_job = &job;
    output_control("lend_job", &control);
    job.id = 0;
    job.from_port = 443;
    output_control("lend_answer_job", &control);
    done.id = NUMBER;
    done.sent = true;
    control.body_case = ZIGLAN__CONTROL__BODY_LEND_DONE;
    control.lend_done = &done;
    output_control("lend_done", &control);
    tells.ports = ports;
    tells.n_ports = 2;
    control.body_case = ZIGLAN__CONTROL__BODY_LEND_PORTS;
    control.lend_ports = &tells;
    output_control("lend_ports", &control);
    client.ip = control_bytes(host, sizeof(host));
    control.body_case = ZIGLAN__CONTROL__BODY_LEND_CLIENT;
    control.lend_client = &client;
    output_control("lend_client", &control);
    answer.lenders[0].address.port = 443;
    size = stun_lent_answer(lent, id, &mapped, &answer.lenders[0].address);
    output("stun_lent_answer", lent, size);
}

void lifetimes_are_measured(void **state)
{
    struct live_request request = {.kind = LIVE_KIND_ENTER, .index = 12, .delay_ms = 7300};
    const struct live_answer answer = {.state = LIVE_STATE_OPEN, .known = {{1 << 7 | 1 << 12, 0}}};
    uint8_t value[LIVE_REQUEST_SIZE_MAX];
    size_t size;

    (void)state;
    for (uint8_t i = 0; i < LIVE_ROUND_SIZE; i++) {
        request.round[i] = i;
    }
    live_request_encode(value, &size, &request);
    output("live_enter", value, size);
    request = (struct live_request){.kind = LIVE_KIND_SET, .set = answer.known};
    for (uint8_t i = 0; i < LIVE_ROUND_SIZE; i++) {
        request.round[i] = i;
    }
    live_request_encode(value, &size, &request);
    output("live_set", value, size);
    live_answer_encode(value, &answer);
    output("live_answer", value, LIVE_ANSWER_SIZE);
}

/* ---- lanes ---- */

/* Bytes first, first + 1, ... */
static void count_up(uint8_t *out, size_t size, uint8_t first)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(first + i);
    }
}

void lanes_are_opened(void **state)
{
    struct identity initiator = input_identity("initiator_seed");
    struct identity responder = input_identity("responder_seed");
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__LaneOpen open = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__LaneOpened opened = ZIGLAN__LANE_OPENED__INIT;
    Ziglan__LaneIncoming incoming = ZIGLAN__LANE_INCOMING__INIT;
    Ziglan__LaneClosed closed = ZIGLAN__LANE_CLOSED__INIT;
    Ziglan__LaneRelayed relayed = ZIGLAN__LANE_RELAYED__INIT;
    struct bytes attached;
    uint8_t secret[LANE_SECRET_SIZE];

    (void)state;
    count_up(secret, sizeof(secret), 0x40);
    open.dst = control_bytes(responder.public_key, KEY_SIZE);
    control.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    control.lane_open = &open;
    output_control("lane_open", &control);
    opened.dst = open.dst;
    opened.label = NUMBER;
    opened.secret = control_bytes(secret, sizeof(secret));
    control.body_case = ZIGLAN__CONTROL__BODY_LANE_OPENED;
    control.lane_opened = &opened;
    output_control("lane_opened", &control);
    incoming.src = control_bytes(initiator.public_key, KEY_SIZE);
    incoming.label = NUMBER;
    incoming.secret = opened.secret;
    control.body_case = ZIGLAN__CONTROL__BODY_LANE_INCOMING;
    control.lane_incoming = &incoming;
    output_control("lane_incoming", &control);
    closed.label = NUMBER;
    control.body_case = ZIGLAN__CONTROL__BODY_LANE_CLOSED;
    control.lane_closed = &closed;
    output_control("lane_closed", &control);
    relayed.src = incoming.src;
    relayed.dst = open.dst;
    relayed.label = NUMBER;
    relayed.secret = opened.secret;
    relayed.attachment = input_bytes(&attached, "record_attachment");
    control.body_case = ZIGLAN__CONTROL__BODY_LANE_RELAYED;
    control.lane_relayed = &relayed;
    output_control("lane_relayed", &control);
}

void lanes_are_bound_and_used(void **state)
{
    struct lane_message m = {.label = NUMBER, .nonce = 1};
    uint8_t secret[LANE_SECRET_SIZE], bytes[LANE_BIND_SIZE], data[512];

    (void)state;
    count_up(secret, sizeof(secret), 0x40);
    lane_bind_encode(bytes, &m, secret);
    output("lane_bind", bytes, LANE_BIND_SIZE);
    count_up(m.cookie, sizeof(m.cookie), 0x60);
    lane_challenge_encode(bytes, &m);
    output("lane_challenge", bytes, LANE_CHALLENGE_SIZE);
    m.nonce = 2;
    lane_bind_encode(bytes, &m, secret);
    output("lane_bind_again", bytes, LANE_BIND_SIZE);
    lane_bound_encode(bytes, &m, secret);
    output("lane_bound", bytes, LANE_BOUND_SIZE);
    lane_header_write(data, m.label);
    size_t size =
        input("ping_chacha20_poly1305", data + LANE_HEADER_SIZE, sizeof(data) - LANE_HEADER_SIZE);
    output("lane_data", data, LANE_HEADER_SIZE + size);
}

void every_message_of_the_subnet_has_a_vector(void **state)
{
    const ProtobufCMessageDescriptor *all = &ziglan__control__descriptor;

    (void)state;
    for (unsigned i = 0; i < all->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &all->fields[i];

        assert_true(field->id < BODIES_MAX);
        if ((field->id >= FIRST_BODY || field->id == ZIGLAN__CONTROL__BODY_PUNCH_RELAYED) &&
            !has_vector[field->id]) {
            fail_msg("docs/protocol.md, sections 17 and 18, has no vector of %s", field->name);
        }
    }
}
