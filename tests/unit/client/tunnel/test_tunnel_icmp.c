/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ICMP errors across the tunnel: what the sender gets quoted is the packet that it sent, with its
 * own addresses; and the errors that the client makes itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/tunnel/icmp.h"
#include "proto/base/err.h"

#include "tests/support/tunnel_packets.h"

/* An error of type and code about `quote`, from its destination to its source. */
static void error_about(struct spec *error, const struct spec *about, uint8_t type, uint8_t code,
                        const uint8_t *quote, size_t quote_size)
{
    memset(error, 0, offsetof(struct spec, payload));
    error->v6 = about->v6;
    error->back = !about->back;
    error->source = about->destination;
    error->destination = about->source;
    error->protocol = about->v6 ? 58 : 1;
    error->hop_limit = 64;
    error->df = !about->v6;
    error->payload[0] = type;
    error->payload[1] = code;
    memset(error->payload + 2, 0, 6);
    put16(error->payload + 6, 1234);
    memcpy(error->payload + 8, quote, quote_size);
    error->payload_size = 8 + quote_size;
}

static void any_error(uint8_t *type, bool v6, struct rng *rng)
{
    static const uint8_t types4[] = {3, 4, 11, 12};
    static const uint8_t types6[] = {1, 2, 3, 4, 100};

    *type = v6 ? types6[rng_below(rng, 5)] : types4[rng_below(rng, 4)];
}

/* A quote that ends between the two bytes of a checksum cannot be right at both hosts. */
static size_t without_half_checksum(const struct spec *spec, size_t quote_size)
{
    int place = checksum_place(spec->v6, spec->protocol);
    size_t at = (spec->v6 ? 40u : 20u) + spec->extra_size + (size_t)(place < 0 ? 0 : place);

    return quote_size == at + 1 ? at : quote_size;
}

/* B answers what it got with an error that quotes it; A must be quoted what it sent. `sent` is the
 * packet as built at its sender, `seen` as the other received it. */
static void expect_quoted(const struct two_hosts *two, const struct spec *spec, const uint8_t *sent,
                          const uint8_t *seen, size_t quote_size, struct spec *error, uint8_t type)
{
    uint8_t built[SPEC_PACKET_MAX];
    uint8_t wanted[SPEC_PACKET_MAX];
    const struct tunnel_pair *from = spec->back ? &two->a : &two->b;
    const struct tunnel_pair *to = spec->back ? &two->b : &two->a;
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};

    error_about(error, spec, type, 1, seen, quote_size);
    struct packet packet = {.data = built, .size = spec_build(built, error, two, spec->back)};

    error_about(error, spec, type, 1, sent, quote_size);
    size_t size = spec_build(wanted, error, two, !spec->back);

    assert_int_equal(carry(&got, &memory, from, to, &packet, &next_id), ERR_OK);
    assert_int_equal(got.size, size);

    /* 0 and 0xffff are one number in the message's own checksum. */
    size_t place = (spec->v6 ? 40u : 20u) + 2;

    assert_int_equal((got.data[place] << 8 | got.data[place + 1]) % 0xffff,
                     (wanted[place] << 8 | wanted[place + 1]) % 0xffff);
    memcpy(wanted + place, got.data + place, 2);
    assert_memory_equal(got.data, wanted, size);
    free(memory);
}

static void quotes_come_back_as_they_were_sent(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {1};

    (void)state;
    for (int i = 0; i < 6000; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t type;

        spec_random(&spec, &rng);
        spec.udp_zero = spec.protocol == 17 && rng_below(&rng, 3) == 0;

        size_t size = spec_build(sent, &spec, &two, !spec.back);
        size_t header = spec.v6 ? 40 : 20;
        /* From the IP header and nothing, over the usual 8 bytes, to all there is. */
        size_t quote = header + rng_below(&rng, 30);

        spec_build(seen, &spec, &two, spec.back);
        if (i % 3 == 0 || quote > size) {
            quote = size < 1200 ? size : 1200;
        }
        any_error(&type, spec.v6, &rng);
        quote = without_half_checksum(&spec, quote);
        expect_quoted(&two, &spec, sent, seen, quote, &error, type);
    }
}

