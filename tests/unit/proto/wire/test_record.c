/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed records: the codecs (proto/wire/record.h) and the signature (proto/crypto/signed.h). */
#include "tests/support/fixture.h"

#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "proto/wire/record.h"

enum {
    BUF = RECORD_MEMBER_SIZE_MAX,
    RECORD_TYPE_LAST = RECORD_TYPE_ATTESTATION,
};

/* A record of any type. */
union any {
    struct record_node node;
    struct record_delegation delegation;
    struct record_member member;
    struct record_admission admission;
    struct record_revocation revocation;
    struct record_attachment attachment;
    struct record_administrator administrator;
    struct record_attestation attestation;
};

static int decode(union any *out, enum record_type type, const uint8_t *data, size_t size)
{
    switch (type) {
    case RECORD_TYPE_NODE:
        return record_node_decode(&out->node, data, size);
    case RECORD_TYPE_DELEGATION:
        return record_delegation_decode(&out->delegation, data, size);
    case RECORD_TYPE_MEMBER:
        return record_member_decode(&out->member, data, size);
    case RECORD_TYPE_ADMISSION:
        return record_admission_decode(&out->admission, data, size);
    case RECORD_TYPE_REVOCATION:
        return record_revocation_decode(&out->revocation, data, size);
    case RECORD_TYPE_ATTACHMENT:
        return record_attachment_decode(&out->attachment, data, size);
    case RECORD_TYPE_ADMINISTRATOR:
        return record_administrator_decode(&out->administrator, data, size);
    case RECORD_TYPE_ATTESTATION:
        return record_attestation_decode(&out->attestation, data, size);
    }
    return ERR_DROP;
}

static int encode(uint8_t *out, size_t *size, enum record_type type, const union any *record)
{
    switch (type) {
    case RECORD_TYPE_NODE:
        return record_node_encode(out, size, &record->node);
    case RECORD_TYPE_DELEGATION:
        return record_delegation_encode(out, size, &record->delegation);
    case RECORD_TYPE_MEMBER:
        return record_member_encode(out, size, &record->member);
    case RECORD_TYPE_ADMISSION:
        return record_admission_encode(out, size, &record->admission);
    case RECORD_TYPE_REVOCATION:
        return record_revocation_encode(out, size, &record->revocation);
    case RECORD_TYPE_ATTACHMENT:
        return record_attachment_encode(out, size, &record->attachment);
    case RECORD_TYPE_ADMINISTRATOR:
        return record_administrator_encode(out, size, &record->administrator);
    case RECORD_TYPE_ATTESTATION:
        return record_attestation_encode(out, size, &record->attestation);
    }
    return ERR_DROP;
}

static struct record_header header(const uint8_t *key)
{
    struct record_header h = {
        .sequence = 0x0102030405060708, .created_ms = 1700000000000, .lifetime_s = 604800};

    memcpy(h.key, key, KEY_SIZE);
    return h;
}

static void fill_reward(struct record_reward *out, const char *chain, const char *address,
                        const char *identity)
{
    (void)snprintf(out->chain, sizeof(out->chain), "%s", chain);
    (void)snprintf(out->address, sizeof(out->address), "%s", address);
    (void)snprintf(out->identity, sizeof(out->identity), "%s", identity);
}

static void fill_node(struct record_node *node)
{
    assert_true(endpoint_parse(&node->addresses[0], "192.0.2.1:4433", 0));
    assert_true(endpoint_parse(&node->addresses[1], "[2001:db8::1]:443", 0));
    node->addresses_count = 2;
    node->protocols = RECORD_PROTOCOL_QUIC_FLAG;
    memset(node->spki_sha256, 0xab, 32);
    node->nat_kind = 1;
    strcpy(node->apps[0], "ziglan");    /* tidy-ok: banned our own short constants */
    strcpy(node->apps[1], "depots.v1"); /* tidy-ok: banned our own short constants */
    node->apps_count = 2;
    strcpy(node->service, RECORD_NODE_SERVICE); /* tidy-ok: banned our own constants */
    fill_reward(&node->rewards[0], "any", "somebody", "");
    fill_reward(&node->rewards[1], "sol", "elsewhere", "someone");
    node->rewards_count = 2;
    memset(node->extra, 0x77, sizeof(node->extra));
    node->extra_size = sizeof(node->extra);
}

