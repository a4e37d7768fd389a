/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delegations (proto/crypto/delegation.h). The callers of delegation_verify get the same cases in
 * test_hub.c, test_roster.c and test_relay_delegation.c. */
#include "proto/crypto/delegation.h"

#include "tests/support/delegations.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

static const uint64_t now_ms = UINT64_C(1767225600000);

static void every_way_to_be_wrong_is_seen(void **state)
{
    struct identity ziglan = node_of(1), entry = node_of(2);

    (void)state;
    for (size_t i = 0; i < delegation_case_count; i++) {
        const struct delegation_case *c = &delegation_cases[i];
        struct part part = delegation_case_make(c, &ziglan, &entry, now_ms);
        uint8_t *bytes = fixture_copy(part.bytes, part.size);

        for (unsigned known = 0; known < 4; known++) {
            const uint8_t *ziglan_key = (known & 1) != 0 ? ziglan.public_key : NULL;
            const uint8_t *entry_key = (known & 2) != 0 ? entry.public_key : NULL;
            enum delegation_verdict want =
                delegation_case_is(c, ziglan_key != NULL, entry_key != NULL);
            struct record_delegation out, untouched;
            enum delegation_verdict verdict;

            memset(&out, 0x5a, sizeof(out));
            untouched = out;
            verdict = delegation_verify(&out, bytes, part.size, ziglan_key, entry_key, now_ms);
            if (verdict != want) {
                fail_msg("%s (keys known: %u): %d, not %d", c->name, known, (int)verdict,
                         (int)want);
            }
            if (verdict == DELEGATION_NOT_BELIEVED) {
                assert_memory_equal(&out, &untouched, sizeof(out));
            } else if (!c->needs_ziglan_key && !c->needs_entry_key) {
                assert_memory_equal(out.header.key, ziglan.public_key, KEY_SIZE);
                assert_memory_equal(out.entry_key, entry.public_key, KEY_SIZE);
                assert_int_equal(out.rights, RECORD_RIGHT_ADMIT_FLAG);
            }
        }
        free(bytes);
    }
}

static void no_truncation_or_flip_is_believed(void **state)
{
    struct identity ziglan = node_of(1), entry = node_of(2);
    struct part part = delegation_case_make(&delegation_cases[0], &ziglan, &entry, now_ms);
    struct record_delegation out;

    (void)state;
    for (size_t cut = 0; cut < part.size; cut++) {
        uint8_t *bytes = fixture_copy(part.bytes, cut);

        assert_int_equal(delegation_verify(&out, bytes, cut, NULL, NULL, now_ms),
                         DELEGATION_NOT_BELIEVED);
        free(bytes);
    }
    for (size_t i = 0; i < part.size; i++) {
        part.bytes[i] ^= 0x10;
        assert_int_equal(delegation_verify(&out, part.bytes, part.size, NULL, NULL, now_ms),
                         DELEGATION_NOT_BELIEVED);
        part.bytes[i] ^= 0x10;
    }
}

static void what_is_signed_is_believed_for_its_days(void **state)
{
    struct identity ziglan = node_of(1), entry = node_of(2);
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    struct record_delegation out;
    size_t size;

    (void)state;
    assert_int_equal(delegation_sign(bytes, &size, &ziglan, entry.public_key, 30, now_ms), ERR_OK);
    assert_int_equal(delegation_verify(&out, bytes, size, ziglan.public_key, entry.public_key,
                                       now_ms + 30 * DAY_MS - 1),
                     DELEGATION_BELIEVED);
    assert_int_equal(
        delegation_verify(&out, bytes, size, NULL, NULL, now_ms - RECORD_CLOCK_SKEW_MS - 1),
        DELEGATION_NOT_IN_FORCE);
    assert_int_equal(
        delegation_verify(&out, bytes, size, NULL, NULL, now_ms - RECORD_CLOCK_SKEW_MS),
        DELEGATION_BELIEVED);
    assert_int_equal(out.rights,
                     RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG);
    assert_int_equal(delegation_verify(&out, bytes, size, ziglan.public_key, entry.public_key,
                                       now_ms + 30 * DAY_MS),
                     DELEGATION_NOT_IN_FORCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_be_wrong_is_seen),
        cmocka_unit_test(no_truncation_or_flip_is_believed),
        cmocka_unit_test(what_is_signed_is_believed_for_its_days),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
