/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every vector of the wire document, docs/protocol.md, is computed again and compared; see
 * document_vectors.h. To renew them:
 *
 *     test_protocol_document print protocol.new && mv protocol.new docs/protocol.md
 */
#include "tests/support/document_vectors.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/host_frames_vectors.h"
#include "tests/support/plaintext_vectors.h"
#include "tests/support/subnet_vectors.h"

#include "client/peer/address_book.h"
#include "proto/base/bytes.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/frame_word.h"
#include "proto/crypto/hash.h"
#include "proto/crypto/signed.h"
#include "proto/crypto/word.h"
#include "proto/link/hello.h"
#include "proto/net/addrplan.h"
#include "proto/wire/capsule.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"
#include "proto/wire/stun.h"
#include "proto/wire/url.h"
#include "rendezvous/mesh/node_shelf.h"
#include "rendezvous/presence/hrw.h"

enum {
    RECORD_DAY_S = 24 * 3600,
    SEALED_SIZE_MAX = 256,
};

/* ---- records ---- */

static struct record_header header_of(const struct identity *signer, uint32_t days)
{
    struct record_header header = {.sequence = input_number("timestamp_ms"),
                                   .created_ms = input_number("timestamp_ms"),
                                   .lifetime_s = days * RECORD_DAY_S};

    memcpy(header.key, signer->public_key, KEY_SIZE);
    return header;
}

static uint64_t expiry_of(const struct record_header *header)
{
    return header->created_ms + UINT64_C(1000) * header->lifetime_s;
}

/* Sign, check that it opens again, print. */
static void output_record(const char *name, const struct identity *signer, const uint8_t *record,
                          size_t record_size)
{
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    struct record_parts parts;
    size_t size;

    assert_int_equal(signed_make(bytes, sizeof(bytes), &size, signer, record, record_size), ERR_OK);
    assert_int_equal(signed_open(&parts, (enum record_type)record[0], bytes, size), ERR_OK);
    output(name, bytes, size);
}

static void record_of_a_node(void **state)
{
    struct identity relay = input_identity("relay_seed");
    struct record_node node = {.header = header_of(&relay, 1),
                               .service = RECORD_NODE_SERVICE,
                               .addresses_count = 2,
                               .protocols = RECORD_PROTOCOL_QUIC_FLAG,
                               .apps = {"chat"},
                               .apps_count = 1,
                               .rewards = {{"any", "somebody", "someone"}},
                               .rewards_count = 1};
    struct identity attester = input_identity("responder_seed");
    struct record_attestation attestation = {
        .header = header_of(&attester, 1), .subject_sequence = node.header.sequence, .fresh = true};
    uint8_t bytes[RECORD_SIZE_MAX], ip[16];
    size_t size;

    (void)state;
    input_exactly("relay_ip4", ip, 4);
    node.addresses[0] = endpoint_v4(ip, (uint16_t)input_number("relay_port"));
    input_exactly("relay_ip6", ip, 16);
    node.addresses[1] = endpoint_v6(ip, (uint16_t)input_number("relay_port"));
    input_exactly("relay_spki_sha256", node.spki_sha256, sizeof(node.spki_sha256));
    assert_int_equal(record_node_encode(bytes, &size, &node), ERR_OK);
    output_record("record_node", &relay, bytes, size);

    memcpy(attestation.subject_key, relay.public_key, KEY_SIZE);
    attestation.address = node.addresses[0];
    assert_int_equal(record_attestation_encode(bytes, &size, &attestation), ERR_OK);
    output_record("record_attestation", &attester, bytes, size);
}

static void records_signed_by_the_ziglan(void **state)
{
    struct identity ziglan = input_identity("ziglan_seed");
    struct identity relay = input_identity("relay_seed");
    struct identity admin = input_identity("responder_seed");
    struct record_delegation delegation = {.header = header_of(&ziglan, 30)};
    struct record_administrator administrator = {.header = header_of(&ziglan, 30)};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    (void)state;
    delegation.rights =
        RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG;
    delegation.expires_ms = expiry_of(&delegation.header);
    memcpy(delegation.entry_key, relay.public_key, KEY_SIZE);
    assert_int_equal(record_delegation_encode(bytes, &size, &delegation), ERR_OK);
    output_record("record_delegation", &ziglan, bytes, size);

    administrator.rights = RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG;
    administrator.expires_ms = expiry_of(&administrator.header);
    memcpy(administrator.admin_key, admin.public_key, KEY_SIZE);
    assert_int_equal(record_administrator_encode(bytes, &size, &administrator), ERR_OK);
    output_record("record_administrator", &ziglan, bytes, size);
}

