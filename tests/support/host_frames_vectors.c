/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Computes the identities, handshakes and frames of docs/protocol.md again. */
#include "tests/support/host_frames_vectors.h"

#include "proto/base/bytes.h"
#include "proto/crypto/channel_key.h"
#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"
#include "proto/crypto/hash.h"
#include "proto/crypto/lan_notice.h"
#include "proto/crypto/lan_proof.h"
#include "proto/crypto/punch_places.h"
#include "proto/crypto/punch_probe.h"
#include "proto/crypto/transport.h"
#include "proto/crypto/transport_internal.h"
#include "proto/wire/ping.h"
#include "tests/support/document_vectors.h"
#include "tests/support/fixture.h"

/* What a handshake yields. */
struct run {
    uint8_t first[HANDSHAKE_INITIATION_SIZE], second[HANDSHAKE_RESPONSE_SIZE];
    struct session_keys keys; /* the initiator's */
};

struct hosts hosts_load(void)
{
    return (struct hosts){input_identity("initiator_seed"), input_identity("responder_seed")};
}

static void output_identity(const char *who, const struct identity *identity)
{
    char name[64], text[KEY_TEXT_SIZE];
    uint8_t ip[16], number[4];

    snprintf(name, sizeof(name), "%s_key", who);
    output(name, identity->public_key, KEY_SIZE);
    snprintf(name, sizeof(name), "%s_key_base32", who);
    output_text(name, key_text(identity->public_key, text));
    snprintf(name, sizeof(name), "%s_key_base58", who);
    output_text(name, key_base58(identity->public_key, text));
    snprintf(name, sizeof(name), "%s_x25519", who);
    output(name, identity->x25519_public, KEY_SIZE);
    snprintf(name, sizeof(name), "%s_ip6", who);
    key_ip6(ip, identity->public_key);
    output(name, ip, sizeof(ip));
    for (uint32_t attempt = 0; attempt < 2; attempt++) {
        snprintf(name, sizeof(name), "%s_ip4_hash_%u", who, (unsigned)attempt);
        be32_write(number, key_ip4_hash(identity->public_key, attempt));
        output(name, number, sizeof(number));
    }
}

void keys_and_addresses(void **state)
{
    struct hosts hosts = hosts_load();

    (void)state;
    output_identity("initiator", &hosts.initiator);
    output_identity("responder", &hosts.responder);
}

/* Runs a whole handshake on the inputs. */
static struct run run_handshake(const uint8_t *psk)
{
    struct hosts hosts = hosts_load();
    struct script random[2] = {0};
    struct env env[2] = {{.context = &random[0], .random = script_fill},
                         {.context = &random[1], .random = script_fill}};
    struct aead_list chacha = {1, {AEAD_CHACHA20_POLY1305}};
    struct handshake_local a = {&hosts.initiator, psk, {0}, &env[0]};
    struct handshake_local b = {&hosts.responder, psk, chacha, &env[1]};
    struct handshake handshake;
    struct handshake_initiation initiation;
    struct session_keys keys;
    struct run run;

    a.aeads.count = (uint8_t)input("initiator_aeads", a.aeads.ids, AEAD_LIST_MAX);
    script_add(&random[0], "initiator_ephemeral");
    script_add(&random[1], "responder_ephemeral");
    assert_int_equal(handshake_initiate(&handshake, &a, hosts.responder.public_key,
                                        (uint32_t)input_number("initiator_index"),
                                        input_number("timestamp_ms"), run.first),
                     ERR_OK);
    assert_int_equal(handshake_read_initiation(&initiation, &b, run.first, sizeof(run.first)),
                     ERR_OK);
    assert_int_equal(handshake_respond(&initiation, &b, (uint32_t)input_number("responder_index"),
                                       run.second, &keys),
                     ERR_OK);
    assert_int_equal(
        handshake_read_response(&handshake, &a, run.second, sizeof(run.second), &run.keys), ERR_OK);
    assert_memory_equal(run.keys.send_key, keys.receive_key, AEAD_KEY_SIZE);
    assert_memory_equal(run.keys.receive_key, keys.send_key, AEAD_KEY_SIZE);
    return run;
}

/* Outputs the key of mac1, after a check that the initiation's mac1 was made with it. */
static void output_mac1_key(const struct run *run)
{
    struct identity responder = input_identity("responder_seed");
    size_t mac1_at = sizeof(run->first) - 2 * (size_t)MAC_SIZE;
    uint8_t key[HASH_SIZE];

    hash_label(key, "ziglan mac1 1", responder.x25519_public, KEY_SIZE, NULL, 0);
    assert_true(mac_ok(run->first + mac1_at, key, sizeof(key), run->first, mac1_at));
    output("mac1_key_responder", key, sizeof(key));
}

void handshake_without_psk(void **state)
{
    struct run run = run_handshake(NULL);

    (void)state;
    output_mac1_key(&run);
    output("initiation", run.first, sizeof(run.first));
    output("response", run.second, sizeof(run.second));
    output("split_initiator", run.keys.send_key, AEAD_KEY_SIZE);
    output("split_responder", run.keys.receive_key, AEAD_KEY_SIZE);
}

