/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses of a host are told, which of a peer's are on its LAN, and which list counts. */
#include "client/path/candidates.h"

#include "tests/support/fixture.h"

static struct host_local_addr local_of(const char *text, uint8_t prefix_bits)
{
    struct host_local_addr addr = {.prefix_bits = prefix_bits};
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    memcpy(addr.ip, e.ip, sizeof(addr.ip));
    return addr;
}

static struct endpoint endpoint_at(const char *text, uint16_t port)
{
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    e.port = port;
    return e;
}

static void the_lan_is_what_the_prefixes_of_interfaces_cover(void **state)
{
    static const struct {
        const char *own;
        uint8_t bits; /* of the 16-byte form: an IPv4 /24 is 120 */
        const char *other;
        bool want;
    } cases[] = {
        {"192.168.7.9", 120, "192.168.7.200", true},  {"192.168.7.9", 120, "192.168.8.200", false},
        {"192.168.7.9", 124, "192.168.7.1", true},    {"192.168.7.9", 124, "192.168.7.17", false},
        {"192.168.7.9", 123, "192.168.7.17", true},   {"192.168.7.9", 123, "192.168.7.33", false},
        {"192.168.7.9", 127, "192.168.7.8", true},    {"192.168.7.9", 127, "192.168.7.10", false},
        {"192.168.7.9", 128, "192.168.7.9", true},    {"192.168.7.9", 128, "192.168.7.8", false},
        {"10.0.0.1", 104, "10.255.255.254", true},    {"10.0.0.1", 104, "11.0.0.1", false},
        {"10.0.0.1", 96, "203.0.113.1", true},        {"10.0.0.1", 96, "2001:db8::1", false},
        {"fd00:1:2:3::1", 64, "fd00:1:2:3::2", true}, {"fd00:1:2:3::1", 64, "fd00:1:2:4::2", false},
        {"fd00:1:2:3::1", 0, "203.0.113.1", true},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct host_local_addr addrs[2] = {local_of("198.51.100.1", 128),
                                           local_of(cases[i].own, cases[i].bits)};
        struct endpoint other = endpoint_at(cases[i].other, 5000);
        struct own_addresses addresses = {0};

        assert_false(own_addresses_on_lan(&addresses, &other));
        own_addresses_set(&addresses, addrs, 2, 5000);
        if (own_addresses_on_lan(&addresses, &other) != cases[i].want) {
            fail_msg("%s/%u and %s", cases[i].own, cases[i].bits, cases[i].other);
        }
    }
}

static void an_own_address_is_one_with_our_port(void **state)
{
    static const struct {
        const char *text;
        uint16_t port;
        bool want;
    } cases[] = {
        {"198.51.100.1", 5000, true}, {"198.51.100.1", 5001, false}, {"198.51.100.2", 5000, false},
        {"2001:db8::1", 5000, true},  {"2001:db8::2", 5000, false},
    };
    struct host_local_addr addrs[2] = {local_of("198.51.100.1", 120), local_of("2001:db8::1", 64)};
    struct own_addresses addresses = {0};

    (void)state;
    own_addresses_set(&addresses, addrs, 2, 5000);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct endpoint e = endpoint_at(cases[i].text, cases[i].port);

        if (own_addresses_have(&addresses, &e) != cases[i].want) {
            fail_msg("%s %u", cases[i].text, cases[i].port);
        }
    }
}

