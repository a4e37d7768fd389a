/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initiation and response (proto/crypto/handshake.h), true, damaged and dishonest ones. */
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/base/bytes.h"
#include "proto/crypto/handshake.h"
#include "proto/crypto/hash.h"

#include <sodium.h>

enum { PAYLOAD_SIZE = HANDSHAKE_INITIATOR_PAYLOAD_SIZE, E_AT = 8 };

/* Two hosts that want a session. */
struct world {
    struct rng random;
    struct env env;
    struct identity ids[2];
    struct handshake_local a, b; /* initiator, responder */
    struct handshake handshake;
    struct handshake_initiation initiation;
    uint8_t first[HANDSHAKE_INITIATION_SIZE], second[HANDSHAKE_RESPONSE_SIZE];
    struct session_keys keys_a, keys_b;
};

static const struct aead_list both = {2, {AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305}};
static const struct aead_list chacha = {1, {AEAD_CHACHA20_POLY1305}};

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->env = test_env_of(&w->random);
    w->ids[0] = fixture_identity('a');
    w->ids[1] = fixture_identity('b');
    w->a = (struct handshake_local){&w->ids[0], NULL, chacha, &w->env};
    w->b = (struct handshake_local){&w->ids[1], NULL, chacha, &w->env};
}

static void initiate(struct world *w)
{
    assert_int_equal(
        handshake_initiate(&w->handshake, &w->a, w->ids[1].public_key, 0x01020304, 77, w->first),
        ERR_OK);
}

static int read_first(struct world *w)
{
    return handshake_read_initiation(&w->initiation, &w->b, w->first, sizeof(w->first));
}

static int read_second(struct world *w)
{
    return handshake_read_response(&w->handshake, &w->a, w->second, sizeof(w->second), &w->keys_a);
}

static void respond(struct world *w)
{
    assert_int_equal(handshake_respond(&w->initiation, &w->b, 0x0a0b0c0d, w->second, &w->keys_b),
                     ERR_OK);
}

static void assert_keys_fit(const struct world *w)
{
    assert_int_equal(w->keys_a.aead, w->keys_b.aead);
    assert_int_equal(w->keys_a.local_index, 0x01020304);
    assert_int_equal(w->keys_a.remote_index, 0x0a0b0c0d);
    assert_int_equal(w->keys_b.local_index, 0x0a0b0c0d);
    assert_int_equal(w->keys_b.remote_index, 0x01020304);
    assert_memory_equal(w->keys_a.send_key, w->keys_b.receive_key, AEAD_KEY_SIZE);
    assert_memory_equal(w->keys_a.receive_key, w->keys_b.send_key, AEAD_KEY_SIZE);
    assert_memory_not_equal(w->keys_a.send_key, w->keys_a.receive_key, AEAD_KEY_SIZE);
}

static void both_sides_get_the_same_keys(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    assert_memory_equal(w.initiation.peer_key, w.ids[0].public_key, KEY_SIZE);
    assert_int_equal(w.initiation.timestamp_ms, 77);
    assert_int_equal(w.initiation.remote_index, 0x01020304);
    assert_memory_equal(&w.initiation.aeads, &chacha, sizeof(chacha));
    respond(&w);
    assert_true(sodium_is_zero((const uint8_t *)&w.initiation, sizeof(w.initiation)));
    assert_int_equal(read_second(&w), ERR_OK);
    assert_true(sodium_is_zero((const uint8_t *)&w.handshake, sizeof(w.handshake)));
    assert_keys_fit(&w);
    assert_int_equal(w.keys_a.aead, AEAD_CHACHA20_POLY1305);
    session_keys_wipe(&w.keys_a);
    assert_true(sodium_is_zero((const uint8_t *)&w.keys_a, sizeof(w.keys_a)));
}

