/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Node records (proto/crypto/node_record.h): which of those that somebody shows are believed. */
#include "tests/support/fixture.h"

#include "proto/crypto/node_record.h"
#include "proto/crypto/signed.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"

#include <stdio.h>

/* A record as a relay signs it. */
static struct record_node sound_record(const struct identity *relay)
{
    const uint8_t ip[4] = {192, 0, 2, 1};
    struct record_node node = {
        .header = {.sequence = 7, .created_ms = TEST_WALL_MS, .lifetime_s = 24 * 3600},
        .service = RECORD_NODE_SERVICE,
        .addresses_count = 1,
    };

    memcpy(node.header.key, relay->public_key, KEY_SIZE);
    node.addresses[0] = endpoint_v4(ip, 4433);
    return node;
}

static size_t sign(const struct record_node *node, const struct identity *relay,
                   uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    size_t size = 0;

    assert_int_equal(record_node_encode(out, &size, node), ERR_OK);
    assert_int_equal(signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, &size, relay, out, size),
                     ERR_OK);
    return size;
}

static void what_a_relay_signed_of_itself_is_believed(void **state)
{
    struct identity relay = node_of(1), other = node_of(2);
    struct record_node node = sound_record(&relay), out;
    uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size = sign(&node, &relay, bytes);

    (void)state;
    assert_true(node_record_verify(&out, bytes, size, relay.public_key, TEST_WALL_MS));
    assert_int_equal(out.header.sequence, 7);
    assert_true(endpoint_equal(&out.addresses[0], &node.addresses[0]));
    assert_false(node_record_verify(&out, bytes, size, other.public_key, TEST_WALL_MS));
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(node_record_verify(&out, bytes, cut, relay.public_key, TEST_WALL_MS));
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        assert_false(node_record_verify(&out, bytes, size, relay.public_key, TEST_WALL_MS));
        bytes[i] ^= 1;
    }
}

static void what_is_not_live_or_no_relay_of_the_subnet_is_refused(void **state)
{
    static const struct {
        const char *name, *service;
        uint32_t lifetime_s;
        size_t addresses_count;
        int64_t later_ms;
        bool believed;
    } cases[] = {
        {"as it should be", RECORD_NODE_SERVICE, 24 * 3600, 1, 0, true},
        {"at its end", RECORD_NODE_SERVICE, 24 * 3600, 1, 24 * 3600 * 1000 - 1, true},
        {"over", RECORD_NODE_SERVICE, 24 * 3600, 1, 48 * 3600 * 1000, false},
        {"of the future", RECORD_NODE_SERVICE, 24 * 3600, 1, -3600 * 1000, false},
        {"for too long", RECORD_NODE_SERVICE, 24 * 3600 + 1, 1, 0, false},
        {"of another service", "web-server", 24 * 3600, 1, 0, false},
        {"nowhere", RECORD_NODE_SERVICE, 24 * 3600, 0, 0, false},
    };
    struct identity relay = node_of(1);

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct record_node node = sound_record(&relay), out;
        uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];

        node.header.lifetime_s = cases[i].lifetime_s;
        node.addresses_count = cases[i].addresses_count;
        (void)snprintf(node.service, sizeof(node.service), "%s", cases[i].service);
        size_t size = sign(&node, &relay, bytes);
        if (node_record_verify(&out, bytes, size, relay.public_key,
                               TEST_WALL_MS + (uint64_t)cases[i].later_ms) != cases[i].believed) {
            fail_msg("%s", cases[i].name);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_relay_signed_of_itself_is_believed),
        cmocka_unit_test(what_is_not_live_or_no_relay_of_the_subnet_is_refused),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
