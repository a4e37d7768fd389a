/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client that waits for what a search finds: the relays that it will be told of, as copies. What
 * a neighbour told of relays that are not believed here may become good while it waits, because
 * such a relay is dialled; these are remembered by their keys, apart from the others.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "rendezvous/search/find_relays.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A relay that the client will be told of. */
struct find_kept {
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t record_size;
    char app[RECORD_APP_SIZE];
    uint32_t pool_size;
};

/** One that is not believed yet. */
struct find_doubtful {
    uint8_t key[KEY_SIZE];
    char app[RECORD_APP_SIZE];
    uint32_t pool_size;
};

struct find_waiter {
    uint64_t client; /* as the caller names it */
    uint32_t request_id;
    struct mono answer_at;
    size_t kept_count, doubtful_count;
    struct find_kept kept[FIND_COUNT_MAX];
    struct find_doubtful doubtful[FIND_COUNT_MAX];
};

/** Keep a copy of this relay; nothing happens if there is no room. */
void find_waiter_keep(struct find_waiter *waiter, const struct find_relay *relay);

/** Remember a relay that is not believed, with what was told of it; likewise. */
void find_waiter_doubt(struct find_waiter *waiter, const uint8_t key[KEY_SIZE], const char *app,
                       uint32_t pool_size);

/** Add all that is kept to a message, which borrows it. */
void find_waiter_fill(const struct find_waiter *waiter, struct find_result *result);
