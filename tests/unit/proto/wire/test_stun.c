/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STUN (proto/wire/stun.h): the vectors of RFC 5769, answers, hostile requests. */
#include "tests/support/fixture.h"

#include "tests/support/sha1_fixture.h"

#include "proto/base/bytes.h"
#include "proto/net/endpoint.h"
#include "proto/wire/stun.h"

#include <sodium.h>

enum { BUF = 256 };

static const struct stun_hmac hmac_sha1 = {SHA1_FIXTURE_SIZE, sha1_fixture_hmac};

static void sha256(uint8_t *out, const uint8_t *key, size_t key_size, const uint8_t *data,
                   size_t size)
{
    crypto_auth_hmacsha256_state s;

    crypto_auth_hmacsha256_init(&s, key, key_size);
    crypto_auth_hmacsha256_update(&s, data, size);
    crypto_auth_hmacsha256_final(&s, out);
}

static const struct stun_hmac hmac_sha256 = {32, sha256};

static const struct vector {
    const char *name, *hex;
    enum stun_class class;
    const char *mapped; /* NULL: none */
    bool fingerprint;
    uint16_t unknown; /* 0: none */
    const char *key;  /* of the integrity */
    size_t key_size;
} vectors[] = {
    {"RFC 5769, 2.1: sample request",
     "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74"
     "00240004 6e0001ff 80290008 932ff9b151263b36 00060009 6576746a3a68367659202020"
     "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf",
     STUN_CLASS_REQUEST, NULL, true, 0x0024 /* PRIORITY, of ICE */, "VOkJxbRl1RmTxUk/WvJxBt", 22},
    {"RFC 5769, 2.2: sample IPv4 response",
     "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220"
     "00200008 0001a147e112a643 00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
     "80280004 c07d4c96",
     STUN_CLASS_SUCCESS, "192.0.2.1:32853", true, 0, "VOkJxbRl1RmTxUk/WvJxBt", 22},
    {"RFC 5769, 2.3: sample IPv6 response",
     "01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220"
     "00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
     "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c",
     STUN_CLASS_SUCCESS, "[2001:db8:1234:5678:11:2233:4455:6677]:32853", true, 0,
     "VOkJxbRl1RmTxUk/WvJxBt", 22},
    {"RFC 5769, 2.4: sample request with long-term authentication",
     "00010060 2112a442 78ad3433c6ad72c029da412e"
     "00060012 e3839ee38388e383aae38383e382afe382b90000"
     "0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341"
     "0014000b 6578616d706c652e6f726700 00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666",
     STUN_CLASS_REQUEST, NULL, false, 0,
     /* MD5 of "user:example.org:TheMatrIX", the user's name in Katakana as above */
     "\xe8\xca\x7a\xd5\x9d\x5e\xb0\x51\x8e\x31\x29\x11\xd2\xda\xb2\xa9", 16},
};

enum { VECTOR_COUNT = sizeof(vectors) / sizeof(vectors[0]) };

static void rfc_5769_vectors_are_understood_and_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        uint8_t data[BUF], key[32];
        size_t size = fixture_hex(data, sizeof(data), v->hex);
        struct stun_message m;
        char text[ENDPOINT_TEXT_SIZE];

        print_message("%s\n", v->name);
        assert_int_equal(stun_parse(&m, data, size), ERR_OK);
        assert_int_equal(m.class, v->class);
        assert_int_equal(m.method, STUN_METHOD_BINDING);
        assert_false(m.classic);
        assert_int_equal(m.fingerprint, v->fingerprint);
        assert_int_equal(m.unknown_count, v->unknown != 0 ? 1 : 0);
        assert_int_equal(m.unknown[0], v->unknown);
        if (v->mapped != NULL) {
            assert_string_equal(endpoint_text(&m.mapped, text), v->mapped);
        } else {
            assert_true(endpoint_is_none(&m.mapped));
        }
        memcpy(key, v->key, v->key_size);
        assert_true(stun_integrity_ok(data, size, m.integrity_at, &hmac_sha1, key, v->key_size));
        assert_false(stun_integrity_ok(data, size, 0, &hmac_sha1, key, v->key_size));
        key[3] ^= 1;
        assert_false(stun_integrity_ok(data, size, m.integrity_at, &hmac_sha1, key, v->key_size));
    }
}

