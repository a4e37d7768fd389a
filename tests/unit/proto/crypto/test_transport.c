/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing and opening of frames (proto/crypto/transport.h), with every AEAD that this CPU has. */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/base/bytes.h"
#include "proto/crypto/channel_key.h"
#include "proto/crypto/transport.h"
#include "proto/crypto/transport_internal.h"

#include <sodium.h>

enum { PLAIN_SIZE = 100, BUF_SIZE = PLAIN_SIZE + FRAME_OVERHEAD_MAX };

static const enum aead aeads[] = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM, AEAD_AEGIS_128L};

/* Run `body` for every AEAD that this CPU has. */
static void for_each_aead(void (*body)(enum aead aead))
{
    for (size_t i = 0; i < TEST_COUNT(aeads); i++) {
        if (aead_available(aeads[i])) {
            body(aeads[i]);
        } else {
            print_message("this CPU lacks %s\n", aead_name(aeads[i]));
        }
    }
}

struct world {
    struct session_keys a, b;
    struct transport_sender *sender;
    struct transport_receiver *receiver;
    uint8_t buf[BUF_SIZE], plain[BUF_SIZE];
    struct transport_opened opened;
};

static void world_init(struct world *w, enum aead aead, uint8_t channel)
{
    memset(w, 0, sizeof(*w));
    w->a = (struct session_keys){.aead = aead, .local_index = 0xa1a2a3a4, .remote_index = 0xb1};
    w->b = (struct session_keys){.aead = aead, .local_index = 0xb1, .remote_index = 0xa1a2a3a4};
    memset(w->a.send_key, 's', AEAD_KEY_SIZE);
    memset(w->a.receive_key, 'r', AEAD_KEY_SIZE);
    memcpy(w->b.send_key, w->a.receive_key, AEAD_KEY_SIZE);
    memcpy(w->b.receive_key, w->a.send_key, AEAD_KEY_SIZE);
    assert_int_equal(transport_sender_new(&w->sender, &w->a, channel), ERR_OK);
    assert_int_equal(transport_receiver_new(&w->receiver, &w->b), ERR_OK);
}

static void world_fini(struct world *w)
{
    transport_sender_free(w->sender);
    transport_receiver_free(w->receiver);
}

static size_t seal(struct world *w, size_t plain_size)
{
    for (size_t i = 0; i < plain_size; i++) {
        w->buf[FRAME_HEADER_SIZE + i] = (uint8_t)i;
    }
    return transport_seal(w->sender, FRAME_TYPE_DATA, w->buf, plain_size);
}

static int open_frame(struct world *w, const uint8_t *frame, size_t size)
{
    return transport_open(w->receiver, frame, size, w->plain, &w->opened);
}

/* ---- AEADs ---- */

