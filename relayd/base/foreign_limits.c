/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token buckets, by the neighbour and by what it says. */
#include "relayd/base/foreign_limits.h"

#include <string.h>

enum { BROUGHT_SIZE = 2 * KEY_SIZE /* a neighbour, and a key that it named */ };

/* So many sources' worth of bytes. */
static struct bucket_rate bytes_rate(uint64_t shares)
{
    return (struct bucket_rate){
        .per_s = shares * STRANGER_BYTES_PER_S,
        .burst = shares * STRANGER_BYTES_PER_S * STRANGER_BURST_S,
    };
}

int foreign_limits_init(struct foreign_limits *limits, struct relay_counters *counters,
                        const struct env *env)
{
    static const struct bucket_rate checks = {.per_s = FOREIGN_CHECKS_PER_S,
                                              .burst = FOREIGN_CHECKS_BURST};
    static const struct bucket_rate words = {.per_s = FOREIGN_WORDS_PER_S,
                                             .burst = FOREIGN_WORDS_BURST};
    const struct bucket_rate source = bytes_rate(1);
    const struct bucket_rate entry_relay = bytes_rate(FOREIGN_ENTRY_RELAY_SHARES);
    const struct bucket_rate neighbour = bytes_rate(FOREIGN_NEIGHBOUR_SHARES);
    int rc;

    *limits = (struct foreign_limits){.counters = counters};
    rc = bucket_table_new(&limits->sources, BROUGHT_SIZE, FOREIGN_SOURCES_MAX, &source, env);
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->entry_relays, BROUGHT_SIZE, FOREIGN_ENTRY_RELAYS_MAX,
                              &entry_relay, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->neighbours, KEY_SIZE, FOREIGN_NEIGHBOURS_MAX, &neighbour,
                              env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->checks, KEY_SIZE, FOREIGN_NEIGHBOURS_MAX, &checks, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&limits->words, KEY_SIZE, FOREIGN_NEIGHBOURS_MAX, &words, env);
    }
    return rc;
}

void foreign_limits_fini(struct foreign_limits *limits)
{
    bucket_table_free(limits->sources);
    bucket_table_free(limits->entry_relays);
    bucket_table_free(limits->neighbours);
    bucket_table_free(limits->checks);
    bucket_table_free(limits->words);
}

bool foreign_limits_bytes(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                          size_t size, struct mono now)
{
    if (!bucket_table_take(limits->neighbours, neighbour, size, now)) {
        limits->counters->drop_rate_neighbour++;
        return false;
    }
    return true;
}

bool foreign_limits_source(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                           const uint8_t entry_relay[KEY_SIZE], const uint8_t src[KEY_SIZE],
                           size_t size, struct mono now)
{
    uint8_t brought[BROUGHT_SIZE];

    memcpy(brought, neighbour, KEY_SIZE);
    memcpy(brought + KEY_SIZE, src, KEY_SIZE);
    if (!bucket_table_take(limits->sources, brought, size, now)) {
        limits->counters->drop_rate_source++;
        return false;
    }
    memcpy(brought + KEY_SIZE, entry_relay, KEY_SIZE);
    if (!bucket_table_take(limits->entry_relays, brought, size, now)) {
        limits->counters->drop_rate_entry_relay++;
        return false;
    }
    return true;
}

bool foreign_limits_check(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                          struct mono now)
{
    if (!bucket_table_take(limits->checks, neighbour, 1, now)) {
        limits->counters->attachment_foreign_limit++;
        return false;
    }
    return true;
}

bool foreign_limits_word(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                         struct mono now)
{
    return bucket_table_take(limits->words, neighbour, 1, now);
}
