/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder is in /dev/shm where there is one, so that a commit does not wait for a disk. */
#include "tests/support/database_image.h"

#include "proto/base/bytes.h"
#include "rendezvous/store/lmdb/store_lmdb.h"
#include "tests/support/rng.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 12, CHANGES = 60, KEYS = 120 };

static struct store *store_at(const struct database_image *image)
{
    struct store *store = NULL;
    char error[1024];

    return store_lmdb_open(&store, image->folder, &image->ports.env, error, sizeof(error)) == ERR_OK
               ? store
               : NULL;
}

static void past_make(struct store *store)
{
    static const size_t sizes[] = {0, 3, 40, 300, 1500, 8000};
    static uint8_t value[STORE_VALUE_SIZE_MAX];
    struct rng rng;

    rng = rng_stream(7, "past");
    for (uint32_t round = 0; round < ROUNDS; round++) {
        CHECK(store_begin(store) == ERR_OK);
        for (uint32_t i = 0; i < CHANGES; i++) {
            enum store_table table =
                rng_below(&rng, 3) == 0 ? STORE_TABLE_NAMES : STORE_TABLE_MEMBERS;
            char key[STORE_KEY_SIZE_MAX];
            int size = snprintf(key, sizeof(key), "%0*u", table == STORE_TABLE_NAMES ? 100 : 8,
                                (unsigned)rng_below(&rng, KEYS));

            CHECK((rng_below(&rng, 3) == 0 ? store_remove(store, table, key, (size_t)size)
                                           : store_write(store, table, key, (size_t)size, value,
                                                         sizes[rng_below(&rng, 6)])) == ERR_OK);
        }
        CHECK(store_commit(store) == ERR_OK);
    }
}

void database_image_init(struct database_image *image)
{
    struct store *store;
    struct stat info;
    int fd;

    *image = (struct database_image){.size = 0};
    test_env_init(&image->ports, 0);
    (void)snprintf(image->folder, sizeof(image->folder), "%s/ziglan-image-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(image->folder) != NULL);
    (void)snprintf(image->path, sizeof(image->path), "%s/data.mdb", image->folder);
    store = store_at(image);
    CHECK(store != NULL);
    past_make(store);
    store_close(store);
    fd = open(image->path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &info) == 0);
    image->size = (size_t)info.st_size;
    image->bytes = malloc(image->size);
    CHECK(image->bytes != NULL && read(fd, image->bytes, image->size) == (ssize_t)image->size);
    (void)close(fd);
}

void database_image_fini(struct database_image *image)
{
    char lock[64];

    (void)snprintf(lock, sizeof(lock), "%s/lock", image->folder);
    (void)unlink(image->path);
    (void)unlink(lock);
    (void)rmdir(image->folder);
    free(image->bytes);
}

enum database_file_verdict database_image_judge(const struct database_image *image,
                                                const uint8_t *bytes, size_t size)
{
    enum database_file_verdict verdict;
    int fd = open(image->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    verdict = database_file_check(fd);
    (void)close(fd);
    return verdict;
}

static void table_use(struct store *store, enum store_table table)
{
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    uint8_t value[STORE_VALUE_SIZE_MAX] = {1};
    size_t size = 0;
    uint32_t seen = 0;

    while (size != STORE_NONE &&
           store_next(store, &cursor, value, sizeof(value), &size) == ERR_OK) {
        seen++;
        CHECK(seen < 100000); /* in a circle */
        if (size != STORE_NONE && seen % 3 == 0 && store_begin(store) == ERR_OK) {
            if (store_remove(store, table, cursor.key, cursor.key_size) != ERR_OK ||
                store_write(store, table, "a new one", 9, value, seen * 40 % sizeof(value)) !=
                    ERR_OK) {
                store_abort(store);
                return;
            }
            if (store_commit(store) != ERR_OK) {
                return;
            }
        }
    }
}

bool database_image_use(const struct database_image *image)
{
    struct store *store = store_at(image);

    if (store == NULL) {
        return false;
    }
    for (size_t table = 0; table < STORE_TABLE_COUNT; table++) {
        table_use(store, (enum store_table)table);
    }
    store_close(store);
    return true;
}
