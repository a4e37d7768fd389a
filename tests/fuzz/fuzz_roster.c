/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host believes about members. An input is op(1), then three pieces, each size(2) and
 * bytes, the last one without size: member part, admission, revocation.
 *   op 0  applied as they are: nobody signed them, nothing may be believed
 *   op 1  signed by the keys that may sign such records, then applied twice and loaded again
 *   op 2  the first piece is a stored value that is loaded
 */
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/crypto/signed.h"
#include "rendezvous/roster/roster.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/env.h"

#include <string.h>

enum { FRAGMENT_SIZE_MAX = RECORD_SIGNED_SIZE_MAX };

/* When the records of the corpus are in force. */
#define CORPUS_WALL_MS UINT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct piece {
    uint8_t bytes[FRAGMENT_SIZE_MAX];
    size_t size;
};

static struct identity identity_of(uint8_t number)
{
    uint8_t seed[IDENTITY_SEED_SIZE] = {0};
    struct identity identity;

    seed[0] = number;
    identity_from_seed(&identity, seed);
    return identity;
}

static void fragment_read(struct piece *piece, struct rbuf *r, size_t wanted)
{
    size_t left = rbuf_left(r);

    piece->size = wanted < left ? wanted : left;
    if (piece->size > sizeof(piece->bytes)) {
        piece->size = sizeof(piece->bytes);
    }
    rbuf_copy(r, piece->bytes, piece->size);
}

/* Sign what the input has as record, with the key in its header made the signer's. */
static void fragment_sign(struct piece *piece, const struct identity *identity)
{
    uint8_t record[FRAGMENT_SIZE_MAX];
    size_t size = piece->size;

    if (size < RECORD_HEADER_SIZE) {
        return;
    }
    memcpy(record, piece->bytes, size);
    memcpy(record + 2, identity->public_key, KEY_SIZE);
    if (signed_make(piece->bytes, sizeof(piece->bytes), &piece->size, identity, record, size) !=
        ERR_OK) {
        piece->size = size;
    }
}

static int delegate(struct roster *roster, const struct identity *ziglan,
                    const struct identity *entry)
{
    struct record_delegation delegation = {0};
    uint8_t record[RECORD_SIZE_MAX], bytes[RECORD_SIGNED_SIZE_MAX];
    size_t size;

    memcpy(delegation.header.key, ziglan->public_key, KEY_SIZE);
    delegation.header.created_ms = CORPUS_WALL_MS;
    delegation.header.lifetime_s = 3600;
    memcpy(delegation.entry_key, entry->public_key, KEY_SIZE);
    delegation.rights = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG;
    delegation.expires_ms = CORPUS_WALL_MS + 3600000;
    int rc = record_delegation_encode(record, &size, &delegation);
    if (rc == ERR_OK) {
        rc = signed_make(bytes, sizeof(bytes), &size, ziglan, record, size);
    }
    return rc == ERR_OK ? roster_set_delegation(roster, bytes, size) : rc;
}

/* What must hold whatever came in. */
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

static void apply(struct roster *roster, const struct piece pieces[3], bool genuine)
{
    struct roster_change change = {
        .part = {pieces[0].bytes, pieces[0].size},
        .admission = {pieces[1].bytes, pieces[1].size},
        .revocation = {pieces[2].bytes, pieces[2].size},
    };
    enum roster_effect effect;
    uint8_t key[KEY_SIZE];

    int rc = roster_apply(roster, &change, &effect, key);
    CHECK(genuine || rc == ERR_DROP);
    check(roster);
    rc = roster_apply(roster, &change, &effect, key);
    CHECK(rc != ERR_OK || effect == ROSTER_EFFECT_NONE); /* what is repeated has none */
    check(roster);
}

static void store_value(struct store *store, const struct identity *ziglan,
                        const struct identity *node, const struct piece *value)
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
    struct piece pieces[3];
    uint8_t op = rbuf_u8(&r);

    test_env_init(&ports, 0);
    ports.wall_ms = CORPUS_WALL_MS;
    size_t wanted = rbuf_u16(&r);
    fragment_read(&pieces[0], &r, wanted);
    wanted = rbuf_u16(&r);
    fragment_read(&pieces[1], &r, wanted);
    fragment_read(&pieces[2], &r, rbuf_left(&r));
    CHECK(store_memory_new(&store) == ERR_OK);
    if (op == 2) {
        store_value(store, &ziglan, &node, &pieces[0]);
    }
    CHECK(roster_new(&roster, store, &ports.env, ziglan.public_key, 0) == ERR_OK);
    CHECK(delegate(roster, &ziglan, &entry) == ERR_OK);
    check(roster);
    if (op == 1) {
        fragment_sign(&pieces[0], &node);
        fragment_sign(&pieces[1], &entry);
        fragment_sign(&pieces[2], &entry);
    }
    if (op < 2) {
        apply(roster, pieces, op == 1);
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
