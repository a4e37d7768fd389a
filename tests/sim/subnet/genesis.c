/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One store in memory, which each relay loads as if it were its own. */
#include "tests/sim/subnet/genesis.h"

#include "proto/base/bytes.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/signed.h"
#include "rendezvous/mesh/node_prefix.h"
#include "rendezvous/mesh/node_store.h"
#include "rendezvous/store/store.h"
#include "tests/sim/subnet/node.h"

#include <stdlib.h>
#include <string.h>

enum {
    AGE_MS_MAX = 6 * 3600 * 1000,
    KNOWN_MS = 48 * 3600 * 1000,
    VALUE_VERSION = 1, /* node_store.h */
};

/** What a store holds of one relay. */
struct stored {
    uint64_t age_ms; /* of the record */
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t record_size;
    uint8_t attestations[NODE_ATTESTATIONS_MAX][RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t attestation_sizes[NODE_ATTESTATIONS_MAX];
    uint8_t value[NODE_STORE_VALUE_MAX];
    size_t value_size;
};

struct stock {
    struct world *world;
    struct stored *list;
    uint32_t count;
    uint32_t reader; /* to whom its own record is not shown */
};

/* ---- the store ---- */

static int stock_seek(struct store *store, enum store_table table, const void *key, size_t key_size,
                      bool beyond, struct store_cursor *found, void *value, size_t capacity,
                      size_t *size)
{
    const struct stock *stock = store->context;
    uint32_t at = key_size == 0 ? 0 : world_find(stock->world, key)->number + (beyond ? 1 : 0);

    (void)table;
    at += at == stock->reader ? 1 : 0;
    if (at >= stock->count) {
        return ERR_OK;
    }
    CHECK(stock->list[at].value_size <= capacity);
    memcpy(value, stock->list[at].value, stock->list[at].value_size);
    *size = stock->list[at].value_size;
    memcpy(found->key, stock->world->relays[at].identity.public_key, KEY_SIZE);
    found->key_size = KEY_SIZE;
    return ERR_OK;
}

/* ---- what it holds ---- */

static void attest(const struct world *world, const struct relay *attester,
                   const struct relay *subject, uint64_t created_ms, uint8_t *out, size_t *size)
{
    struct record_attestation record = {.header = {.sequence = created_ms,
                                                   .created_ms = created_ms,
                                                   .lifetime_s = RECORD_NODE_LIFETIME_S},
                                        .subject_sequence = created_ms,
                                        .address = subject->address};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t bytes_size;

    (void)world;
    memcpy(record.header.key, attester->identity.public_key, KEY_SIZE);
    memcpy(record.subject_key, subject->identity.public_key, KEY_SIZE);
    CHECK(record_attestation_encode(bytes, &bytes_size, &record) == ERR_OK);
    CHECK(signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, size, &attester->identity, bytes,
                      bytes_size) == ERR_OK);
}

/* Three relays in three large networks, none of them the subject. */
static void attesters_draw(struct world *world, const struct relay *subject,
                           const struct relay *out[NODE_ATTESTATIONS_MAX])
{
    size_t count = 0;

    while (count < NODE_ATTESTATIONS_MAX) {
        const struct relay *drawn = &world->relays[rng_below(&world->rng, world->count)];
        bool fits = drawn != subject;

        for (size_t i = 0; i < count; i++) {
            fits = fits && node_prefix_wide(&out[i]->address) != node_prefix_wide(&drawn->address);
        }
        if (fits) {
            out[count++] = drawn;
        }
    }
}

static void stored_make(struct world *world, const struct relay *relay, struct stored *out)
{
    const struct relay *attesters[NODE_ATTESTATIONS_MAX];
    uint64_t wall_ms = env_wall_ms(&world->ports.env);
    struct wbuf w = wbuf_over(out->value, sizeof(out->value));

    out->age_ms = rng_below(&world->rng, AGE_MS_MAX);
    out->record_size = node_record(relay, wall_ms - out->age_ms, out->record);
    wbuf_u8(&w, VALUE_VERSION);
    wbuf_u64(&w, wall_ms - KNOWN_MS);
    wbuf_u16(&w, u16_of(out->record_size));
    wbuf_put(&w, out->record, out->record_size);
    attesters_draw(world, relay, attesters);
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX; i++) {
        uint64_t made_ms = wall_ms - rng_below(&world->rng, AGE_MS_MAX);

        attest(world, attesters[i], relay, made_ms, out->attestations[i],
               &out->attestation_sizes[i]);
        wbuf_u16(&w, u16_of(out->attestation_sizes[i]));
        wbuf_put(&w, out->attestations[i], out->attestation_sizes[i]);
    }
    CHECK(wbuf_ok(&w));
    out->value_size = wbuf_size(&w);
}

/* ---- the relays ---- */

static void begin(struct world *world, struct relay *relay, struct store *store)
{
    struct stock *stock = store->context;
    const struct stored *own = &stock->list[relay->number];

    stock->reader = relay->number;
    node_start(world, relay);
    CHECK(mesh_load(relay->mesh, store, world->now) == ERR_OK);
    CHECK(mesh_own_set(relay->mesh, own->record, own->record_size, world->now) == ERR_OK);
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX; i++) {
        (void)mesh_own_attested(relay->mesh, own->attestations[i], own->attestation_sizes[i]);
    }
    node_announce(world, relay, AGE_MS_MAX - own->age_ms);
}

/* What each hostile one does: all keep silent or lie, and a quarter floods. */
static uint32_t hostile_draw(struct rng *rng)
{
    uint32_t what = rng_chance(rng, 500000) ? HOSTILE_SILENT_FLAG : HOSTILE_LIAR_FLAG;

    return what | (rng_chance(rng, 250000) ? HOSTILE_FLOOD_FLAG : 0);
}

void genesis(struct world *world, uint32_t count, uint32_t hostile_percent)
{
    static const struct store_ops ops = {.seek = stock_seek};
    struct stock stock = {.world = world, .count = count};
    struct store store = {.ops = &ops, .context = &stock};

    stock.list = calloc(count, sizeof(*stock.list));
    CHECK(stock.list != NULL && world->count == 0);
    for (uint32_t i = 0; i < count; i++) {
        struct relay *relay = node_make(world);

        if ((i + 1) * hostile_percent / 100 != i * hostile_percent / 100) {
            relay->hostile = hostile_draw(&world->rng);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        stored_make(world, &world->relays[i], &stock.list[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        begin(world, &world->relays[i], &store);
    }
    free(stock.list);
}
