/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs (proto/wire/url.h): what is accepted, how it is printed, what is said about mistakes. */
#include "tests/support/fixture.h"

#include "proto/wire/url.h"

#define KEY "aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaq" /* 32 bytes of 1 */
#define UPPER "AEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQ"
#define OTHER "aibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaiba" /* 32 bytes of 2 */
#define TOKEN "aibqibiga4eascqlbqgq4dyqce"                           /* 16 bytes 02 03 ... 11 */
#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffabc"

static void good_urls_are_parsed_and_printed_again(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: the same */
        size_t hosts_count;
        const char *host;
        uint16_t port;
        bool numeric;
    } cases[] = {
        {"ziglan://" KEY "@example.org", NULL, 1, "example.org", 0, false},
        {"ZIGLAN://" UPPER "@EXAMPLE.ORG", "ziglan://" KEY "@example.org", 1, "example.org", 0,
         false},
        {"ziglan://" UPPER "@Example.ORG:443", "ziglan://" KEY "@example.org:443", 1, "example.org",
         443, false},
        {"relay://" KEY "@192.0.2.1:1", NULL, 1, "192.0.2.1", 1, true},
        {"relay://" KEY "@[2001:db8::1]:65535", NULL, 1, "2001:db8::1", 65535, true},
        {"relay://" KEY "@[2001:DB8::1]", "relay://" KEY "@[2001:db8::1]", 1, "2001:db8::1", 0,
         true},
        {"relay://" KEY "@example.org/", "relay://" KEY "@example.org", 1, "example.org", 0, false},
        {"relay://" KEY "@example.org?invite=x", "relay://" KEY "@example.org", 1, "example.org", 0,
         false},
        {"ziglan://" KEY "@a,b:2,[::1]:3", NULL, 3, "a", 0, false},
        {"ziglan://" KEY "@a,b,c,d,e,f,g,h", NULL, 8, "a", 0, false},
        {"ziglan://" KEY "@a?invite=" TOKEN "&name=anna-1", NULL, 1, "a", 0, false},
        {"ziglan://" KEY "@a?name=" LABEL63, NULL, 1, "a", 0, false},
        {"ziglan://" KEY "@a/?x&y=&=z&name=b&w=1", "ziglan://" KEY "@a?name=b", 1, "a", 0, false},
        {"ziglan://" KEY "@a?", "ziglan://" KEY "@a", 1, "a", 0, false},
        {"ziglan://" KEY "@1a.2b.x3", NULL, 1, "1a.2b.x3", 0, false},
        {"ziglan://" KEY "@AZ.Example:4090", "ziglan://" KEY "@az.example:4090", 1, "az.example",
         4090, false},
        {"ziglan://" KEY "@a?colour=x&city=y&invites=" TOKEN "&names=b", "ziglan://" KEY "@a", 1,
         "a", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct url url, again;
        char error[URL_ERROR_SIZE], text[URL_SIZE_MAX];
        const char *want = cases[i].want == NULL ? cases[i].text : cases[i].want;

        if (url_parse(&url, cases[i].text, strlen(cases[i].text), error) != ERR_OK) {
            fail_msg("%s: %s", cases[i].text, error);
        }
        assert_string_equal(error, "");
        assert_int_equal(url.hosts_count, cases[i].hosts_count);
        assert_string_equal(url.hosts[0].name, cases[i].host);
        assert_int_equal(url.hosts[0].port, cases[i].port);
        assert_int_equal(url.hosts[0].numeric, cases[i].numeric);
        assert_true(url.key[0] == 1 && url.key[31] == 1);
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_string_equal(text, want);
        assert_int_equal(url_print(&url, text, strlen(want)), ERR_LIMIT); /* no room for the NUL */
        assert_int_equal(url_print(&url, text, strlen(want) + 1), ERR_OK);
        assert_int_equal(url_parse(&again, text, strlen(text), error), ERR_OK);
        assert_int_equal(again.has_invite, url.has_invite);
        assert_memory_equal(again.invite, url.invite, INVITE_SIZE);
    }
}

