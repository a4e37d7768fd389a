/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How members use the relay: when each was here last, and the bytes that it sent and received
 * through it. The caller collects that, and adds many rows at a time, seldom.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stddef.h>
#include <stdint.h>

struct directory;

enum { DIRECTORY_USE_ROW_SIZE = 8 + 8 + 8 };

struct directory_use {
    uint64_t seen_ms;  /* wall clock; 0: never, as far as is known */
    uint64_t rx_bytes; /* that the relay received from it for others */
    uint64_t tx_bytes; /* that the relay sent it from others */
};

struct directory_use_row {
    uint8_t key[KEY_SIZE];
    struct directory_use use;
};

/** What is stored of a key; zeros: nothing. ERR_NOMEM, ERR_SYSTEM. */
int directory_use_read(struct directory *directory, const uint8_t key[KEY_SIZE],
                       struct directory_use *out) MUST_CHECK;

/** Add what was used to what is stored, in one transaction. Keys that are no members are left out,
 * so that the table has no more rows than there are members. UNAVAILABLE: the store failed, which
 * was traced; nothing was added. */
enum verdict directory_use_add(struct directory *directory, const struct directory_use_row *rows,
                               size_t count);