static void records_signed_by_the_host(void **state)
{
    struct identity host = input_identity("initiator_seed");
    struct identity relay = input_identity("relay_seed");
    struct record_member member = {.header = header_of(&host, 30),
                                   .wanted_name = "anna",
                                   .relays_count = 1,
                                   .services = {{"ssh", PLAIN_PROTOCOL_TCP, 22}},
                                   .services_count = 1,
                                   .fixed_count = 1};
    struct record_attachment attachment = {.header = header_of(&host, 0)};
    uint8_t bytes[RECORD_MEMBER_SIZE_MAX];
    size_t size;

    (void)state;
    memcpy(member.relays[0], relay.public_key, KEY_SIZE);
    input_exactly("initiator_eui64", member.fixed[0], EUI64_SIZE);
    assert_int_equal(record_member_encode(bytes, &size, &member), ERR_OK);
    output_record("record_member", &host, bytes, size);

    attachment.header.lifetime_s = 3600;
    attachment.expires_ms = expiry_of(&attachment.header);
    memcpy(attachment.relay_key, relay.public_key, KEY_SIZE);
    assert_int_equal(record_attachment_encode(bytes, &size, &attachment), ERR_OK);
    output_record("record_attachment", &host, bytes, size);
}

static void records_signed_by_the_entry_point(void **state)
{
    struct identity ziglan = input_identity("ziglan_seed");
    struct identity relay = input_identity("relay_seed");
    struct identity host = input_identity("initiator_seed");
    struct record_admission admission = {.header = header_of(&relay, 7),
                                         .granted_name = "anna",
                                         .groups = {"family"},
                                         .groups_count = 1};
    struct record_revocation revocation = {.header = header_of(&relay, 7), .reason = 1};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    (void)state;
    memcpy(admission.ziglan_key, ziglan.public_key, KEY_SIZE);
    memcpy(admission.member_key, host.public_key, KEY_SIZE);
    admission.expires_ms = expiry_of(&admission.header);
    assert_int_equal(record_admission_encode(bytes, &size, &admission), ERR_OK);
    output_record("record_admission", &relay, bytes, size);

    memcpy(revocation.ziglan_key, ziglan.public_key, KEY_SIZE);
    memcpy(revocation.member_key, host.public_key, KEY_SIZE);
    assert_int_equal(record_revocation_encode(bytes, &size, &revocation), ERR_OK);
    output_record("record_revocation", &relay, bytes, size);
}

/* ---- session ---- */

/* In place of TLS: the value that both ends of one session would export. */
static int exporter(struct carrier *carrier, uint8_t out[CARRIER_EXPORTER_SIZE])
{
    (void)carrier;
    input_exactly("exporter", out, CARRIER_EXPORTER_SIZE);
    return ERR_OK;
}

static const struct carrier_ops carrier_ops = {.exporter = exporter};

static uint64_t wall_of_the_document(void *context)
{
    (void)context;
    return input_number("timestamp_ms");
}

/* One end of a session, as far as Hellos look at it. */
struct end {
    struct hello_self self;
    struct carrier carrier;
    struct hello_want want;
    struct link_peer peer; /* as the other end's Hello says */
};

static void end_init(struct end *end, const struct identity *identity, const struct env *env,
                     bool server)
{
    memset(end, 0, sizeof(*end));
    end->self.env = env;
    end->self.identity = identity;
    end->carrier = (struct carrier){.ops = &carrier_ops, .dialled = !server};
}

