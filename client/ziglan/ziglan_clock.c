/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two wall clocks compared by way of the monotonic one. */
#include "client/ziglan/ziglan_clock.h"

#include "proto/wire/record.h"

#include <inttypes.h>

/* A clock, whatever it says, as a number with room for sums. */
static int64_t bounded_ms(uint64_t wall_ms)
{
    static const int64_t far_ms = INT64_MAX / 4;

    return wall_ms <= (uint64_t)far_ms ? (int64_t)wall_ms : far_ms;
}

void ziglan_clock_told(struct ziglan_clock *clock, uint64_t server_time_ms, struct mono now)
{
    if (server_time_ms != 0) {
        clock->known = true;
        clock->offset_ms = bounded_ms(server_time_ms) - bounded_ms(now.ns / NS_PER_MS);
    }
}

int64_t ziglan_clock_ahead_ms(const struct ziglan_clock *clock, const struct env *env,
                              struct mono now)
{
    return bounded_ms(env_wall_ms(env)) - bounded_ms(now.ns / NS_PER_MS) - clock->offset_ms;
}

uint64_t ziglan_clock_earlier_ms(const struct ziglan_clock *clock, const struct env *env,
                                 struct mono now)
{
    int64_t ahead_ms = clock->known ? ziglan_clock_ahead_ms(clock, env, now) : 0;
    uint64_t wall_ms = env_wall_ms(env);

    return ahead_ms <= 0                  ? wall_ms
           : (uint64_t)ahead_ms < wall_ms ? wall_ms - (uint64_t)ahead_ms
                                          : 0;
}

bool ziglan_clock_check(struct ziglan_clock *clock, const struct env *env, struct mono now)
{
    int64_t ahead = clock->known ? ziglan_clock_ahead_ms(clock, env, now) : 0;
    bool differs = ahead > RECORD_CLOCK_SKEW_MS || ahead < -RECORD_CLOCK_SKEW_MS;

    if (differs == clock->differs) {
        return false;
    }
    clock->differs = differs;
    if (differs) {
        env_trace(env, TRACE_LEVEL_WARN, "clock.differs",
                  "ahead_of_relay_s=%" PRId64 " hint=\"set the clock that is wrong, this host's or "
                  "the relay's; see timedatectl\"",
                  ahead / 1000);
    } else {
        env_trace(env, TRACE_LEVEL_INFO, "clock.agrees", "with=relay");
    }
    return true;
}
