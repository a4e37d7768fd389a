/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges what is announced, the cheap questions first and the signature last, and keeps it. */
#include "rendezvous/presence/presence_table.h"

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "rendezvous/presence/presence_shares.h"
#include "rendezvous/presence/presence_slots.h"

#include <stdlib.h>
#include <string.h>

enum {
    SWEEPS_PER_S = 64, /* parts in which the table is looked through */
    VICTIMS = 64,      /* places of which the one of the largest share makes room */
};

static const struct bucket_rate checks_rate = {.per_s = PRESENCE_CHECKS_PER_S,
                                               .burst = PRESENCE_CHECKS_BURST};

struct presence_table {
    struct presence_slots slots;
    struct presence_shares *shares;
    struct bucket_table *tellers; /* by prefix */
    struct bucket checks;
    presence_check *check;
    struct presence_stats stats;
    uint32_t swept; /* the place where the next sweep begins */
    uint64_t drawn; /* the last place that was drawn to make room, and more bits */
};

int presence_table_new(struct presence_table **out, uint32_t count_max, presence_check *check,
                       const struct env *env, struct mono now)
{
    static const struct bucket_rate tells = {.per_s = PRESENCE_TELLS_PER_S,
                                             .burst = PRESENCE_TELLS_BURST};
    struct presence_table *table = calloc(1, sizeof(*table));
    int rc;

    *out = NULL;
    if (table == NULL) {
        return ERR_NOMEM;
    }
    table->check = check;
    env_random(env, &table->drawn, sizeof(table->drawn));
    bucket_init(&table->checks, &checks_rate, now);
    rc = presence_slots_init(&table->slots, count_max, env);
    if (rc == ERR_OK) {
        rc = presence_shares_new(&table->shares, PRESENCE_RELAYS_MAX, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&table->tellers, sizeof(struct hrw_prefix), PRESENCE_TELLERS_MAX,
                              &tells, env);
    }
    if (rc != ERR_OK) {
        presence_table_free(table);
        return rc;
    }
    *out = table;
    return ERR_OK;
}

void presence_table_free(struct presence_table *table)
{
    if (table != NULL) {
        presence_slots_fini(&table->slots);
        presence_shares_free(table->shares);
        bucket_table_free(table->tellers);
        free(table);
    }
}

/* The table's seconds; never 0. */
static uint32_t seconds_of(struct mono now)
{
    return (uint32_t)(now.ns / NS_PER_S) + 1;
}

static void gauges_set(struct presence_table *table)
{
    table->stats.records = table->slots.count;
    table->stats.relays = presence_shares_relay_count(table->shares);
}

static void forget(struct presence_table *table, struct presence_slot *slot)
{
    presence_shares_leave(table->shares, slot->relay);
    presence_slots_release(&table->slots, slot);
    gauges_set(table);
}

/* ---- records in their places ---- */

static void slot_read(const struct presence_table *table, const struct presence_slot *slot,
                      struct presence_record *out)
{
    *out = (struct presence_record){.sequence = slot->sequence,
                                    .created_ms = slot->created_ms,
                                    .expires_ms = slot->expires_ms,
                                    .lifetime_s = slot->lifetime_s,
                                    .rights = slot->rights};
    memcpy(out->key, slot->key, KEY_SIZE);
    memcpy(out->relay, presence_shares_key(table->shares, slot->relay), KEY_SIZE);
    memcpy(out->signature, slot->signature, SIGNATURE_SIZE);
}

/* The same record, from the same relay. */
static bool slot_is(const struct presence_slot *slot, const struct presence_record *record)
{
    return slot->sequence == record->sequence && slot->created_ms == record->created_ms &&
           slot->expires_ms == record->expires_ms && slot->lifetime_s == record->lifetime_s &&
           slot->rights == record->rights &&
           memcmp(slot->signature, record->signature, SIGNATURE_SIZE) == 0;
}

/* When the record is to be forgotten. The wall clock decides what is told of it; this only frees
 * its place, and a wall clock that is set later does not make it stay. */
static uint32_t until_of(const struct presence_record *record, uint64_t wall_ms, struct mono now)
{
    uint64_t left_s;

    if (record->rights != 0) {
        return seconds_of(now) + PRESENCE_DELEGATION_KEEP_S;
    }
    left_s = (record->expires_ms + RECORD_CLOCK_SKEW_MS - wall_ms) / 1000;
    return seconds_of(now) + 1 + (uint32_t)left_s;
}

static void slot_write(struct presence_slot *slot, const struct presence_record *record,
                       uint64_t wall_ms, struct mono now)
{
    slot->sequence = record->sequence;
    slot->created_ms = record->created_ms;
    slot->expires_ms = record->expires_ms;
    slot->lifetime_s = record->lifetime_s;
    slot->rights = record->rights;
    memcpy(slot->signature, record->signature, SIGNATURE_SIZE);
    slot->until_s = until_of(record, wall_ms, now);
}

/* What is known of the key already. */
struct known {
    struct presence_slot *same;   /* at the same relay; NULL: nothing */
    struct presence_slot *oldest; /* of all relays, the smallest sequence; NULL: nothing */
    size_t count;
};