static void quoted_udp_checksums_never_become_none(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {9};

    (void)state;
    for (int i = 0; i < 600; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t wire[2];

        spec_random_of(&spec, &rng, 17);
        put16(spec.payload + 8, 0);

        /* A payload word that makes the checksum zero at the sender, at the receiver, or as it
         * travels: without what the quote's addresses add. */
        size_t size = spec_build(sent, &spec, &two, i % 3 == 0 ? !spec.back : spec.back);
        uint8_t *udp = sent + size - spec.payload_size;
        const uint8_t tail[4] = {0, 17, udp[4], udp[5]};
        bool keeps = spec.v6 && (spec.source != SPEC_OWN || spec.destination != SPEC_OWN);

        memcpy(wire, udp + 6, 2);
        if (i % 3 == 2 && !keeps) {
            put16(udp + 6, 0);
            put16(wire, (uint16_t)~naive_sum(naive_sum(0, tail, 4), udp, spec.payload_size));
        }
        memcpy(spec.payload + 8, wire, 2);
        size = spec_build(sent, &spec, &two, !spec.back);
        spec_build(seen, &spec, &two, spec.back);
        expect_quoted(&two, &spec, sent, seen, (spec.v6 ? 40u : 20u) + 8, &error, spec.v6 ? 1 : 3);
    }
}

static void quotes_of_whole_packets_come_back_too(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {2};

    (void)state;
    for (int i = 0; i < 3000; i++) {
        static const uint8_t router_alert[4] = {148, 4, 0, 0};
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t type;

        spec_random(&spec, &rng);
        if (spec.v6) {
            spec.extra_first = 44; /* a first or a later fragment */
            spec.extra_size = 8;
            spec.extra[0] = spec.protocol;
            spec.fragment = true;
            spec.part_at = i % 2 == 0 || spec.payload_size < 40 ? 0 : 24;
            spec.part_size = spec.payload_size - spec.part_at;
            put16(spec.extra + 2, (unsigned)spec.part_at);
        } else {
            spec.extra_size = sizeof(router_alert);
            memcpy(spec.extra, router_alert, sizeof(router_alert));
        }
        size_t size = spec_build(sent, &spec, &two, !spec.back);
        size_t quote = (spec.v6 ? 40 : 24) + rng_below(&rng, 40);

        spec_build(seen, &spec, &two, spec.back);
        any_error(&type, spec.v6, &rng);
        quote = without_half_checksum(&spec, quote < size ? quote : size);
        expect_quoted(&two, &spec, sent, seen, quote, &error, type);
    }
}

static void errors_in_whole_packets_are_translated_too(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    static struct spec wanted_error;
    struct rng rng = {3};

    (void)state;
    for (int i = 0; i < 500; i++) {
        uint8_t sent[SPEC_PACKET_MAX];
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t built[SPEC_PACKET_MAX];
        uint8_t wanted[SPEC_PACKET_MAX];
        uint8_t *memory;
        uint16_t next_id = 0;
        struct packet got = {0};

        spec_random(&spec, &rng);
        spec.back = false;
        size_t quote = (spec.v6 ? 40u : 20u) + 20;

        spec_build(sent, &spec, &two, true);
        spec_build(seen, &spec, &two, false);
        error_about(&error, &spec, spec.v6 ? 1 : 3, 1, seen, quote);
        error_about(&wanted_error, &spec, spec.v6 ? 1 : 3, 1, sent, quote);
        if (spec.v6) {
            static const uint8_t padding[8] = {58, 0, 1, 4};

            error.extra_first = wanted_error.extra_first = 60;
            error.extra_size = wanted_error.extra_size = 8;
            memcpy(error.extra, padding, 8);
            memcpy(wanted_error.extra, padding, 8);
        } else {
            error.extra_size = wanted_error.extra_size = 4;
            memset(error.extra, 1, 4);
            memset(wanted_error.extra, 1, 4);
        }
        struct packet packet = {.data = built, .size = spec_build(built, &error, &two, false)};
        size_t size = spec_build(wanted, &wanted_error, &two, true);

        assert_int_equal(carry(&got, &memory, &two.b, &two.a, &packet, &next_id), ERR_OK);
        assert_int_equal(got.size, size);
        assert_memory_equal(got.data, wanted, size);
        free(memory);
    }
}

