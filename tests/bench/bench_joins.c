/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many new members can join in a second, each with its own member part, in a directory on LMDB
 * in a new folder below DIR. First each join is one transaction and waits for the disk; then 32
 * joins are one transaction, as relayd does with those of one turn. Measured is wall-clock time,
 * with all signatures and their checks. usage: bench_joins DIR [COUNT]
 */
#include "rendezvous/store/lmdb/store_lmdb.h"
#include "tests/support/directory_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_DEFAULT = 1000, COUNT_MAX = 9000 };

static struct part parts[COUNT_MAX];

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "bench_joins: %s\n", what);
        exit(1);
    }
}

static void joins_do(struct office *office, const uint8_t *invite, uint32_t from, uint32_t to)
{
    struct directory_joined joined;
    char name[16];

    for (uint32_t n = from; n < to; n++) {
        (void)snprintf(name, sizeof(name), "host%" PRIu32, n);
        must(office_join(office, n, invite, name, &parts[n], &joined) == VERDICT_OK,
             "a join failed");
    }
}

static void measure(const char *dir, uint32_t count, uint32_t group)
{
    uint8_t invite[INVITE_SIZE];
    char path[512], file[600], error[256] = "";
    struct office office;
    uint64_t began;

    office_init(&office);
    store_close(office.store);
    (void)snprintf(path, sizeof(path), "%s/bench_joins-XXXXXX", dir);
    must(mkdtemp(path) != NULL, "cannot make a folder there");
    must(store_lmdb_open(&office.store, path, &office.ports.env, error, sizeof(error)) == ERR_OK,
         error);
    office.cfg.store = office.store;
    office_reopen(&office);
    office_invite(&office, count, 0, "", invite);
    began = clock_ns();
    for (uint32_t n = 0; n < count; n += group) {
        uint32_t to = n + group < count ? n + group : count;
        if (group == 1) {
            joins_do(&office, invite, n, to);
            continue;
        }
        must(directory_group_begin(office.directory) == ERR_OK, "no group");
        joins_do(&office, invite, n, to);
        must(directory_group_end(office.directory, ERR_OK) == ERR_OK, "a group failed");
    }
    (void)printf("group=%" PRIu32 " joins=%" PRIu32 " joins_per_s=%.0f\n", group, count,
                 (double)count * 1e9 / (double)(clock_ns() - began));
    office_fini(&office);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", path, i == 0 ? "data.mdb" : "lock");
        (void)unlink(file);
    }
    (void)rmdir(path);
}

int main(int argc, char **argv)
{
    uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : COUNT_DEFAULT;

    must(argc > 1 && count > 0 && count <= COUNT_MAX, "usage: bench_joins DIR [COUNT]");
    must(identity_library_init() == ERR_OK, "libsodium does not start");
    for (uint32_t n = 0; n < count; n++) {
        parts[n] = part_of(TEST_WALL_MS, n, 1, 0);
    }
    measure(argv[1], count, 1);
    measure(argv[1], count, 32);
    return 0;
}
