/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identities, signatures and the derived forms of keys (proto/crypto/identity.h). */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include "proto/crypto/identity.h"

#include <sodium.h>

/* RFC 8032, section 7.1, test 2. */
static const char rfc8032_seed[] =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char rfc8032_key[] =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char rfc8032_signature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static void key_and_signature_are_those_of_rfc_8032(void **state)
{
    uint8_t seed[IDENTITY_SEED_SIZE], signature[SIGNATURE_SIZE];
    const uint8_t message[1] = {0x72};
    struct identity identity;

    (void)state;
    fixture_hex(seed, sizeof(seed), rfc8032_seed);
    identity_from_seed(&identity, seed);
    fixture_assert_hex(identity.public_key, KEY_SIZE, rfc8032_key);
    identity_sign(&identity, "", message, 1, signature);
    fixture_assert_hex(signature, SIGNATURE_SIZE, rfc8032_signature);

    /* The label is nothing but the first bytes of what is signed: 0x72 is "r". */
    identity_sign(&identity, "r", NULL, 0, signature);
    fixture_assert_hex(signature, SIGNATURE_SIZE, rfc8032_signature);
    assert_true(key_verify(identity.public_key, "r", NULL, 0, signature));
    assert_true(key_verify(identity.public_key, "", message, 1, signature));
    identity_wipe(&identity);
    assert_true(sodium_is_zero((const uint8_t *)&identity, sizeof(identity)));
}

/* The pair of libsodium's own conversion test. */
static void x25519_form_of_public_and_secret_key_agree(void **state)
{
    uint8_t seed[IDENTITY_SEED_SIZE], converted[KEY_SIZE];
    struct identity identity;

    (void)state;
    fixture_hex(seed, sizeof(seed),
                "421151a459faeade3d247115f94aedae42318124095afabe4d1451a559faedee");
    identity_from_seed(&identity, seed);
    fixture_assert_hex(identity.x25519_secret, KEY_SIZE,
                       "8052030376d47112be7f73ed7a019293dd12ad910b654455798b4667d73de166");
    fixture_assert_hex(identity.x25519_public, KEY_SIZE,
                       "f1814f0e8ff1043d8a44d25babff3cedcae6c22c3edaa48f857ae70de2baae50");
    assert_int_equal(key_x25519(converted, identity.public_key), ERR_OK);
    assert_memory_equal(converted, identity.x25519_public, KEY_SIZE);
}