static void the_parts_of_an_invitation_are_told(void **state)
{
    static const char text[] = "ziglan://" KEY "@a?invite=" TOKEN "&name=anna-1";
    char error[URL_ERROR_SIZE];
    struct url url;

    (void)state;
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    assert_true(url.has_invite && url.invite[0] == 2 && url.invite[15] == 17);
    assert_string_equal(url.name, "anna-1");
}

/* A URL that says no address: which hosts and relays it has, and how it is printed again. */
static void a_ziglan_is_named_by_its_key_and_by_relays_that_know_it(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: the same */
        size_t hosts_count, relays_count;
        const char *relay; /* the host of the first one */
        uint16_t port;
    } cases[] = {
        {"ziglan://" KEY, NULL, 0, 0, "", 0},
        {"ziglan://" UPPER "/", "ziglan://" KEY, 0, 0, "", 0},
        {"ziglan://" KEY "?", "ziglan://" KEY, 0, 0, "", 0},
        {"ziglan://" KEY "/?invite=" TOKEN, "ziglan://" KEY "?invite=" TOKEN, 0, 0, "", 0},
        {"ziglan://" KEY "?invite=" TOKEN "&name=anna", NULL, 0, 0, "", 0},
        {"ziglan://" KEY "?relay=" OTHER "@r.example", NULL, 0, 1, "r.example", 0},
        {"ziglan://" KEY "?relay=" OTHER "@192.0.2.1:443", NULL, 0, 1, "192.0.2.1", 443},
        {"ziglan://" KEY "?relay=" OTHER "@[2001:DB8::1]:9",
         "ziglan://" KEY "?relay=" OTHER "@[2001:db8::1]:9", 0, 1, "2001:db8::1", 9},
        {"ziglan://" KEY "?name=b&relay=" OTHER "@R.Example&invite=" TOKEN,
         "ziglan://" KEY "?relay=" OTHER "@r.example&invite=" TOKEN "&name=b", 0, 1, "r.example",
         0},
        {"ziglan://" KEY "?relay=" OTHER "@a&relay=" KEY "@b:2&relay=" OTHER "@c", NULL, 0, 3, "a",
         0},
        {"ziglan://" KEY "@h:1?relay=" OTHER "@r&name=b", NULL, 1, 1, "r", 0},
        {"relay://" KEY "@h?relay=x", "relay://" KEY "@h", 1, 0, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct url url, relay;
        char error[URL_ERROR_SIZE], text[URL_SIZE_MAX];
        const char *want = cases[i].want == NULL ? cases[i].text : cases[i].want;

        if (url_parse(&url, cases[i].text, strlen(cases[i].text), error) != ERR_OK) {
            fail_msg("%s: %s", cases[i].text, error);
        }
        assert_int_equal(url.hosts_count, cases[i].hosts_count);
        assert_int_equal(url.relays_count, cases[i].relays_count);
        assert_string_equal(url.relays[0].host.name, cases[i].relay);
        assert_int_equal(url.relays[0].host.port, cases[i].port);
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_string_equal(text, want);
        if (url.relays_count == 1) {
            relay = url_of_relay(&url.relays[0]);
            assert_true(relay.kind == URL_KIND_RELAY && relay.key[31] == 2);
            assert_int_equal(url_print(&relay, text, sizeof(text)), ERR_OK);
            assert_memory_equal(text, "relay://" OTHER "@", strlen("relay://" OTHER "@"));
        }
    }
}

static void relays_are_added_as_hosts_are(void **state)
{
    static const char one[] = "ziglan://" KEY "@a?relay=" OTHER "@r";
    static const char more[] =
        "ziglan://" KEY "@b?relay=" OTHER "@r&relay=" OTHER "@s&relay=" KEY "@t";
    static const char even_more[] = "ziglan://" KEY "?relay=" KEY "@u";
    char error[URL_ERROR_SIZE], printed[URL_SIZE_MAX];
    struct url url, other;

    (void)state;
    assert_int_equal(url_parse(&url, one, strlen(one), error), ERR_OK);
    assert_int_equal(url_parse(&other, more, strlen(more), error), ERR_OK);
    assert_false(url_same_places(&url, &other));
    url_add_places(&url, &other);
    assert_int_equal(url_print(&url, printed, sizeof(printed)), ERR_OK);
    assert_string_equal(printed,
                        "ziglan://" KEY "@a,b?relay=" OTHER "@r&relay=" OTHER "@s&relay=" KEY "@t");
    other = url;
    assert_true(url_same_places(&url, &other));
    other.relays[1].host.port = 1;
    assert_false(url_same_places(&url, &other));
    assert_int_equal(url_parse(&other, even_more, strlen(even_more), error), ERR_OK);
    url_add_places(&url, &other); /* there is no room for a fourth relay */
    assert_int_equal(url.relays_count, URL_RELAYS_MAX);
}