static void wrong_checksums_in_a_quote_stay_wrong(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {4};
    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t seen[SPEC_PACKET_MAX];
    uint8_t built[SPEC_PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 0;
    struct packet got = {0};

    (void)state;
    do {
        spec_random(&spec, &rng);
    } while (spec.v6 || spec.protocol != 6 || spec.back);
    spec_build(sent, &spec, &two, true);
    spec.spoil = 77;
    spec_build(seen, &spec, &two, false);
    seen[10] ^= 0x10; /* the quoted header's own */
    error_about(&error, &spec, 3, 1, seen, 40);
    struct packet packet = {.data = built, .size = spec_build(built, &error, &two, false)};

    assert_int_equal(carry(&got, &memory, &two.b, &two.a, &packet, &next_id), ERR_OK);
    assert_int_equal(naive_sum(0, got.data + 20, got.size - 20), 0xffff);
    assert_int_not_equal(naive_sum(0, got.data + 28, 20), 0xffff);
    unsigned want = (unsigned)sent[20 + 16] << 8 | sent[20 + 17];
    unsigned have = (unsigned)got.data[28 + 20 + 16] << 8 | got.data[28 + 20 + 17];

    assert_int_equal((want + 77) % 0xffff, have % 0xffff);
    free(memory);
}

static void quotes_of_others_are_refused(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {5};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t built[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size;

        spec_random(&spec, &rng);
        spec_build(seen, &spec, &two, spec.back);
        size_t header = spec.v6 ? 40 : 20;

        switch (i % 4) {
        case 0: /* a foreign source */
            seen[spec.v6 ? 9 : 13] ^= 1;
            break;
        case 1: /* a foreign destination */
            seen[spec.v6 ? 25 : 17] ^= 1;
            break;
        case 2: /* not an IP packet of this family */
            seen[0] ^= 0x20;
            break;
        default: { /* the reverse: a packet that this host sent itself */
            uint8_t address[16];
            size_t n = spec.v6 ? 16 : 4;
            uint8_t *source = seen + (spec.v6 ? 8 : 12);

            memcpy(address, source, n);
            memmove(source, source + n, n);
            memcpy(source + n, address, n);
        }
        }
        error_about(&error, &spec, spec.v6 ? 3 : 11, 0, seen, header + 8);
        struct packet packet = {.data = built, .size = spec_build(built, &error, &two, spec.back)};

        assert_int_equal(
            strip_one(plain, sizeof(plain), &size, spec.back ? &two.a : &two.b, &packet), ERR_DROP);
        /* A quote that ends within its IP header. */
        spec_build(seen, &spec, &two, spec.back);
        error_about(&error, &spec, spec.v6 ? 3 : 11, 0, seen, rng_below(&rng, (uint32_t)header));
        packet.size = spec_build(built, &error, &two, spec.back);
        assert_int_equal(
            strip_one(plain, sizeof(plain), &size, spec.back ? &two.a : &two.b, &packet), ERR_DROP);
    }
}

static unsigned try_hostile(const struct tunnel_pair *pair, const uint8_t *plain, size_t size)
{
    uint8_t *memory;
    struct packet got = {0};
    uint16_t next_id = 0;
    unsigned accepted = 0;

    if (rebuild_copy(&got, &memory, pair, plain, size, &next_id) == ERR_OK) {
        bool v6 = got.data[0] >> 4 == 6;
        size_t header = v6 ? 40 : 20;
        uint8_t type = got.data[header];
        uint8_t protocol = got.data[v6 ? 6 : 9];

        accepted = 1;
        assert_true(of_host(&pair->peer, v6, got.data + (v6 ? 8 : 12)));
        assert_true(of_host(&pair->own, v6, got.data + (v6 ? 24 : 16)));
        if (v6 ? protocol == 58 && type < 128
               : protocol == 1 && (type == 3 || type == 4 || type == 11 || type == 12)) {
            const uint8_t *quote = got.data + header + 8;

            assert_true(got.size >= 2 * header + 8);
            assert_true(of_host(&pair->own, v6, quote + (v6 ? 8 : 12)));
            assert_true(of_host(&pair->peer, v6, quote + (v6 ? 24 : 16)));
        }
    }
    free(memory);
    return accepted;
}

static void hostile_errors_never_quote_foreign_addresses(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    static struct spec error;
    struct rng rng = {6};
    unsigned accepted = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        uint8_t seen[SPEC_PACKET_MAX];
        uint8_t built[SPEC_PACKET_MAX];
        uint8_t plain[SPEC_PACKET_MAX];
        size_t size = 0;

        spec_random(&spec, &rng);
        spec.back = false;
        spec_build(seen, &spec, &two, false);
        error_about(&error, &spec, spec.v6 ? 1 : 3, 1, seen, (spec.v6 ? 40u : 20u) + 20);
        struct packet packet = {.data = built, .size = spec_build(built, &error, &two, false)};

        assert_int_equal(strip_one(plain, sizeof(plain), &size, &two.b, &packet), ERR_OK);
        assert_null(memmem(plain, size, two.b.own.v4, 4));
        assert_null(memmem(plain, size, two.b.peer.v4, 4));
        for (size_t cut = 0; cut <= size; cut++) {
            accepted += try_hostile(&two.a, plain, cut);
        }
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                plain[at] ^= (uint8_t)(1u << bit);
                accepted += try_hostile(&two.a, plain, size);
                plain[at] ^= (uint8_t)(1u << bit);
            }
        }
    }
    assert_true(accepted > 10000);
}

