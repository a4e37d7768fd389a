/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations of the true store, two of which fail while the disk is full. */
#include "tests/support/disk.h"

static struct test_disk *disk_of(const struct store *store)
{
    return (struct test_disk *)(uintptr_t)store->ops;
}

static int disk_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                      const void *value, size_t size)
{
    struct test_disk *disk = disk_of(store);

    disk->writes++;
    disk->writes_most = disk->writes > disk->writes_most ? disk->writes : disk->writes_most;
    return disk->full ? ERR_SYSTEM
                      : disk->true_ops->write(store, table, key, key_size, value, size);
}

static int disk_seek(struct store *store, enum store_table table, const void *key, size_t key_size,
                     bool beyond, struct store_cursor *found, void *value, size_t capacity,
                     size_t *size)
{
    struct test_disk *disk = disk_of(store);

    disk->steps++;
    return disk->true_ops->seek(store, table, key, key_size, beyond, found, value, capacity, size);
}

static int disk_begin(struct store *store)
{
    struct test_disk *disk = disk_of(store);

    disk->writes = 0;
    return disk->full ? ERR_SYSTEM : disk->true_ops->begin(store);
}

void test_disk_put_under(struct test_disk *disk, struct store *store)
{
    *disk = (struct test_disk){.ops = *store->ops, .true_ops = store->ops};
    disk->ops.write = disk_write;
    disk->ops.seek = disk_seek;
    disk->ops.begin = disk_begin;
    store->ops = &disk->ops;
}
