/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk below a store: it can be full, and counts what is written in one transaction. */
#pragma once

#include "rendezvous/store/store.h"

struct test_disk {
    struct store_ops ops; /* first: the store's operations lead back to the disk */
    const struct store_ops *true_ops;
    bool full;
    size_t writes, writes_most; /* in the present transaction, and in the fullest */
};

/** Put the disk, not full, below a store, for the rest of the store's life. */
void test_disk_put_under(struct test_disk *disk, struct store *store);
