/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays may have addresses of both families, of which a session uses one. */
#include "client/core/nat.h"

#include "client/core/core_internal.h"
#include "proto/base/bytes.h"

#include <string.h>

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

size_t host_core_nat_relays(const struct host_core *core, bool v4,
                            struct endpoint out[NETCHECK_RELAYS_MAX])
{
    const struct relay_session *relay;
    size_t count = 0;

    for (int open = 1; open >= 0; open--) {
        TAILQ_FOREACH(relay, &core->relays.list, in_set)
        {
            const struct endpoint *address = address_of(relay, v4);

            if (relay->open == (open == 1) && address != NULL && count < NETCHECK_RELAYS_MAX &&
                !has(out, count, address)) {
                out[count++] = *address;
            }
        }
    }
    return count;
}

void host_core_set_nat(struct host_core *core, enum nat_name name)
{
    core->conversations.nat_kind = (uint8_t)name;
}

bool host_core_nat_wanted(struct host_core *core)
{
    bool wanted = core->nat_wanted && core->conversations.nat_kind == NAT_NAME_UNKNOWN;

    core->nat_wanted = false;
    return wanted;
}

uint64_t host_core_nat_place(const struct host_core *core)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && !endpoint_is_none(&relay->observed)) {
            uint64_t place = 1;

            for (size_t i = 0; i < 16; i += 8) { /* a mark, not a secret */
                place = place * 1000003 + be64_read(relay->observed.ip + i);
                place = place * 1000003 + be64_read(relay->way.source + i);
            }
            return place == 0 ? 1 : place;
        }
    }
    return 0;
}