void handshake_with_psk(void **state)
{
    uint8_t psk[HANDSHAKE_PSK_SIZE];
    struct run run;

    (void)state;
    assert_int_equal(input("psk", psk, sizeof(psk)), sizeof(psk));
    run = run_handshake(psk);
    output("initiation_psk", run.first, sizeof(run.first));
    output("response_psk", run.second, sizeof(run.second));
    output("split_initiator_psk", run.keys.send_key, AEAD_KEY_SIZE);
    output("split_responder_psk", run.keys.receive_key, AEAD_KEY_SIZE);
}

void cookie_reply_and_stamped_initiation(void **state)
{
    struct hosts hosts = hosts_load();
    struct run run = run_handshake(NULL);
    struct script random = {0};
    struct env env = {.context = &random, .random = script_fill};
    struct mono now = {0};
    struct cookie_baker baker;
    struct cookie_jar jar = {0};
    uint8_t reply[COOKIE_REPLY_SIZE], source[COOKIE_SOURCE_SIZE_MAX];
    size_t source_size = input("cookie_source", source, sizeof(source));

    (void)state;
    script_add(&random, "cookie_secret");
    script_add(&random, "cookie_secret"); /* the previous secret, which is not used here */
    script_add(&random, "cookie_nonce");
    cookie_baker_init(&baker, &env, now);
    cookie_jar_stamp(&jar, run.first, sizeof(run.first), now);
    cookie_reply_write(&baker, &hosts.responder, run.first, sizeof(run.first), source, source_size,
                       now, reply);
    output("cookie_reply", reply, sizeof(reply));
    assert_int_equal(
        cookie_jar_receive(&jar, hosts.responder.x25519_public, reply, sizeof(reply), now), ERR_OK);
    output("cookie", jar.cookie, sizeof(jar.cookie));
    cookie_jar_stamp(&jar, run.first, sizeof(run.first), now);
    assert_true(cookie_mac2_ok(&baker, run.first, sizeof(run.first), source, source_size, now));
    output("initiation_mac2", run.first + sizeof(run.first) - COOKIE_SIZE, COOKIE_SIZE);
}

static void output_channel_keys(const char *short_name, enum aead aead,
                                const struct session_keys *keys)
{
    uint8_t key[AEAD_KEY_SIZE];
    char name[64];

    for (uint8_t channel = 0; channel < 2; channel++) {
        snprintf(name, sizeof(name), "key_initiator_%s_%u", short_name, channel);
        channel_key(key, keys->send_key, aead, channel);
        output(name, key, sizeof(key));
        snprintf(name, sizeof(name), "key_responder_%s_%u", short_name, channel);
        channel_key(key, keys->receive_key, aead, channel);
        output(name, key, sizeof(key));
    }
}

/* Sealed by the initiator: the first ping on channel 0, and on channel 1 a data frame whose
 * counter shows the order of its bytes. */
static void output_frames(const char *short_name, enum aead aead, struct session_keys keys)
{
    struct transport_sender *sender;
    uint8_t plain[256], frame[256 + FRAME_OVERHEAD_MAX];
    size_t size;
    char name[64];

    if (!aead_available(aead)) {
        print_message("this CPU lacks %s\n", aead_name(aead));
        return;
    }
    keys.aead = aead;
    assert_int_equal(transport_sender_new(&sender, &keys, FRAME_CHANNEL_CONTROL), ERR_OK);
    size = input("ping_plaintext", plain, sizeof(plain));
    size = transport_seal_from(sender, FRAME_TYPE_PING, plain, size, frame);
    snprintf(name, sizeof(name), "ping_%s", short_name);
    output(name, frame, size);
    transport_sender_free(sender);

    assert_int_equal(transport_sender_new(&sender, &keys, FRAME_CHANNEL_DATA), ERR_OK);
    sender->counter = input_number("data_counter");
    size = input("data_plaintext", plain, sizeof(plain));
    size = transport_seal_from(sender, FRAME_TYPE_DATA, plain, size, frame);
    snprintf(name, sizeof(name), "data_%s", short_name);
    output(name, frame, size);
    transport_sender_free(sender);
}

void ping_and_pong(void **state)
{
    struct ping ping = {.kind = PING_KIND_PING,
                        .transaction = input_number("ping_transaction"),
                        .frame_size = PING_PLAIN_SIZE + FRAME_OVERHEAD_MIN};
    uint8_t plain[PING_PLAIN_SIZE];

    (void)state;
    ping_encode(&ping, plain, sizeof(plain));
    output("ping_plaintext", plain, sizeof(plain));
    ping.kind = PING_KIND_PONG;
    input_exactly("punch_observed_ip", ping.observed.ip, sizeof(ping.observed.ip));
    ping.observed.port = (uint16_t)input_number("punch_observed_port");
    ping_encode(&ping, plain, sizeof(plain));
    output("pong_plaintext", plain, sizeof(plain));
}

