/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages (proto/wire/control.h): rules, caps, hostile bytes. */
#include "tests/support/fixture.h"

#include "proto/wire/control.h"

static uint8_t zeros[2048]; /* what byte fields of any length point to */

static ProtobufCBinaryData bytes(size_t size)
{
    return control_bytes(zeros, size);
}

/* Pack and unpack a message. problem: the field that both must refuse; NULL: it is a good one. */
static void expect(const Ziglan__Control *message, const char *problem)
{
    static struct control_arena arena;
    uint8_t raw[CONTROL_SIZE_MAX + 1024], packed[CONTROL_SIZE_MAX];
    size_t raw_size = ziglan__control__get_packed_size(message), size = 0;
    Ziglan__Control *back;
    int want = problem == NULL ? ERR_OK : ERR_DROP;
    const char *found = control_problem(message);

    assert_true(raw_size <= sizeof(raw));
    if (problem == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, problem);
    }
    assert_int_equal(control_pack(packed, sizeof(packed), &size, message), want);
    ziglan__control__pack(message, raw); /* past the rules, as a hostile peer would */
    if (want == ERR_OK) {
        assert_int_equal(size, raw_size);
        assert_memory_equal(packed, raw, size);
    }
    assert_int_equal(control_unpack(&back, &arena, raw, raw_size), want);
    assert_int_equal(back == NULL, want != ERR_OK);
    if (back != NULL) {
        assert_int_equal(back->body_case, message->body_case);
        assert_int_equal(back->request_id, message->request_id);
    }
}

static void the_rules_of_a_join_hold(void **state)
{
    static char name64[65], text256[257];
    static const struct {
        size_t invite, part;
        const char *name, *problem;
    } cases[] = {
        {16, 118, "anna", NULL},
        {0, 1088, "", NULL},
        {15, 118, "anna", "Join.invite"},
        {17, 118, "anna", "Join.invite"},
        {16, 117, "anna", "Join.member_part"},
        {16, 0, "anna", "Join.member_part"},
        {16, 1089, "anna", "Join.member_part"},
        {16, 118, name64, "Join.wanted_name"},
        {16, 118, text256, "Join.wanted_name"},
        {16, 118, "a\nb", "Join.wanted_name"},
        {16, 118, "\x7f", "Join.wanted_name"},
        {16, 118, "\xc2\x85", "Join.wanted_name"}, /* a control character of Unicode */
        {16, 118, "\xff", "Join.wanted_name"},
        {16, 118, "\xc3", "Join.wanted_name"},
        {16, 118, "\xc0\xaf", "Join.wanted_name"},     /* over-long */
        {16, 118, "\xed\xa0\x80", "Join.wanted_name"}, /* surrogate */
        {16, 118, "\xf4\x90\x80\x80", "Join.wanted_name"},
        {16, 118, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x8d", NULL},
    };

    (void)state;
    memset(name64, 'a', 64);
    memset(text256, 'a', 256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Ziglan__Join join = ZIGLAN__JOIN__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;
        char name[300];

        (void)snprintf(name, sizeof(name), "%s", cases[i].name);
        join.invite = bytes(cases[i].invite);
        join.member_part = bytes(cases[i].part);
        join.wanted_name = name;
        message.request_id = 7;
        message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
        message.join = &join;
        expect(&message, cases[i].problem);
    }
}

static void addresses_have_4_or_16_bytes_and_a_port(void **state)
{
    static const struct {
        size_t ip;
        uint32_t port;
        const char *problem;
    } cases[] = {
        {4, 65535, NULL},     {16, 0, NULL},         {0, 1, "Address.ip"},
        {5, 1, "Address.ip"}, {17, 1, "Address.ip"}, {4, 65536, "Address.port"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
        Ziglan__ObservedAddress observed = ZIGLAN__OBSERVED_ADDRESS__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        address.ip = bytes(cases[i].ip);
        address.port = cases[i].port;
        observed.address = &address;
        message.body_case = ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS;
        message.observed_address = &observed;
        expect(&message, cases[i].problem);
        observed.address = NULL;
        expect(&message, "ObservedAddress.address");
    }
}

static void a_punch_needs_its_keys_and_tokens(void **state)
{
    static const struct {
        size_t peer, token, probe_key, ip;
        uint32_t nat_kind;
        bool has_message;
        const char *problem;
    } cases[] = {
        {32, 16, 32, 4, 5, true, NULL},
        {31, 16, 32, 4, 5, true, "PunchGo.peer"},
        {32, 15, 32, 4, 5, true, "PunchMessage.token"},
        {32, 16, 33, 4, 5, true, "PunchGo.probe_key"},
        {32, 16, 32, 8, 5, true, "PunchMessage.ip"},
        {32, 16, 32, 4, 256, true, "PunchMessage.nat_kind"},
        {32, 16, 32, 4, 5, false, "PunchGo.message"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
        Ziglan__PunchGo go = ZIGLAN__PUNCH_GO__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        peer.ip = bytes(cases[i].ip);
        peer.token = bytes(cases[i].token);
        peer.nat_kind = cases[i].nat_kind;
        go.peer = bytes(cases[i].peer);
        go.probe_key = bytes(cases[i].probe_key);
        go.message = cases[i].has_message ? &peer : NULL;
        message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_GO;
        message.punch_go = &go;
        expect(&message, cases[i].problem);
    }
}

static void repeated_fields_are_checked_one_by_one(void **state)
{
    Ziglan__Member good = ZIGLAN__MEMBER__INIT, bad = ZIGLAN__MEMBER__INIT;
    Ziglan__Member *members[3] = {&good, &good, &bad};
    Ziglan__Changes changes = ZIGLAN__CHANGES__INIT;
    Ziglan__GoAway away = ZIGLAN__GO_AWAY__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char text[] = "relay";
    char *texts[9] = {text, text, text, text, text, text, text, text, text};

    (void)state;
    good.member_part = bytes(200);
    bad.revocation = bytes(577);
    changes.members = members;
    changes.n_members = 2;
    message.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
    message.changes = &changes;
    expect(&message, NULL);
    changes.n_members = 3;
    expect(&message, "Member.revocation");
    message.body_case = ZIGLAN__CONTROL__BODY_GO_AWAY;
    message.go_away = &away;
    away.alternatives = texts;
    away.n_alternatives = 8;
    expect(&message, NULL);
    away.n_alternatives = 9;
    expect(&message, "GoAway.alternatives");
}

/* True if some length of this bytes field is accepted in an otherwise empty message. */
static bool has_rule(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    static const size_t sizes[] = {0, 4, 16, 32, 64, 200};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        union {
            max_align_t align;
            uint8_t bytes[512];
        } memory = {.bytes = {0}};
        ProtobufCBinaryData value = bytes(sizes[i]);
        const char *problem;

        assert_true(type->sizeof_message <= sizeof(memory));
        protobuf_c_message_init(type, memory.bytes);
        memcpy(memory.bytes + field->offset, &value, sizeof(value));
        problem = control_problem((const Ziglan__Control *)(const void *)memory.bytes);
        if (problem == NULL || strstr(problem, field->name) == NULL) {
            return true;
        }
    }
    return false;
}

static size_t check_type(const ProtobufCMessageDescriptor *type)
{
    size_t checked = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            checked += check_type(field->descriptor);
        }
        if (field->type == PROTOBUF_C_TYPE_BYTES) {
            if (!has_rule(type, field)) {
                fail_msg("%s.%s has no rule", type->short_name, field->name);
            }
            checked++;
        }
    }
    return checked;
}

