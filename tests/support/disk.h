/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that a test puts below a store. It can be full, and it counts the writes of each
 * transaction, and the steps of cursors.
 */
#pragma once

#include "rendezvous/store/store.h"

struct test_disk {
    struct store_ops ops; /* first, so that store->ops is also a pointer to this struct */
    const struct store_ops *true_ops;
    bool full;                  /* begin and write fail with ERR_SYSTEM */
    size_t writes, writes_most; /* in the present transaction, and in the largest */
    size_t steps;               /* of cursors, in all */
};

/** Put a disk that is not full below a store. It is kept until the store is closed. */
void test_disk_put_under(struct test_disk *disk, struct store *store);