/* Test cases 13 and 14 of the GCM specification (McGrew and Viega): key and nonce of zeros. */
static void aes_256_gcm_matches_the_specification(void **state)
{
    static const uint8_t zeros[32];
    struct aead_key key;
    uint8_t out[32];

    (void)state;
    if (!aead_available(AEAD_AES_256_GCM)) {
        skip();
    }
    aead_key_init(&key, AEAD_AES_256_GCM, zeros);
    aead_seal(&key, 0, NULL, 0, NULL, 0, out);
    fixture_assert_hex(out, 16, "530f8afbc74536b9a963b4f1c4cb738b");
    aead_seal(&key, 0, NULL, 0, zeros, 16, out);
    fixture_assert_hex(out, 32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    aead_key_wipe(&key);
    assert_true(sodium_is_zero((const uint8_t *)&key, sizeof(key)));
}

static void the_nonce_is_the_counter_in_the_order_of_its_aead(void **state)
{
    static const uint8_t little[12] = {0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    static const uint8_t big[12] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t secret[32] = {9}, text[20] = {5}, ad[3] = {1, 2, 3};
    struct aead_key key;
    uint8_t got[52], want[52];

    (void)state;
    aead_key_init(&key, AEAD_CHACHA20_POLY1305, secret);
    aead_seal(&key, 0x0102030405060708, ad, 3, text, 20, got);
    crypto_aead_chacha20poly1305_ietf_encrypt(want, NULL, text, 20, ad, 3, NULL, little, secret);
    assert_memory_equal(got, want, 36);
    if (aead_available(AEAD_AES_256_GCM)) {
        aead_key_init(&key, AEAD_AES_256_GCM, secret);
        aead_seal(&key, 0x0102030405060708, ad, 3, text, 20, got);
        crypto_aead_aes256gcm_encrypt(want, NULL, text, 20, ad, 3, NULL, big, secret);
        assert_memory_equal(got, want, 36);
    }
#ifdef crypto_aead_aegis128l_ABYTES
    if (aead_available(AEAD_AEGIS_128L)) {
        static const uint8_t little16[16] = {0, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};

        aead_key_init(&key, AEAD_AEGIS_128L, secret);
        aead_seal(&key, 0x0102030405060708, ad, 3, text, 20, got);
        crypto_aead_aegis128l_encrypt(want, NULL, text, 20, ad, 3, NULL, little16, secret);
        assert_memory_equal(got, want, sizeof(want));
    }
#endif
}

static void local_list_prefers_what_is_in_hardware_and_always_has_chacha(void **state)
{
    struct aead_list list = aead_list_local();
    struct aead_list wanted = {2, {77, AEAD_CHACHA20_POLY1305}};
    struct aead_list none = {1, {77}};

    (void)state;
    assert_true(aead_list_has(&list, AEAD_CHACHA20_POLY1305));
    assert_int_equal(aead_list_has(&list, AEAD_AES_256_GCM), aead_available(AEAD_AES_256_GCM));
    assert_int_equal(aead_list_has(&list, AEAD_AEGIS_128L), aead_available(AEAD_AEGIS_128L));
    assert_int_equal(list.ids[list.count - 1], AEAD_CHACHA20_POLY1305);
    if (aead_available(AEAD_AEGIS_128L)) {
        assert_int_equal(list.ids[0], AEAD_AEGIS_128L);
    }
    assert_int_equal(aead_choose(&wanted, &list), AEAD_CHACHA20_POLY1305);
    assert_int_equal(aead_choose(&none, &list), AEAD_NONE);
    assert_int_equal(aead_choose(&none, &none), AEAD_NONE); /* common, but nobody can do it */
}

static void every_channel_direction_and_aead_has_its_own_key(void **state)
{
    uint8_t keys[2 * TEST_COUNT(aeads) * FRAME_CHANNEL_COUNT][AEAD_KEY_SIZE];
    uint8_t split[2][AEAD_KEY_SIZE] = {"one direction", "the other direction"};
    uint8_t want[AEAD_KEY_SIZE];
    size_t count = 0;

    (void)state;
    for (size_t direction = 0; direction < 2; direction++) {
        for (size_t i = 0; i < TEST_COUNT(aeads); i++) {
            for (uint8_t channel = 0; channel < FRAME_CHANNEL_COUNT; channel++) {
                channel_key(keys[count++], split[direction], aeads[i], channel);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(keys[i], keys[k], AEAD_KEY_SIZE);
        }
    }
    crypto_generichash(want, 32, (const uint8_t *)"ziglan key 1AES-256-GCM\x03", 24, split[1], 32);
    channel_key(keys[0], split[1], AEAD_AES_256_GCM, 3);
    assert_memory_equal(keys[0], want, sizeof(want));
}

/* ---- frames ---- */

static void check_round_trip(enum aead aead)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, PLAIN_SIZE};
    struct world w;

    for (uint8_t channel = 0; channel < FRAME_CHANNEL_COUNT; channel++) {
        world_init(&w, aead, channel);
        for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
            uint8_t want[PLAIN_SIZE], scattered[BUF_SIZE];
            size_t size = seal(&w, sizes[i]);

            assert_int_equal(size, sizes[i] + FRAME_HEADER_SIZE + aead_tag_size(aead));
            assert_int_equal(transport_overhead(w.sender), size - sizes[i]);
            for (size_t k = 0; k < sizes[i]; k++) {
                want[k] = (uint8_t)k;
            }
            w.sender->counter--; /* the same frame again from elsewhere */
            assert_int_equal(
                transport_seal_from(w.sender, FRAME_TYPE_DATA, want, sizes[i], scattered), size);
            assert_memory_equal(scattered, w.buf, size);

            assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
            assert_int_equal(w.opened.drop, TRANSPORT_DROP_NONE);
            assert_int_equal(w.opened.type, FRAME_TYPE_DATA);
            assert_int_equal(w.opened.channel, channel);
            assert_int_equal(w.opened.counter, i);
            assert_int_equal(w.opened.plain_size, sizes[i]);
            assert_memory_equal(w.plain, want, sizes[i]);
            assert_int_equal(w.sender->counter, i + 1);
        }
        world_fini(&w);
    }
}