static void every_handshake_has_its_own_keys(void **state)
{
    struct world w;
    struct session_keys before;

    (void)state;
    world_init(&w);
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    before = w.keys_b;
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    assert_memory_not_equal(before.send_key, w.keys_b.send_key, AEAD_KEY_SIZE);
}

static void the_first_common_aead_of_the_initiator_is_chosen(void **state)
{
    const struct aead_list strange = {3, {9, AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM}};
    const struct aead_list unknown = {1, {9}};
    struct world w;
    uint8_t frame_before[HANDSHAKE_RESPONSE_SIZE];

    (void)state;
    world_init(&w);
    w.a.aeads = both;
    w.b.aeads = aead_list_local();
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    assert_int_equal(w.keys_b.aead,
                     aead_available(AEAD_AES_256_GCM) ? AEAD_AES_256_GCM : AEAD_CHACHA20_POLY1305);
    assert_int_equal(read_second(&w), ERR_OK);
    assert_keys_fit(&w);

    w.a.aeads = strange;
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    assert_int_equal(w.keys_b.aead, AEAD_CHACHA20_POLY1305);

    w.a.aeads = unknown;
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    memcpy(frame_before, w.second, sizeof(w.second));
    assert_int_equal(handshake_respond(&w.initiation, &w.b, 5, w.second, &w.keys_b), ERR_DROP);
    assert_memory_equal(frame_before, w.second, sizeof(w.second));
    assert_true(sodium_is_zero((const uint8_t *)&w.initiation, sizeof(w.initiation)));
}

/* ---- pre-shared keys ---- */

static void pre_shared_keys_must_be_the_same_on_both_sides(void **state)
{
    static const uint8_t psk[32] = "a key that both of us know well";
    static const uint8_t other[32] = "another key";
    static const struct {
        const char *name;
        const uint8_t *a, *b;
        int first, second;
    } cases[] = {
        {"both the same", psk, psk, ERR_OK, ERR_OK},
        {"only the initiator", psk, NULL, ERR_DROP, ERR_DROP},
        {"only the responder", NULL, psk, ERR_DROP, ERR_DROP},
        {"different ones", psk, other, ERR_OK, ERR_DROP},
    };
    struct world w;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        world_init(&w);
        w.a.psk = cases[i].a;
        w.b.psk = cases[i].b;
        initiate(&w);
        print_message("%s\n", cases[i].name);
        assert_int_equal(read_first(&w), cases[i].first);
        if (cases[i].first == ERR_OK) {
            respond(&w);
            assert_int_equal(read_second(&w), cases[i].second);
        }
        if (cases[i].second == ERR_OK) {
            assert_keys_fit(&w);
        }
    }
}

/* ---- damage ---- */

static void refuse_first(struct world *w, const uint8_t *frame, size_t size)
{
    struct handshake_initiation before;
    uint8_t *copy = fixture_copy(frame, size);

    memset(&w->initiation, 0x55, sizeof(w->initiation));
    before = w->initiation;
    assert_int_equal(handshake_read_initiation(&w->initiation, &w->b, copy, size), ERR_DROP);
    assert_memory_equal(&w->initiation, &before, sizeof(before));
    free(copy);
}

static void refuse_second(struct world *w, const uint8_t *frame, size_t size)
{
    struct handshake before = w->handshake;
    struct session_keys keys_before = w->keys_a;
    uint8_t *copy = fixture_copy(frame, size);

    assert_int_equal(handshake_read_response(&w->handshake, &w->a, copy, size, &w->keys_a),
                     ERR_DROP);
    assert_memory_equal(&w->handshake, &before, sizeof(before));
    assert_memory_equal(&w->keys_a, &keys_before, sizeof(keys_before));
    free(copy);
}

/* Write mac1 anew, as anybody can who knows the reader's public key. */
static void mac1_again(uint8_t *frame, size_t size, const struct identity *reader)
{
    uint8_t key[HASH_SIZE];

    hash_label(key, "ziglan mac1 1", reader->x25519_public, KEY_SIZE, NULL, 0);
    mac_label(frame + size - 32, key, sizeof(key), "", frame, size - 32);
}