static struct known known_of(const struct presence_table *table,
                             const struct presence_record *record)
{
    struct known known = {.same = NULL};
    uint32_t relay = 0;
    bool known_relay = presence_shares_find(table->shares, record->relay, &relay);

    for (struct presence_slot *slot = presence_slots_first(&table->slots, record->key);
         slot != NULL; slot = presence_slots_next(&table->slots, slot)) {
        known.count++;
        if (known_relay && slot->relay == relay) {
            known.same = slot;
        }
        if (known.oldest == NULL || slot->sequence < known.oldest->sequence) {
            known.oldest = slot;
        }
    }
    return known;
}

/* ---- bounds ---- */

/* Whether the slot may change once more: PRESENCE_CHANGE_BURST at once, then one in
 * PRESENCE_CHANGE_EVERY_S. */
static bool pace_allows(const struct presence_slot *slot, struct mono now)
{
    return slot->paced_s <= seconds_of(now) + (PRESENCE_CHANGE_BURST - 1) * PRESENCE_CHANGE_EVERY_S;
}

static void pace_take(struct presence_slot *slot, struct mono now)
{
    uint32_t now_s = seconds_of(now);

    slot->paced_s = (slot->paced_s > now_s ? slot->paced_s : now_s) + PRESENCE_CHANGE_EVERY_S;
}

/* Whether the shares of the teller and its prefix have room for one more record. */
static bool share_allows(struct presence_table *table, const struct presence_teller *teller,
                         const struct hrw_prefix *prefix)
{
    uint32_t relay = 0;

    if (presence_shares_find(table->shares, teller->key, &relay) &&
        presence_shares_of_relay(table->shares, relay) >= PRESENCE_PER_RELAY_MAX) {
        table->stats.limit_relay++;
        return false;
    }
    if (presence_shares_of_prefix(table->shares, prefix) >= PRESENCE_PER_PREFIX_MAX) {
        table->stats.limit_prefix++;
        return false;
    }
    return true;
}

/* A place of a full table, by a linear congruential generator with a random seed: nobody knows
 * which. */
static struct presence_slot *place_draw(struct presence_table *table)
{
    table->drawn = table->drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return presence_slots_at(&table->slots,
                             (uint32_t)((table->drawn >> 32) % table->slots.count_max));
}

/* In a full table one of VICTIMS records makes room: that of the largest share. Whoever floods the
 * table has most of them, so the search finds its records. False if the newcomer's prefix has as
 * much as any of these. */
static bool room_make(struct presence_table *table, const struct hrw_prefix *prefix)
{
    struct presence_slot *victim = NULL;
    uint32_t most = presence_shares_of_prefix(table->shares, prefix) + 1;

    if (table->slots.count < table->slots.count_max) {
        return true;
    }
    for (int i = 0; i < VICTIMS; i++) {
        struct presence_slot *slot = place_draw(table);
        uint32_t share = presence_shares_beside_relay(table->shares, slot->relay);

        if (share > most) {
            most = share;
            victim = slot;
        }
    }
    if (victim == NULL) {
        table->stats.limit_all++;
        return false;
    }
    table->stats.displaced++;
    forget(table, victim);
    return true;
}

/* ---- announcements ---- */

static enum verdict time_judge(struct presence_table *table, const struct presence_record *record,
                               uint64_t wall_ms)
{
    switch (presence_record_time(record, wall_ms)) {
    case PRESENCE_OK:
        return VERDICT_OK;
    case PRESENCE_FUTURE:
        table->stats.future++;
        return VERDICT_CLOCK;
    case PRESENCE_OVER:
    case PRESENCE_MALFORMED:
    case PRESENCE_FORGED:
        break;
    }
    table->stats.over++;
    return VERDICT_BAD_REQUEST;
}

/* The last question, because it costs most. */
static enum verdict signature_judge(struct presence_table *table,
                                    const struct presence_record *record, struct mono now)
{
    if (!bucket_take(&table->checks, &checks_rate, 1, now)) {
        table->stats.limit_checks++;
        return VERDICT_LIMIT;
    }
    if (!table->check(record)) {
        table->stats.forged++;
        return VERDICT_BAD_REQUEST;
    }
    return VERDICT_OK;
}

/* A record of a key that was at this relay before. */
static enum verdict renew(struct presence_table *table, struct presence_slot *slot,
                          const struct presence_record *record, uint64_t wall_ms, struct mono now)
{
    enum verdict verdict;

    if (slot_is(slot, record)) {
        table->stats.repeated++;
        slot->until_s = until_of(record, wall_ms, now);
        return VERDICT_OK;
    }
    if (record->sequence <= slot->sequence) {
        table->stats.replayed++;
        return VERDICT_REFUSED;
    }
    if (!pace_allows(slot, now)) {
        table->stats.limit_key++;
        return VERDICT_LIMIT;
    }
    verdict = signature_judge(table, record, now);
    if (verdict == VERDICT_OK) {
        slot_write(slot, record, wall_ms, now);
        pace_take(slot, now);
        table->stats.renewed++;
    }
    return verdict;
}