static void frames_go_there_and_back_on_every_channel(void **state)
{
    (void)state;
    for_each_aead(check_round_trip);
}

static void check_in_place(enum aead aead)
{
    struct world w;
    size_t size;

    world_init(&w, aead, 1);
    memset(w.buf, 'p', sizeof(w.buf));
    size = transport_seal(w.sender, FRAME_TYPE_PING, w.buf, 32);
    fixture_assert_hex(w.buf, FRAME_HEADER_SIZE, "84010000000000b10000000000000000");
    assert_int_equal(transport_open(w.receiver, w.buf, size, w.buf + FRAME_HEADER_SIZE, &w.opened),
                     ERR_OK);
    assert_int_equal(w.opened.type, FRAME_TYPE_PING);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(w.buf[FRAME_HEADER_SIZE + i], 'p');
    }
    world_fini(&w);
}

/* A ping that tries out the size of a path is as large as a frame may be, whatever seals it. */
static void check_largest(enum aead aead)
{
    static uint8_t frame[FRAME_SIZE_MAX], plain[FRAME_SIZE_MAX];
    struct world w;

    world_init(&w, aead, 0);
    size_t plain_size = FRAME_SIZE_MAX - transport_overhead(w.sender);
    assert_int_equal(transport_seal(w.sender, FRAME_TYPE_PING, frame, plain_size), FRAME_SIZE_MAX);
    assert_int_equal(transport_open(w.receiver, frame, FRAME_SIZE_MAX, plain, &w.opened), ERR_OK);
    world_fini(&w);
}

static void the_largest_frame_is_as_large_with_every_aead(void **state)
{
    (void)state;
    for_each_aead(check_largest);
}

static void frames_can_be_opened_where_they_lie(void **state)
{
    (void)state;
    for_each_aead(check_in_place);
}

/* Refused, and not remembered: neither a channel nor a counter. */
static void refuse(struct world *w, const uint8_t *frame, size_t size)
{
    uint8_t *copy = fixture_copy(frame, size);
    uint64_t failed = w->receiver->failed_opens;

    assert_int_equal(open_frame(w, copy, size), ERR_DROP);
    assert_int_not_equal(w->opened.drop, TRANSPORT_DROP_NONE);
    assert_int_equal(w->receiver->failed_opens, failed + (w->opened.drop == TRANSPORT_DROP_TAG));
    free(copy);
}

