/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of minutes. */
#include "relayd/base/traffic_hour.h"

#include "proto/base/bytes.h"

static uint64_t minute_of(struct mono now)
{
    return now.ns / NS_PER_S / 60;
}

void traffic_hour_init(struct traffic_hour *hour, struct mono now)
{
    *hour = (struct traffic_hour){.minute = minute_of(now)};
}

void traffic_hour_note(struct traffic_hour *hour, uint64_t total, struct mono now)
{
    uint64_t minute = minute_of(now);
    uint64_t passed = minute - hour->minute;

    for (uint64_t i = 1; i <= passed && i <= TRAFFIC_MINUTES; i++) {
        hour->bytes[(hour->minute + i) % TRAFFIC_MINUTES] = 0;
    }
    hour->minute = minute;
    hour->bytes[minute % TRAFFIC_MINUTES] += total - hour->total;
    hour->total = total;
}

uint64_t traffic_hour_ago(const struct traffic_hour *hour, unsigned minutes)
{
    CHECK(minutes < TRAFFIC_MINUTES);
    return hour->bytes[(hour->minute + TRAFFIC_MINUTES - minutes) % TRAFFIC_MINUTES];
}