static void truncations_are_refused_and_flips_fail_the_integrity(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        uint8_t data[BUF];
        size_t size = fixture_hex(data, sizeof(data), v->hex);
        struct stun_message m;

        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *copy = fixture_copy(data, cut);

            assert_int_equal(stun_parse(&m, copy, cut), ERR_DROP);
            free(copy);
        }
        for (size_t at = 0; at < size; at++) {
            uint8_t *copy = fixture_copy(data, size);

            copy[at] ^= (uint8_t)(1U << at % 8);
            int rc = stun_parse(&m, copy, size);

            /* Without the cookie it is a message of RFC 3489, which knows no fingerprint. */
            if (v->fingerprint && rc == ERR_OK && !m.classic && m.fingerprint) {
                fail_msg("%s, byte %zu: fingerprint", v->name, at);
            }
            if (rc == ERR_OK && at < size - (v->fingerprint ? 8 : 0) &&
                stun_integrity_ok(copy, size, m.integrity_at, &hmac_sha1, (const uint8_t *)v->key,
                                  v->key_size)) {
                fail_msg("%s, byte %zu: integrity", v->name, at);
            }
            free(copy);
        }
    }
}

static void sha256_integrity_may_be_shortened(void **state)
{
    static const uint8_t key[] = "key";
    static const size_t sizes[] = {16, 20, 24, 28, 32};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t data[80] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42}, mac[32];
        size_t size = 20 + 4 + sizes[i];
        struct stun_message m;

        be16_write(data + 2, (uint16_t)(4 + sizes[i]));
        sha256(mac, key, 3, data, 20);
        be16_write(data + 20, 0x001c);
        be16_write(data + 22, (uint16_t)sizes[i]);
        memcpy(data + 24, mac, sizes[i]);
        assert_int_equal(stun_parse(&m, data, size), ERR_OK);
        assert_int_equal(m.integrity_sha256_at, 20);
        assert_true(stun_integrity_ok(data, size, 20, &hmac_sha256, key, 3));
        data[size - 1] ^= 1;
        assert_false(stun_integrity_ok(data, size, 20, &hmac_sha256, key, 3));
        assert_false(stun_integrity_ok(data, size, 22, &hmac_sha256, key, 3));
        assert_false(stun_integrity_ok(data, size, size + 1, &hmac_sha256, key, 3));
    }
}

/* They are right as far as they go. But few bytes are soon guessed, and there are only 32. */
static void integrity_of_another_length_is_refused(void **state)
{
    static const uint8_t key[] = "key";
    static const size_t sizes[] = {0, 4, 8, 12, 36};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t data[80] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
        uint8_t mac[64] = {0};

        be16_write(data + 2, (uint16_t)(4 + sizes[i]));
        sha256(mac, key, 3, data, 20);
        be16_write(data + 20, 0x001c);
        be16_write(data + 22, (uint16_t)sizes[i]);
        memcpy(data + 24, mac, sizes[i]);
        if (stun_integrity_ok(data, 24 + sizes[i], 20, &hmac_sha256, key, 3)) {
            fail_msg("%zu bytes", sizes[i]);
        }
    }
}

static struct endpoint parse(const char *text)
{
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    return e;
}

static void our_request_is_answered_with_our_address(void **state)
{
    static const char *const addresses[] = {"192.0.2.9:1234", "[2001:db8::9]:65535"};
    static const uint8_t id[STUN_ID_SIZE] = "transaction";

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t request[STUN_REQUEST_SIZE], answer[STUN_ANSWER_SIZE_MAX], other_id[12] = "other";
        struct endpoint mapped = parse(addresses[i]);
        struct endpoint local = parse(i == 0 ? "198.51.100.1:4433" : "[2001:db8::1]:4433");
        struct endpoint other = parse(i == 0 ? "198.51.100.2:443" : "[2001:db8::2]:443");
        struct stun_message m;
        size_t size;

        stun_request(request, id);
        assert_int_equal(stun_parse(&m, request, sizeof(request)), ERR_OK);
        assert_true(m.fingerprint && m.class == STUN_CLASS_REQUEST && !m.classic);
        assert_false(stun_is_answer(&m, id));
        assert_int_equal(stun_answer(answer, &size, &m, &mapped, &local, &other), ERR_OK);
        assert_true(size <= STUN_ANSWER_SIZE_MAX);
        assert_int_equal(stun_parse(&m, answer, size), ERR_OK);
        assert_true(m.fingerprint && stun_is_answer(&m, id) && !stun_is_answer(&m, other_id));
        assert_true(endpoint_equal(&m.mapped, &mapped));
        assert_true(endpoint_equal(&m.other, &other));
        /* With three IPv6 addresses and a fingerprint one has no room. */
        assert_true(i == 0 ? endpoint_equal(&m.origin, &local) : endpoint_is_none(&m.origin));
    }
}

