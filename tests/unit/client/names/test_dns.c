/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS answers: a table of every kind of name and question, and messages that are no queries. */
#include "client/names/dns.h"

#include "tests/support/fixture.h"

#include <ldns/ldns.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_A "00000000000000000000000000000000"

static bool by_name(void *context, const char *name, struct dns_addresses *out)
{
    static const char *const known[] = {"nas", "nas.home", KEY_A, HEX_A "." HEX_A};

    (void)context;
    for (size_t i = 0; i < TEST_COUNT(known); i++) {
        if (strcmp(known[i], name) == 0) {
            *out = (struct dns_addresses){.has_ipv4 = true,
                                          .has_ipv6 = true,
                                          .ipv4 = {100, 64, 1, 2},
                                          .ipv6 = {0xfd, 0xd9, 0xf8, 0, [15] = 7}};
            return true;
        }
    }
    if (strcmp(name, "six") == 0) {
        *out = (struct dns_addresses){.has_ipv6 = true, .ipv6 = {0xfd, 0xd9, 0xf8, 0, [15] = 6}};
        return true;
    }
    return false;
}

static bool by_address(void *context, const uint8_t *ip, size_t size, char name[DNS_HOST_SIZE])
{
    static const uint8_t v4[4] = {100, 64, 1, 2};
    static const uint8_t v6[16] = {0xfd, 0xd9, 0xf8, 0, [15] = 7};

    (void)context;
    if ((size == 4 && memcmp(ip, v4, 4) == 0) || (size == 16 && memcmp(ip, v6, 16) == 0)) {
        (void)snprintf(name, DNS_HOST_SIZE, "nas");
        return true;
    }
    return false;
}

static bool is_ziglan(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "home") == 0;
}

static const struct dns_config config = {
    .pool = {100, 64, 0, 0},
    .pool_prefix = 16,
    .resolver = {100, 64, 0, 53},
    .lookup = {.by_name = by_name, .by_address = by_address, .is_ziglan = is_ziglan}};

#define REVERSE_7 "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.f.9.d.d.f.ip6.arpa"

static const struct dns_case {
    const char *question; /* name and type */
    int rcode;
    const char *want; /* the answer section holds it; "": empty, with SOA; NULL: empty, without */
} cases[] = {
    {"nas.zignet A", 0, "A\t100.64.1.2"},
    {"nas.zignet AAAA", 0, "AAAA\tfdd9:f800::7"},
    {"NaS.ZigNet A", 0, "A\t100.64.1.2"},
    {"nas.home.zignet A", 0, "A\t100.64.1.2"},
    {KEY_A ".zignet AAAA", 0, "AAAA\tfdd9:f800::7"},
    {HEX_A "." HEX_A ".zignet A", 0, "A\t100.64.1.2"},
    {HEX_A ".zignet A", 0, ""},
    {"nas.zignet MX", 0, ""},
    {"nas.zignet TXT", 0, ""},
    {"six.zignet A", 0, ""},
    {"six.zignet AAAA", 0, "AAAA\tfdd9:f800::6"},
    {"nobody.zignet A", 3, ""},
    {"nas.other.zignet A", 3, ""},
    {"home.zignet A", 0, ""},
    {"HOME.zignet AAAA", 0, ""},
    {"other.zignet A", 3, ""},
    {"my\\032printer.zignet A", 3, ""},
    {"my\\032printer.home.zignet A", 3, ""},
    {"1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.aa.bb.cc.zignet A", 3,
     ""},
    {"a.b.c.zignet A", 3, ""},
    {"zignet SOA", 0, "SOA\tadmin.zignet."},
    {"zignet NS", 0, "NS\tadmin.zignet."},
    {"zignet A", 0, ""},
    {"admin.zignet A", 0, "A\t100.64.0.53"},
    {"admin.zignet AAAA", 0, ""},
    {"localhost.zignet A", 0, "A\t127.0.0.1"},
    {"localhost.zignet AAAA", 0, "AAAA\t::1"},
    {"example.org A", 5, NULL},
    {"zignet.org A", 5, NULL},
    {". NS", 5, NULL},
    {"2.1.64.100.in-addr.arpa PTR", 0, "PTR\tnas.zignet."},
    {"53.0.64.100.in-addr.arpa PTR", 0, "PTR\tadmin.zignet."},
    {"9.9.64.100.in-addr.arpa PTR", 3, ""},
    {"2.1.64.100.in-addr.arpa A", 0, ""},
    {"64.100.in-addr.arpa SOA", 0, "64.100.in-addr.arpa.\t10\tIN\tSOA"},
    {"1.64.100.in-addr.arpa PTR", 0, ""},
    {"2.1.65.100.in-addr.arpa PTR", 5, NULL},
    {"100.in-addr.arpa PTR", 5, NULL},
    {"300.1.64.100.in-addr.arpa PTR", 3, ""},
    {"02.1.64.100.in-addr.arpa PTR", 3, ""},
    {"x.2.1.64.100.in-addr.arpa PTR", 3, ""},
    {"300.64.100.in-addr.arpa PTR", 3, ""},
    {"064.100.in-addr.arpa PTR", 5, NULL},
    {REVERSE_7 " PTR", 0, "PTR\tnas.zignet."},
    {"8.f.9.d.d.f.ip6.arpa SOA", 0, "SOA\tadmin.zignet."},
    {"0.0.8.f.9.d.d.f.ip6.arpa PTR", 0, ""},
    {"0.f.9.d.d.f.ip6.arpa PTR", 5, NULL},
    {"xx.8.f.9.d.d.f.ip6.arpa PTR", 3, ""},
    {"1." REVERSE_7 " PTR", 3, ""},
};

