/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address plan and pools (proto/net/addrplan.h). */
#include "tests/support/fixture.h"

#include "proto/net/addrplan.h"

#include <arpa/inet.h>

static void ip6(uint8_t out[16], const char *text)
{
    assert_int_equal(inet_pton(AF_INET6, text, out), 1);
}

static void addresses_have_their_kind(void **state)
{
    static const struct {
        const char *text;
        enum addrplan_kind want;
    } cases[] = {
        {"fdd9:f800::", ADDRPLAN_KIND_AUTO},
        {"fdd9:f800:ffff:ffff:ffff:ffff:ffff:ffff", ADDRPLAN_KIND_AUTO},
        {"fdd9:f801::1", ADDRPLAN_KIND_RESERVED},
        {"fdd9:f8f3:ffff::", ADDRPLAN_KIND_RESERVED},
        {"fdd9:f8f4::1.2.3.4", ADDRPLAN_KIND_4IN6},
        {"fdd9:f8f5::", ADDRPLAN_KIND_RESERVED},
        {"fdd9:f8fe::", ADDRPLAN_KIND_RESERVED},
        {"fdd9:f8ff::1", ADDRPLAN_KIND_FIXED},
        {"fdd9:f7ff::1", ADDRPLAN_KIND_NONE},
        {"fdd9:f900::1", ADDRPLAN_KIND_NONE},
        {"2001:db8::1", ADDRPLAN_KIND_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t ip[16];

        ip6(ip, cases[i].text);
        if (addrplan_kind(ip) != cases[i].want) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void addresses_are_composed_and_taken_apart(void **state)
{
    static const uint8_t mac[6] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55};
    uint8_t hash[32], ip[16], want[16], eui64[EUI64_SIZE], eui_back[EUI64_SIZE], ip4[4];
    uint8_t middle[4] = {0xde, 0xad, 0xbe, 0xef}, middle_back[4];

    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        hash[i] = (uint8_t)(0xa0 + i);
    }
    addrplan_auto(ip, hash);
    ip6(want, "fdd9:f800:a0a1:a2a3:a4a5:a6a7:a8a9:aaab");
    assert_memory_equal(ip, want, 16);

    addrplan_4in6(ip, (const uint8_t[]){100, 64, 1, 2});
    ip6(want, "fdd9:f8f4::100.64.1.2");
    assert_memory_equal(ip, want, 16);
    assert_true(addrplan_4in6_extract(ip4, ip));
    assert_memory_equal(ip4, ((uint8_t[]){100, 64, 1, 2}), 4);
    ip[11] = 1;
    assert_false(addrplan_4in6_extract(ip4, ip));
    assert_memory_equal(ip4, ((uint8_t[]){0, 0, 0, 0}), 4);

    addrplan_eui64_of_mac(eui64, mac);
    addrplan_fixed(ip, middle, eui64);
    ip6(want, "fdd9:f8ff:dead:beef:211:22ff:fe33:4455");
    assert_memory_equal(ip, want, 16);
    assert_true(addrplan_fixed_extract(middle_back, eui_back, ip));
    assert_memory_equal(middle_back, middle, 4);
    assert_memory_equal(eui_back, eui64, 8);
    ip[3] = 0xfe;
    assert_false(addrplan_fixed_extract(middle_back, eui_back, ip));
    assert_true(eui_back[7] == 0 && middle_back[0] == 0);
}

static void pools_are_parsed_and_corrected(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: refused */
        bool host_bits;
    } cases[] = {
        {"100.64.0.0/16", "100.64.0.0/16", false},
        {"192.168.211.0/20", "192.168.208.0/20", true},
        {"10.0.0.0/8", "10.0.0.0/8", false},
        {"10.1.2.3/30", "10.1.2.0/30", true},
        {"10.0.0.0/7", NULL, false},
        {"10.0.0.0/31", NULL, false},
        {"10.0.0.0/08", NULL, false},
        {"10.0.0.0/", NULL, false},
        {"10.0.0.0", NULL, false},
        {"10.0.0.0/16x", NULL, false},
        {"10.0.0.0/160", NULL, false},
        {"10.0.0/16", NULL, false},
        {"10.0.0.256/16", NULL, false},
        {" 10.0.0.0/16", NULL, false},
        {"/16", NULL, false},
        {"", NULL, false},
        {"fdd9:f800::/16", NULL, false},
        {"0000000000000000000000010.0.0.0/16", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addrplan_pool pool = {.base = 7};
        char text[ADDRPLAN_POOL_TEXT_SIZE];

        if (addrplan_pool_parse(&pool, cases[i].text) != (cases[i].want != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (cases[i].want == NULL) {
            assert_int_equal(pool.base, 7);
            continue;
        }
        assert_string_equal(addrplan_pool_text(&pool, text), cases[i].want);
        assert_int_equal(pool.host_bits, cases[i].host_bits);
    }
}

static void a_pool_knows_its_size_and_members(void **state)
{
    struct addrplan_pool pool;

    (void)state;
    assert_true(addrplan_pool_parse(&pool, "192.168.208.0/20"));
    assert_int_equal(addrplan_pool_size(&pool), 4096);
    assert_true(addrplan_pool_contains(&pool, (const uint8_t[]){192, 168, 223, 255}));
    assert_false(addrplan_pool_contains(&pool, (const uint8_t[]){192, 168, 224, 0}));
    assert_false(addrplan_pool_contains(&pool, (const uint8_t[]){192, 168, 207, 255}));
}

static void a_pool_sees_networks_that_it_shares_addresses_with(void **state)
{
    static const struct {
        const char *pool;
        uint8_t ip[4];
        uint8_t prefix_bits;
        bool overlaps;
    } cases[] = {
        {"100.64.0.0/16", {100, 64, 0, 2}, 24, true}, /* a carrier's */
        {"100.64.0.0/16", {100, 65, 0, 2}, 24, false},
        {"100.64.0.0/16", {100, 65, 0, 2}, 10, true},
        {"100.64.0.0/16", {100, 127, 0, 1}, 10, true},
        {"100.64.0.0/16", {100, 128, 0, 1}, 10, false},
        {"100.64.0.0/16", {100, 64, 255, 255}, 32, true},
        {"100.64.0.0/16", {192, 168, 1, 2}, 24, false},
        {"10.0.0.0/8", {10, 1, 2, 3}, 24, true},
        {"10.8.0.0/24", {10, 1, 2, 3}, 8, true},
        {"10.8.0.0/24", {192, 168, 1, 2}, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addrplan_pool pool;

        assert_true(addrplan_pool_parse(&pool, cases[i].pool));
        assert_int_equal(addrplan_pool_overlaps(&pool, cases[i].ip, cases[i].prefix_bits),
                         cases[i].overlaps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_their_kind),
        cmocka_unit_test(addresses_are_composed_and_taken_apart),
        cmocka_unit_test(pools_are_parsed_and_corrected),
        cmocka_unit_test(a_pool_knows_its_size_and_members),
        cmocka_unit_test(a_pool_sees_networks_that_it_shares_addresses_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
