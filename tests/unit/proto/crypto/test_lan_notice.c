/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notices on a LAN: who can make them, who can read them (proto/crypto/lan_notice.h). */
#include "proto/crypto/lan_notice.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include <string.h>

static const uint8_t nonce[LAN_NOTICE_NONCE_SIZE] = "never used for another.";
static const uint8_t ziglan[KEY_SIZE] = "the key of a ziglan, 32 bytes...";
static const uint8_t another[KEY_SIZE] = "the key of another, 32 bytes....";

static struct lan_notice some_notice(void)
{
    struct lan_notice notice = {.sequence = 77, .asks = true, .port = 4000, .count = 2};

    notice.ips[0][10] = notice.ips[0][11] = 0xff;
    memcpy(notice.ips[0] + 12, (const uint8_t[]){192, 168, 1, 2}, 4);
    memcpy(notice.ips[1], (const uint8_t[]){0xfd, 1, 2}, 3);
    return notice;
}

static void who_knows_the_ziglan_reads_it_and_sees_whose_it_is(void **state)
{
    struct identity host = fixture_identity('h');
    struct lan_notice notice = some_notice();
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE];

    (void)state;
    lan_notice_write(bytes, &notice, &host, ziglan, nonce);
    assert_int_equal(lan_notice_read(&read, ziglan, bytes, sizeof(bytes)), ERR_OK);
    assert_true(lan_notice_verify(&read, ziglan));
    memcpy(notice.key, host.public_key, KEY_SIZE);
    assert_memory_equal(read.notice.key, notice.key, KEY_SIZE);
    assert_int_equal(read.notice.sequence, notice.sequence);
    assert_true(read.notice.asks);
    assert_int_equal(read.notice.port, notice.port);
    assert_int_equal(read.notice.count, notice.count);
    assert_memory_equal(read.notice.ips, notice.ips, 2 * sizeof(notice.ips[0]));
}

static void who_does_not_know_it_reads_nothing(void **state)
{
    struct identity host = fixture_identity('h');
    struct lan_notice notice = some_notice();
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE], again[LAN_NOTICE_SIZE];
    uint8_t other_nonce[LAN_NOTICE_NONCE_SIZE] = {1};
    size_t common = 0;

    (void)state;
    lan_notice_write(bytes, &notice, &host, ziglan, nonce);
    assert_int_equal(lan_notice_read(&read, another, bytes, sizeof(bytes)), ERR_DROP);
    lan_notice_write(again, &notice, &host, ziglan, other_nonce);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        common += bytes[i] == again[i] ? 1 : 0;
    }
    assert_true(common < 16); /* the same notice twice looks like two */
}

static void no_byte_and_no_length_may_be_another_one(void **state)
{
    struct identity host = fixture_identity('h');
    struct lan_notice notice = some_notice();
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE + 1] = {0};

    (void)state;
    lan_notice_write(bytes, &notice, &host, ziglan, nonce);
    for (size_t i = 0; i < LAN_NOTICE_SIZE; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(lan_notice_read(&read, ziglan, bytes, LAN_NOTICE_SIZE), ERR_DROP);
        bytes[i] ^= 0x10;
    }
    for (size_t size = 0; size < LAN_NOTICE_SIZE; size++) {
        assert_int_equal(lan_notice_read(&read, ziglan, bytes, size), ERR_DROP);
    }
    assert_int_equal(lan_notice_read(&read, ziglan, bytes, LAN_NOTICE_SIZE + 1), ERR_DROP);
}

/* Whoever knows the ziglan's key can seal, but not sign for others, or for another ziglan. */
static void a_signature_is_for_one_host_and_one_ziglan(void **state)
{
    struct identity host = fixture_identity('h');
    struct lan_notice notice = some_notice();
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE];

    (void)state;
    lan_notice_write(bytes, &notice, &host, ziglan, nonce);
    assert_int_equal(lan_notice_read(&read, ziglan, bytes, sizeof(bytes)), ERR_OK);
    assert_false(lan_notice_verify(&read, another));
    read.notice.key[0] ^= 1;
    assert_false(lan_notice_verify(&read, ziglan));
    read.notice.key[0] ^= 1;
    read.body[3] ^= 1; /* its port */
    assert_false(lan_notice_verify(&read, ziglan));
}

static void fields_against_the_rules_are_refused(void **state)
{
    struct identity host = fixture_identity('h');
    struct lan_notice notices[2] = {some_notice(), some_notice()};
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE];

    (void)state;
    notices[0].port = 0;
    notices[1].count = 0;
    for (size_t i = 0; i < 2; i++) {
        lan_notice_write(bytes, &notices[i], &host, ziglan, nonce);
        assert_int_equal(lan_notice_read(&read, ziglan, bytes, sizeof(bytes)), ERR_DROP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_knows_the_ziglan_reads_it_and_sees_whose_it_is),
        cmocka_unit_test(who_does_not_know_it_reads_nothing),
        cmocka_unit_test(no_byte_and_no_length_may_be_another_one),
        cmocka_unit_test(a_signature_is_for_one_host_and_one_ziglan),
        cmocka_unit_test(fields_against_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