/* Bytes without a rule are refused, so a field added to control.proto and forgotten in control.c
 * fails here and not on the wire. */
static void a_digest_has_no_buckets_or_all(void **state)
{
    static const struct {
        size_t count;
        const char *problem;
    } cases[] = {
        {0, NULL},
        {NODE_BUCKETS, NULL},
        {1, "NodeDigest.buckets"},
        {NODE_BUCKETS - 1, "NodeDigest.buckets"},
        {NODE_BUCKETS + 1, "NodeDigest.buckets"},
    };
    uint64_t buckets[NODE_BUCKETS + 1] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;
        Ziglan__NodeDigest body = ZIGLAN__NODE_DIGEST__INIT;

        body.n_buckets = cases[i].count;
        body.buckets = buckets;
        message.body_case = ZIGLAN__CONTROL__BODY_NODE_DIGEST;
        message.node_digest = &body;
        expect(&message, cases[i].problem);
    }
}

static void every_bytes_field_of_the_schema_has_a_rule(void **state)
{
    (void)state;
    assert_true(check_type(&ziglan__control__descriptor) >= 26);
}

static void caps_of_size_and_arena_hold(void **state)
{
    static struct control_arena arena;
    static uint8_t data[CONTROL_SIZE_MAX + 1];
    Ziglan__Control *message;
    size_t size = 0;

    (void)state;
    assert_int_equal(control_unpack(&message, &arena, data, CONTROL_SIZE_MAX + 1), ERR_DROP);
    assert_null(message);
    /* Changes (field 37) of two-byte members: 16 KiB that would become a megabyte. */
    data[size++] = 0xaa;
    data[size++] = 0x02;
    data[size++] = 0xf0;
    data[size++] = 0x7f;
    while (size < 4 + 0x3ff0) {
        data[size++] = 0x0a;
        data[size++] = 0x00;
    }
    assert_int_equal(control_unpack(&message, &arena, data, size), ERR_DROP);
    assert_true(arena.used <= CONTROL_ARENA_SIZE);
    assert_int_equal(control_unpack(&message, &arena, NULL, 0), ERR_OK);
    assert_int_equal(message->body_case, ZIGLAN__CONTROL__BODY__NOT_SET);
    assert_string_equal(control_name(message), "none");
}

