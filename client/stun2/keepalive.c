/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A share of each lifetime, cut to the bounds. */
#include "client/stun2/keepalive.h"

enum { SHARE_PERCENT = 70 };

struct keepalive keepalive_unmeasured(void)
{
    return (struct keepalive){KEEPALIVE_MS_UNMEASURED, KEEPALIVE_MS_UNMEASURED};
}

static uint32_t bounded(uint32_t lifetime_ms)
{
    uint64_t ms = (uint64_t)lifetime_ms * SHARE_PERCENT / 100;

    if (ms < KEEPALIVE_MS_MIN) {
        return KEEPALIVE_MS_MIN;
    }
    return ms > KEEPALIVE_MS_MAX ? KEEPALIVE_MS_MAX : (uint32_t)ms;
}

struct keepalive keepalive_of(uint32_t young_lifetime_ms, uint32_t kept_lifetime_ms)
{
    return (struct keepalive){bounded(young_lifetime_ms), bounded(kept_lifetime_ms)};
}

uint32_t keepalive_ms(const struct keepalive *keepalive, struct mono since, struct mono heard_at)
{
    return mono_ms_between(since, heard_at) >= KEEPALIVE_KEPT_MS ? keepalive->kept_ms
                                                                 : keepalive->young_ms;
}