/* What is signed besides the label. */
static void output_signed(const char *name, char side, const struct identity *identity,
                          const Ziglan__Hello *hello)
{
    static const char label[] = "stun2 hello 1";
    uint8_t text[sizeof(label) - 1 + 1 + CARRIER_EXPORTER_SIZE];

    memcpy(text, label, sizeof(label) - 1);
    text[sizeof(label) - 1] = (uint8_t)side;
    input_exactly("exporter", text + sizeof(label), CARRIER_EXPORTER_SIZE);
    assert_int_equal(hello->signature.len, SIGNATURE_SIZE);
    assert_true(key_verify(identity->public_key, "", text, sizeof(text), hello->signature.data));
    output(name, text, sizeof(text));
}

static void output_hello(const char *name, const char *signed_name, char side,
                         const struct identity *identity, struct end *from, struct end *to)
{
    static struct control_arena arena;
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;
    Ziglan__Control *control;
    const struct hello_dialler dialler = {.roles = LINK_ROLE_HOST};

    assert_int_equal(
        hello_write(&from->self, &from->carrier, &dialler, bytes, sizeof(bytes), &size), ERR_OK);
    assert_int_equal(control_unpack(&control, &arena, bytes, size), ERR_OK);
    output_signed(signed_name, side, identity, control->hello);
    assert_int_equal(hello_read(&to->self, &to->carrier, &to->want, bytes, size, &to->peer),
                     LINK_REASON_NONE);
    assert_memory_equal(to->peer.key, identity->public_key, KEY_SIZE);
    output(name, bytes, size);
}

static void hellos_of_both_sides(void **state)
{
    static struct end server, client;
    struct identity ziglan = input_identity("ziglan_seed");
    struct identity relay = input_identity("relay_seed");
    struct identity host = input_identity("initiator_seed");
    struct env env = {.wall_ms = wall_of_the_document};
    uint8_t delegation[SEALED_SIZE_MAX], ip[16];

    (void)state;
    end_init(&server, &relay, &env, true);
    end_init(&client, &host, &env, false);
    server.self.told.delegation = delegation;
    server.self.told.delegation_size = input("record_delegation", delegation, sizeof(delegation));
    server.self.told.session_max = 10000;
    input_exactly("punch_observed_ip", ip, sizeof(ip));
    server.carrier.remote = endpoint_v6(ip, (uint16_t)input_number("punch_observed_port"));
    client.want.want = LINK_WANT_ZIGLAN;
    memcpy(client.want.key, ziglan.public_key, KEY_SIZE);

    output_hello("hello_server", "hello_server_signed", 'S', &relay, &server, &client);
    assert_true(endpoint_equal(&client.peer.observed, &server.carrier.remote));
    output_hello("hello_client", "hello_client_signed", 'C', &host, &client, &server);
    assert_int_equal(server.peer.roles, LINK_ROLE_HOST);
}

/* A whole capsule; it must come out of the parser as it went in. */
static void output_capsule(const char *name, uint64_t type, const uint8_t *value, size_t value_size)
{
    struct capsule_parser parser = {0};
    struct capsule capsule;
    uint8_t bytes[CAPSULE_HEADER_SIZE_MAX + SEALED_SIZE_MAX];
    const uint8_t *at = bytes;
    size_t head_size = capsule_header(bytes, type, value_size);
    size_t left = head_size + value_size;

    assert_true(value_size <= SEALED_SIZE_MAX);
    memcpy(bytes + head_size, value, value_size);
    assert_int_equal(capsule_next(&parser, &at, &left, &capsule), ERR_OK);
    assert_true(capsule.complete && capsule.type == type && capsule.size == value_size);
    assert_memory_equal(capsule.value, value, value_size);
    output(name, bytes, head_size + value_size);
    capsule_parser_fini(&parser);
}

static void capsules(void **state)
{
    struct identity target = input_identity("responder_seed");
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    uint8_t value[SEALED_SIZE_MAX];
    size_t size;

    (void)state;
    ping.token = input_number("ping_token");
    control.request_id = (uint32_t)input_number("ping_request_id");
    control.body_case = ZIGLAN__CONTROL__BODY_PING;
    control.ping = &ping;
    assert_int_equal(control_pack(value, sizeof(value), &size, &control), ERR_OK);
    output_capsule("capsule_control", CONTROL_CAPSULE_TYPE, value, size);

    value[0] = SESSION_DGRAM_TO;
    memcpy(value + 1, target.public_key, KEY_SIZE);
    size = SESSION_DGRAM_HEADER_SIZE;
    size += input("data_chacha20_poly1305", value + size, sizeof(value) - size);
    output_capsule("capsule_datagram", DATAGRAM_CAPSULE_TYPE, value, size);
}

