/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of signatures from a ziglan to a member: whole, and with each link broken in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/crypto/delegation.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/member.h"

enum { HOUR_MS = 3600000 };

static const uint64_t now_ms = UINT64_C(1767225600000);
static struct identity ziglan, entry_point, host, stranger;

static struct identity identity_of(uint8_t number)
{
    uint8_t seed[IDENTITY_SEED_SIZE] = {number};
    struct identity out;

    identity_from_seed(&out, seed);
    return out;
}

static int set_up(void **state)
{
    (void)state;
    ziglan = identity_of(1);
    entry_point = identity_of(2);
    host = identity_of(3);
    stranger = identity_of(4);
    return 0;
}

/* All that an entry point says of a member, before it is signed. A test changes one thing in it. */
struct claim {
    struct record_delegation delegation;
    struct record_member part;
    struct record_admission admission;
    struct record_revocation revocation;
    const struct identity *delegates, *admits, *is_part, *revokes;
    uint64_t looked_at_ms;
    bool revoked;
    enum delegation_verdict entry_verdict; /* what delegation_verify says of the delegation */
};

static struct record_header header_of(const struct identity *identity)
{
    struct record_header h = {.sequence = 7, .created_ms = now_ms - HOUR_MS, .lifetime_s = 86400};

    memcpy(h.key, identity->public_key, KEY_SIZE);
    return h;
}

static struct claim claim_of(bool revoked)
{
    struct claim c = {.delegates = &ziglan,
                      .admits = &entry_point,
                      .is_part = &host,
                      .revokes = &entry_point,
                      .looked_at_ms = now_ms,
                      .revoked = revoked};

    c.delegation.rights = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG;
    c.delegation.expires_ms = now_ms + 4 * HOUR_MS;
    memcpy(c.delegation.entry_key, entry_point.public_key, KEY_SIZE);
    memcpy(c.admission.ziglan_key, ziglan.public_key, KEY_SIZE);
    memcpy(c.admission.member_key, host.public_key, KEY_SIZE);
    memcpy(c.admission.granted_name, "nas", sizeof("nas"));
    c.admission.expires_ms = now_ms + 2 * HOUR_MS;
    memcpy(c.revocation.ziglan_key, ziglan.public_key, KEY_SIZE);
    memcpy(c.revocation.member_key, host.public_key, KEY_SIZE);
    return c;
}

/* Sign it all and verify it, as a host does. flip is the record whose signature is damaged: 0
   delegation, 1 part, 2 admission, 3 revocation, -1 none. */
static int judge(struct claim *c, int flip, struct member *out)
{
    uint8_t record[RECORD_SIZE_MAX], bytes[4][RECORD_SIZE_MAX + SIGNATURE_SIZE];
    size_t size, sizes[4];
    struct record_delegation entry;

    c->delegation.header = header_of(c->delegates);
    c->part.header = header_of(c->is_part);
    c->admission.header = header_of(c->admits);
    c->revocation.header = header_of(c->revokes);
    assert_int_equal(record_delegation_encode(record, &size, &c->delegation), ERR_OK);
    assert_int_equal(signed_make(bytes[0], sizeof(bytes[0]), &sizes[0], c->delegates, record, size),
                     ERR_OK);
    assert_int_equal(record_member_encode(record, &size, &c->part), ERR_OK);
    assert_int_equal(signed_make(bytes[1], sizeof(bytes[1]), &sizes[1], c->is_part, record, size),
                     ERR_OK);
    assert_int_equal(record_admission_encode(record, &size, &c->admission), ERR_OK);
    assert_int_equal(signed_make(bytes[2], sizeof(bytes[2]), &sizes[2], c->admits, record, size),
                     ERR_OK);
    assert_int_equal(record_revocation_encode(record, &size, &c->revocation), ERR_OK);
    assert_int_equal(signed_make(bytes[3], sizeof(bytes[3]), &sizes[3], c->revokes, record, size),
                     ERR_OK);
    if (flip >= 0) {
        bytes[flip][sizes[flip] - 1] ^= 1;
    }
    c->entry_verdict =
        delegation_verify(&entry, bytes[0], sizes[0], ziglan.public_key, NULL, now_ms);
    if (c->entry_verdict != DELEGATION_BELIEVED) {
        return ERR_DROP;
    }
    return member_verify(out, &entry, (struct member_bytes){bytes[1], sizes[1]},
                         (struct member_bytes){bytes[2], sizes[2]},
                         (struct member_bytes){bytes[3], c->revoked ? sizes[3] : 0},
                         c->looked_at_ms);
}

