/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Endpoints (proto/net/endpoint.h) and the outbox (proto/net/dgram.h). */
#include "tests/support/fixture.h"

#include "proto/net/dgram.h"
#include "proto/net/endpoint.h"

static void texts_are_parsed_and_printed(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: refused; default port 4433 */
    } cases[] = {
        {"192.0.2.1:80", "192.0.2.1:80"},
        {"192.0.2.1", "192.0.2.1:4433"},
        {"[2001:db8::1]:80", "[2001:db8::1]:80"},
        {"[2001:db8::1]", "[2001:db8::1]:4433"},
        {"2001:db8::1", "[2001:db8::1]:4433"},
        {"::", "[::]:4433"},
        {"2001:db8::a", "[2001:db8::a]:4433"},
        {"2001:db8::5", "[2001:db8::5]:4433"}, /* nothing else can be meant */
        {"1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]:4433"},
        {"2001:db8::1:4433", NULL}, /* 2001:db8::1 with a port? */
        {"::1:443", NULL},
        {"::192.0.2.1:443", NULL},
        {"1:2:3:4:5:6:7:8:4433", NULL},
        {"::ffff:192.0.2.1", "192.0.2.1:4433"}, /* one form for IPv4 */
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"192.0.2.1:65535", "192.0.2.1:65535"},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:+80", NULL},
        {"192.0.2.1:80 ", NULL},
        {"192.0.2.1:000080", NULL},
        {"192.0.2.01", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"[192.0.2.1]:80", NULL},
        {"[2001:db8::1", NULL},
        {"[2001:db8::1]80", NULL},
        {"[2001:db8::1]:", NULL},
        {"2001:db8::1%eth0", NULL},
        {"[]:80", NULL},
        {"", NULL},
        {"example.org:80", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"0001:0002:0003:0004:0005:0006:0007:0008:0009:000a:000b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct endpoint e = {.port = 1}, again;
        char text[ENDPOINT_TEXT_SIZE];
        bool ok = endpoint_parse(&e, cases[i].text, 4433);

        if (ok != (cases[i].want != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (!ok) {
            assert_int_equal(e.port, 1);
            continue;
        }
        assert_string_equal(endpoint_text(&e, text), cases[i].want);
        assert_true(endpoint_parse(&again, text, 0));
        assert_true(endpoint_equal(&e, &again));
    }
}

static void the_longest_text_fits(void **state)
{
    uint8_t ip[16];
    struct endpoint e;
    char text[ENDPOINT_TEXT_SIZE];

    (void)state;
    memset(ip, 0xee, sizeof(ip));
    e = endpoint_v6(ip, 65535);
    assert_string_equal(endpoint_text(&e, text), "[eeee:eeee:eeee:eeee:eeee:eeee:eeee:eeee]:65535");
    assert_string_equal(endpoint_ip_text(&e, text), "eeee:eeee:eeee:eeee:eeee:eeee:eeee:eeee");
}

static void bytes_give_the_same_endpoint_back(void **state)
{
    static const uint8_t v4[4] = {192, 0, 2, 7};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
    struct endpoint a = endpoint_of_bytes(v4, 4, 5), b = endpoint_of_bytes(v6, 16, 5);
    struct endpoint none = endpoint_of_bytes(v6, 15, 5), zero = endpoint_of_bytes(v6, 0, 0);
    size_t size;

    (void)state;
    assert_true(endpoint_is_v4(&a) && !endpoint_is_v4(&b));
    assert_memory_equal(endpoint_ip_bytes(&a, &size), v4, 4);
    assert_int_equal(size, 4);
    assert_memory_equal(endpoint_ip_bytes(&b, &size), v6, 16);
    assert_int_equal(size, 16);
    assert_true(endpoint_is_none(&none) && endpoint_is_none(&zero) && !endpoint_is_none(&a));
    b.port = 6;
    zero = b;
    zero.port = 7;
    assert_true(endpoint_same_ip(&b, &zero) && !endpoint_equal(&b, &zero));
}

static void special_addresses_have_their_scope(void **state)
{
    static const struct {
        const char *text;
        enum endpoint_scope want;
    } cases[] = {
        {"0.0.0.0", ENDPOINT_SCOPE_NEVER},
        {"127.0.0.1", ENDPOINT_SCOPE_NEVER},
        {"127.255.255.255", ENDPOINT_SCOPE_NEVER},
        {"224.0.0.1", ENDPOINT_SCOPE_NEVER},
        {"240.0.0.1", ENDPOINT_SCOPE_NEVER},
        {"255.255.255.255", ENDPOINT_SCOPE_NEVER},
        {"198.19.255.255", ENDPOINT_SCOPE_NEVER},
        {"198.20.0.0", ENDPOINT_SCOPE_GLOBAL},
        {"10.255.0.1", ENDPOINT_SCOPE_LAN},
        {"172.16.0.1", ENDPOINT_SCOPE_LAN},
        {"172.31.255.255", ENDPOINT_SCOPE_LAN},
        {"172.32.0.1", ENDPOINT_SCOPE_GLOBAL},
        {"192.168.9.9", ENDPOINT_SCOPE_LAN},
        {"100.64.0.1", ENDPOINT_SCOPE_LAN},
        {"100.127.255.255", ENDPOINT_SCOPE_LAN},
        {"100.128.0.1", ENDPOINT_SCOPE_GLOBAL},
        {"169.254.1.1", ENDPOINT_SCOPE_LAN},
        {"192.0.2.1", ENDPOINT_SCOPE_GLOBAL},
        {"198.51.100.1", ENDPOINT_SCOPE_GLOBAL},
        {"203.0.113.1", ENDPOINT_SCOPE_GLOBAL},
        {"9.9.9.9", ENDPOINT_SCOPE_GLOBAL},
        {"::", ENDPOINT_SCOPE_NEVER},
        {"::1", ENDPOINT_SCOPE_NEVER},
        {"::7f00:1", ENDPOINT_SCOPE_NEVER},
        {"64:ff9b::7f00:1", ENDPOINT_SCOPE_NEVER},
        {"2002:7f00:1::1", ENDPOINT_SCOPE_NEVER},
        {"2001:0:1::1", ENDPOINT_SCOPE_NEVER},
        {"ff02::1", ENDPOINT_SCOPE_NEVER},
        {"fdd9:f800::1", ENDPOINT_SCOPE_NEVER},
        {"fdd9:f8ff::1", ENDPOINT_SCOPE_NEVER},
        {"fdd9:f900::1", ENDPOINT_SCOPE_LAN},
        {"fc00::1", ENDPOINT_SCOPE_LAN},
        {"fe80::1", ENDPOINT_SCOPE_LAN},
        {"febf::1", ENDPOINT_SCOPE_LAN},
        {"fec0::1", ENDPOINT_SCOPE_NEVER},
        {"2001:db8::1", ENDPOINT_SCOPE_GLOBAL},
        {"2a00::1", ENDPOINT_SCOPE_GLOBAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct endpoint e;

        assert_true(endpoint_parse_ip(&e, cases[i].text, 1));
        if (endpoint_scope(&e) != cases[i].want) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void an_outbox_holds_datagrams_back_to_back_and_counts_refusals(void **state)
{
    struct endpoint local = endpoint_v4((const uint8_t[]){192, 0, 2, 1}, 1);
    struct endpoint remote = endpoint_v4((const uint8_t[]){192, 0, 2, 2}, 2);
    struct outbox box;
    uint8_t *to;

    (void)state;
    assert_int_equal(outbox_init(&box, 10, 3), ERR_OK);
    outbox_put(&box, &local, &remote, (const uint8_t *)"abcd", 4);
    to = outbox_reserve(&box, 6);
    assert_non_null(to);
    memcpy(to, "xy", 2);
    outbox_commit(&box, &local, &remote, 2);
    assert_null(outbox_reserve(&box, 5));
    outbox_put(&box, &local, &remote, (const uint8_t *)"12345", 5);
    assert_true(box.refused_count == 2);
    outbox_put(&box, &local, &remote, NULL, 0);
    assert_null(outbox_reserve(&box, 0)); /* no item left */
    assert_int_equal(box.items_count, 3);
    assert_int_equal(box.items[1].offset, 4);
    assert_int_equal(box.items[1].size, 2);
    assert_memory_equal(box.bytes, "abcdxy", 6);
    assert_true(endpoint_equal(&box.items[1].remote, &remote));
    outbox_clear(&box);
    assert_non_null(outbox_reserve(&box, 10));
    assert_true(box.refused_count == 3);
    outbox_fini(&box);
}

static void special_ranges_are_told_apart(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"10.1.2.3", "10.200.0.1", true},      {"10.1.2.3", "192.168.0.1", false},
        {"172.16.0.1", "172.31.0.1", true},    {"127.0.0.1", "127.0.0.9", true},
        {"100.64.0.1", "100.127.0.1", true},   {"fd00::1", "fc01::1", true},
        {"fe80::1", "fe80::2", true},          {"fe80::1", "fd00::1", false},
        {"192.0.2.1", "192.0.2.2", false},     {"224.0.0.1", "224.0.0.2", false},
        {"2001:db8::1", "2001:db8::2", false}, {"::1", "::1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct endpoint a, b;

        assert_true(endpoint_parse_ip(&a, cases[i].a, 1) && endpoint_parse_ip(&b, cases[i].b, 2));
        if (endpoint_same_special(&a, &b) != cases[i].same) {
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_parsed_and_printed),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(bytes_give_the_same_endpoint_back),
        cmocka_unit_test(special_addresses_have_their_scope),
        cmocka_unit_test(an_outbox_holds_datagrams_back_to_back_and_counts_refusals),
        cmocka_unit_test(special_ranges_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