static void an_answer_for_a_neighbours_client_says_whom_it_is_for(void **state)
{
    static const uint8_t id[STUN_ID_SIZE] = "transaction";
    struct endpoint mapped = parse("[2001:db8::9]:1234"), local = parse("[2001:db8::2]:443");
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    size_t size = stun_lent_answer(answer, id, &mapped, &local);
    struct stun_message m;

    (void)state;
    assert_int_equal(size, STUN_HEADER_SIZE + 24 + 24);
    assert_int_equal(stun_parse(&m, answer, size), ERR_OK);
    assert_true(stun_is_answer(&m, id));
    assert_true(endpoint_equal(&m.mapped, &mapped) && endpoint_equal(&m.origin, &local));
    assert_true(endpoint_is_none(&m.other));
}

static void an_old_request_gets_the_old_attributes(void **state)
{
    uint8_t request[28] = {0x00, 0x01, 0x00, 0x08, 'n', 'o', ' ', 'c', 'o', 'o', 'k', 'i', 'e'};
    uint8_t answer[STUN_ANSWER_SIZE_MAX], want[BUF];
    struct endpoint mapped = parse("192.0.2.9:1234"), local = parse("198.51.100.1:4433");
    struct endpoint other = parse("198.51.100.2:443");
    struct stun_message m;
    size_t size, want_size;

    (void)state;
    be16_write(request + 20, 0x0003); /* CHANGE-REQUEST for nothing, as old clients send it */
    be16_write(request + 22, 4);
    assert_int_equal(stun_parse(&m, request, sizeof(request)), ERR_OK);
    assert_true(m.classic && !m.change_ip && !m.change_port);
    assert_int_equal(stun_answer(answer, &size, &m, &mapped, &local, &other), ERR_OK);
    want_size = fixture_hex(want, sizeof(want),
                            "01010024 6e6f20636f6f6b69650000 00000000 00"
                            "00010008 000104d2c0000209 00040008 00011151c6336401"
                            "00050008 000101bbc6336402");
    assert_int_equal(size, want_size);
    assert_memory_equal(answer, want, size);
    assert_int_equal(stun_parse(&m, answer, size), ERR_OK);
    assert_true(endpoint_equal(&m.mapped, &mapped) && endpoint_equal(&m.origin, &local) &&
                endpoint_equal(&m.other, &other));
}

static void what_is_not_understood_is_refused_with_420(void **state)
{
    static const struct {
        const char *name, *hex;
        size_t unknown_count;
    } cases[] = {
        {"one unknown attribute",
         "0001000c 2112a442 000000000000000000000001 00310003 61626300 00310000", 2},
        {"RESPONSE-ADDRESS of RFC 3489 would make us a reflector",
         "0001000c 2112a442 000000000000000000000001 00020008 000104d2c0000209", 1},
        {"a change of port that we cannot do",
         "00010008 2112a442 000000000000000000000001 00030004 00000002", 1},
        {"more unknown ones than we report",
         "00010028 2112a442 000000000000000000000001 00310000 00310000 00310000 00310000 00310000"
         "00310000 00310000 00310000 00310000 00310000",
         8},
    };
    struct endpoint mapped = parse("192.0.2.9:1234");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t request[BUF], answer[STUN_ANSWER_SIZE_MAX];
        size_t request_size = fixture_hex(request, sizeof(request), cases[i].hex), size;
        struct stun_message m;

        print_message("%s\n", cases[i].name);
        assert_int_equal(stun_parse(&m, request, request_size), ERR_OK);
        assert_int_equal(stun_answer(answer, &size, &m, &mapped, &mapped, NULL), ERR_OK);
        assert_int_equal(stun_parse(&m, answer, size), ERR_OK);
        assert_int_equal(m.class, STUN_CLASS_ERROR);
        assert_int_equal(m.error_code, 420);
        assert_true(endpoint_is_none(&m.mapped));
        assert_int_equal(be16_read(answer + 20 + 28), 0x000a);
        assert_int_equal(be16_read(answer + 20 + 30), 2 * cases[i].unknown_count);
    }
}

/* Clients of RFC 3489 take any answer for a proof that the NAT is open. */
static void an_old_request_for_a_change_gets_no_answer(void **state)
{
    static const struct {
        uint8_t flags;
        bool has_other;
        int want;
    } cases[] = {{0, false, ERR_OK},
                 {2, false, ERR_DROP},
                 {4, false, ERR_DROP},
                 {6, false, ERR_DROP},
                 {6, true, ERR_OK}};
    struct endpoint mapped = parse("192.0.2.9:1234"), other = parse("198.51.100.2:443");

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint8_t request[28] = {0x00, 0x01, 0x00, 0x08, 'n', 'o', ' ', 'c', 'o', 'o', 'k', 'i', 'e'};
        uint8_t answer[STUN_ANSWER_SIZE_MAX];
        struct stun_message m;
        size_t size = 77;

        be16_write(request + 20, 0x0003);
        be16_write(request + 22, 4);
        request[27] = cases[i].flags;
        assert_int_equal(stun_parse(&m, request, sizeof(request)), ERR_OK);
        assert_int_equal(
            stun_answer(answer, &size, &m, &mapped, &mapped, cases[i].has_other ? &other : NULL),
            cases[i].want);
        assert_true(cases[i].want == ERR_OK ? size != 77 : size == 77);
    }
}