static size_t query_make(uint8_t **wire, const char *question, uint16_t edns_size)
{
    char name[300];
    char type[16];
    size_t space = strcspn(question, " ");
    ldns_pkt *query = NULL;
    size_t size = 0;

    (void)snprintf(name, sizeof(name), "%.*s", (int)space, question);
    (void)snprintf(type, sizeof(type), "%s", question + space + 1);
    query = ldns_pkt_query_new(ldns_dname_new_frm_str(name), ldns_get_rr_type_by_name(type),
                               LDNS_RR_CLASS_IN, LDNS_RD);
    assert_non_null(query);
    ldns_pkt_set_id(query, 0x1234);
    if (edns_size > 0) {
        ldns_pkt_set_edns_udp_size(query, edns_size);
    }
    assert_int_equal(ldns_pkt2wire(wire, query, &size), LDNS_STATUS_OK);
    ldns_pkt_free(query);
    return size;
}

static ldns_pkt *ask(const char *question, uint16_t edns_size)
{
    uint8_t out[DNS_MESSAGE_SIZE_MAX];
    uint8_t *wire = NULL;
    size_t size = query_make(&wire, question, edns_size);
    ldns_pkt *answer = NULL;

    size = dns_answer(&config, wire, size, false, out);
    assert_true(size > 0);
    assert_true(size <= DNS_UDP_SIZE_DEFAULT || edns_size > 0);
    assert_int_equal(ldns_wire2pkt(&answer, out, size), LDNS_STATUS_OK);
    free(wire);
    return answer;
}

static void every_kind_of_name_and_question_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const struct dns_case *c = &cases[i];
        ldns_pkt *answer;
        char *text;

        print_message("%s\n", c->question);
        answer = ask(c->question, 0);
        text = ldns_rr_list2str(ldns_pkt_answer(answer));
        assert_int_equal(ldns_pkt_get_rcode(answer), c->rcode);
        assert_int_equal(ldns_pkt_id(answer), 0x1234);
        assert_true(ldns_pkt_qr(answer));
        assert_true(ldns_pkt_rd(answer));
        assert_false(ldns_pkt_ra(answer));
        assert_int_equal(ldns_pkt_aa(answer), c->want != NULL);
        assert_int_equal(ldns_pkt_qdcount(answer), 1);
        if (c->want != NULL && c->want[0] != '\0') {
            assert_int_equal(ldns_pkt_ancount(answer), 1);
            assert_non_null(strstr(text, c->want));
        } else {
            assert_int_equal(ldns_pkt_ancount(answer), 0);
            assert_int_equal(ldns_pkt_nscount(answer), c->want != NULL ? 1 : 0);
        }
        free(text);
        ldns_pkt_free(answer);
    }
}

static void any_gives_both_addresses_and_edns_is_answered_with_edns(void **state)
{
    ldns_pkt *answer = ask("nas.zignet ANY", 4096);

    (void)state;
    assert_int_equal(ldns_pkt_ancount(answer), 2);
    assert_true(ldns_pkt_edns(answer));
    assert_int_equal(ldns_pkt_edns_udp_size(answer), DNS_UDP_SIZE_MAX);
    ldns_pkt_free(answer);
}