/* A record of the type whose header names `key`. A member's lists are full. */
static void fill(union any *out, enum record_type type, const uint8_t *key)
{
    memset(out, 0, sizeof(*out));
    out->node.header = header(key); /* every struct begins with it */
    switch (type) {
    case RECORD_TYPE_NODE:
        fill_node(&out->node);
        break;
    case RECORD_TYPE_DELEGATION:
        memset(out->delegation.entry_key, 0xcd, KEY_SIZE);
        out->delegation.rights = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_INVITE_FLAG;
        out->delegation.expires_ms = 1800000000000;
        break;
    case RECORD_TYPE_MEMBER:
        strcpy(out->member.wanted_name, "anna"); /* tidy-ok: banned our own short constants */
        out->member.relays_count = RECORD_RELAYS_MAX;
        memset(out->member.relays, 0x11, sizeof(out->member.relays));
        out->member.services_count = RECORD_SERVICES_MAX;
        for (int i = 0; i < RECORD_SERVICES_MAX; i++) {
            (void)snprintf(out->member.services[i].name, NAME_TEXT_SIZE, "service-%d", i);
            out->member.services[i].protocol = 6;
            out->member.services[i].port = (uint16_t)(80 + i);
        }
        out->member.fixed_count = ADDRPLAN_FIXED_MAX;
        memset(out->member.fixed, 0x22, sizeof(out->member.fixed));
        break;
    case RECORD_TYPE_ADMISSION:
        memset(out->admission.ziglan_key, 0x33, KEY_SIZE);
        memset(out->admission.member_key, 0x44, KEY_SIZE);
        strcpy(out->admission.granted_name, "anna-2"); /* tidy-ok: banned our own constants */
        strcpy(out->admission.groups[0], "family");    /* tidy-ok: banned our own constants */
        strcpy(out->admission.groups[1], "printers");  /* tidy-ok: banned our own constants */
        out->admission.groups_count = 2;
        out->admission.expires_ms = 1800000000000;
        break;
    case RECORD_TYPE_REVOCATION:
        memset(out->revocation.ziglan_key, 0x33, KEY_SIZE);
        memset(out->revocation.member_key, 0x44, KEY_SIZE);
        out->revocation.reason = 9;
        break;
    case RECORD_TYPE_ATTACHMENT:
        memset(out->attachment.relay_key, 0x55, KEY_SIZE);
        out->attachment.expires_ms = 1700003600000;
        break;
    case RECORD_TYPE_ADMINISTRATOR:
        memset(out->administrator.admin_key, 0x66, KEY_SIZE);
        out->administrator.rights = 7;
        out->administrator.expires_ms = UINT64_MAX;
        break;
    case RECORD_TYPE_ATTESTATION:
        memset(out->attestation.subject_key, 0x88, KEY_SIZE);
        out->attestation.subject_sequence = 99;
        assert_true(endpoint_parse(&out->attestation.address, "[2001:db8::1]:443", 0));
        out->attestation.fresh = true;
        break;
    }
}

static const uint8_t any_key[KEY_SIZE] = {1, 2, 3};

static void records_of_every_type_round_trip(void **state)
{
    (void)state;
    for (int type = RECORD_TYPE_NODE; type <= RECORD_TYPE_LAST; type++) {
        union any record, back;
        struct record_header peeked;
        uint8_t data[BUF], again[BUF];
        size_t size, again_size;

        fill(&record, (enum record_type)type, any_key);
        memset(&back, 0, sizeof(back));
        assert_int_equal(encode(data, &size, (enum record_type)type, &record), ERR_OK);
        assert_true(size <=
                    (type == RECORD_TYPE_MEMBER ? RECORD_MEMBER_SIZE_MAX : RECORD_SIZE_MAX));
        assert_int_equal(decode(&back, (enum record_type)type, data, size), ERR_OK);
        record.node.header.type = (uint8_t)type;
        assert_memory_equal(&back.node.header, &record.node.header, sizeof(record.node.header));
        assert_int_equal(encode(again, &again_size, (enum record_type)type, &back), ERR_OK);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, data, size);
        assert_int_equal(record_header_peek(&peeked, data, size), ERR_OK);
        assert_memory_equal(&peeked, &record.node.header, sizeof(peeked));
        for (int other = RECORD_TYPE_NODE; other <= RECORD_TYPE_LAST; other++) {
            assert_int_equal(decode(&back, (enum record_type)other, data, size),
                             other == type ? ERR_OK : ERR_DROP);
        }
    }
}