static void an_unknown_body_can_be_answered(void **state)
{
    static const uint8_t data[] = {0x08, 0x2a, 0xc2, 0x3e, 0x01, 'x'}; /* request 42, field 1000 */
    static struct control_arena arena;
    Ziglan__Control *message;

    (void)state;
    assert_int_equal(control_unpack(&message, &arena, data, sizeof(data)), ERR_OK);
    assert_int_equal(message->request_id, 42);
    assert_int_equal(message->body_case, ZIGLAN__CONTROL__BODY__NOT_SET);
}

static void values_are_borrowed_not_copied(void **state)
{
    static const uint8_t ip4[4] = {192, 0, 2, 1}, ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 1};
    struct endpoint v4 = endpoint_of_bytes(ip4, sizeof(ip4), 1);
    struct endpoint v6 = endpoint_of_bytes(ip6, sizeof(ip6), 1);
    static const char text[] = "laptop";

    (void)state;
    assert_ptr_equal(control_bytes(ip6, 7).data, ip6);
    assert_int_equal(control_bytes(ip6, 7).len, 7);
    assert_null(control_bytes(NULL, 7).data);
    assert_int_equal(control_bytes(NULL, 7).len, 0);
    assert_int_equal(control_ip(&v4).len, sizeof(ip4));
    assert_memory_equal(control_ip(&v4).data, ip4, sizeof(ip4));
    assert_int_equal(control_ip(&v6).len, sizeof(ip6));
    assert_ptr_equal(control_ip(&v6).data, v6.ip);
    assert_ptr_equal(control_text(text), text);
    assert_string_equal(control_text(NULL), "");
}

static void packing_needs_room(void **state)
{
    Ziglan__Invited invited = ZIGLAN__INVITED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t out[64];
    size_t size;
    char url[] = "ziglan://somebody@somewhere";

    (void)state;
    invited.url = url;
    message.body_case = ZIGLAN__CONTROL__BODY_INVITED;
    message.invited = &invited;
    assert_string_equal(control_name(&message), "Invited");
    assert_int_equal(control_pack(out, sizeof(out), &size, &message), ERR_OK);
    assert_int_equal(control_pack(out, size, &size, &message), ERR_OK);
    assert_int_equal(control_pack(out, size - 1, &size, &message), ERR_LIMIT);
}

static void no_truncation_or_flip_does_harm(void **state)
{
    static struct control_arena arena;
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__Hello hello = ZIGLAN__HELLO__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT, *back;
    uint8_t packed[1024];
    size_t size;

    (void)state;
    address.ip = bytes(4);
    hello.pubkey = bytes(32);
    hello.signature = bytes(64);
    hello.delegation = bytes(170);
    hello.observed = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_HELLO;
    message.hello = &hello;
    assert_int_equal(control_pack(packed, sizeof(packed), &size, &message), ERR_OK);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = fixture_copy(packed, cut);
        int rc = control_unpack(&back, &arena, copy, cut);

        assert_int_equal(rc, cut == 0 ? ERR_OK : ERR_DROP);
        free(copy);
    }
    for (size_t i = 0; i < size * 8; i++) {
        uint8_t *copy = fixture_copy(packed, size);

        copy[i / 8] ^= (uint8_t)(1U << i % 8);
        if (control_unpack(&back, &arena, copy, size) == ERR_OK) {
            assert_null(control_problem(back));
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_of_a_join_hold),
        cmocka_unit_test(addresses_have_4_or_16_bytes_and_a_port),
        cmocka_unit_test(a_punch_needs_its_keys_and_tokens),
        cmocka_unit_test(repeated_fields_are_checked_one_by_one),
        cmocka_unit_test(a_digest_has_no_buckets_or_all),
        cmocka_unit_test(every_bytes_field_of_the_schema_has_a_rule),
        cmocka_unit_test(caps_of_size_and_arena_hold),
        cmocka_unit_test(an_unknown_body_can_be_answered),
        cmocka_unit_test(values_are_borrowed_not_copied),
        cmocka_unit_test(packing_needs_room),
        cmocka_unit_test(no_truncation_or_flip_does_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
