/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay carried in each minute of the last hour, for its page. It keeps sums and nobody's
 * traffic.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdint.h>

enum { TRAFFIC_MINUTES = 60 };

struct traffic_hour {
    uint64_t bytes[TRAFFIC_MINUTES]; /* by minute, modulo the hour */
    uint64_t minute;                 /* the one that is filled now, since the clock's start */
    uint64_t total;                  /* that was noted last */
};

/** Begin with an empty hour. */
void traffic_hour_init(struct traffic_hour *hour, struct mono now);

/** Note how many bytes were carried in all so far. What is new belongs to the minute of now, so
 * call it each minute or oftener. */
void traffic_hour_note(struct traffic_hour *hour, uint64_t total, struct mono now);

/** Bytes of the minute that was so many minutes ago (below TRAFFIC_MINUTES; 0: the last noted). */
uint64_t traffic_hour_ago(const struct traffic_hour *hour, unsigned minutes);