static void assert_refused(const char *text, const char *says)
{
    struct url url;
    char error[URL_ERROR_SIZE] = "";

    memset(&url, 0x55, sizeof(url));
    if (url_parse(&url, text, strlen(text), error) != ERR_DROP || strstr(error, says) == NULL ||
        url.hosts_count != 0x5555555555555555) {
        fail_msg("\"%s\" says \"%s\"", text, error);
    }
}

static void bad_urls_are_refused_with_place_and_remedy(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "must begin with ziglan://"},
        {"https://example.org", "must begin with ziglan://"},
        {"ziglan:" KEY "@a", "must begin with ziglan://"},
        {"ziglan://example.org", "has 11 characters instead of 52"},
        {"ziglan://", "key at character 10 has 0 characters"},
        {"ziglan://?relay=" OTHER "@r", "key at character 10 has 0 characters"},
        {"relay://example.org",
         "no @ between key and host after character 8: the form is relay://"},
        {"ziglan://abc@a", "has 3 characters instead of 52"},
        {"ziglan://" KEY "a@a", "has 53 characters"},
        {"ziglan://1eaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaq@a",
         "key at character 10 is mistyped"},
        {"ziglan://aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeab@a", "mistyped"},
        {"ziglan://" KEY "@", "host at character 63 is empty"},
        {"ziglan://" KEY "@a,,b", "host at character 65 is empty"},
        {"ziglan://" KEY "@a,", "is empty"},
        {"ziglan://" KEY "@:443", "is empty"},
        {"ziglan://" KEY "@a,b,c,d,e,f,g,h,i", "too many hosts"},
        {"relay://" KEY "@a,b", "too many hosts"},
        {"ziglan://" KEY "@a:0", "number from 1 to 65535"},
        {"ziglan://" KEY "@a:65536", "number from 1 to 65535"},
        {"ziglan://" KEY "@a:99999999999999999999", "number from 1 to 65535"},
        {"ziglan://" KEY "@a:", "number from 1 to 65535"},
        {"ziglan://" KEY "@a:44x", "number from 1 to 65535"},
        {"ziglan://" KEY "@a b", "character 64 is a space"},
        {"ziglan://" KEY "@a\n", "character 64 is a space, control"},
        {"ziglan://" KEY "@a\x7f", "character 64 is a space, control"},
        {"ziglan://" KEY "@\xc3\xa4", "not ASCII"},
        {"ziglan://" KEY "@a_b", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@a..b", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@-a", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@192.0.2.256", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@1", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@a.09", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@2001:db8::1", "at character 63 needs brackets"},
        {"ziglan://" KEY "@a,2001:db8::1:4433", "at character 65 needs brackets"},
        {"ziglan://" KEY "@fe80::1", "needs brackets"},
        {"ziglan://" KEY "@::", "needs brackets"},
        {"ziglan://" KEY "@[2001:db8::1", "brackets at character 63 must enclose an IPv6 address"},
        {"ziglan://" KEY "@[2001:db8::1]443", "must enclose an IPv6 address"},
        {"ziglan://" KEY "@[192.0.2.1]", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@[a]", "neither a DNS name nor an address"},
        {"ziglan://" KEY "@[]", "is empty"},
        {"ziglan://" KEY "@a/b", "neither a DNS name"},
        {"ziglan://" KEY "@a#b", "neither a DNS name"},
        {"ziglan://" KEY "@a@b", "neither a DNS name"},
        {"ziglan://" KEY "@a?invite=abc", "invite at character 72 is not 26"},
        {"ziglan://" KEY "@a?invite=", "is not 26"},
        {"ziglan://" KEY "@a?invite=" TOKEN "&invite=" TOKEN, "second invite"},
        {"ziglan://" KEY "@a?name=Anna", "name at character 70"},
        {"ziglan://" KEY "@a?name=", "name at character 70"},
        {"ziglan://" KEY "@a?name=a&name=b", "must be one of"},
        {"ziglan://" KEY "@a?name=" LABEL63 "d", "name at character 70"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_refused(cases[i].text, cases[i].says);
    }
}