/* ---- STUN ---- */

static void output_answer(const char *request_name, const char *name, const struct endpoint *mapped,
                          const struct endpoint *local)
{
    uint8_t request[STUN_SIZE_MAX], answer[STUN_ANSWER_SIZE_MAX];
    size_t request_size = input(request_name, request, sizeof(request));
    struct stun_message message;
    size_t size;

    assert_int_equal(stun_parse(&message, request, request_size), ERR_OK);
    assert_int_equal(stun_answer(answer, &size, &message, mapped, local, NULL), ERR_OK);
    output(name, answer, size);
}

static void stun_questions_and_answers(void **state)
{
    uint8_t id[STUN_ID_SIZE], request[STUN_REQUEST_SIZE], ip[16];
    struct endpoint mapped, local;

    (void)state;
    input_exactly("stun_id", id, sizeof(id));
    stun_request(request, id);
    output("stun_request", request, sizeof(request));

    input_exactly("punch_observed_ip", ip, sizeof(ip));
    mapped = endpoint_v6(ip, (uint16_t)input_number("punch_observed_port"));
    input_exactly("relay_ip4", ip, 4);
    local = endpoint_v4(ip, (uint16_t)input_number("relay_port"));
    output_answer("stun_request", "stun_answer", &mapped, &local);
    output_answer("stun_old_request", "stun_old_answer", &mapped, &local);
    output_answer("stun_change_request", "stun_change_refused", &mapped, &local);
}

/* ---- URLs and addresses ---- */

static void output_url(const char *name, const struct url *url)
{
    char text[URL_SIZE_MAX], error[URL_ERROR_SIZE];
    struct url back;

    assert_int_equal(url_print(url, text, sizeof(text)), ERR_OK);
    assert_int_equal(url_parse(&back, text, strlen(text), error), ERR_OK);
    assert_memory_equal(back.key, url->key, KEY_SIZE);
    output_text(name, text);
}

static void urls(void **state)
{
    struct identity ziglan = input_identity("ziglan_seed");
    struct identity relay = input_identity("relay_seed");
    struct url url = {.kind = URL_KIND_ZIGLAN,
                      .hosts = {{.name = "vps.example.net"},
                                {.name = "2001:db8::1", .port = 4433, .numeric = true}},
                      .hosts_count = 2,
                      .has_invite = true,
                      .name = "family"};
    struct url relay_url = {.kind = URL_KIND_RELAY,
                            .hosts = {{.name = "192.0.2.1", .port = 443, .numeric = true}},
                            .hosts_count = 1};

    (void)state;
    memcpy(url.key, ziglan.public_key, KEY_SIZE);
    input_exactly("invite", url.invite, sizeof(url.invite));
    output_url("url_ziglan", &url);
    memcpy(relay_url.key, relay.public_key, KEY_SIZE);
    url.hosts_count = 0;
    url.relays_count = 1;
    memcpy(url.relays[0].key, relay.public_key, KEY_SIZE);
    url.relays[0].host = relay_url.hosts[0];
    output_url("url_by_key", &url);
    output_url("url_relay", &relay_url);
}

static void output_pool_address(const char *name, const struct identity *identity,
                                const struct env *env)
{
    struct address_book_config config = {.peers_max = 1, .ip4_hash = key_ip4_hash, .ip6 = key_ip6};
    struct address_book_addresses own;
    struct address_book *view;
    bool fresh;

    assert_true(addrplan_pool_parse(&config.pool, "100.64.0.0/16"));
    memcpy(config.own_key, identity->public_key, KEY_SIZE);
    assert_int_equal(address_book_new(&view, &config, env), ERR_OK);
    assert_int_equal(address_book_own(view, &own, &fresh), ERR_OK);
    assert_true(own.has_v4 && fresh);
    output(name, own.v4, sizeof(own.v4));
    address_book_free(view);
}

