/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host believes about members. An input is op(1), then three records: a member part and an
 * admission, each size(2) bytes(size), and a revocation, which is the rest.
 *   op 0  they are applied as they are: nobody signed them, so nothing may be believed
 *   op 1  they are signed by the keys that may sign such records, applied twice and loaded again
 *   op 2  the first one is a value in the store that is loaded
 */
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/crypto/signed.h"
#include "rendezvous/roster/roster.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"
#include "tests/support/parts.h"

#include <string.h>

/* An instant at which the records of the corpus are in force. */
#define CORPUS_WALL_MS UINT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct identity identity_of(uint8_t number)
{
    uint8_t seed[IDENTITY_SEED_SIZE] = {0};
    struct identity identity;

    seed[0] = number;
    identity_from_seed(&identity, seed);
    return identity;
}

/* At most `wanted` bytes of the input. */
static void part_read(struct part *part, struct rbuf *r, size_t wanted)
{
    size_t left = rbuf_left(r);

    part->size = wanted < left ? wanted : left;
    if (part->size > sizeof(part->bytes)) {
        part->size = sizeof(part->bytes);
    }
    rbuf_copy(r, part->bytes, part->size);
}

/* Sign the record, after the key in its header was made the signer's. If that cannot be signed, it
 * stays as it is. */
static void sign_part(struct part *part, const struct identity *identity)
{
    uint8_t record[RECORD_SIGNED_SIZE_MAX];
    size_t size = part->size;

    if (size < RECORD_HEADER_SIZE) {
        return;
    }
    memcpy(record, part->bytes, size);
    memcpy(record + 2, identity->public_key, KEY_SIZE);
    if (signed_make(part->bytes, sizeof(part->bytes), &part->size, identity, record, size) !=
        ERR_OK) {
        part->size = size;
    }
}

static int delegate(struct roster *roster, const struct identity *ziglan,
                    const struct identity *entry)
{
    struct part delegation =
        delegation_of(CORPUS_WALL_MS, ziglan, entry,
                      RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG, CORPUS_WALL_MS + 3600000);

    return roster_set_delegation(roster, delegation.bytes, delegation.size);
}

/* This must hold whatever the input was. */
static void check(struct roster *roster)
{
    CHECK(roster_count(roster) <= 1);
    for (size_t i = 0; i < roster_count(roster); i++) {
        const struct roster_member *m = roster_at(roster, i);
        CHECK(roster_find_key(roster, m->key) == m);
        CHECK(roster_find_ip6(roster, m->ip6) == m);
        CHECK(m->name_conflict || roster_find_name(roster, m->name, strlen(m->name)) == m);
        CHECK(m->relay_count <= RECORD_RELAYS_MAX && m->eui64_count <= ADDRPLAN_FIXED_MAX);
    }
}

static void apply(struct roster *roster, const struct part parts[3], bool genuine)
{
    struct roster_change change = {
        .part = {parts[0].bytes, parts[0].size},
        .admission = {parts[1].bytes, parts[1].size},
        .revocation = {parts[2].bytes, parts[2].size},
    };
    enum roster_effect effect;
    uint8_t key[KEY_SIZE];

    int rc = roster_apply(roster, &change, &effect, key);
    CHECK(genuine || rc == ERR_DROP);
    check(roster);
    rc = roster_apply(roster, &change, &effect, key);
    CHECK(rc != ERR_OK || effect == ROSTER_EFFECT_NONE); /* a repetition has none */
    check(roster);
}

static void store_value(struct store *store, const struct identity *ziglan,
                        const struct identity *node, const struct part *value)
{
    uint8_t key[2 * KEY_SIZE];

    memcpy(key, ziglan->public_key, KEY_SIZE);
    memcpy(key + KEY_SIZE, node->public_key, KEY_SIZE);
    int rc = store_write(store, STORE_TABLE_ROSTER, key, sizeof(key), value->bytes, value->size);
    CHECK(rc == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_env ports;
    struct identity ziglan = identity_of(1), entry = identity_of(2), node = identity_of(3);
    struct rbuf r = rbuf_over(data, size);
    struct roster *roster = NULL;
    struct store *store = NULL;
    struct part parts[3];
    uint8_t op = rbuf_u8(&r);

    test_env_init(&ports, 0);
    ports.wall_ms = CORPUS_WALL_MS;
    size_t wanted = rbuf_u16(&r);
    part_read(&parts[0], &r, wanted);
    wanted = rbuf_u16(&r);
    part_read(&parts[1], &r, wanted);
    part_read(&parts[2], &r, rbuf_left(&r));
    CHECK(store_memory_new(&store) == ERR_OK);
    if (op == 2) {
        store_value(store, &ziglan, &node, &parts[0]);
    }
    CHECK(roster_new(&roster, store, &ports.env, ziglan.public_key, 0) == ERR_OK);
    CHECK(delegate(roster, &ziglan, &entry) == ERR_OK);
    check(roster);
    if (op == 1) {
        sign_part(&parts[0], &node);
        sign_part(&parts[1], &entry);
        sign_part(&parts[2], &entry);
    }
    if (op < 2) {
        apply(roster, parts, op == 1);
    }
    size_t count = roster_count(roster);
    roster_free(roster);
    CHECK(roster_new(&roster, store, &ports.env, ziglan.public_key, 0) == ERR_OK);
    CHECK(roster_count(roster) == count); /* what was believed is kept */
    check(roster);
    roster_free(roster);
    store_close(store);
    return 0;
}