void channel_keys_and_frames(void **state)
{
    struct session_keys keys = run_handshake(NULL).keys;

    (void)state;
    output_channel_keys("chacha20_poly1305", AEAD_CHACHA20_POLY1305, &keys);
    output_channel_keys("aes_256_gcm", AEAD_AES_256_GCM, &keys);
    output_channel_keys("aegis_128l", AEAD_AEGIS_128L, &keys);
    output_frames("chacha20_poly1305", AEAD_CHACHA20_POLY1305, keys);
    output_frames("aes_256_gcm", AEAD_AES_256_GCM, keys);
    output_frames("aegis_128l", AEAD_AEGIS_128L, keys);
}

void punch_probe_and_answer(void **state)
{
    struct punch_probe punch_probe = {.side = PUNCH_PROBE_SIDE_LISTEN};
    uint8_t key[PUNCH_PROBE_KEY_SIZE], frame[PUNCH_PROBE_SIZE];

    (void)state;
    input("punch_key", key, sizeof(key));
    punch_probe.punch_id = input_number("punch_id");
    punch_probe.transaction = input_number("punch_transaction");
    punch_probe_encode(&punch_probe, key, frame);
    output("punch_probe", frame, sizeof(frame));
    punch_probe.side = PUNCH_PROBE_SIDE_DIAL;
    punch_probe.answer = true;
    input("punch_observed_ip", punch_probe.observed.ip, sizeof(punch_probe.observed.ip));
    punch_probe.observed.port = (uint16_t)input_number("punch_observed_port");
    punch_probe_encode(&punch_probe, key, frame);
    output("punch_answer", frame, sizeof(frame));
}

void punch_places_that_are_told(void **state)
{
    static const uint8_t ip4[4] = {192, 0, 2, 7};
    static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
    struct punch_places places = {.side = PUNCH_PROBE_SIDE_LISTEN, .port = 40000, .count = 2};
    uint8_t nonce[PUNCH_PLACES_NONCE_SIZE], frame[PUNCH_PLACES_SIZE];
    struct punch_places read;
    struct hosts hosts = hosts_load();

    (void)state;
    places.punch_id = input_number("punch_id");
    memcpy(places.ips[0], endpoint_v4(ip4, 0).ip, 16);
    memcpy(places.ips[1], ip6, 16);
    input_exactly("punch_places_nonce", nonce, sizeof(nonce));
    assert_int_equal(
        punch_places_write(frame, &places, &hosts.initiator, hosts.responder.public_key, nonce),
        ERR_OK);
    assert_int_equal(punch_places_read(&read, &hosts.responder, hosts.initiator.public_key,
                                       PUNCH_PROBE_SIDE_DIAL, frame, sizeof(frame)),
                     ERR_OK);
    output("punch_places", frame, sizeof(frame));
}

void notice_on_a_lan(void **state)
{
    static const uint8_t ip4[4] = {192, 0, 2, 7};
    static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
    struct lan_notice notice = {.asks = true, .port = 40000, .count = 2};
    uint8_t nonce[LAN_NOTICE_NONCE_SIZE], bytes[LAN_NOTICE_SIZE];
    struct identity ziglan = input_identity("ziglan_seed");
    struct lan_notice_signed read;
    struct hosts hosts = hosts_load();

    (void)state;
    notice.sequence = input_number("timestamp_ms");
    memcpy(notice.ips[0], endpoint_v4(ip4, 0).ip, 16);
    memcpy(notice.ips[1], ip6, 16);
    input_exactly("lan_nonce", nonce, sizeof(nonce));
    lan_notice_write(bytes, &notice, &hosts.initiator, ziglan.public_key, nonce);
    assert_int_equal(lan_notice_read(&read, ziglan.public_key, bytes, sizeof(bytes)), ERR_OK);
    assert_true(lan_notice_verify(&read, ziglan.public_key));
    output("lan_notice", bytes, sizeof(bytes));
}

/* The chain as the three records stand in the document. */
void proof_on_a_lan(void **state)
{
    static const char *const records[] = {"record_delegation", "record_admission", "record_member"};
    uint8_t nonce[LAN_SEAL_NONCE_SIZE], bytes[LAN_PROOF_SIZE], body[LAN_PROOF_BODY_SIZE];
    uint8_t chain[LAN_PROOF_CHAIN_MAX];
    struct identity ziglan = input_identity("ziglan_seed");
    const uint8_t *read;
    size_t size = 0, read_size;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(records); i++) {
        size_t each = input(records[i], chain + size + 2, sizeof(chain) - size - 2);

        be16_write(chain + size, (uint16_t)each);
        size += 2 + each;
    }
    input_exactly("lan_nonce", nonce, sizeof(nonce));
    lan_proof_write(bytes, chain, size, ziglan.public_key, nonce);
    assert_int_equal(
        lan_proof_read(body, &read, &read_size, ziglan.public_key, bytes, sizeof(bytes)), ERR_OK);
    assert_int_equal(read_size, size);
    output("lan_proof", bytes, sizeof(bytes));
}