static void every_damaged_initiation_is_refused(void **state)
{
    struct world w;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE + 1] = {0};

    (void)state;
    world_init(&w);
    initiate(&w);
    memcpy(frame, w.first, sizeof(w.first));
    for (size_t size = 0; size < sizeof(w.first); size++) {
        refuse_first(&w, frame, size);
    }
    refuse_first(&w, frame, sizeof(frame));
    for (size_t i = 0; i < sizeof(w.first) - MAC_SIZE; i++) { /* all but mac2 */
        frame[i] ^= 0x80;
        assert_false(handshake_mac1_ok(&w.ids[1], frame, sizeof(w.first)));
        refuse_first(&w, frame, sizeof(w.first));
        frame[i] ^= 0x80;
    }
    for (size_t i = 0; i < sizeof(w.first) - 32; i++) { /* the same with the right mac1 */
        frame[i] ^= 0x01;
        mac1_again(frame, sizeof(w.first), &w.ids[1]);
        if (i < 4 || i >= E_AT) { /* 4 to 7: the index, protected by mac1 only */
            refuse_first(&w, frame, sizeof(w.first));
        }
        frame[i] ^= 0x01;
    }
    assert_int_equal(read_first(&w), ERR_OK);
}

static void every_damaged_response_is_refused(void **state)
{
    struct world w;
    uint8_t frame[HANDSHAKE_RESPONSE_SIZE + 1] = {0};

    (void)state;
    world_init(&w);
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    memcpy(frame, w.second, sizeof(w.second));
    for (size_t size = 0; size < sizeof(w.second); size++) {
        refuse_second(&w, frame, size);
    }
    refuse_second(&w, frame, sizeof(frame));
    for (size_t i = 0; i < sizeof(w.second) - MAC_SIZE; i++) {
        frame[i] ^= 0x80;
        assert_false(handshake_mac1_ok(&w.ids[0], frame, sizeof(w.second)));
        refuse_second(&w, frame, sizeof(w.second));
        frame[i] ^= 0x80;
    }
    for (size_t i = 0; i < sizeof(w.second) - 32; i++) {
        frame[i] ^= 0x01;
        mac1_again(frame, sizeof(w.second), &w.ids[0]);
        if (i < 4 || i >= 8) { /* 4 to 7: the responder's index */
            refuse_second(&w, frame, sizeof(w.second));
        }
        frame[i] ^= 0x01;
    }
    assert_int_equal(read_second(&w), ERR_OK);
    assert_keys_fit(&w);
}

static void a_frame_for_somebody_else_is_refused(void **state)
{
    struct world w;
    struct identity c = fixture_identity('c');

    (void)state;
    world_init(&w);
    initiate(&w);
    assert_true(handshake_mac1_ok(&w.ids[1], w.first, sizeof(w.first)));
    assert_false(handshake_mac1_ok(&c, w.first, sizeof(w.first)));
    assert_false(handshake_mac1_ok(&w.ids[0], w.first, sizeof(w.first))); /* a mirror */
    w.b.identity = &c;
    refuse_first(&w, w.first, sizeof(w.first));
    mac1_again(w.first, sizeof(w.first), &c);
    refuse_first(&w, w.first, sizeof(w.first));
    w.b.identity = &w.ids[1];

    /* A response is no initiation and the other way round. */
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    refuse_second(&w, w.first, sizeof(w.first));
    refuse_first(&w, w.second, sizeof(w.second));
}

/* ---- dishonest peers ---- */

