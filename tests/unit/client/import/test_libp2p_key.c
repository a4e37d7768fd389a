/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys in libp2p's forms (client/import/libp2p_key.h), as libp2p's own packages write them. */
#include "tests/support/fixture.h"
#include "tests/support/libp2p_keys.h"

#include "client/import/libp2p_key.h"

#include <sodium.h>

static void seed_of(uint8_t seed[IDENTITY_SEED_SIZE], unsigned first)
{
    for (unsigned i = 0; i < IDENTITY_SEED_SIZE; i++) {
        seed[i] = (uint8_t)(7 * i + first);
    }
}

static void assert_key(const char *text, unsigned first)
{
    uint8_t seed[IDENTITY_SEED_SIZE];
    struct identity identity;
    uint8_t key[KEY_SIZE];

    seed_of(seed, first);
    identity_from_seed(&identity, seed);
    assert_int_equal(libp2p_id_parse(key, text, strlen(text)), ERR_OK);
    assert_memory_equal(key, identity.public_key, KEY_SIZE);
}

static void an_id_is_read_in_each_of_its_forms(void **state)
{
    (void)state;
    assert_key(LIBP2P_A_ID, 1);
    assert_key(LIBP2P_A_ID_36, 1);
    assert_key(LIBP2P_A_ID_32, 1);
    assert_key(LIBP2P_A_ID_58, 1);
    assert_key(LIBP2P_B_ID, 2);
}

static void ids_of_other_keys_and_damaged_ones_are_refused(void **state)
{
    static const char *const wrong[] = {
        LIBP2P_SECP256K1_ID, LIBP2P_RSA_ID,       "", "k", "12D3KooW", LIBP2P_A_PRIVATE,
        LIBP2P_A_ID "5",     "x" LIBP2P_A_ID_36,
    };
    uint8_t key[KEY_SIZE] = {42};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(libp2p_id_parse(key, wrong[i], strlen(wrong[i])), ERR_DROP);
        assert_int_equal(key[0], 42);
    }
    for (size_t size = 0; size < strlen(LIBP2P_A_ID); size++) {
        assert_int_equal(libp2p_id_parse(key, LIBP2P_A_ID, size), ERR_DROP);
    }
}

static void a_private_key_gives_its_seed_in_both_forms(void **state)
{
    static const char *const forms[] = {LIBP2P_A_PRIVATE, LIBP2P_A_PRIVATE_96};
    uint8_t want[IDENTITY_SEED_SIZE];
    uint8_t seed[IDENTITY_SEED_SIZE];

    (void)state;
    seed_of(want, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(libp2p_private_key_parse(seed, forms[i], strlen(forms[i])), ERR_OK);
        assert_memory_equal(seed, want, sizeof(seed));
    }
}

static void a_private_key_of_another_kind_or_a_damaged_one_is_refused(void **state)
{
    static const uint8_t none[IDENTITY_SEED_SIZE];
    char damaged[] = LIBP2P_A_PRIVATE;
    uint8_t seed[IDENTITY_SEED_SIZE];
    const char *other = LIBP2P_SECP256K1_PRIVATE;

    (void)state;
    assert_int_equal(libp2p_private_key_parse(seed, other, strlen(other)), ERR_DROP);
    assert_int_equal(libp2p_private_key_parse(seed, "", 0), ERR_DROP);
    for (size_t i = 1; i < sizeof(damaged) - 1; i++) {
        char was = damaged[i];

        damaged[i] = was == 'x' ? 'y' : 'x';
        assert_int_equal(libp2p_private_key_parse(seed, damaged, sizeof(damaged) - 1), ERR_DROP);
        assert_memory_equal(seed, none, sizeof(seed));
        damaged[i] = was;
    }
}

static int sodium_ready(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_read_in_each_of_its_forms),
        cmocka_unit_test(ids_of_other_keys_and_damaged_ones_are_refused),
        cmocka_unit_test(a_private_key_gives_its_seed_in_both_forms),
        cmocka_unit_test(a_private_key_of_another_kind_or_a_damaged_one_is_refused),
    };

    return cmocka_run_group_tests(tests, sodium_ready, NULL);
}
