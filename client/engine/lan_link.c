/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which interfaces lead to a LAN, and the two directions. */
#include "client/engine/lan_link.h"

#include "client/core/lan.h"
#include "proto/host/os_env.h"

static void on_heard(void *context, const uint8_t *data, size_t size)
{
    struct lan_link *link = context;

    host_core_lan_receive(link->core, data, size, clock_mono());
    pump_kick(link->pump);
}

void lan_link_open(struct lan_link *link, struct ev_loop *loop, const struct env *env,
                   struct host_core *core, struct pump *pump)
{
    struct fault fault;

    *link = (struct lan_link){.core = core, .pump = pump};
    if (lancast_open(&link->cast, loop, on_heard, link, &fault) == ERR_OK &&
        host_core_lan_begin(core, clock_mono()) != ERR_OK) {
        lancast_close(link->cast);
        link->cast = NULL;
        fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
    }
    if (link->cast == NULL) {
        env_trace(env, TRACE_LEVEL_WARN, "lan.off",
                  "%s: peers on this LAN are found only while a relay is in reach", fault.text);
    }
}

void lan_link_close(struct lan_link *link)
{
    lancast_close(link->cast);
    link->cast = NULL;
}

void lan_link_use(struct lan_link *link, const struct host_local_addr *addrs, size_t count)
{
    unsigned interfaces[LANCAST_INTERFACES_MAX];
    size_t used = 0;

    if (link->cast == NULL) {
        return;
    }
    for (size_t i = 0; i < count && used < LANCAST_INTERFACES_MAX; i++) {
        bool is_link = addrs[i].use == ADDRESS_USE_OUTWARD || addrs[i].use == ADDRESS_USE_LINK;
        bool known = false;

        for (size_t k = 0; k < used; k++) {
            known = known || interfaces[k] == addrs[i].interface;
        }
        if (is_link && !known) {
            interfaces[used++] = addrs[i].interface;
        }
    }
    lancast_use(link->cast, interfaces, used);
}

void lan_link_settle(struct lan_link *link, struct mono now)
{
    uint8_t datagram[LAN_DATAGRAM_SIZE_MAX];
    size_t size;

    while (link->cast != NULL && host_core_lan_wanted(link->core, datagram, &size, now)) {
        lancast_send(link->cast, datagram, size);
    }
}
