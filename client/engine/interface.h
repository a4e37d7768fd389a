/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's TUN device and what belongs to it: packets between the device and the core, the
 * interface's addresses and routes, and putting these back when somebody takes them away. A host
 * that runs without a device has this part, too; then packets from the core are dropped.
 */
#pragma once

#include "client/core/core.h"
#include "client/platform/netcfg.h"
#include "client/platform/tun.h"
#include "client/tunnel/packet.h"
#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/base/mono.h"
#include "proto/host/pump.h"
#include "proto/net/addrplan.h"

#include <ev.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum { INTERFACE_KEPT_MAX = 16 };

/** IPv4 addresses of the machine's own network that lie in the pool, such as a router's. They are
 * not routed to the interface, even if a peer has the same one. */
struct interface_kept {
    uint8_t list[INTERFACE_KEPT_MAX][4];
    size_t count;
};

/** Whether the plan's own_table was ever, or is, told of each peer. */
struct interface_table {
    bool used, wanted;
};

struct interface {
    struct ev_loop *loop;
    const struct env *env;
    struct host_core *core;
    struct pump *pump;     /* NULL until interface_open */
    struct tun *tun;       /* NULL: there is no interface */
    struct ev_io readable; /* fd -1: other threads read from the device */
    struct packet_box box; /* packets from the core to the device */
    char name[IF_NAMESIZE];
    struct netcfg_plan plan; /* its addresses and routes */
    struct bucket restores;  /* limits interface_restore */
    struct ev_timer restore_later, routes_more;
    bool down; /* somebody set it down */
    bool ipv6_off;
    struct interface_table table;
    bool routes_shared; /* another interface has the overlay's IPv6 routes, so here each peer gets a
                           route of its own; for IPv4 plan.pool_by_hosts says that */
    struct interface_kept kept;
    void (*gone)(void *context);
    void *context;
};

/** What an interface is opened with. */
struct interface_options {
    const char *name;
    uint16_t mtu;
    size_t queues;                      /* of the device, at least 1 */
    uint8_t resolver[4];                /* Magic DNS address */
    const uint8_t (*fixed)[EUI64_SIZE]; /* EUI-64s of fixed addresses, fixed_count of them */
    size_t fixed_count;
    /** Somebody removed the device. Called once, from the loop. */
    void (*gone)(void *context);
    void *context;
};

/** Keep one more, unless it is kept already or there are INTERFACE_KEPT_MAX. */
void interface_kept_add(struct interface_kept *kept, const uint8_t ip4[4]);

/** Begin without a device. Everything is borrowed and outlives it. ERR_NOMEM; interface_close is
 * legal then, too. */
int interface_init(struct interface *interface, struct ev_loop *loop, const struct env *env,
                   struct host_core *core) MUST_CHECK;

/** Make the device and give it its addresses: it is up when this returns ERR_OK. pump and the
 * context of options are borrowed and outlive it. ERR_SYSTEM, ERR_NOMEM with fault; close it with
 * interface_close all the same. */
int interface_open(struct interface *interface, const struct interface_options *options,
                   struct pump *pump, struct fault *fault) MUST_CHECK;

/** Close the device, which disappears, and release what interface_init made. An interface of zeros
 * is fine. */
void interface_close(struct interface *interface);

/** From now on other threads read from the device, which has a queue for each. */
void interface_receive_elsewhere(struct interface *interface);

/** One of them found that the device is gone. */
void interface_lost(struct interface *interface);

/** Hand the box to the device if it is half full, so that the core never finds it full. */
void interface_flush_early(struct interface *interface);

/** The core has written all that it wants to write. Hand the box to the device, route new peers
 * where that is needed, and where the pump is not prompt read from the device only while the UDP
 * socket takes datagrams. */
void interface_settle(struct interface *interface);

/** Whether the pool is shared with the machine's own network: then only the addresses of peers are
 * routed to the interface, without those that are kept; else the whole pool is. */
void interface_pool_share(struct interface *interface, bool shared,
                          const struct interface_kept *kept);

/** False if this IPv4 address is kept for the machine's own network, even if a peer has it. */
bool interface_leads(const struct interface *interface, const uint8_t ip4[4]);

/** Whether the own table (netrule.h) is to hold the addresses of all peers. */
void interface_table_use(struct interface *interface, bool wanted);

/** Something about the interface changed: put back what is missing. Since somebody may take it away
 * each time, that is done 12 times at once and then once in 20 seconds. */
void interface_restore(struct interface *interface, struct mono now);
