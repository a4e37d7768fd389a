/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cases of delegations. A wrong delegation that no encoder makes is made here by hand. */
#include "tests/support/delegations.h"

#include "proto/base/bytes.h"
#include "tests/support/identities.h"

#include <string.h>

enum how {
    RIGHT,
    SIGNATURE_DAMAGED,
    RIGHTS_CHANGED,   /* after it was signed */
    SIGNED_BY_OTHER,  /* but the header names the ziglan */
    OF_OTHER_ZIGLAN,  /* genuine, but of a ziglan that is not the one asked about */
    FOR_OTHER_RELAY,  /* genuine, but for a relay that is not the one asked about */
    FOR_THE_ZIGLAN,   /* names the ziglan's own key */
    SELF_MADE,        /* the relay delegates to itself */
    AN_ADMINISTRATOR, /* a record of the same form */
    OF_OTHER_VERSION,
    CUT_SHORT,
    TOO_LONG,   /* a byte behind the signature */
    OVERLOADED, /* a byte more in the signed record */
    EMPTY,
    WITHOUT_RIGHTS,
};

enum { SECONDS = 5000, MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define GOOD DELEGATION_BELIEVED
#define TIME DELEGATION_NOT_IN_FORCE
#define BAD DELEGATION_NOT_BELIEVED

/* The clocks of two machines may differ by ten minutes, before created_ms and after expires_ms. The
 * end of the lifetime has no such tolerance, because the signer chooses it. The cases at an edge
 * keep SECONDS away from it, for tests that take some time until they verify. */
const struct delegation_case delegation_cases[] = {
    {"right", RIGHT, -HOUR, DAY, 4 * HOUR, GOOD, false, false},
    {"made this moment", RIGHT, 0, DAY, DAY, GOOD, false, false},
    {"from a clock ten minutes ahead", RIGHT, 10 * MINUTE, DAY, DAY, GOOD, false, false},
    {"from the future", RIGHT, 10 * MINUTE + SECONDS, DAY, DAY, TIME, false, false},
    {"over for less than ten minutes", RIGHT, -HOUR, DAY, SECONDS - 10 * MINUTE, GOOD, false,
     false},
    {"over", RIGHT, -HOUR, DAY, -10 * MINUTE, TIME, false, false},
    {"in the last seconds of its life", RIGHT, SECONDS - HOUR, HOUR, DAY, GOOD, false, false},
    {"past its life", RIGHT, -HOUR, HOUR, DAY, TIME, false, false},
    {"without a life", RIGHT, 0, 0, DAY, TIME, false, false},
    {"signature damaged", SIGNATURE_DAMAGED, -HOUR, DAY, DAY, BAD, false, false},
    {"more rights than signed", RIGHTS_CHANGED, -HOUR, DAY, DAY, BAD, false, false},
    {"signed by somebody else", SIGNED_BY_OTHER, -HOUR, DAY, DAY, BAD, false, false},
    {"of another ziglan", OF_OTHER_ZIGLAN, -HOUR, DAY, DAY, BAD, true, false},
    {"of another ziglan, over", OF_OTHER_ZIGLAN, -2 * DAY, DAY, -DAY, BAD, true, false},
    {"for another relay", FOR_OTHER_RELAY, -HOUR, DAY, DAY, BAD, false, true},
    {"for another relay, over", FOR_OTHER_RELAY, -2 * DAY, DAY, -DAY, BAD, false, true},
    {"for the ziglan's own key", FOR_THE_ZIGLAN, -HOUR, DAY, DAY, BAD, false, true},
    {"by the relay itself", SELF_MADE, -HOUR, DAY, DAY, BAD, true, false},
    {"an administrator's", AN_ADMINISTRATOR, -HOUR, DAY, DAY, BAD, false, false},
    {"of another version", OF_OTHER_VERSION, -HOUR, DAY, DAY, BAD, false, false},
    {"cut short", CUT_SHORT, -HOUR, DAY, DAY, BAD, false, false},
    {"too long", TOO_LONG, -HOUR, DAY, DAY, BAD, false, false},
    {"with more in it", OVERLOADED, -HOUR, DAY, DAY, BAD, false, false},
    {"empty", EMPTY, -HOUR, DAY, DAY, BAD, false, false},
    {"without rights", WITHOUT_RIGHTS, -HOUR, DAY, DAY, BAD, false, false},
    {"over and damaged", SIGNATURE_DAMAGED, -2 * DAY, DAY, -DAY, BAD, false, false},
};
const size_t delegation_case_count = sizeof(delegation_cases) / sizeof(delegation_cases[0]);

/* Signs as proto/crypto/signed.h does, also bytes that signed_make refuses. */
static struct part sign_anything(const struct identity *identity, const uint8_t *record,
                                 size_t size)
{
    uint8_t message[1 + RECORD_SIZE_MAX];
    struct part part = {.size = size + SIGNATURE_SIZE};

    message[0] = record[0];
    memcpy(message + 1, record, size);
    memcpy(part.bytes, record, size);
    identity_sign(identity, "stun2 record 1", message, size + 1, part.bytes + size);
    return part;
}

static struct record_delegation record_of(const struct delegation_case *c,
                                          const struct identity *ziglan,
                                          const struct identity *entry, uint64_t wall_ms)
{
    struct identity other = node_of(77);
    const struct identity *by = ziglan;
    const struct identity *for_whom = entry;
    struct record_delegation record = {.header = {.type = RECORD_TYPE_DELEGATION,
                                                  .sequence = 1,
                                                  .created_ms = wall_ms + (uint64_t)c->created_ms,
                                                  .lifetime_s = (uint32_t)(c->lifetime_ms / 1000)},
                                       .rights =
                                           c->how == WITHOUT_RIGHTS ? 0 : RECORD_RIGHT_ADMIT_FLAG,
                                       .expires_ms = wall_ms + (uint64_t)c->expires_ms};

    if (c->how == OF_OTHER_ZIGLAN) {
        by = &other;
    } else if (c->how == SELF_MADE) {
        by = entry;
    } else if (c->how == FOR_OTHER_RELAY) {
        for_whom = &other;
    } else if (c->how == FOR_THE_ZIGLAN) {
        for_whom = ziglan;
    }
    memcpy(record.header.key, by->public_key, KEY_SIZE);
    memcpy(record.entry_key, for_whom->public_key, KEY_SIZE);
    return record;
}

struct part delegation_case_make(const struct delegation_case *c, const struct identity *ziglan,
                                 const struct identity *entry, uint64_t wall_ms)
{
    struct identity other = node_of(77);
    struct record_delegation record = record_of(c, ziglan, entry, wall_ms);
    const struct identity *signer = ziglan;
    uint8_t bytes[RECORD_SIZE_MAX] = {0};
    struct part part;
    size_t size;

    CHECK(record_delegation_encode(bytes, &size, &record) == ERR_OK);
    if (c->how == AN_ADMINISTRATOR) {
        bytes[0] = RECORD_TYPE_ADMINISTRATOR;
    } else if (c->how == OF_OTHER_VERSION) {
        bytes[1] = RECORD_VERSION + 1;
    } else if (c->how == SIGNED_BY_OTHER || c->how == OF_OTHER_ZIGLAN) {
        signer = &other;
    } else if (c->how == SELF_MADE) {
        signer = entry;
    }
    part = sign_anything(signer, bytes, size + (c->how == OVERLOADED ? 1 : 0));
    if (c->how == SIGNATURE_DAMAGED) {
        part.bytes[part.size - 1] ^= 1;
    } else if (c->how == RIGHTS_CHANGED) {
        part.bytes[size - 9] |= RECORD_RIGHT_REVOKE_FLAG; /* before expires_ms(8) */
    } else if (c->how == CUT_SHORT) {
        part.size--;
    } else if (c->how == TOO_LONG) {
        part.size++;
    } else if (c->how == EMPTY) {
        part.size = 0;
    }
    return part;
}

enum delegation_verdict delegation_case_is(const struct delegation_case *c, bool ziglan_known,
                                           bool entry_known)
{
    if ((c->needs_ziglan_key && !ziglan_known) || (c->needs_entry_key && !entry_known)) {
        return c->expires_ms > 0 ? DELEGATION_BELIEVED : DELEGATION_NOT_IN_FORCE;
    }
    return c->is;
}