static void the_bytes_are_those_of_the_protocol(void **state)
{
    union any record, back;
    uint8_t data[BUF], want[BUF];
    size_t size, want_size;
    static const uint8_t key[KEY_SIZE] = {0};

    (void)state;
    want_size = fixture_hex(want, sizeof(want),
                            "0401"
                            "0000000000000000000000000000000000000000000000000000000000000000"
                            "0102030405060708 0000018bcfe56800 00093a80"
                            "3333333333333333333333333333333333333333333333333333333333333333"
                            "4444444444444444444444444444444444444444444444444444444444444444"
                            "06 616e6e612d32 02 06 66616d696c79 08 7072696e74657273"
                            "000001a3185c5000");
    fill(&record, RECORD_TYPE_ADMISSION, key);
    assert_int_equal(record_admission_encode(data, &size, &record.admission), ERR_OK);
    assert_int_equal(size, want_size);
    assert_memory_equal(data, want, size);
    assert_int_equal(record_admission_decode(&back.admission, want, want_size), ERR_OK);
    assert_string_equal(back.admission.granted_name, "anna-2");
    assert_string_equal(back.admission.groups[1], "printers");
    assert_true(back.admission.expires_ms == 1800000000000);
}

static void truncated_and_lengthened_records_are_refused(void **state)
{
    (void)state;
    for (int type = RECORD_TYPE_NODE; type <= RECORD_TYPE_LAST; type++) {
        union any record, back;
        uint8_t data[BUF + 1];
        size_t size;

        fill(&record, (enum record_type)type, any_key);
        assert_int_equal(encode(data, &size, (enum record_type)type, &record), ERR_OK);
        data[size] = 0;
        for (size_t cut = 0; cut <= size + 1; cut++) {
            uint8_t *copy = fixture_copy(data, cut);

            assert_int_equal(decode(&back, (enum record_type)type, copy, cut),
                             cut == size ? ERR_OK : ERR_DROP);
            free(copy);
        }
    }
}

/* In a good record one byte is changed, so that a text is not what it must be. */
static void values_against_the_rules_are_not_decoded(void **state)
{
    static const struct {
        const char *name;
        enum record_type type;
        const char *text; /* where in the record */
        uint8_t byte;     /* instead of its first one */
    } cases[] = {
        {"a dot in a wanted name", RECORD_TYPE_MEMBER, "anna", '.'},
        {"a capital in a wanted name", RECORD_TYPE_MEMBER, "anna", 'A'},
        {"a NUL in a wanted name", RECORD_TYPE_MEMBER, "anna", '\0'},
        {"a control character in a service", RECORD_TYPE_MEMBER, "service-3", '\x1b'},
        {"a line feed in a granted name", RECORD_TYPE_ADMISSION, "anna-2", '\n'},
        {"a hyphen before a granted name", RECORD_TYPE_ADMISSION, "anna-2", '-'},
        {"a slash in a group", RECORD_TYPE_ADMISSION, "family", '/'},
        {"a space in an app", RECORD_TYPE_NODE, "depots.v1", ' '},
        {"a DEL in a reward", RECORD_TYPE_NODE, "somebody", 0x7f},
        {"a line feed in an identity", RECORD_TYPE_NODE, "someone", '\n'},
        {"a space in a service", RECORD_TYPE_NODE, RECORD_NODE_SERVICE, ' '},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        union any record, back;
        uint8_t data[BUF];
        size_t size;

        fill(&record, cases[i].type, any_key);
        assert_int_equal(encode(data, &size, cases[i].type, &record), ERR_OK);
        uint8_t *at = memmem(data, size, cases[i].text, strlen(cases[i].text));
        assert_non_null(at);
        *at = cases[i].byte;
        if (decode(&back, cases[i].type, data, size) != ERR_DROP) {
            fail_msg("decoded: %s", cases[i].name);
        }
    }
}

/* "Fresh" is 0 or 1, so that an attestation has one encoding. */
static void an_attestation_is_fresh_or_not(void **state)
{
    union any record, back;
    uint8_t data[BUF];
    size_t size;

    (void)state;
    fill(&record, RECORD_TYPE_ATTESTATION, any_key);
    assert_int_equal(record_attestation_encode(data, &size, &record.attestation), ERR_OK);
    data[size - 1] = 2;
    assert_int_equal(record_attestation_decode(&back.attestation, data, size), ERR_DROP);
    data[size - 1] = 0;
    assert_int_equal(record_attestation_decode(&back.attestation, data, size), ERR_OK);
    assert_false(back.attestation.fresh);
}