static void addresses_of_all_kinds(void **state)
{
    struct hosts hosts = hosts_load();
    struct rng random = {0};
    struct env env = test_env_of(&random);
    uint8_t ip[16], ip4[4], middle[ADDRPLAN_MIDDLE_SIZE], mac[6], eui64[EUI64_SIZE];

    (void)state;
    output_pool_address("initiator_ip4", &hosts.initiator, &env);
    output_pool_address("responder_ip4", &hosts.responder, &env);
    input_exactly("initiator_ip4", ip4, sizeof(ip4));
    addrplan_4in6(ip, ip4);
    output("initiator_4in6", ip, sizeof(ip));
    input_exactly("initiator_mac", mac, sizeof(mac));
    addrplan_eui64_of_mac(eui64, mac);
    output("initiator_mac_eui64", eui64, sizeof(eui64));
    input_exactly("fixed_middle", middle, sizeof(middle));
    addrplan_fixed(ip, middle, eui64);
    assert_int_equal(addrplan_kind(ip), ADDRPLAN_KIND_FIXED);
    output("initiator_fixed", ip, sizeof(ip));
}

/* ---- nodes and presence ---- */

static void hash_of_a_node(void **state)
{
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX], hash[8];
    struct identity relay = input_identity("relay_seed");
    struct record_node node = {.header = header_of(&relay, 1),
                               .service = RECORD_NODE_SERVICE,
                               .addresses = {{.port = 1}},
                               .addresses_count = 1};
    struct test_env ports;
    struct node_shelf *shelf;
    struct node_item *item;
    size_t size;

    (void)state;
    node.addresses[0].ip[0] = 0x20;
    test_env_init(&ports, 1);
    assert_int_equal(record_node_encode(record, &size, &node), ERR_OK);
    assert_int_equal(signed_make(record, sizeof(record), &size, &relay, record, size), ERR_OK);
    assert_int_equal(node_shelf_new(&shelf, &ports.env), ERR_OK);
    assert_int_equal(node_shelf_take(shelf, &item, RECORD_TYPE_NODE, record, size), NODE_OK);
    be64_write(hash, node_item_hash(item));
    output("node_hash", hash, sizeof(hash));
    node_item_release(shelf, item);
    node_shelf_free(shelf);
}

static void scores_of_seats(void **state)
{
    static const struct {
        const char *ip, *score;
        size_t size;
    } rows[] = {{"relay_ip4", "hrw_score_ip4", 4}, {"relay_ip6", "hrw_score_ip6", 16}};
    struct identity host = input_identity("initiator_seed");
    uint64_t day = hrw_day(input_number("timestamp_ms"));

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t ip[16], score[8];

        input_exactly(rows[i].ip, ip, rows[i].size);
        struct endpoint address = endpoint_of_bytes(ip, rows[i].size, 1);
        struct hrw_prefix prefix = hrw_prefix_of(&address);
        be64_write(score, hrw_score(day, &prefix, host.public_key));
        output(rows[i].score, score, sizeof(score));
    }
}

static void a_word_and_its_answer(void **state)
{
    struct identity relay = input_identity("relay_seed"), host = input_identity("initiator_seed");
    uint8_t random[WORD_RANDOM_SIZE], question[WORD_SIZE], answer[WORD_SIZE], hash[HASH_SIZE];
    const uint8_t nothing[1] = {0};
    struct word word;

    (void)state;
    input_exactly("word_random", random, sizeof(random));
    assert_int_equal(word_ask(question, &word, relay.public_key, host.public_key, random), ERR_OK);
    output("word_question_begins", question, WORD_HEADER_SIZE + KEY_SIZE);
    hash_label(hash, "", question, sizeof(question), NULL, 0);
    output("word_question_hash", hash, sizeof(hash));
    output("word_answer", answer, word_answer(answer, &word, nothing, sizeof(nothing)));
}