static void a_changed_label_message_key_or_signature_does_not_verify(void **state)
{
    struct identity a = fixture_identity('a');
    struct identity b = fixture_identity('b');
    uint8_t message[40], signature[SIGNATURE_SIZE];

    (void)state;
    memset(message, 'm', sizeof(message));
    identity_sign(&a, "stun2 test 1", message, sizeof(message), signature);
    assert_true(key_verify(a.public_key, "stun2 test 1", message, sizeof(message), signature));
    assert_false(key_verify(a.public_key, "stun2 test 2", message, sizeof(message), signature));
    assert_false(key_verify(b.public_key, "stun2 test 1", message, sizeof(message), signature));
    assert_false(key_verify(a.public_key, "stun2 test 1", message, sizeof(message) - 1, signature));
    for (size_t i = 0; i < sizeof(message); i++) {
        message[i] ^= 1;
        assert_false(key_verify(a.public_key, "stun2 test 1", message, sizeof(message), signature));
        message[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof(signature); i++) {
        signature[i] ^= 0x10;
        assert_false(key_verify(a.public_key, "stun2 test 1", message, sizeof(message), signature));
        signature[i] ^= 0x10;
    }
}

/* S + L stands for the same number as S. If it were accepted, anybody could make a second signature
 * out of one. */
static void a_signature_with_s_not_reduced_does_not_verify(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct identity a = fixture_identity('a');
    uint8_t signature[SIGNATURE_SIZE];
    unsigned carry = 0;

    (void)state;
    identity_sign(&a, "label", NULL, 0, signature);
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(key_verify(a.public_key, "label", NULL, 0, signature));
}

static void more_than_the_signed_size_is_refused(void **state)
{
    static uint8_t message[IDENTITY_SIGNED_SIZE_MAX];
    struct identity a = fixture_identity('a');
    uint8_t signature[SIGNATURE_SIZE];

    (void)state;
    identity_sign(&a, "l", message, sizeof(message) - 1, signature);
    assert_true(key_verify(a.public_key, "l", message, sizeof(message) - 1, signature));
    assert_false(key_verify(a.public_key, "l", message, sizeof(message), signature));
}

static void keys_of_small_or_mixed_order_have_no_x25519_form(void **state)
{
    static const char *const small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    struct identity a = fixture_identity('a');
    uint8_t key[KEY_SIZE], mixed[KEY_SIZE], out[KEY_SIZE], before[KEY_SIZE];

    (void)state;
    memset(out, 0x55, sizeof(out));
    memcpy(before, out, sizeof(out));
    for (size_t i = 0; i < TEST_COUNT(small); i++) {
        fixture_hex(key, sizeof(key), small[i]);
        assert_int_equal(key_x25519(out, key), ERR_DROP);
        assert_memory_equal(out, before, sizeof(out));
    }
    fixture_hex(key, sizeof(key), small[2]); /* of order 2 */
    assert_int_equal(crypto_core_ed25519_add(mixed, a.public_key, key), 0);
    assert_int_equal(key_x25519(out, mixed), ERR_DROP);
    assert_int_equal(key_x25519(out, a.public_key), ERR_OK);
}

static void text_form_goes_there_and_back_in_either_case(void **state)
{
    struct identity a = fixture_identity('a');
    char text[KEY_TEXT_SIZE], brief[KEY_SHORT_SIZE];
    uint8_t key[KEY_SIZE];

    (void)state;
    assert_ptr_equal(key_text(a.public_key, text), text);
    assert_int_equal(strlen(text), KEY_TEXT_SIZE - 1);
    assert_int_equal(key_parse(key, text, strlen(text)), ERR_OK);
    assert_memory_equal(key, a.public_key, KEY_SIZE);
    assert_string_equal(key_short(a.public_key, brief), brief);
    assert_int_equal(strlen(brief), 10);
    assert_memory_equal(brief, text, 10);
    for (char *c = text; *c != '\0'; c++) {
        *c = (*c >= 'a' && *c <= 'z') ? (char)(*c - 32) : *c;
    }
    memset(key, 0, sizeof(key));
    assert_int_equal(key_parse(key, text, strlen(text)), ERR_OK);
    assert_memory_equal(key, a.public_key, KEY_SIZE);
}

static void a_shortened_key_names_its_key(void **state)
{
    struct identity a = fixture_identity('a');
    struct identity b = fixture_identity('b');
    char text[KEY_TEXT_SIZE];
    char brief[KEY_SHORT_SIZE];

    (void)state;
    (void)key_short(a.public_key, brief);
    assert_true(key_begins(a.public_key, brief));
    assert_false(key_begins(b.public_key, brief));
    assert_true(key_begins(a.public_key, key_text(a.public_key, text)));
    text[20] = text[20] == 'a' ? 'b' : 'a';
    assert_false(key_begins(a.public_key, text));
    text[20] = '\0';
    assert_true(key_begins(a.public_key, text));
    brief[9] = '\0'; /* too short: it may be a name */
    assert_false(key_begins(a.public_key, brief));
    assert_false(key_begins(a.public_key, ""));
    assert_false(key_begins(a.public_key, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void texts_that_are_no_keys_are_refused_and_change_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",   /* 51 */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 53 */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",  /* spare bits */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",  /* no base32 digit */
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        "aaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    uint8_t key[KEY_SIZE], before[KEY_SIZE];

    (void)state;
    memset(key, 0x55, sizeof(key));
    memcpy(before, key, sizeof(key));
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        if (key_parse(key, bad[i], strlen(bad[i])) != ERR_DROP) {
            fail_msg("accepted: '%s'", bad[i]);
        }
        assert_memory_equal(key, before, sizeof(key));
    }
    assert_int_equal(key_parse(key, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 52),
                     ERR_OK);
    assert_true(sodium_is_zero(key, sizeof(key)));
}

/* Two addresses of Solana that everybody knows: the system program and the token program. */
static void base58_form_is_that_of_solana(void **state)
{
    char text[KEY_BASE58_SIZE];
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    assert_string_equal(key_base58(key, text), "11111111111111111111111111111111");
    fixture_hex(key, sizeof(key),
                "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9");
    assert_string_equal(key_base58(key, text), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    memset(key, 0xff, sizeof(key));
    assert_string_equal(key_base58(key, text), "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG");
}

static void addresses_are_hashes_behind_their_labels(void **state)
{
    struct identity a = fixture_identity('a');
    uint8_t input[12 + KEY_SIZE + 4], hash[32], ip[16];

    (void)state;
    memcpy(input, "ziglan ip6 1", 12);
    memcpy(input + 12, a.public_key, KEY_SIZE);
    crypto_generichash(hash, 32, input, 12 + KEY_SIZE, NULL, 0);
    key_ip6(ip, a.public_key);
    fixture_assert_hex(ip, 4, "fdd9f800");
    assert_memory_equal(ip + 4, hash, 12);

    memcpy(input, "ziglan ip4 1", 12);
    memcpy(input + 12 + KEY_SIZE, "\x00\x00\x01\x02", 4);
    crypto_generichash(hash, 32, input, sizeof(input), NULL, 0);
    assert_int_equal(key_ip4_hash(a.public_key, 0x102), (uint32_t)hash[0] << 24 |
                                                            (uint32_t)hash[1] << 16 |
                                                            (uint32_t)hash[2] << 8 | hash[3]);
    assert_int_not_equal(key_ip4_hash(a.public_key, 0), key_ip4_hash(a.public_key, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_and_signature_are_those_of_rfc_8032),
        cmocka_unit_test(x25519_form_of_public_and_secret_key_agree),
        cmocka_unit_test(a_changed_label_message_key_or_signature_does_not_verify),
        cmocka_unit_test(a_signature_with_s_not_reduced_does_not_verify),
        cmocka_unit_test(more_than_the_signed_size_is_refused),
        cmocka_unit_test(keys_of_small_or_mixed_order_have_no_x25519_form),
        cmocka_unit_test(text_form_goes_there_and_back_in_either_case),
        cmocka_unit_test(a_shortened_key_names_its_key),
        cmocka_unit_test(texts_that_are_no_keys_are_refused_and_change_nothing),
        cmocka_unit_test(base58_form_is_that_of_solana),
        cmocka_unit_test(addresses_are_hashes_behind_their_labels),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