static void check_damage(enum aead aead)
{
    struct world w;
    uint8_t longer[BUF_SIZE + 1] = {0};
    size_t size;

    world_init(&w, aead, 1);
    size = seal(&w, PLAIN_SIZE);
    memcpy(longer, w.buf, size);
    for (size_t shorter = 0; shorter < size; shorter++) {
        refuse(&w, w.buf, shorter);
        assert_int_equal(w.opened.drop, shorter < transport_overhead(w.sender)
                                            ? TRANSPORT_DROP_MALFORMED
                                            : TRANSPORT_DROP_TAG);
    }
    refuse(&w, longer, size + 1);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            w.buf[i] ^= (uint8_t)(1u << bit);
            refuse(&w, w.buf, size);
            w.buf[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (size_t i = 0; i < FRAME_CHANNEL_COUNT; i++) {
        assert_null(w.receiver->channels[i]); /* forged frames make us allocate nothing */
    }
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    world_fini(&w);
}

static void damaged_frames_are_refused_and_change_nothing(void **state)
{
    (void)state;
    for_each_aead(check_damage);
}

static void check_forged_tag(enum aead aead)
{
    struct world w;
    struct replay before;
    size_t size;

    world_init(&w, aead, 1);
    size = seal(&w, PLAIN_SIZE);
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    before = w.receiver->channels[1]->replay;
    size = seal(&w, PLAIN_SIZE);
    be64_write(w.buf + FRAME_COUNTER_AT, 1000000); /* would move the window far ahead */
    refuse(&w, w.buf, size);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_TAG);
    be64_write(w.buf + FRAME_COUNTER_AT, 1);
    memset(w.buf + size - FRAME_TAG_SIZE_MIN, 0, FRAME_TAG_SIZE_MIN);
    refuse(&w, w.buf, size);
    assert_memory_equal(&w.receiver->channels[1]->replay, &before, sizeof(before));
    assert_int_equal(w.receiver->counter_max, 0);
    world_fini(&w);
}

static void a_forged_tag_does_not_move_the_window(void **state)
{
    (void)state;
    for_each_aead(check_forged_tag);
}

static void check_malformed(enum aead aead)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"type", 0, 0x82},
        {"next type", 0, 0x85},
        {"channel", 1, FRAME_CHANNEL_COUNT},
        {"channel 255", 1, 255},
        {"reserved", 2, 1},
        {"reserved", 3, 1},
        {"receiver index", 4, 0x80},
        {"receiver index", 7, 0xb0},
    };
    static uint8_t huge[FRAME_SIZE_MAX + 1], plain[FRAME_SIZE_MAX];
    struct world w;
    size_t size;

    world_init(&w, aead, 1);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        size = seal(&w, 4);
        w.buf[cases[i].at] = cases[i].value;
        refuse(&w, w.buf, size);
        assert_int_equal(w.opened.drop, TRANSPORT_DROP_MALFORMED);
    }
    memcpy(huge, w.buf, FRAME_HEADER_SIZE);
    assert_int_equal(transport_open(w.receiver, huge, sizeof(huge), plain, &w.opened), ERR_DROP);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_MALFORMED);
    assert_int_equal(w.receiver->failed_opens, 0);
    world_fini(&w);
}

static void malformed_headers_are_refused_before_any_cryptography(void **state)
{
    (void)state;
    for_each_aead(check_malformed);
}

static void check_replay(enum aead aead)
{
    struct world w;
    uint8_t first[BUF_SIZE];
    size_t size;

    world_init(&w, aead, 1);
    size = seal(&w, 10);
    memcpy(first, w.buf, size);
    for (size_t i = 0; i < 3; i++) {
        seal(&w, 10);
    }
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK); /* counter 3 before counter 0 */
    assert_int_equal(open_frame(&w, first, size), ERR_OK);
    assert_int_equal(open_frame(&w, first, size), ERR_DROP);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_REPLAY);
    w.sender->counter = REPLAY_WINDOW + 10;
    seal(&w, 10);
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    assert_int_equal(open_frame(&w, first, size), ERR_DROP);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_OLD);
    assert_int_equal(w.receiver->failed_opens, 0);
    world_fini(&w);
}

static void replayed_and_ancient_frames_are_refused(void **state)
{
    (void)state;
    for_each_aead(check_replay);
}

static void check_other_session(enum aead aead)
{
    struct world w;
    struct transport_sender *other;
    uint8_t frame[BUF_SIZE] = {0};
    struct session_keys mirrored;
    size_t size;

    world_init(&w, aead, 1);
    size = seal(&w, 10);
    w.buf[FRAME_CHANNEL_AT] = 2; /* the right frame on the wrong channel */
    refuse(&w, w.buf, size);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_TAG);

    mirrored = w.b; /* our own direction thrown back at us */
    mirrored.remote_index = w.b.local_index;
    assert_int_equal(transport_sender_new(&other, &mirrored, 1), ERR_OK);
    size = transport_seal(other, FRAME_TYPE_DATA, frame, 10);
    refuse(&w, frame, size);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_TAG);
    transport_sender_free(other);
    world_fini(&w);
}