/* An initiation of host a with whatever payload, correct in everything else. */
static void craft_first(struct world *w, const uint8_t payload[PAYLOAD_SIZE])
{
    static const uint8_t ephemeral[NOISE_KEY_SIZE] = {7};
    struct noise noise;
    struct noise_config config = {
        .prologue = (const uint8_t *)"ziglan 1",
        .prologue_size = 8,
        .static_secret = w->ids[0].x25519_secret,
        .static_public = w->ids[0].x25519_public,
    };

    noise_init_initiator(&noise, &config, w->ids[1].x25519_public);
    assert_int_equal(noise_write_first(&noise, ephemeral, payload, PAYLOAD_SIZE, w->first + E_AT),
                     ERR_OK);
    mac1_again(w->first, sizeof(w->first), &w->ids[1]);
}

static void an_ed25519_key_that_is_not_the_static_key_is_refused(void **state)
{
    struct world w;
    struct identity victim = fixture_identity('v');
    struct identity liar;

    (void)state;
    world_init(&w);
    liar = w.ids[0];
    memcpy(liar.public_key, victim.public_key, KEY_SIZE);
    w.a.identity = &liar;
    initiate(&w);
    assert_true(handshake_mac1_ok(&w.ids[1], w.first, sizeof(w.first)));
    refuse_first(&w, w.first, sizeof(w.first));
    memset(liar.public_key, 0, KEY_SIZE); /* of small order */
    initiate(&w);
    refuse_first(&w, w.first, sizeof(w.first));
}

/* X25519 does not see the sign, and the owner of a key is the owner of its negative. */
static void of_all_changed_bits_of_the_key_only_its_sign_passes(void **state)
{
    struct world w;
    struct identity liar;

    (void)state;
    world_init(&w);
    liar = w.ids[0];
    w.a.identity = &liar;
    for (size_t bit = 0; bit < 256; bit++) {
        liar.public_key[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        initiate(&w);
        if (bit < 255) {
            refuse_first(&w, w.first, sizeof(w.first));
        } else {
            assert_int_equal(read_first(&w), ERR_OK);
            assert_memory_equal(w.initiation.peer_key, liar.public_key, KEY_SIZE);
        }
        liar.public_key[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

static void payloads_against_the_rules_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint8_t tail[8]; /* version, count, six ids */
        int want;
    } cases[] = {
        {"one known", {1, 1, 1}, ERR_OK},
        {"six unknown", {1, 6, 9, 8, 7, 6, 5, 4}, ERR_OK},
        {"version 0", {0, 1, 1}, ERR_DROP},
        {"version 2", {2, 1, 1}, ERR_DROP},
        {"no AEAD", {1, 0}, ERR_DROP},
        {"count too large", {1, 7, 1, 1, 1, 1, 1, 1}, ERR_DROP},
        {"count 255", {1, 255, 1, 1, 1, 1, 1, 1}, ERR_DROP},
        {"id behind the count", {1, 1, 1, 2}, ERR_DROP},
        {"id zero", {1, 2, 1, 0}, ERR_DROP},
    };
    struct world w;
    uint8_t payload[PAYLOAD_SIZE] = {0};

    (void)state;
    world_init(&w);
    initiate(&w); /* for the header */
    memcpy(payload, w.ids[0].public_key, KEY_SIZE);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        memcpy(payload + 40, cases[i].tail, 8);
        craft_first(&w, payload);
        print_message("%s\n", cases[i].name);
        if (cases[i].want == ERR_OK) {
            assert_int_equal(read_first(&w), ERR_OK);
        } else {
            refuse_first(&w, w.first, sizeof(w.first));
        }
    }
}

static void an_answer_that_was_not_offered_ends_the_handshake(void **state)
{
    static const uint8_t ephemeral[NOISE_KEY_SIZE] = {8};
    static const uint8_t payloads[][HANDSHAKE_RESPONDER_PAYLOAD_SIZE] = {
        {AEAD_AES_256_GCM}, {AEAD_NONE}, {77}, {AEAD_CHACHA20_POLY1305, [15] = 1}};
    struct session_keys before;
    struct world w;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(payloads); i++) {
        world_init(&w);
        initiate(&w);
        assert_int_equal(read_first(&w), ERR_OK);
        struct noise noise = w.initiation.noise;

        respond(&w); /* for the header */
        assert_int_equal(
            noise_write_second(&noise, ephemeral, payloads[i], sizeof(payloads[i]), w.second + 12),
            ERR_OK);
        mac1_again(w.second, sizeof(w.second), &w.ids[0]);
        before = w.keys_a;
        assert_int_equal(read_second(&w), ERR_SESSION);
        assert_memory_equal(&w.keys_a, &before, sizeof(before));
        assert_true(sodium_is_zero((const uint8_t *)&w.handshake, sizeof(w.handshake)));
        assert_int_equal(read_second(&w), ERR_DROP);
    }
}