static void a_type_or_version_that_is_none_is_not_peeked_at(void **state)
{
    union any record;
    struct record_header header_of_it;
    uint8_t data[BUF];
    size_t size;

    (void)state;
    fill(&record, RECORD_TYPE_REVOCATION, any_key);
    assert_int_equal(encode(data, &size, RECORD_TYPE_REVOCATION, &record), ERR_OK);
    for (unsigned byte = 0; byte < 256; byte++) {
        data[0] = (uint8_t)byte;
        assert_int_equal(record_header_peek(&header_of_it, data, size),
                         byte >= RECORD_TYPE_NODE && byte <= RECORD_TYPE_LAST ? ERR_OK : ERR_DROP);
    }
    data[0] = RECORD_TYPE_REVOCATION;
    data[1] ^= 2;
    assert_int_equal(record_header_peek(&header_of_it, data, size), ERR_DROP);
}

/* Encoders must refuse what the decoder would. */
static void values_against_the_rules_are_not_encoded(void **state)
{
    union any r;
    uint8_t data[BUF];
    size_t size;

    (void)state;
    fill(&r, RECORD_TYPE_ADMISSION, any_key);
    r.admission.granted_name[0] = '\0';
    assert_int_equal(record_admission_encode(data, &size, &r.admission), ERR_DROP);
    fill(&r, RECORD_TYPE_ADMISSION, any_key);
    r.admission.granted_name[0] = 'A';
    assert_int_equal(record_admission_encode(data, &size, &r.admission), ERR_DROP);
    fill(&r, RECORD_TYPE_ADMISSION, any_key);
    r.admission.groups_count = RECORD_GROUPS_MAX + 1;
    assert_int_equal(record_admission_encode(data, &size, &r.admission), ERR_LIMIT);
    fill(&r, RECORD_TYPE_ADMISSION, any_key); /* 8 groups of 63 characters do not fit 512 bytes */
    r.admission.groups_count = RECORD_GROUPS_MAX;
    for (int i = 0; i < RECORD_GROUPS_MAX; i++) {
        memset(r.admission.groups[i], 'a', NAME_SIZE_MAX);
        r.admission.groups[i][NAME_SIZE_MAX] = '\0';
    }
    assert_int_equal(record_admission_encode(data, &size, &r.admission), ERR_LIMIT);
    fill(&r, RECORD_TYPE_MEMBER, any_key);
    memset(r.member.wanted_name, 'a', sizeof(r.member.wanted_name)); /* no NUL */
    assert_int_equal(record_member_encode(data, &size, &r.member), ERR_LIMIT);
    fill(&r, RECORD_TYPE_MEMBER, any_key);
    r.member.services[3].name[0] = '\0';
    assert_int_equal(record_member_encode(data, &size, &r.member), ERR_DROP);
    fill(&r, RECORD_TYPE_NODE, any_key);
    r.node.addresses[1].port = 0;
    assert_int_equal(record_node_encode(data, &size, &r.node), ERR_DROP);
    fill(&r, RECORD_TYPE_NODE, any_key);
    r.node.apps[1][0] = '\n';
    assert_int_equal(record_node_encode(data, &size, &r.node), ERR_DROP);
    fill(&r, RECORD_TYPE_NODE, any_key);
    r.node.rewards[1].address[0] = '\0';
    assert_int_equal(record_node_encode(data, &size, &r.node), ERR_DROP);
    fill(&r, RECORD_TYPE_NODE, any_key);
    r.node.service[0] = '\0';
    assert_int_equal(record_node_encode(data, &size, &r.node), ERR_DROP);
    fill(&r, RECORD_TYPE_NODE, any_key);
    r.node.extra_size = RECORD_EXTRA_SIZE_MAX + 1;
    assert_int_equal(record_node_encode(data, &size, &r.node), ERR_LIMIT);
    fill(&r, RECORD_TYPE_ATTESTATION, any_key);
    r.attestation.address.port = 0;
    assert_int_equal(record_attestation_encode(data, &size, &r.attestation), ERR_DROP);
}