static void frames_of_another_channel_or_direction_are_refused(void **state)
{
    (void)state;
    for_each_aead(check_other_session);
}

/* ---- limits ---- */

static void check_limits(enum aead aead)
{
    static const unsigned bits[] = {
        [AEAD_CHACHA20_POLY1305] = 60, [AEAD_AES_256_GCM] = 27, [AEAD_AEGIS_128L] = 48};
    uint64_t rekey = UINT64_C(1) << bits[aead];
    struct world w;
    uint8_t before[BUF_SIZE];
    size_t size;

    world_init(&w, aead, 1);
    w.sender->counter = rekey - 1;
    assert_false(transport_sender_wants_rekey(w.sender));
    size = seal(&w, 10);
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    assert_true(transport_sender_wants_rekey(w.sender));
    assert_false(transport_receiver_wants_rekey(w.receiver));
    size = seal(&w, 10);
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    assert_true(transport_receiver_wants_rekey(w.receiver));
    assert_false(transport_sender_exhausted(w.sender));

    w.sender->counter = 2 * rekey - 1;
    size = seal(&w, 10);
    assert_int_equal(open_frame(&w, w.buf, size), ERR_OK);
    assert_true(transport_sender_exhausted(w.sender));
    memcpy(before, w.buf, sizeof(before));
    assert_int_equal(transport_seal(w.sender, FRAME_TYPE_DATA, w.buf, 10), 0);
    assert_memory_equal(w.buf, before, sizeof(before));

    be64_write(w.buf + FRAME_COUNTER_AT, 2 * rekey);
    refuse(&w, w.buf, size);
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_LIMIT);
    world_fini(&w);
}

static void keys_are_used_for_their_number_of_frames_only(void **state)
{
    (void)state;
    for_each_aead(check_limits);
}

static void check_failed_opens(enum aead aead)
{
    struct world w;
    size_t size;

    world_init(&w, aead, 1);
    w.receiver->failed_opens = TRANSPORT_FAILED_OPENS_MAX - 1;
    assert_false(transport_receiver_exhausted(w.receiver));
    size = seal(&w, 10);
    w.buf[size - 1] ^= 1;
    refuse(&w, w.buf, size);
    assert_true(transport_receiver_exhausted(w.receiver));
    size = seal(&w, 10);
    refuse(&w, w.buf, size); /* a true frame, but the key is dead */
    assert_int_equal(w.opened.drop, TRANSPORT_DROP_LIMIT);
    world_fini(&w);
}

static void too_many_failed_opens_end_a_key(void **state)
{
    (void)state;
    for_each_aead(check_failed_opens);
}

static void every_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < TRANSPORT_DROP_COUNT; i++) {
        assert_non_null(transport_drop_name((enum transport_drop)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(transport_drop_name((enum transport_drop)i),
                                    transport_drop_name((enum transport_drop)k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_256_gcm_matches_the_specification),
        cmocka_unit_test(the_nonce_is_the_counter_in_the_order_of_its_aead),
        cmocka_unit_test(local_list_prefers_what_is_in_hardware_and_always_has_chacha),
        cmocka_unit_test(every_channel_direction_and_aead_has_its_own_key),
        cmocka_unit_test(frames_go_there_and_back_on_every_channel),
        cmocka_unit_test(the_largest_frame_is_as_large_with_every_aead),
        cmocka_unit_test(frames_can_be_opened_where_they_lie),
        cmocka_unit_test(damaged_frames_are_refused_and_change_nothing),
        cmocka_unit_test(a_forged_tag_does_not_move_the_window),
        cmocka_unit_test(malformed_headers_are_refused_before_any_cryptography),
        cmocka_unit_test(replayed_and_ancient_frames_are_refused),
        cmocka_unit_test(frames_of_another_channel_or_direction_are_refused),
        cmocka_unit_test(keys_are_used_for_their_number_of_frames_only),
        cmocka_unit_test(too_many_failed_opens_end_a_key),
        cmocka_unit_test(every_reason_has_a_name),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
