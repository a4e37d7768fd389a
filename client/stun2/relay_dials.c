/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that is short enough to be looked through at each dial. */
#include "client/stun2/relay_dials.h"

uint64_t relay_dials_stagger_ms(size_t count, uint32_t rounds)
{
    uint64_t even = RELAY_DIAL_ROUND_MS / (count == 0 ? 1 : count);

    if (rounds > 0 || even > RELAY_DIAL_STAGGER_MS) {
        return RELAY_DIAL_STAGGER_MS;
    }
    return even < RELAY_DIAL_STAGGER_MS_MIN ? RELAY_DIAL_STAGGER_MS_MIN : even;
}

static bool is_older(const struct relay_dial *dial, const struct relay_dial *other)
{
    return other == NULL || mono_before(dial->started_at, other->started_at);
}

struct relay_dial *relay_dials_place(struct relay_dials *dials, struct link_hub *hub,
                                     const struct endpoint *remote, struct mono now)
{
    struct relay_dial *unused = NULL;
    struct relay_dial *oldest = NULL;
    struct relay_dial *oldest_there = NULL;
    size_t there = 0;

    for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
        struct relay_dial *dial = &dials->list[i];

        if (!dial->used) {
            unused = unused == NULL ? dial : unused;
            continue;
        }
        oldest = is_older(dial, oldest) ? dial : oldest;
        if (endpoint_same_ip(&dial->remote, remote)) {
            oldest_there = is_older(dial, oldest_there) ? dial : oldest_there;
            there++;
        }
    }
    bool crowded = there < RELAY_DIALS_PER_IP_MAX;

    if (crowded && unused != NULL) {
        return unused;
    }
    oldest = crowded ? oldest : oldest_there;
    if (mono_ms_between(oldest->started_at, now) <
        (crowded ? RELAY_DIAL_CROWDED_MS : RELAY_DIAL_MS)) {
        return NULL;
    }
    oldest->used = false;
    link_hub_close(hub, oldest->handle, 0, "taking too long", now);
    return oldest;
}

bool relay_dials_have(const struct relay_dials *dials, struct handle handle)
{
    for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
        if (dials->list[i].used && handle_equal(dials->list[i].handle, handle)) {
            return true;
        }
    }
    return false;
}

void relay_dials_forget(struct relay_dials *dials, struct handle handle)
{
    for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
        if (dials->list[i].used && handle_equal(dials->list[i].handle, handle)) {
            dials->list[i].used = false;
        }
    }
}

void relay_dials_close(struct relay_dials *dials, struct link_hub *hub, const struct handle *except,
                       struct mono now)
{
    for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
        struct relay_dial *dial = &dials->list[i];

        if (dial->used && (except == NULL || !handle_equal(dial->handle, *except))) {
            link_hub_close(hub, dial->handle, 0, "another address was faster", now);
        }
        dial->used = false;
    }
}
