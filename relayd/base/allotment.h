/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the owner of a relay gives away: so much bandwidth, so much volume in a month. Both are kept
 * to, and members go first: strangers get what members leave. Pure; the caller keeps the count of
 * the month over restarts.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ALLOTMENT_BURST_MS = 250,        /* of bandwidth at once */
    ALLOTMENT_BURST_MIN = 64 * 1024, /* bytes at once, also where bandwidth is small */
    ALLOTMENT_DGRAM_OVERHEAD = 42, /* Ethernet, IPv4 and UDP around a payload, as providers count */
    ALLOTMENT_PACE_DAYS = 2,       /* strangers may be so many days ahead of the month */
    ALLOTMENT_ROW_SIZE = 16,       /* what is kept over restarts */
};

/** 0 means: no limit. */
struct allotment_limits {
    uint64_t bytes_per_s;     /* of frames that the relay forwards */
    uint64_t bytes_per_month; /* of all that it sends and receives */
};

struct allotment {
    struct allotment_limits limits;
    struct bucket_rate rate;
    struct bucket bandwidth;
    uint64_t month_began_ms, month_ends_ms; /* wall clock, ms since 1970 UTC */
    uint64_t used;                          /* bytes in this month */
    uint64_t for_strangers; /* while less is used, strangers may have some; by the last tick */
};

/** What somebody is allowed who wants one more frame to be forwarded. */
enum allotment_verdict {
    ALLOTMENT_OK,
    ALLOTMENT_BANDWIDTH, /* not now */
    ALLOTMENT_VOLUME,    /* not before there is more volume: for a member, in the next month */
};

/** Begin with nothing used. */
void allotment_init(struct allotment *allotment, const struct allotment_limits *limits,
                    uint64_t wall_ms, struct mono now);

/** Other limits from now on; what was used stays. */
void allotment_set(struct allotment *allotment, const struct allotment_limits *limits,
                   uint64_t wall_ms, struct mono now);

/** Count a datagram that was sent or received, whatever it was for. */
void allotment_count(struct allotment *allotment, size_t payload_size);

/** The same for so many datagrams with so many bytes in all. */
void allotment_count_all(struct allotment *allotment, uint64_t datagrams, uint64_t payload_bytes);

/** Ask to forward a frame of `size` bytes, for a member or for a stranger. Only bandwidth is taken:
 * the datagrams that carry the frame are counted by allotment_count. */
enum allotment_verdict allotment_take(struct allotment *allotment, bool member, size_t size,
                                      struct mono now);

/** Look at the wall clock: begin a new month if this one is over, and see what strangers may have.
 * To be called about once a minute. A clock that is set back begins no month: that would give the
 * volume away twice. */
void allotment_tick(struct allotment *allotment, uint64_t wall_ms);

/** What is to be kept, and what was. A row of an earlier month is ignored, and one that we did not
 * write; one of a later month counts, because the clock of this start may be behind. */
void allotment_save(const struct allotment *allotment, uint8_t row[ALLOTMENT_ROW_SIZE]);
void allotment_load(struct allotment *allotment, const uint8_t *row, size_t size);
