/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept for a client that waits. */
#include "rendezvous/search/find_waiter.h"

#include <stdio.h>
#include <string.h>

void find_waiter_keep(struct find_waiter *waiter, const struct find_relay *relay)
{
    struct find_kept *kept = &waiter->kept[waiter->kept_count];

    if (waiter->kept_count == FIND_COUNT_MAX || relay->record_size > sizeof(kept->record)) {
        return;
    }
    memcpy(kept->record, relay->record, relay->record_size);
    kept->record_size = relay->record_size;
    (void)snprintf(kept->app, sizeof(kept->app), "%s", relay->app);
    kept->pool_size = relay->pool_size;
    waiter->kept_count++;
}

void find_waiter_doubt(struct find_waiter *waiter, const uint8_t key[KEY_SIZE], const char *app,
                       uint32_t pool_size)
{
    struct find_doubtful *doubtful = &waiter->doubtful[waiter->doubtful_count];

    if (waiter->doubtful_count == FIND_COUNT_MAX) {
        return;
    }
    for (size_t i = 0; i < waiter->doubtful_count; i++) {
        if (memcmp(waiter->doubtful[i].key, key, KEY_SIZE) == 0) {
            return;
        }
    }
    memcpy(doubtful->key, key, KEY_SIZE);
    (void)snprintf(doubtful->app, sizeof(doubtful->app), "%s", app);
    doubtful->pool_size = pool_size;
    waiter->doubtful_count++;
}

void find_waiter_fill(const struct find_waiter *waiter, struct find_result *result)
{
    for (size_t i = 0; i < waiter->kept_count; i++) {
        const struct find_kept *kept = &waiter->kept[i];
        struct find_relay relay = {.record = kept->record,
                                   .record_size = kept->record_size,
                                   .app = kept->app,
                                   .pool_size = kept->pool_size};

        (void)find_result_add(result, &relay, false); /* there is room for as many */
    }
}