/* A record of a key that is new at this relay. If it is at many relays, the oldest makes room. */
static enum verdict add(struct presence_table *table, const struct presence_teller *teller,
                        const struct presence_record *record, struct presence_slot *oldest,
                        uint64_t wall_ms, struct mono now)
{
    struct hrw_prefix prefix = hrw_prefix_of(&teller->address);
    struct presence_slot *slot;
    enum verdict verdict;
    uint32_t relay = 0;

    if (oldest != NULL && record->sequence <= oldest->sequence) {
        table->stats.replayed++;
        return VERDICT_REFUSED;
    }
    if (!share_allows(table, teller, &prefix)) {
        return VERDICT_LIMIT;
    }
    verdict = signature_judge(table, record, now);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (oldest != NULL) {
        forget(table, oldest);
    } else if (!room_make(table, &prefix)) {
        return VERDICT_LIMIT;
    }
    if (presence_shares_enter(table->shares, teller->key, &prefix, &relay) != ERR_OK) {
        table->stats.limit_all++;
        return VERDICT_UNAVAILABLE;
    }
    slot = presence_slots_take(&table->slots, record->key);
    if (slot == NULL) {
        presence_shares_leave(table->shares, relay);
        return VERDICT_UNAVAILABLE;
    }
    slot->relay = relay;
    slot_write(slot, record, wall_ms, now);
    pace_take(slot, now);
    table->stats.added++;
    return VERDICT_OK;
}

enum verdict presence_table_tell(struct presence_table *table, const struct presence_teller *teller,
                                 const uint8_t *data, size_t size, uint64_t wall_ms,
                                 struct mono now)
{
    struct hrw_prefix prefix = hrw_prefix_of(&teller->address);
    struct presence_record record;
    struct known known;
    enum verdict verdict;

    if (!bucket_table_take(table->tellers, &prefix, 1, now)) {
        table->stats.limit_rate++;
        return VERDICT_LIMIT;
    }
    if (presence_record_read(&record, data, size) != ERR_OK) {
        table->stats.malformed++;
        return VERDICT_BAD_REQUEST;
    }
    if (memcmp(record.relay, teller->key, KEY_SIZE) != 0) {
        table->stats.foreign++;
        return VERDICT_BAD_REQUEST;
    }
    verdict = time_judge(table, &record, wall_ms);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    known = known_of(table, &record);
    if (known.same != NULL) {
        return renew(table, known.same, &record, wall_ms, now);
    }
    verdict = add(table, teller, &record, known.count < PRESENCE_PER_KEY_MAX ? NULL : known.oldest,
                  wall_ms, now);
    gauges_set(table);
    return verdict;
}

/* ---- questions ---- */

/* Put a record among those that were found, the largest sequence first. */
static size_t found_add(struct presence_record out[PRESENCE_PER_KEY_MAX], size_t count,
                        const struct presence_record *record)
{
    size_t at = count;

    while (at > 0 && out[at - 1].sequence < record->sequence) {
        out[at] = out[at - 1];
        at--;
    }
    out[at] = *record;
    return count + 1;
}

size_t presence_table_find(const struct presence_table *table, const uint8_t key[KEY_SIZE],
                           uint64_t wall_ms, struct mono now,
                           struct presence_record out[PRESENCE_PER_KEY_MAX])
{
    uint32_t now_s = seconds_of(now);
    struct presence_record record;
    size_t count = 0;

    for (const struct presence_slot *slot = presence_slots_first(&table->slots, key);
         slot != NULL && count < PRESENCE_PER_KEY_MAX;
         slot = presence_slots_next(&table->slots, slot)) {
        slot_read(table, slot, &record);
        if (slot->until_s > now_s && presence_record_time(&record, wall_ms) == PRESENCE_OK) {
            count = found_add(out, count, &record);
        }
    }
    return count;
}

void presence_table_absent(struct presence_table *table, const uint8_t key[KEY_SIZE],
                           const uint8_t relay[KEY_SIZE])
{
    uint32_t number = 0;

    if (!presence_shares_find(table->shares, relay, &number)) {
        return;
    }
    for (struct presence_slot *slot = presence_slots_first(&table->slots, key); slot != NULL;
         slot = presence_slots_next(&table->slots, slot)) {
        if (slot->relay == number) {
            table->stats.absent++;
            forget(table, slot);
            return;
        }
    }
}

void presence_table_expire(struct presence_table *table, struct mono now)
{
    uint32_t now_s = seconds_of(now);
    uint32_t used = table->slots.used;
    uint32_t part = used / SWEEPS_PER_S + 1;

    for (uint32_t i = 0; i < part && used > 0; i++) {
        struct presence_slot *slot;

        table->swept = table->swept >= used ? 0 : table->swept;
        slot = presence_slots_at(&table->slots, table->swept++);
        if (slot->until_s != 0 && slot->until_s <= now_s) {
            table->stats.expired++;
            forget(table, slot);
        }
    }
}

size_t presence_table_bytes(const struct presence_table *table)
{
    return presence_slots_bytes(&table->slots);
}

const struct presence_stats *presence_table_stats(const struct presence_table *table)
{
    return &table->stats;
}