static void a_word_with_a_frame_and_its_receipt(void **state)
{
    struct identity from = input_identity("relay_seed"), to = input_identity("ziglan_seed");
    uint8_t random[WORD_RANDOM_SIZE], body[FRAME_WORD_BODY_SIZE_MAX], bytes[FRAME_WORD_SIZE_MAX];
    uint8_t hash[HASH_SIZE], receipt[FRAME_WORD_RECEIPT_SIZE];
    struct word word = {.number = input_number("timestamp_ms")};
    size_t size = input("relayed_first", body, sizeof(body));

    (void)state;
    input_exactly("word_random", random, sizeof(random));
    size = frame_word_seal(bytes, &word, &from, to.public_key, random, body, size);
    output("frame_word_begins", bytes, FRAME_WORD_BODY_AT);
    hash_label(hash, "", bytes, size, NULL, 0);
    output("frame_word_hash", hash, sizeof(hash));
    frame_word_receipt(receipt, &word);
    output("frame_word_receipt", receipt, sizeof(receipt));
}

/* Keys of a cipher can be derived anywhere, frames need its instructions. */
static bool this_cpu_can(const char *vector)
{
    if (strncmp(vector, "key_", 4) == 0) {
        return true;
    }
    return (strstr(vector, "_aes_256_gcm") == NULL || aead_available(AEAD_AES_256_GCM)) &&
           (strstr(vector, "_aegis_128l") == NULL || aead_available(AEAD_AEGIS_128L));
}

static void every_vector_was_computed(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors.count; i++) {
        const struct vector *vector = &vectors.list[i];

        if (!vector->used && this_cpu_can(vector->name)) {
            fail_msg("docs/protocol.md has %s, which nothing computes or reads", vector->name);
        }
    }
    if (vectors.print_path != NULL) {
        document_print(vectors.print_path);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_addresses),
        cmocka_unit_test(addresses_of_all_kinds),
        cmocka_unit_test(record_of_a_node),
        cmocka_unit_test(records_signed_by_the_ziglan),
        cmocka_unit_test(records_signed_by_the_host),
        cmocka_unit_test(records_signed_by_the_entry_point),
        cmocka_unit_test(hellos_of_both_sides),
        cmocka_unit_test(stun_questions_and_answers),
        cmocka_unit_test(handshake_without_psk),
        cmocka_unit_test(handshake_with_psk),
        cmocka_unit_test(cookie_reply_and_stamped_initiation),
        cmocka_unit_test(ping_and_pong),
        cmocka_unit_test(channel_keys_and_frames),
        cmocka_unit_test(punch_probe_and_answer),
        cmocka_unit_test(punch_places_that_are_told),
        cmocka_unit_test(notice_on_a_lan),
        cmocka_unit_test(proof_on_a_lan),
        cmocka_unit_test(capsules),
        cmocka_unit_test(plaintexts_of_packets),
        cmocka_unit_test(a_plaintext_in_fragments),
        cmocka_unit_test(candidates_inside_the_tunnel),
        cmocka_unit_test(aims_inside_the_tunnel),
        cmocka_unit_test(urls),
        cmocka_unit_test(hash_of_a_node),
        cmocka_unit_test(scores_of_seats),
        cmocka_unit_test(relays_tell_of_relays),
        cmocka_unit_test(a_host_is_located),
        cmocka_unit_test(frames_go_from_relay_to_relay),
        cmocka_unit_test(a_punch_is_relayed),
        cmocka_unit_test(a_side_of_a_punch_is_told_elsewhere),
        cmocka_unit_test(a_pool_is_joined),
        cmocka_unit_test(a_search_and_its_result),
        cmocka_unit_test(addresses_are_lent),
        cmocka_unit_test(lifetimes_are_measured),
        cmocka_unit_test(lanes_are_opened),
        cmocka_unit_test(lanes_are_bound_and_used),
        cmocka_unit_test(every_message_of_the_subnet_has_a_vector),
        cmocka_unit_test(a_word_and_its_answer),
        cmocka_unit_test(a_word_with_a_frame_and_its_receipt),
        cmocka_unit_test(every_vector_was_computed),
    };

    vectors.print_path = argc == 3 && strcmp(argv[1], "print") == 0 ? argv[2] : NULL;
    return cmocka_run_group_tests(tests, vectors_load, NULL);
}
