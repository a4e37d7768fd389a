/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attachments (proto/crypto/attachment.h): which of those that a host signed are believed. */
#include "tests/support/fixture.h"

#include "proto/crypto/attachment.h"
#include "proto/crypto/signed.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"

static const uint8_t relay[KEY_SIZE] = {7};

static void what_is_signed_is_believed(void **state)
{
    struct identity host = node_of(1), other = node_of(2);
    uint8_t bytes[ATTACHMENT_SIZE];
    struct record_attachment out;

    (void)state;
    assert_int_equal(attachment_sign(bytes, &host, relay, 5, TEST_WALL_MS), ERR_OK);
    assert_true(
        attachment_verify(&out, bytes, sizeof(bytes), host.public_key, TEST_WALL_MS + 3599000));
    assert_memory_equal(out.relay_key, relay, KEY_SIZE);
    assert_int_equal(out.header.sequence, 5);
    assert_true(attachment_verify(&out, bytes, sizeof(bytes), NULL, TEST_WALL_MS));
    assert_false(attachment_verify(&out, bytes, sizeof(bytes), other.public_key, TEST_WALL_MS));
}

static void one_that_lasts_too_long_is_refused_whichever_end_says_so(void **state)
{
    static const struct {
        uint32_t lifetime_s;
        int64_t expires_ms; /* from its creation */
        bool brief;
    } cases[] = {
        {3600, 3600000, true},  {60, 60000, true},      {60, 3600000, true}, {3601, 3600000, false},
        {7200, 3600000, false}, {3600, 3600001, false}, {3600, -1, false},
    };
    struct identity host = node_of(1);

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct record_attachment attachment = {
            .header = {.sequence = 1,
                       .created_ms = TEST_WALL_MS,
                       .lifetime_s = cases[i].lifetime_s},
            .expires_ms = TEST_WALL_MS + (uint64_t)cases[i].expires_ms,
        };
        uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
        size_t size = 0;

        memcpy(attachment.header.key, host.public_key, KEY_SIZE);
        memcpy(attachment.relay_key, relay, KEY_SIZE);
        assert_int_equal(record_attachment_encode(bytes, &size, &attachment), ERR_OK);
        assert_int_equal(signed_make(bytes, sizeof(bytes), &size, &host, bytes, size), ERR_OK);
        assert_int_equal(attachment_verify(&attachment, bytes, size, NULL, TEST_WALL_MS),
                         cases[i].brief);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_believed),
        cmocka_unit_test(one_that_lasts_too_long_is_refused_whichever_end_says_so),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