static void peers_are_told_all_but_what_nobody_may_aim_at(void **state)
{
    static const char *const texts[] = {"127.0.0.1",   "198.51.100.1", "::1",     "fdd9:f800::1",
                                        "192.168.7.7", "224.0.0.1",    "fe80::1", "2001:db8::1"};
    static const size_t told[] = {1, 4, 6, 7};
    struct host_local_addr addrs[TEST_COUNT(texts)];
    struct own_addresses addresses = {.sequence = 70};
    struct intunnel_candidates out;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        addrs[i] = local_of(texts[i], 128);
    }
    own_addresses_set(&addresses, addrs, TEST_COUNT(texts), 5000);
    own_addresses_candidates(&addresses, &out);
    assert_int_equal(out.sequence, 71); /* it grows with each change */
    assert_int_equal(out.count, TEST_COUNT(told));
    for (size_t i = 0; i < TEST_COUNT(told); i++) {
        assert_memory_equal(out.list[i].ip, addrs[told[i]].ip, sizeof(out.list[i].ip));
        assert_int_equal(out.list[i].port, 5000);
    }
    own_addresses_set(&addresses, addrs, 1, 5000); /* the new list replaces the former one */
    own_addresses_candidates(&addresses, &out);
    assert_int_equal(out.sequence, 72);
    assert_int_equal(out.count, 0);
}

static void a_mapped_address_is_told_first_and_with_its_own_port(void **state)
{
    struct host_local_addr addr = local_of("192.168.7.7", 120);
    struct endpoint mapped = endpoint_at("203.0.113.7", 6000);
    struct own_addresses addresses = {.sequence = 70};
    struct intunnel_candidates out;

    (void)state;
    own_addresses_set(&addresses, &addr, 1, 5000);
    assert_true(own_addresses_set_mapped(&addresses, &mapped));
    assert_false(own_addresses_set_mapped(&addresses, &mapped));
    own_addresses_set(&addresses, &addr, 1, 5000); /* it stays */
    own_addresses_candidates(&addresses, &out);
    assert_int_equal(out.sequence, 72);
    assert_int_equal(out.count, 2);
    assert_true(endpoint_equal(&out.list[0], &mapped));
    assert_true(own_addresses_have(&addresses, &mapped));
    assert_true(own_addresses_set_mapped(&addresses, NULL));
    own_addresses_candidates(&addresses, &out);
    assert_int_equal(out.sequence, 73);
    assert_int_equal(out.count, 1);
    assert_false(own_addresses_have(&addresses, &mapped));
}

static void more_addresses_than_there_is_room_for_are_left_out(void **state)
{
    struct host_local_addr addrs[OWN_ADDRESSES_MAX + 3];
    struct own_addresses addresses = {0};
    struct intunnel_candidates out;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(addrs); i++) {
        addrs[i] = local_of("198.51.100.1", 128);
        addrs[i].ip[15] = (uint8_t)(i + 1);
    }
    own_addresses_set(&addresses, addrs, TEST_COUNT(addrs), 5000);
    assert_int_equal(addresses.count, OWN_ADDRESSES_MAX);
    own_addresses_candidates(&addresses, &out);
    assert_int_equal(out.count, INTUNNEL_CANDIDATES_MAX);
    assert_int_equal(out.list[INTUNNEL_CANDIDATES_MAX - 1].ip[15], INTUNNEL_CANDIDATES_MAX);
}

static void only_a_newer_list_counts(void **state)
{
    static const struct {
        uint32_t sequence;
        bool want;
    } steps[] = {{0, false}, {5, true},          {5, false}, {4, false},
                 {6, true},  {UINT32_MAX, true}, {0, false}, {UINT32_MAX, false}};
    struct candidates candidates = {0};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(steps); i++) {
        struct intunnel_candidates list = {.sequence = steps[i].sequence, .count = i};
        struct candidates before = candidates;

        if (candidates_learn(&candidates, &list) != steps[i].want) {
            fail_msg("step %zu", i);
        }
        if (steps[i].want) {
            assert_memory_equal(&candidates.list, &list, sizeof(list));
        } else {
            assert_memory_equal(&candidates, &before, sizeof(before));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lan_is_what_the_prefixes_of_interfaces_cover),
        cmocka_unit_test(an_own_address_is_one_with_our_port),
        cmocka_unit_test(peers_are_told_all_but_what_nobody_may_aim_at),
        cmocka_unit_test(a_mapped_address_is_told_first_and_with_its_own_port),
        cmocka_unit_test(more_addresses_than_there_is_room_for_are_left_out),
        cmocka_unit_test(only_a_newer_list_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