static void an_unknown_edns_version_is_badvers(void **state)
{
    uint8_t out[DNS_MESSAGE_SIZE_MAX];
    uint8_t *wire = NULL;
    size_t size = query_make(&wire, "nas.zignet A", 1232);
    ldns_pkt *answer = NULL;

    (void)state;
    wire[size - 5] = 1; /* the version, before flags and an empty rdata */
    size = dns_answer(&config, wire, size, false, out);
    assert_int_equal(ldns_wire2pkt(&answer, out, size), LDNS_STATUS_OK);
    assert_int_equal(ldns_pkt_edns_extended_rcode(answer), 1);
    assert_int_equal(ldns_pkt_ancount(answer), 0);
    ldns_pkt_free(answer);
    free(wire);
}

static void what_is_no_query_is_refused_or_ignored(void **state)
{
    uint8_t out[DNS_MESSAGE_SIZE_MAX];
    uint8_t *wire = NULL;
    size_t size = query_make(&wire, "nas.zignet A", 0);

    (void)state;
    assert_int_equal(dns_answer(&config, wire, 11, false, out), 0);
    wire[2] |= 0x80; /* an answer */
    assert_int_equal(dns_answer(&config, wire, size, false, out), 0);
    wire[2] = 0x28; /* UPDATE */
    assert_int_equal(dns_answer(&config, wire, size, false, out), 12);
    assert_int_equal(out[3], LDNS_RCODE_NOTIMPL);
    wire[2] = 0;
    wire[5] = 2; /* two questions */
    assert_int_equal(dns_answer(&config, wire, size, false, out), 12);
    assert_int_equal(out[3], LDNS_RCODE_FORMERR);
    wire[5] = 0;
    assert_int_equal(dns_answer(&config, wire, size, false, out), 12);
    assert_int_equal(out[3], LDNS_RCODE_FORMERR);
    free(wire);
}

static void every_truncation_and_single_byte_flip_is_harmless(void **state)
{
    uint8_t out[DNS_MESSAGE_SIZE_MAX];
    uint8_t *wire = NULL;
    size_t size = query_make(&wire, "nas.home.zignet AAAA", 1232);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1);

        memcpy(exact, wire, cut);
        assert_true(dns_answer(&config, exact, cut, false, out) <= DNS_UDP_SIZE_MAX);
        free(exact);
    }
    for (size_t i = 0; i < size; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            wire[i] = (uint8_t)(wire[i] ^ flip);
            assert_true(dns_answer(&config, wire, size, false, out) <= DNS_UDP_SIZE_MAX);
            wire[i] = (uint8_t)(wire[i] ^ flip);
        }
    }
    free(wire);
}

struct zones_case {
    const char *name;
    uint8_t pool[4];
    uint8_t prefix;
    size_t count;
    const char *first, *last;
};

static void reverse_zones_cover_the_pool(void **state)
{
    static const struct zones_case zones_cases[] = {
        {"/16", {100, 64, 0, 0}, 16, 2, "64.100.in-addr.arpa", "64.100.in-addr.arpa"},
        {"/8", {10, 0, 0, 0}, 8, 2, "10.in-addr.arpa", "10.in-addr.arpa"},
        {"/20", {192, 168, 208, 0}, 20, 17, "208.168.192.in-addr.arpa", "223.168.192.in-addr.arpa"},
        {"/9", {10, 128, 0, 0}, 9, 129, "128.10.in-addr.arpa", "255.10.in-addr.arpa"},
        {"/28", {10, 0, 0, 16}, 28, 17, "16.0.0.10.in-addr.arpa", "31.0.0.10.in-addr.arpa"},
    };
    static char zones[DNS_ZONES_MAX][DNS_ZONE_SIZE];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(zones_cases); i++) {
        const struct zones_case *c = &zones_cases[i];
        struct dns_config own = {.pool_prefix = c->prefix};
        size_t count;

        print_message("%s\n", c->name);
        memcpy(own.pool, c->pool, 4);
        count = dns_reverse_zones(&own, zones, DNS_ZONES_MAX);
        assert_int_equal(count, c->count);
        assert_string_equal(zones[0], c->first);
        assert_string_equal(zones[count - 2], c->last);
        assert_string_equal(zones[count - 1], "8.f.9.d.d.f.ip6.arpa");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_name_and_question_has_its_answer),
        cmocka_unit_test(any_gives_both_addresses_and_edns_is_answered_with_edns),
        cmocka_unit_test(an_unknown_edns_version_is_badvers),
        cmocka_unit_test(what_is_no_query_is_refused_or_ignored),
        cmocka_unit_test(every_truncation_and_single_byte_flip_is_harmless),
        cmocka_unit_test(reverse_zones_cover_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
