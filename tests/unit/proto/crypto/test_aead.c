/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The AEADs of frames (proto/crypto/aead.h): what opens, and which one two hosts agree upon. */
#include "proto/crypto/aead.h"
#include "proto/crypto/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PLAIN_SIZE = 40 };

static const enum aead all[] = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM, AEAD_AEGIS_128L};

static void only_what_was_sealed_opens(void **state)
{
    static const uint8_t secret[AEAD_KEY_SIZE] = {1, 2, 3}, ad[] = {9, 8, 7};
    uint8_t plain[PLAIN_SIZE] = {5}, sealed[PLAIN_SIZE + AEAD_TAG_SIZE_MAX], opened[PLAIN_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        size_t tag = aead_tag_size(all[i]), sealed_size = sizeof(plain) + tag;
        struct aead_key key;

        if (!aead_available(all[i])) {
            continue;
        }
        aead_key_init(&key, all[i], secret);
        aead_seal(&key, 7, ad, sizeof(ad), plain, sizeof(plain), sealed);
        assert_true(aead_open(&key, 7, ad, sizeof(ad), sealed, sealed_size, opened));
        assert_memory_equal(opened, plain, sizeof(plain));
        assert_false(aead_open(&key, 8, ad, sizeof(ad), sealed, sealed_size, opened));
        assert_false(aead_open(&key, UINT64_C(7) + (UINT64_C(1) << 32), ad, sizeof(ad), sealed,
                               sealed_size, opened));
        assert_false(aead_open(&key, 7, ad, sizeof(ad) - 1, sealed, sealed_size, opened));
        for (size_t size = 0; size < sealed_size; size++) {
            assert_false(aead_open(&key, 7, ad, sizeof(ad), sealed, size, opened));
        }
        for (size_t at = 0; at < sealed_size; at++) {
            sealed[at] ^= 1;
            assert_false(aead_open(&key, 7, ad, sizeof(ad), sealed, sealed_size, opened));
            sealed[at] ^= 1;
        }
        /* Nothing but a tag is the shortest of all. */
        aead_seal(&key, 1, NULL, 0, plain, 0, sealed);
        assert_true(aead_open(&key, 1, NULL, 0, sealed, tag, opened));
        assert_false(aead_open(&key, 1, NULL, 0, sealed, tag - 1, opened));
    }
}

/* A list came from the peer: its count may be any number, its ids any bytes. */
static void the_first_that_both_have_is_chosen(void **state)
{
    struct aead_list local = aead_list_local();
    struct aead_list wanted = {.ids = {77, 78, 79, 80, 81, AEAD_CHACHA20_POLY1305}};

    (void)state;
    assert_true(aead_list_has(&local, AEAD_CHACHA20_POLY1305));
    assert_false(aead_list_has(&local, AEAD_NONE));
    wanted.count = AEAD_LIST_MAX;
    assert_int_equal(aead_choose(&wanted, &local), AEAD_CHACHA20_POLY1305);
    wanted.count = 255;
    assert_int_equal(aead_choose(&wanted, &local), AEAD_CHACHA20_POLY1305);
    wanted.count = AEAD_LIST_MAX - 1;
    assert_int_equal(aead_choose(&wanted, &local), AEAD_NONE);
    wanted.ids[AEAD_LIST_MAX - 1] = 82;
    wanted.count = 255;
    assert_int_equal(aead_choose(&wanted, &local), AEAD_NONE);
    assert_false(aead_list_has(&wanted, AEAD_CHACHA20_POLY1305));
    wanted.count = 0;
    assert_int_equal(aead_choose(&wanted, &local), AEAD_NONE);

    wanted = (struct aead_list){.count = 2, .ids = {AEAD_CHACHA20_POLY1305, AEAD_AES_256_GCM}};
    assert_int_equal(aead_choose(&wanted, &local), AEAD_CHACHA20_POLY1305);
    wanted = (struct aead_list){.count = 2, .ids = {AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305}};
    assert_int_equal(aead_choose(&wanted, &local),
                     aead_available(AEAD_AES_256_GCM) ? AEAD_AES_256_GCM : AEAD_CHACHA20_POLY1305);
    local = (struct aead_list){.count = 1, .ids = {AEAD_CHACHA20_POLY1305}};
    assert_int_equal(aead_choose(&wanted, &local), AEAD_CHACHA20_POLY1305);
}

static int library_init(void **state)
{
    (void)state;
    return identity_library_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_sealed_opens),
        cmocka_unit_test(the_first_that_both_have_is_chosen),
    };

    return cmocka_run_group_tests(tests, library_init, NULL);
}