/* Everything about an error of ours, checked the plain way. */
static void expect_error(const struct packet *error, const uint8_t *cause, size_t cause_size,
                         bool v6, uint8_t type, uint8_t code, uint16_t mtu)
{
    size_t header = v6 ? 40 : 20;
    size_t n = v6 ? 16 : 4;
    size_t source_at = v6 ? 8 : 12;
    const uint8_t *icmp = error->data + header;
    size_t icmp_size = error->size - header;
    uint32_t sum = naive_pseudo(v6, error->data + source_at, error->data + source_at + n,
                                v6 ? 58 : 1, icmp_size);
    size_t wanted_max = v6 ? 1280 : 576;
    size_t wanted = header + 8 + cause_size;

    assert_int_equal(error->size, wanted < wanted_max ? wanted : wanted_max);
    assert_int_equal(error->data[0] >> 4, v6 ? 6 : 4);
    if (v6) {
        assert_int_equal(error->data[4] << 8 | error->data[5], icmp_size);
        assert_int_equal(error->data[6], 58);
    } else {
        assert_int_equal(error->data[2] << 8 | error->data[3], error->size);
        assert_int_equal(error->data[9], 1);
        assert_int_equal(naive_sum(0, error->data, 20), 0xffff);
    }
    assert_memory_equal(error->data + source_at, cause + source_at + n, n);
    assert_memory_equal(error->data + source_at + n, cause + source_at, n);
    assert_int_equal(icmp[0], type);
    assert_int_equal(icmp[1], code);
    assert_int_equal(icmp[4] << 8 | icmp[5], 0);
    assert_int_equal(icmp[6] << 8 | icmp[7], mtu);
    assert_int_equal(naive_sum(sum, icmp, icmp_size), 0xffff);
    assert_memory_equal(icmp + 8, cause, icmp_size - 8);
}