static void malformed_messages_are_dropped(void **state)
{
    static const struct {
        const char *name, *hex;
    } cases[] = {
        {"length not a multiple of 4", "00010001 2112a442 000000000000000000000001 00"},
        {"length beyond the end", "00010004 2112a442 000000000000000000000001"},
        {"bytes behind the end", "00010000 2112a442 000000000000000000000001 00000000"},
        {"first bits set", "40010000 2112a442 000000000000000000000001"},
        {"attribute beyond the end", "00010004 2112a442 000000000000000000000001 80220001"},
        {"wrong fingerprint", "00010008 2112a442 000000000000000000000001 80280004 00000000"},
        {"short CHANGE-REQUEST", "00010004 2112a442 000000000000000000000001 00030000"},
        {"address of family 3",
         "0101000c 2112a442 000000000000000000000001 00200008 0003000000000000"},
        {"IPv4 address of 5 bytes",
         "01010010 2112a442 000000000000000000000001 00200009 000100000000000000000000"},
        {"short integrity", "00010008 2112a442 000000000000000000000001 00080004 00000000"},
        {"error number 100", "01110008 2112a442 000000000000000000000001 00090004 00000464"},
    };
    static const uint8_t id[STUN_ID_SIZE] = {1};
    uint8_t data[BUF];
    struct stun_message m;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size = fixture_hex(data, sizeof(data), cases[i].hex);
        if (stun_parse(&m, data, size) != ERR_DROP) {
            fail_msg("%s", cases[i].name);
        }
    }
    stun_request(data, id); /* something behind the fingerprint */
    memset(data + STUN_REQUEST_SIZE, 0, 4);
    be16_write(data + 2, 12);
    assert_int_equal(stun_parse(&m, data, STUN_REQUEST_SIZE + 4), ERR_DROP);
}

static void only_binding_requests_are_answered(void **state)
{
    static const char *const others[] = {
        "00110000 2112a442 000000000000000000000001", /* indication */
        "01010000 2112a442 000000000000000000000001", /* success */
        "01110000 2112a442 000000000000000000000001", /* error */
        "00030000 2112a442 000000000000000000000001", /* allocate (TURN) */
    };
    struct endpoint mapped = parse("192.0.2.9:1234");

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        uint8_t data[BUF], answer[STUN_ANSWER_SIZE_MAX];
        size_t size = fixture_hex(data, sizeof(data), others[i]);
        struct stun_message m;

        assert_int_equal(stun_parse(&m, data, size), ERR_OK);
        assert_int_equal(stun_answer(answer, &size, &m, &mapped, NULL, NULL), ERR_DROP);
    }
}

static void attributes_behind_an_integrity_do_not_count(void **state)
{
    uint8_t data[BUF];
    struct stun_message m;
    size_t size = fixture_hex(data, sizeof(data),
                              "01010030 2112a442 000000000000000000000001"
                              "00010008 000104d2c0000209"
                              "00080014 0000000000000000000000000000000000000000"
                              "00010008 000104d2c6336401");

    (void)state;
    assert_int_equal(stun_parse(&m, data, size), ERR_OK);
    assert_int_equal(m.integrity_at, 32);
    assert_int_equal(m.mapped.ip[12], 192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_5769_vectors_are_understood_and_verified),
        cmocka_unit_test(truncations_are_refused_and_flips_fail_the_integrity),
        cmocka_unit_test(sha256_integrity_may_be_shortened),
        cmocka_unit_test(integrity_of_another_length_is_refused),
        cmocka_unit_test(our_request_is_answered_with_our_address),
        cmocka_unit_test(an_answer_for_a_neighbours_client_says_whom_it_is_for),
        cmocka_unit_test(an_old_request_gets_the_old_attributes),
        cmocka_unit_test(what_is_not_understood_is_refused_with_420),
        cmocka_unit_test(an_old_request_for_a_change_gets_no_answer),
        cmocka_unit_test(malformed_messages_are_dropped),
        cmocka_unit_test(only_binding_requests_are_answered),
        cmocka_unit_test(attributes_behind_an_integrity_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
