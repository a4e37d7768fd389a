/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A proof on the LAN is read by who knows the ziglan's key, and by nobody else. */
#include "proto/crypto/lan_proof.h"

#include "tests/support/fixture.h"

#include <string.h>

static const uint8_t ziglan[KEY_SIZE] = {2}, nonce[LAN_SEAL_NONCE_SIZE] = {3};

static int read_as(const uint8_t key[KEY_SIZE], const uint8_t *bytes, size_t size)
{
    uint8_t body[LAN_PROOF_BODY_SIZE];
    const uint8_t *proof;
    size_t proof_size;

    return lan_proof_read(body, &proof, &proof_size, key, bytes, size);
}

static void proofs_of_all_sizes_come_out_as_they_went_in(void **state)
{
    uint8_t chain[LAN_PROOF_CHAIN_MAX], bytes[LAN_PROOF_SIZE], body[LAN_PROOF_BODY_SIZE];
    const uint8_t *proof;
    size_t proof_size;

    (void)state;
    memset(chain, 7, sizeof(chain));
    for (size_t size = 0; size <= sizeof(chain); size += 89) {
        lan_proof_write(bytes, chain, size, ziglan, nonce);
        assert_int_equal(lan_proof_read(body, &proof, &proof_size, ziglan, bytes, sizeof(bytes)),
                         ERR_OK);
        assert_int_equal(proof_size, size);
        assert_memory_equal(proof, chain, size);
    }
}

static void nobody_else_and_no_other_byte_or_length_is_read(void **state)
{
    const uint8_t other[KEY_SIZE] = {4}, chain[100] = {1};
    uint8_t bytes[LAN_PROOF_SIZE + 1] = {0};

    (void)state;
    lan_proof_write(bytes, chain, sizeof(chain), ziglan, nonce);
    assert_int_equal(read_as(other, bytes, LAN_PROOF_SIZE), ERR_DROP);
    for (size_t i = 0; i < LAN_PROOF_SIZE; i++) {
        bytes[i] ^= 1;
        assert_int_equal(read_as(ziglan, bytes, LAN_PROOF_SIZE), ERR_DROP);
        bytes[i] ^= 1;
    }
    for (size_t size = 0; size <= LAN_PROOF_SIZE + 1; size++) {
        assert_int_equal(read_as(ziglan, bytes, size), size == LAN_PROOF_SIZE ? ERR_OK : ERR_DROP);
    }
}

/* As a member may seal it. */
static void fields_against_the_rules_are_refused(void **state)
{
    static const struct {
        const char *name;
        uint8_t begins[4], last;
    } rows[] = {
        {"another version", {2, 0, 1, 7}, 0},
        {"more than there is", {1, 4, 200, 7}, 0},
        {"something behind it", {1, 0, 1, 7}, 1},
    };
    uint8_t body[LAN_PROOF_BODY_SIZE], bytes[LAN_PROOF_SIZE];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        print_message("%s\n", rows[i].name);
        memset(body, 0, sizeof(body));
        memcpy(body, rows[i].begins, sizeof(rows[i].begins));
        body[LAN_PROOF_BODY_SIZE - 1] = rows[i].last;
        lan_seal(bytes, body, sizeof(body), "ziglan lan proof 1", ziglan, nonce);
        assert_int_equal(read_as(ziglan, bytes, sizeof(bytes)), ERR_DROP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_of_all_sizes_come_out_as_they_went_in),
        cmocka_unit_test(nobody_else_and_no_other_byte_or_length_is_read),
        cmocka_unit_test(fields_against_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
