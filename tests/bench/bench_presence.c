/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What presence costs a relay of a large subnet: the CPU time to find the winners of a key among
 * 10,000 relays, to give them their seats, and to take, find and renew announcements in a table of
 * a million records, whose memory is told, too. Signatures are measured apart.
 * usage: bench_presence [RELAYS [RECORDS]]
 */
#include "proto/crypto/attachment.h"
#include "rendezvous/presence/hrw.h"
#include "rendezvous/presence/presence_table.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RELAYS_DEFAULT = 10000, RECORDS_DEFAULT = 1000000, WINNERS_ROUNDS = 500, CHECKS = 2000 };

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "bench_presence: %s\n", what);
        exit(1);
    }
}

static void number_write(uint8_t key[KEY_SIZE], uint32_t n)
{
    memset(key, 0x5a, KEY_SIZE);
    memcpy(key, &n, sizeof(n));
}

struct visit {
    uint32_t at, count;
};

static struct presence_teller teller_of(uint32_t n)
{
    const uint8_t ip[4] = {(uint8_t)(11 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n, 1};
    struct presence_teller teller = {.address = endpoint_v4(ip, 4433)};

    number_write(teller.key, n);
    return teller;
}

static bool visit_next(void *context, struct hrw_relay *out)
{
    struct visit *visit = context;

    if (visit->at == visit->count) {
        return false;
    }
    struct presence_teller teller = teller_of(visit->at++);

    out->address = teller.address;
    out->known_since_ms = 0;
    memcpy(out->key, teller.key, KEY_SIZE);
    return true;
}

static void winners_measure(const struct env *env, uint32_t relays)
{
    struct visit visit = {.count = relays};
    const struct hrw_source source = {.context = &visit, .next = visit_next};
    uint8_t key[KEY_SIZE], winners[HRW_WINNERS][KEY_SIZE];
    struct hrw *hrw;
    double began = cpu_ns();

    must(hrw_new(&hrw, hrw_score, env) == ERR_OK && hrw_fill(hrw, &source, TEST_WALL_MS) == ERR_OK,
         "seats");
    (void)printf("seats_us %.0f\n", (cpu_ns() - began) / 1000);
    began = cpu_ns();
    for (uint32_t i = 0; i < WINNERS_ROUNDS; i++) {
        number_write(key, i);
        must(hrw_winners(hrw, 1, key, winners, HRW_WINNERS) == HRW_WINNERS, "winners");
    }
    double each = (cpu_ns() - began) / WINNERS_ROUNDS;

    (void)printf("winners_us %.0f\nscore_ns %.0f\n", each / 1000, each / relays);
    hrw_free(hrw);
}

static bool always_signed(const struct presence_record *record)
{
    (void)record;
    return true;
}

static enum verdict tell(struct presence_table *table, uint32_t relays, uint32_t n,
                         uint64_t sequence, struct mono now)
{
    struct presence_teller teller = teller_of(n % relays);
    struct presence_record record = {.sequence = sequence,
                                     .created_ms = TEST_WALL_MS,
                                     .expires_ms = TEST_WALL_MS + ATTACHMENT_MS_MAX,
                                     .lifetime_s = ATTACHMENT_MS_MAX / 1000};
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];

    number_write(record.key, n);
    memcpy(record.relay, teller.key, KEY_SIZE);
    size_t size = presence_record_write(&record, bytes);
    return presence_table_tell(table, &teller, bytes, size, TEST_WALL_MS, now);
}

static void table_measure(const struct env *env, uint32_t relays, uint32_t records)
{
    struct presence_record out[PRESENCE_PER_KEY_MAX];
    struct presence_table *table;
    struct mono now = {NS_PER_S};
    uint8_t key[KEY_SIZE];
    struct mallinfo2 before = mallinfo2();

    must(presence_table_new(&table, records, always_signed, env, now) == ERR_OK, "table");
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        double began = cpu_ns();

        for (uint32_t n = 0; n < records; n++) {
            now = mono_add_ns(now, NS_PER_S / PRESENCE_CHECKS_PER_S);
            must(tell(table, relays, n, sequence, now) == VERDICT_OK, "tell");
        }
        (void)printf("%s_ns %.0f\n", sequence == 1 ? "add" : "renew", (cpu_ns() - began) / records);
    }
    struct mallinfo2 after = mallinfo2();

    (void)printf("bytes_per_record %zu\nbytes_per_record_with_all %zu\n",
                 presence_table_bytes(table) / records,
                 (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / records);
    double began = cpu_ns();

    for (uint32_t n = 0; n < records; n++) {
        number_write(key, n * 7919 % records);
        must(presence_table_find(table, key, TEST_WALL_MS, (struct mono){0}, out) == 1, "find");
    }
    (void)printf("find_ns %.0f\n", (cpu_ns() - began) / records);
    presence_table_free(table);
}

static void check_measure(void)
{
    struct identity host = fixture_identity('h');
    const uint8_t relay[KEY_SIZE] = {1};
    struct part part = attachment_of(TEST_WALL_MS, &host, relay, 1, ATTACHMENT_MS_MAX);
    struct presence_record record;
    double began = cpu_ns();

    for (int i = 0; i < CHECKS; i++) {
        must(presence_record_open(&record, part.bytes, part.size, TEST_WALL_MS) == PRESENCE_OK,
             "signature");
    }
    (void)printf("check_us %.1f\n", (cpu_ns() - began) / CHECKS / 1000);
}

int main(int argc, char **argv)
{
    uint32_t relays = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : RELAYS_DEFAULT;
    uint32_t records = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : RECORDS_DEFAULT;
    struct test_env ports;

    must(relays > 0 && records > 0, "usage: bench_presence [RELAYS [RECORDS]]");
    must(identity_library_init() == ERR_OK, "libsodium");
    test_env_init(&ports, 1);
    winners_measure(&ports.env, relays);
    table_measure(&ports.env, relays, records);
    check_measure();
    return 0;
}