static void what_is_right_is_believed(void **state)
{
    struct claim c = claim_of(false);
    struct member out;

    (void)state;
    assert_int_equal(judge(&c, -1, &out), ERR_OK);
    assert_memory_equal(out.key, host.public_key, KEY_SIZE);
    assert_string_equal(out.name, "nas");
    assert_false(out.revoked);
    c = claim_of(true);
    assert_int_equal(judge(&c, -1, &out), ERR_OK);
    assert_memory_equal(out.key, host.public_key, KEY_SIZE);
    assert_int_equal(out.sequence, 7);
    assert_true(out.revoked);
}

static void a_damaged_signature_is_refused(void **state)
{
    struct member out;

    (void)state;
    for (int flip = 0; flip < 3; flip++) {
        struct claim c = claim_of(false);

        assert_int_equal(judge(&c, flip, &out), ERR_DROP);
        assert_int_equal(c.entry_verdict,
                         flip == 0 ? DELEGATION_NOT_BELIEVED : DELEGATION_BELIEVED);
    }
    struct claim c = claim_of(true);
    assert_int_equal(judge(&c, 3, &out), ERR_DROP);
}

static void a_broken_link_is_refused(void **state)
{
    struct member out;
    struct claim c;

    (void)state;
    c = claim_of(false); /* a delegation that somebody else signed */
    c.delegates = &stranger;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    assert_int_equal(c.entry_verdict, DELEGATION_NOT_BELIEVED);
    c = claim_of(false); /* an admission that is well signed, but not by the entry point */
    c.admits = &stranger;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* an entry point that may not admit */
    c.delegation.rights = RECORD_RIGHT_REVOKE_FLAG;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* to another ziglan of the same entry point */
    memcpy(c.admission.ziglan_key, stranger.public_key, KEY_SIZE);
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* of another host than the part's */
    memcpy(c.admission.member_key, stranger.public_key, KEY_SIZE);
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* another host's part under the admission */
    c.is_part = &stranger;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* after the admission's end */
    c.looked_at_ms = c.admission.expires_ms + RECORD_CLOCK_SKEW_MS + 1;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* after the delegation's end */
    c.admission.expires_ms = now_ms + 10 * HOUR_MS;
    c.looked_at_ms = c.delegation.expires_ms + RECORD_CLOCK_SKEW_MS + 1;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(false); /* a delegation that is over when it comes */
    c.delegation.expires_ms = now_ms - RECORD_CLOCK_SKEW_MS - 1;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    assert_int_equal(c.entry_verdict, DELEGATION_NOT_IN_FORCE);
}

static void a_revocation_by_who_may_not_is_refused(void **state)
{
    struct member out;
    struct claim c;

    (void)state;
    c = claim_of(true);
    c.revokes = &stranger;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(true); /* not even by the member itself */
    c.revokes = &host;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(true);
    c.delegation.rights = RECORD_RIGHT_ADMIT_FLAG;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(true); /* from another ziglan */
    memcpy(c.revocation.ziglan_key, stranger.public_key, KEY_SIZE);
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
    c = claim_of(true); /* nor after the delegation's end */
    c.looked_at_ms = c.delegation.expires_ms + RECORD_CLOCK_SKEW_MS + 1;
    assert_int_equal(judge(&c, -1, &out), ERR_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_believed),
        cmocka_unit_test(a_damaged_signature_is_refused),
        cmocka_unit_test(a_broken_link_is_refused),
        cmocka_unit_test(a_revocation_by_who_may_not_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
