/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bucket for the bandwidth, half of which only members may use, and the count of a month. */
#include "relayd/base/allotment.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <time.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

#define YEAR_MS (366 * DAY_MS)
#define CLOCK_UNSET_MS                                                                             \
    (54 * YEAR_MS) /* a clock before 2024 was not set since the machine started */
#define WALL_MS_MAX UINT64_C(253402300799000) /* the end of the year 9999 */

/* The month in which wall_ms lies, of which nothing is used yet. */
static void month_set(struct allotment *allotment, uint64_t wall_ms)
{
    time_t seconds = (time_t)((wall_ms < WALL_MS_MAX ? wall_ms : WALL_MS_MAX) / 1000);
    struct tm date;

    (void)gmtime_r(&seconds, &date);
    date = (struct tm){.tm_year = date.tm_year, .tm_mon = date.tm_mon, .tm_mday = 1};
    allotment->month_began_ms = (uint64_t)timegm(&date) * 1000;
    date.tm_mon++; /* the month behind December is January of the next year */
    allotment->month_ends_ms = (uint64_t)timegm(&date) * 1000;
    allotment->used = 0;
}

/* Members have the whole month's volume at any time, strangers the share of the days that are over,
 * and of some more. */
static void strangers_set(struct allotment *allotment, uint64_t wall_ms)
{
    uint64_t length_ms = allotment->month_ends_ms - allotment->month_began_ms;
    uint64_t past_ms = ALLOTMENT_PACE_DAYS * DAY_MS;
    double share;

    if (wall_ms > allotment->month_began_ms) {
        past_ms += wall_ms - allotment->month_began_ms;
    }
    share = past_ms < length_ms ? (double)past_ms / (double)length_ms : 1;
    allotment->for_strangers = (uint64_t)((double)allotment->limits.bytes_per_month * share);
}

void allotment_tick(struct allotment *allotment, uint64_t wall_ms)
{
    if (wall_ms >= allotment->month_ends_ms) {
        month_set(allotment, wall_ms);
    }
    strangers_set(allotment, wall_ms);
}

void allotment_set(struct allotment *allotment, const struct allotment_limits *limits,
                   uint64_t wall_ms, struct mono now)
{
    uint64_t burst = limits->bytes_per_s * ALLOTMENT_BURST_MS / 1000;

    allotment->limits = *limits;
    allotment->rate = (struct bucket_rate){
        .per_s = limits->bytes_per_s < BUCKET_RATE_MAX ? limits->bytes_per_s : BUCKET_RATE_MAX,
        .burst = burst > ALLOTMENT_BURST_MIN ? burst : ALLOTMENT_BURST_MIN,
    };
    bucket_init(&allotment->bandwidth, &allotment->rate, now);
    strangers_set(allotment, wall_ms);
}

void allotment_init(struct allotment *allotment, const struct allotment_limits *limits,
                    uint64_t wall_ms, struct mono now)
{
    *allotment = (struct allotment){0};
    month_set(allotment, wall_ms);
    allotment_set(allotment, limits, wall_ms, now);
}

void allotment_count(struct allotment *allotment, size_t payload_size)
{
    allotment->used += payload_size + ALLOTMENT_DGRAM_OVERHEAD;
}

void allotment_count_all(struct allotment *allotment, uint64_t datagrams, uint64_t payload_bytes)
{
    allotment->used += payload_bytes + datagrams * ALLOTMENT_DGRAM_OVERHEAD;
}

enum allotment_verdict allotment_take(struct allotment *allotment, bool member, size_t size,
                                      struct mono now)
{
    const struct allotment_limits *limits = &allotment->limits;

    if (limits->bytes_per_month != 0 &&
        allotment->used >= (member ? limits->bytes_per_month : allotment->for_strangers)) {
        return ALLOTMENT_VOLUME;
    }
    if (limits->bytes_per_s == 0) {
        return ALLOTMENT_OK;
    }
    if (!member && bucket_level(&allotment->bandwidth, &allotment->rate, now) <
                       allotment->rate.burst / 2 + size) {
        return ALLOTMENT_BANDWIDTH;
    }
    return bucket_take(&allotment->bandwidth, &allotment->rate, size, now) ? ALLOTMENT_OK
                                                                           : ALLOTMENT_BANDWIDTH;
}

void allotment_save(const struct allotment *allotment, uint8_t row[ALLOTMENT_ROW_SIZE])
{
    struct wbuf w = wbuf_over(row, ALLOTMENT_ROW_SIZE);

    wbuf_u64(&w, allotment->month_began_ms);
    wbuf_u64(&w, allotment->used);
}

void allotment_load(struct allotment *allotment, const uint8_t *row, size_t size)
{
    struct rbuf r = rbuf_over(row, size);
    uint64_t began_ms = rbuf_u64(&r);
    uint64_t used = rbuf_u64(&r);

    uint64_t counted = allotment->used;

    if (!rbuf_done(&r) || began_ms < allotment->month_began_ms || began_ms > 2 * CLOCK_UNSET_MS ||
        (began_ms > allotment->month_began_ms + YEAR_MS &&
         allotment->month_began_ms >= CLOCK_UNSET_MS)) {
        return;
    }
    month_set(allotment, began_ms); /* a later one than the clock says: it is behind */
    allotment->used = counted + used;
}