static void bad_relays_in_urls_are_refused_with_place_and_remedy(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"ziglan://" KEY "?relay=", "relay at character 69 has no @ between key and host"},
        {"ziglan://" KEY "?relay=" OTHER, "relay at character 69 has no @"},
        {"ziglan://" KEY "?relay=r.example", "relay at character 69 has no @"},
        {"ziglan://" KEY "?relay=abc@r", "key at character 69 has 3 characters instead of 52"},
        {"ziglan://" KEY "?relay=" OTHER "@", "host at character 122 is empty"},
        {"ziglan://" KEY "?relay=" OTHER "@a,b", "neither a DNS name"},
        {"ziglan://" KEY "?relay=" OTHER "@r:0", "number from 1 to 65535"},
        {"ziglan://" KEY "?relay=" OTHER "@0.0.0.0", "not one of a single machine"},
        {"ziglan://" KEY "?relay=" OTHER "@2001:db8::1", "needs brackets"},
        {"ziglan://" KEY "?relay=" OTHER "@a&relay=" OTHER "@b&relay=" OTHER "@c&relay=" OTHER "@d",
         "too many relays at character 252: at most 3"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_refused(cases[i].text, cases[i].says);
    }
}

static void addresses_of_nobody_or_of_many_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"ziglan://" KEY "@0.0.0.0", "address at character 63 is not one of a single machine"},
        {"ziglan://" KEY "@0.1.2.3", "not one of a single machine"},
        {"ziglan://" KEY "@224.0.0.1", "not one of a single machine"},
        {"ziglan://" KEY "@255.255.255.255:443", "not one of a single machine"},
        {"ziglan://" KEY "@a,[::]", "address at character 66 is not one of a single machine"},
        {"ziglan://" KEY "@[ff02::1]", "not one of a single machine"},
        {"ziglan://" KEY "@[::ffff:224.0.0.1]", "not one of a single machine"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_refused(cases[i].text, cases[i].says);
    }
}

static void the_longest_hosts_fit_and_longer_ones_do_not(void **state)
{
    char text[URL_SIZE_MAX + 200], error[URL_ERROR_SIZE], printed[URL_SIZE_MAX];
    size_t size = (size_t)snprintf(text, sizeof(text), "ziglan://" KEY "@");
    struct url url;

    (void)state;
    for (int i = 0; i < 8; i++) { /* 63.63.63.61 characters are 253 */
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 "%s" LABEL63 "." LABEL63 "." LABEL63 ".%.61s:65535",
                                 i == 0 ? "" : ",", LABEL63);
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "?invite=" TOKEN "&name=" LABEL63);
    assert_int_equal(url_parse(&url, text, size, error), ERR_OK);
    assert_int_equal(url_print(&url, printed, sizeof(printed)), ERR_OK);
    assert_string_equal(printed, text);
    (void)snprintf(text, sizeof(text), "relay://" KEY "@" LABEL63 "." LABEL63 "." LABEL63 ".%.62s",
                   LABEL63);
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_DROP);
    assert_non_null(strstr(error, "longer than 253"));
    /* What is not understood counts towards the length of the whole. */
    size = (size_t)snprintf(text, sizeof(text), "ziglan://" KEY "@a?x=");
    memset(text + size, 'a', sizeof(text) - size);
    assert_int_equal(url_parse(&url, text, URL_SIZE_MAX, error), ERR_OK);
    assert_int_equal(url_parse(&url, text, URL_SIZE_MAX + 1, error), ERR_DROP);
    assert_non_null(strstr(error, "more than"));
}

