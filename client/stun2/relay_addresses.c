/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays may have addresses of both families, of which a session uses one. */
#include "client/stun2/relay_addresses.h"

static bool fits(const struct endpoint *address, bool v4)
{
    return !endpoint_is_none(address) && endpoint_is_v4(address) == v4;
}

static bool has(const struct endpoint *list, size_t count, const struct endpoint *address)
{
    for (size_t i = 0; i < count; i++) {
        if (endpoint_same_ip(&list[i], address)) {
            return true;
        }
    }
    return false;
}

/* Where its session is, or else the first address of the family that its URL leads to. */
static const struct endpoint *address_of(const struct relay_session *relay, bool v4)
{
    if (relay->open && fits(&relay->remote, v4)) {
        return &relay->remote;
    }
    for (size_t i = 0; i < relay->targets.count; i++) {
        if (fits(&relay->targets.list[i], v4)) {
            return &relay->targets.list[i];
        }
    }
    return NULL;
}

size_t relay_addresses(const struct relay_set *set, bool v4, struct endpoint *out, size_t capacity)
{
    const struct relay_session *relay;
    size_t count = 0;

    for (int open = 1; open >= 0; open--) {
        TAILQ_FOREACH(relay, &set->list, in_set)
        {
            const struct endpoint *address = address_of(relay, v4);

            if (relay->open == (open == 1) && address != NULL && count < capacity &&
                !has(out, count, address)) {
                out[count++] = *address;
            }
        }
    }
    return count;
}