static int error_make(struct packet *error, uint8_t buf[TUNNEL_ICMP_SIZE_MAX],
                      const struct packet *packet, enum tunnel_icmp_reason reason, uint16_t mtu)
{
    struct tunnel_cut cause;
    int rc = tunnel_open(&cause, packet);

    return rc == ERR_OK ? tunnel_icmp_unreachable(error, buf, &cause, reason, mtu) : rc;
}

static void own_errors_tell_why_and_quote_the_cause(void **state)
{
    static const struct {
        enum tunnel_icmp_reason reason;
        uint8_t type4, code4, type6, code6;
    } cases[] = {
        {TUNNEL_ICMP_NO_ROUTE, 3, 0, 1, 0},
        {TUNNEL_ICMP_HOST, 3, 1, 1, 3},
        {TUNNEL_ICMP_ADMIN, 3, 13, 1, 1},
        {TUNNEL_ICMP_TOO_BIG, 3, 4, 2, 0},
    };
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {7};

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        uint8_t cause[SPEC_PACKET_MAX];
        uint8_t *buf = malloc(TUNNEL_ICMP_SIZE_MAX);
        struct packet error = {0};
        bool too_big = cases[i % 4].reason == TUNNEL_ICMP_TOO_BIG;

        spec_random(&spec, &rng);
        struct packet packet = {.data = cause, .size = spec_build(cause, &spec, &two, true)};

        assert_int_equal(error_make(&error, buf, &packet, cases[i % 4].reason, 1280), ERR_OK);
        expect_error(&error, cause, packet.size, spec.v6,
                     spec.v6 ? cases[i % 4].type6 : cases[i % 4].type4,
                     spec.v6 ? cases[i % 4].code6 : cases[i % 4].code4, too_big ? 1280 : 0);
        free(buf);
    }
}

static void no_error_is_sent_where_none_may_be(void **state)
{
    struct two_hosts two = two_hosts_make();
    static struct spec spec;
    struct rng rng = {8};
    uint8_t cause[SPEC_PACKET_MAX];
    uint8_t buf[TUNNEL_ICMP_SIZE_MAX];
    struct packet error = {0};

    (void)state;
    for (int i = 0; i < 600; i++) {
        spec_random(&spec, &rng);
        struct packet packet = {.data = cause, .size = spec_build(cause, &spec, &two, true)};

        switch (i % 6) {
        case 0: /* about an error */
            cause[spec.v6 ? 6 : 9] = spec.v6 ? 58 : 1;
            cause[spec.v6 ? 40 : 20] = 3;
            break;
        case 1: /* to a group */
            cause[spec.v6 ? 24 : 16] = spec.v6 ? 0xff : 224;
            break;
        case 2: /* from nobody */
            memset(cause + (spec.v6 ? 8 : 12), 0, spec.v6 ? 16 : 4);
            break;
        case 3: /* about a later fragment */
            if (spec.v6) {
                cause[6] = 44;
                memset(cause + 40, 0, 8);
                cause[43] = 8;
            } else {
                cause[7] = 3;
            }
            break;
        case 4: /* cut off */
            packet.size = rng_below(&rng, (uint32_t)packet.size);
            break;
        default: /* from a group */
            cause[spec.v6 ? 8 : 12] = 0xff;
        }
        assert_int_equal(error_make(&error, buf, &packet, TUNNEL_ICMP_NO_ROUTE, 0), ERR_DROP);
        assert_null(error.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_come_back_as_they_were_sent),
        cmocka_unit_test(quoted_udp_checksums_never_become_none),
        cmocka_unit_test(quotes_of_whole_packets_come_back_too),
        cmocka_unit_test(errors_in_whole_packets_are_translated_too),
        cmocka_unit_test(wrong_checksums_in_a_quote_stay_wrong),
        cmocka_unit_test(quotes_of_others_are_refused),
        cmocka_unit_test(hostile_errors_never_quote_foreign_addresses),
        cmocka_unit_test(own_errors_tell_why_and_quote_the_cause),
        cmocka_unit_test(no_error_is_sent_where_none_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
