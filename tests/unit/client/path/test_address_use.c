/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of many addresses peers are told. */
#include "client/path/address_use.h"

#include "tests/support/fixture.h"

#include <stdio.h>

static struct host_local_addr addr_of(enum address_use use, uint32_t interface, uint8_t net,
                                      uint8_t last)
{
    return (struct host_local_addr){
        .ip = {[10] = 0xff, [11] = 0xff, [12] = 10, [14] = net, [15] = last},
        .prefix_bits = 120,
        .use = use,
        .interface = interface};
}

static void interfaces_are_known_by_name_kind_and_routes(void **state)
{
    static const struct {
        const char *name, *kind;
        bool default_route;
        enum address_use want;
    } cases[] = {
        {"eth0", "", true, ADDRESS_USE_OUTWARD},
        {"eth1", "", false, ADDRESS_USE_LINK},
        {"eth0", "veth", true, ADDRESS_USE_OUTWARD}, /* inside a container */
        {"vethc0ffee", "veth", false, ADDRESS_USE_INNER},
        {"br0", "bridge", true, ADDRESS_USE_OUTWARD},
        {"br0", "bridge", false, ADDRESS_USE_INNER},
        {"docker0", "bridge", false, ADDRESS_USE_INNER},
        {"br-0123456789ab", "bridge", false, ADDRESS_USE_INNER},
        {"virbr0", "bridge", false, ADDRESS_USE_INNER},
        {"vmnet8", "", false, ADDRESS_USE_INNER},
        {"wlan0", "", false, ADDRESS_USE_LINK},
        {"ppp0", "ppp", true, ADDRESS_USE_OUTWARD},
        {"home", "wireguard", false, ADDRESS_USE_NEVER},
        {"wg0", "wireguard", true, ADDRESS_USE_TUNNEL},
        {"he-ipv6", "sit", true, ADDRESS_USE_TUNNEL},
        {"overlay", "vxlan", false, ADDRESS_USE_NEVER},
        {"overlay", "geneve", false, ADDRESS_USE_NEVER},
        {"gre1", "gretap", false, ADDRESS_USE_NEVER},
        {"ipip1", "ipip", false, ADDRESS_USE_NEVER},
        {"l2tpeth0", "", false, ADDRESS_USE_NEVER},
        {"flannel.1", "vxlan", false, ADDRESS_USE_NEVER},
        {"tun0", "tun", true, ADDRESS_USE_TUNNEL},
        {"tailscale0", "tun", false, ADDRESS_USE_NEVER},
        {"tailscale0", "tun", true, ADDRESS_USE_NEVER},
        {"ztabcdef01", "tun", false, ADDRESS_USE_NEVER},
        {"nebula1", "tun", false, ADDRESS_USE_NEVER},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        if (address_use_of(cases[i].name, cases[i].kind, cases[i].default_route) != cases[i].want) {
            fail_msg("%s, %s, %d", cases[i].name, cases[i].kind, cases[i].default_route);
        }
    }
}

static void twenty_bridges_do_not_displace_the_address_that_is_used(void **state)
{
    enum { BRIDGES = 20, CAPACITY = 16 };
    struct host_local_addr addrs[BRIDGES + 3];
    struct host_local_addr out[CAPACITY];
    size_t found = 0;

    (void)state;
    for (uint8_t i = 0; i < BRIDGES; i++) {
        addrs[i] = addr_of(ADDRESS_USE_INNER, 10U + i, i, 1);
    }
    addrs[BRIDGES] = addr_of(ADDRESS_USE_OUTWARD, 2, 200, 7);
    addrs[BRIDGES + 1] = addr_of(ADDRESS_USE_LINK, 3, 201, 7);
    addrs[BRIDGES + 2] = addr_of(ADDRESS_USE_NEVER, 4, 100, 1);
    assert_int_equal(address_choose(out, CAPACITY, addrs, NULL, BRIDGES + 3), CAPACITY);
    for (size_t i = 0; i < CAPACITY; i++) {
        assert_true(i == 0 || memcmp(out[i - 1].ip, out[i].ip, 16) < 0);
        assert_int_not_equal(out[i].use, ADDRESS_USE_NEVER);
        found += out[i].use != ADDRESS_USE_INNER ? 1 : 0;
    }
    assert_int_equal(found, 2);
}

static void an_interface_with_a_peer_goes_before_its_equals(void **state)
{
    struct host_local_addr addrs[4];
    bool peers[4] = {false, false, true, false};
    struct host_local_addr out[1];

    (void)state;
    for (uint8_t i = 0; i < 4; i++) {
        addrs[i] = addr_of(ADDRESS_USE_LINK, i, i, 1);
    }
    assert_int_equal(address_choose(out, 1, addrs, peers, 4), 1);
    assert_memory_equal(out[0].ip, addrs[2].ip, 16);
    addrs[3].use = ADDRESS_USE_OUTWARD;
    assert_int_equal(address_choose(out, 1, addrs, peers, 4), 1);
    assert_memory_equal(out[0].ip, addrs[3].ip, 16);
}

/* Otherwise one interface with twenty addresses would leave no room for another's only one. */
static void interfaces_take_turns(void **state)
{
    struct host_local_addr addrs[21];
    struct host_local_addr out[16];
    bool other = false;

    (void)state;
    for (uint8_t i = 0; i < 20; i++) {
        addrs[i] = addr_of(ADDRESS_USE_OUTWARD, 2, 0, (uint8_t)(i + 1));
    }
    addrs[20] = addr_of(ADDRESS_USE_OUTWARD, 3, 9, 1);
    assert_int_equal(address_choose(out, 16, addrs, NULL, 21), 16);
    for (size_t i = 0; i < 16; i++) {
        other = other || out[i].interface == 3;
    }
    assert_true(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_are_known_by_name_kind_and_routes),
        cmocka_unit_test(twenty_bridges_do_not_displace_the_address_that_is_used),
        cmocka_unit_test(an_interface_with_a_peer_goes_before_its_equals),
        cmocka_unit_test(interfaces_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