static void no_truncation_or_flip_does_harm(void **state)
{
    static const char text[] = "ziglan://" KEY "@a.example:443,[2001:db8::1]:1?relay=" OTHER
                               "@[2001:db8::2]:443&invite=" TOKEN "&name=anna";
    char error[URL_ERROR_SIZE], printed[URL_SIZE_MAX];
    struct url url;

    (void)state;
    for (size_t cut = 0; cut < strlen(text); cut++) {
        uint8_t *copy = fixture_copy((const uint8_t *)text, cut);

        (void)!url_parse(&url, (const char *)copy, cut, error);
        free(copy);
    }
    for (size_t i = 0; i < strlen(text) * 8; i++) {
        uint8_t *copy = fixture_copy((const uint8_t *)text, strlen(text));

        copy[i / 8] ^= (uint8_t)(1U << i % 8);
        if (url_parse(&url, (const char *)copy, strlen(text), error) == ERR_OK) {
            assert_int_equal(url_print(&url, printed, sizeof(printed)), ERR_OK);
            assert_int_equal(url_parse(&url, printed, strlen(printed), error), ERR_OK);
        } else {
            assert_true(strlen(error) > 20 && strlen(error) < URL_ERROR_SIZE - 1);
        }
        free(copy);
    }
}

/* Takes the hosts of a text into the URL, and checks how it is printed then. */
static void assert_hosts(struct url *url, int rc, const char *text, const char *want)
{
    uint8_t *copy = fixture_copy((const uint8_t *)text, strlen(text));
    char printed[URL_SIZE_MAX];

    assert_int_equal(url_set_hosts(url, (const char *)copy, strlen(text)), rc);
    assert_int_equal(url_print(url, printed, sizeof(printed)), ERR_OK);
    assert_string_equal(printed + strlen("ziglan://" KEY "@"), want);
    free(copy);
}

static void hosts_are_replaced_and_added(void **state)
{
    static const char text[] = "ziglan://" KEY "@a,b:2?name=home";
    char error[URL_ERROR_SIZE], printed[URL_SIZE_MAX];
    struct url url, more;

    (void)state;
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    more = url;
    assert_true(url_same_places(&url, &more));
    assert_hosts(&url, ERR_DROP, "", "a,b:2?name=home");
    assert_hosts(&url, ERR_DROP, "c,", "a,b:2?name=home");
    assert_hosts(&url, ERR_DROP, "c d", "a,b:2?name=home");
    assert_hosts(&url, ERR_DROP, "c,0.0.0.0", "a,b:2?name=home");
    assert_hosts(&url, ERR_DROP, "c?name=x", "a,b:2?name=home");
    assert_hosts(&url, ERR_DROP, "a,b,c,d,e,f,g,h,i", "a,b:2?name=home");
    assert_hosts(&url, ERR_OK, "B:2,A", "b:2,a?name=home");
    assert_false(url_same_places(&url, &more)); /* the order differs */
    url_add_places(&url, &more);
    assert_hosts(&more, ERR_OK, "b,[2001:db8::1]:443,c,d,e,f,g,h", /* b has no port here */
                 "b,[2001:db8::1]:443,c,d,e,f,g,h?name=home");
    url_add_places(&url, &more);
    assert_int_equal(url_print(&url, printed, sizeof(printed)), ERR_OK);
    assert_string_equal(printed, "ziglan://" KEY "@b:2,a,b,[2001:db8::1]:443,c,d,e,f?name=home");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_replaced_and_added),
        cmocka_unit_test(good_urls_are_parsed_and_printed_again),
        cmocka_unit_test(the_parts_of_an_invitation_are_told),
        cmocka_unit_test(a_ziglan_is_named_by_its_key_and_by_relays_that_know_it),
        cmocka_unit_test(relays_are_added_as_hosts_are),
        cmocka_unit_test(bad_urls_are_refused_with_place_and_remedy),
        cmocka_unit_test(bad_relays_in_urls_are_refused_with_place_and_remedy),
        cmocka_unit_test(addresses_of_nobody_or_of_many_are_refused),
        cmocka_unit_test(the_longest_hosts_fit_and_longer_ones_do_not),
        cmocka_unit_test(no_truncation_or_flip_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