static void a_key_that_is_none_cannot_be_called(void **state)
{
    static const uint8_t zero[KEY_SIZE];
    struct world w;

    (void)state;
    world_init(&w);
    assert_int_equal(handshake_initiate(&w.handshake, &w.a, zero, 1, 1, w.first), ERR_DROP);
    assert_true(sodium_is_zero((const uint8_t *)&w.handshake, sizeof(w.handshake)));
}

static void a_response_to_another_handshake_is_refused(void **state)
{
    struct world w;
    struct handshake older;

    (void)state;
    world_init(&w);
    initiate(&w);
    older = w.handshake;
    initiate(&w);
    assert_int_equal(read_first(&w), ERR_OK);
    respond(&w);
    assert_int_equal(handshake_read_response(&older, &w.a, w.second, sizeof(w.second), &w.keys_a),
                     ERR_DROP);
    assert_int_equal(read_second(&w), ERR_OK);
    assert_int_equal(read_second(&w), ERR_DROP); /* once */
}

static void indices_are_found_in_frames_of_the_right_type(void **state)
{
    static const struct {
        uint8_t type;
        size_t size_min; /* 0: has none */
        uint32_t want;
    } cases[] = {
        {0x7f, 0, 0},          {0x80, 0, 0},          {0x81, 12, 0x08090a0b}, {0x82, 8, 0x04050607},
        {0x83, 8, 0x04050607}, {0x84, 8, 0x04050607}, {0x85, 0, 0},           {0x90, 0, 0},
    };
    uint8_t frame[16];
    uint32_t index;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        for (size_t k = 0; k < sizeof(frame); k++) {
            frame[k] = (uint8_t)k;
        }
        frame[0] = cases[i].type;
        for (size_t size = 0; size <= sizeof(frame); size++) {
            bool want = cases[i].size_min > 0 && size >= cases[i].size_min;
            uint8_t *copy = fixture_copy(frame, size);

            index = 0;
            assert_int_equal(handshake_receiver_index(copy, size, &index), want);
            assert_int_equal(index, want ? cases[i].want : 0);
            free(copy);
        }
    }
    assert_int_equal(handshake_sender_index(frame), 0x04050607);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_get_the_same_keys),
        cmocka_unit_test(every_handshake_has_its_own_keys),
        cmocka_unit_test(the_first_common_aead_of_the_initiator_is_chosen),
        cmocka_unit_test(pre_shared_keys_must_be_the_same_on_both_sides),
        cmocka_unit_test(every_damaged_initiation_is_refused),
        cmocka_unit_test(every_damaged_response_is_refused),
        cmocka_unit_test(a_frame_for_somebody_else_is_refused),
        cmocka_unit_test(an_ed25519_key_that_is_not_the_static_key_is_refused),
        cmocka_unit_test(of_all_changed_bits_of_the_key_only_its_sign_passes),
        cmocka_unit_test(payloads_against_the_rules_are_refused),
        cmocka_unit_test(an_answer_that_was_not_offered_ends_the_handshake),
        cmocka_unit_test(a_key_that_is_none_cannot_be_called),
        cmocka_unit_test(a_response_to_another_handshake_is_refused),
        cmocka_unit_test(indices_are_found_in_frames_of_the_right_type),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