static void records_live_in_their_time_only(void **state)
{
    const struct record_header h = {.created_ms = 1000000000, .lifetime_s = 60};
    const struct record_header forever = {.created_ms = 0, .lifetime_s = UINT32_MAX};

    (void)state;
    assert_true(record_live(&h, 1000000000));
    assert_true(record_live(&h, 1000000000 + 59999));
    assert_false(record_live(&h, 1000000000 + 60000));
    assert_true(record_live(&h, 1000000000 - RECORD_CLOCK_SKEW_MS));
    assert_false(record_live(&h, 1000000000 - RECORD_CLOCK_SKEW_MS - 1));
    assert_false(record_live(&h, UINT64_MAX));
    assert_true(record_live(&forever, UINT64_C(4294967294999)));
    assert_true(record_unexpired(1000, 0));
    assert_true(record_unexpired(1000000000, 999999999 + RECORD_CLOCK_SKEW_MS));
    assert_false(record_unexpired(1000000000, 1000000000 + RECORD_CLOCK_SKEW_MS));
    assert_true(record_unexpired(UINT64_MAX, UINT64_MAX));
}

static void signed_records_open_and_every_flip_is_refused(void **state)
{
    struct identity identity, stranger;
    uint8_t seed[IDENTITY_SEED_SIZE] = "seed of the record tests";

    (void)state;
    assert_int_equal(identity_library_init(), ERR_OK);
    identity_from_seed(&identity, seed);
    seed[0] ^= 1;
    identity_from_seed(&stranger, seed);
    for (int type = RECORD_TYPE_NODE; type <= RECORD_TYPE_LAST; type++) {
        union any record;
        struct record_parts parts;
        uint8_t data[RECORD_SIGNED_SIZE_MAX], bytes[RECORD_SIGNED_SIZE_MAX];
        size_t size, signed_size;

        fill(&record, (enum record_type)type, identity.public_key);
        assert_int_equal(encode(data, &size, (enum record_type)type, &record), ERR_OK);
        assert_int_equal(signed_make(bytes, sizeof(bytes), &signed_size, &stranger, data, size),
                         ERR_DROP);
        assert_int_equal(signed_make(bytes, size + 63, &signed_size, &identity, data, size),
                         ERR_LIMIT);
        assert_int_equal(signed_make(bytes, sizeof(bytes), &signed_size, &identity, data, size),
                         ERR_OK);
        assert_int_equal(signed_size, size + SIGNATURE_SIZE);
        assert_int_equal(signed_open(&parts, (enum record_type)type, bytes, signed_size), ERR_OK);
        assert_int_equal(parts.record_size, size);
        assert_memory_equal(parts.record, data, size);
        assert_int_equal(signed_open(&parts, (enum record_type)(type % RECORD_TYPE_LAST + 1), bytes,
                                     signed_size),
                         ERR_DROP);
        for (size_t cut = 0; cut < signed_size; cut += cut < 120 ? 1 : 13) {
            uint8_t *copy = fixture_copy(bytes, cut);

            assert_int_equal(signed_open(&parts, (enum record_type)type, copy, cut), ERR_DROP);
            free(copy);
        }
        for (size_t at = 0; at < signed_size; at++) {
            bytes[at] ^= (uint8_t)(1U << at % 8);
            if (signed_open(&parts, (enum record_type)type, bytes, signed_size) != ERR_DROP) {
                fail_msg("type %d, byte %zu", type, at);
            }
            bytes[at] ^= (uint8_t)(1U << at % 8);
        }
        /* In place: the record's own buffer has room behind it. */
        assert_int_equal(signed_make(data, sizeof(data), &signed_size, &identity, data, size),
                         ERR_OK);
        assert_memory_equal(data, bytes, signed_size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_every_type_round_trip),
        cmocka_unit_test(the_bytes_are_those_of_the_protocol),
        cmocka_unit_test(truncated_and_lengthened_records_are_refused),
        cmocka_unit_test(values_against_the_rules_are_not_decoded),
        cmocka_unit_test(an_attestation_is_fresh_or_not),
        cmocka_unit_test(a_type_or_version_that_is_none_is_not_peeked_at),
        cmocka_unit_test(values_against_the_rules_are_not_encoded),
        cmocka_unit_test(records_live_in_their_time_only),
        cmocka_unit_test(signed_records_open_and_every_flip_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
