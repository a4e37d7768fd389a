/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/engine/engine.h"

#include "client/platform/netcfg.h"
#include "client/platform/netwatch.h"
#include "proto/base/bucket.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/resolve.h"
#include "proto/host/udp_batch.h"
#include "proto/link/link.h"
#include "proto/net/addrplan.h"
#include "rendezvous/store/store_lmdb.h"

#include <errno.h>
#include <ev.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TUN_BOX_BYTES = 2 << 20,
    TUN_BOX_ITEMS = 1024,
    TUN_QUEUE_LENGTH = 1000, /* the kernel's default of 500 is short for super-packets' bursts */
    GOODBYE_MS = 200,
    WAKE_CHECK_S = 2,    /* how soon the end of a sleep is noticed */
    SLEEP_MS_MIN = 2000, /* a pause longer than this was a sleep */
    RESOLVES_MAX = RESOLVE_PENDING_MAX,
    PEER_ROUTES_BATCH = 64,
    RESTORE_BURST = 12,    /* times that what belongs to the interface is put back at once ... */
    RESTORE_REFILL_S = 20, /* ... and then once in so long, if somebody takes it away each time */
};

/* Whole tokens a second; a restoration takes RESTORE_REFILL_S of them. */
static const struct bucket_rate restore_rate = {.per_s = 1,
                                                .burst = RESTORE_BURST * RESTORE_REFILL_S};

/* One name being resolved for the core. */
struct resolve_slot {
    struct engine *engine;
    uint32_t ticket;
    bool used;
};

struct engine {
    struct ev_loop *loop;
    const struct env *env;
    struct store *store;
    struct host_core *core;
    struct udp_batch *udp;
    struct pump *pump;
    struct resolver *resolver;
    struct resolve_slot resolves[RESOLVES_MAX];
    struct netwatch *watch;
    struct tun *tun;
    struct ev_io tun_readable;
    struct packet_box tun_box;
    void (*interface_gone)(void *context);
    void *context;
    struct ev_timer wake_check;
    uint64_t asleep_ms; /* time asleep since boot, as seen last */
    uint8_t resolver_ip[4];
    struct netcfg_plan plan; /* what belongs to the interface */
    struct bucket restores;
    struct ev_timer restore_later, routes_more;
    bool interface_down; /* somebody set it down */
    bool ipv6_off;
    bool routes_shared; /* another interface has the overlay's IPv6 routes: one route a peer */
    char interface[IF_NAMESIZE];
};

static void tun_flush(struct engine *e)
{
    if (e->tun != NULL) {
        tun_send(e->tun, &e->tun_box);
    }
    packet_box_clear(&e->tun_box);
}

/* The core appends packets for the TUN device anywhere; they leave before the box is full. */
static void tun_flush_if_half_full(struct engine *e)
{
    if (e->tun_box.items_count > e->tun_box.items_capacity / 2 ||
        e->tun_box.bytes_used > e->tun_box.bytes_capacity / 2) {
        tun_flush(e);
    }
}

static struct host_io io_of(struct engine *e, struct outbox *net)
{
    return (struct host_io){.net = net, .tun = &e->tun_box};
}

/* -- The core's verbs for the pump --------------------------------------------------------------
 */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct engine *e = context;
    struct host_io io = io_of(e, out);

    host_core_receive(e->core, in, &io, now);
    tun_flush_if_half_full(e);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    struct engine *e = context;
    struct host_io io = io_of(e, out);

    host_core_expire(e->core, &io, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    struct engine *e = context;
    struct host_io io = io_of(e, out);

    host_core_transmit(e->core, &io, now);
    tun_flush_if_half_full(e);
}

static struct mono core_deadline(void *context)
{
    const struct engine *e = context;

    return host_core_deadline(e->core);
}

static void on_resolved(void *context, const struct endpoint *endpoints, size_t count)
{
    struct resolve_slot *slot = context;
    struct engine *e = slot->engine;

    slot->used = false;
    host_core_resolved(e->core, slot->ticket, endpoints, count, clock_mono());
    pump_kick(e->pump);
}

/* Hand the names that the core wants to the resolver. One that finds no thread fails at once; the
 * core tries again later. */
static void resolves_start(struct engine *e, struct mono now)
{
    struct host_resolve wanted;

    for (size_t i = 0; i < RESOLVES_MAX; i++) {
        struct resolve_slot *slot = &e->resolves[i];
        struct resolve_caller caller = {.context = slot, .done = on_resolved};

        if (slot->used) {
            continue;
        }
        if (!host_core_resolve_wanted(e->core, &wanted, now)) {
            return;
        }
        *slot = (struct resolve_slot){.engine = e, .ticket = wanted.ticket, .used = true};
        if (resolver_start(e->resolver, wanted.host, 0, &caller) != ERR_OK) {
            slot->used = false;
            host_core_resolved(e->core, wanted.ticket, NULL, 0, now);
        }
    }
    /* All look-ups are busy. What waited would be due at once again and again. */
    while (host_core_resolve_wanted(e->core, &wanted, now)) {
        host_core_resolved(e->core, wanted.ticket, NULL, 0, now);
    }
}

/* Where the overlay's ranges lead to another interface of this machine, each peer gets a route of
 * its own; some at a time, since a ziglan may have thousands. */
static void peers_route(struct engine *e)
{
    struct netcfg_host hosts[PEER_ROUTES_BATCH];
    struct host_prefix route;
    struct fault fault = {0};
    size_t count = 0;

    while (count < PEER_ROUTES_BATCH && host_core_prefix(e->core, &route)) {
        hosts[count].wanted = route.wanted;
        memcpy(hosts[count].ip, route.v6, sizeof(hosts[count].ip));
        count++;
    }
    if (count > 0 && netcfg_route_hosts(e->interface, hosts, count, &fault) != ERR_OK) {
        env_trace(e->env, TRACE_LEVEL_WARN, "interface.route", "%s", fault.text);
    }
    if (count == PEER_ROUTES_BATCH) {
        ev_timer_start(e->loop, &e->routes_more); /* no harm if it runs */
    }
}

static void on_routes_more(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)events;
    ev_timer_stop(loop, w);
    ev_timer_set(w, 0.0, 0.0); /* at the next turn: the sockets come first */
    peers_route(w->data);
}

static void core_settle(void *context, struct mono now)
{
    struct engine *e = context;

    tun_flush(e);
    resolves_start(e, now);
    if (e->routes_shared) {
        peers_route(e);
    }
    if (e->tun == NULL || tun_gone(e->tun)) {
        return;
    }
    /* While the UDP socket is full, packets wait in the device's queue, where TCP notices. */
    if (pump_blocked(e->pump)) {
        ev_io_stop(e->loop, &e->tun_readable);
    } else {
        ev_io_start(e->loop, &e->tun_readable);
    }
}

static void on_tun_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct engine *e = w->data;
    struct host_io io = io_of(e, pump_outbox(e->pump));
    struct packet *packets;
    size_t count = tun_receive(e->tun, &packets);

    (void)events;
    if (tun_gone(e->tun)) {
        ev_io_stop(loop, w);
        e->interface_gone(e->context);
        return;
    }
    if (count > 0) {
        host_core_packets(e->core, packets, count, &io, clock_mono());
        pump_kick(e->pump);
    }
}

/* -- The interface under other hands ------------------------------------------------------------
 */

static void interface_tell(struct engine *e, const struct netcfg_report *report)
{
    if (report->down && !e->interface_down) {
        env_trace(e->env, TRACE_LEVEL_WARN, "interface.down",
                  "somebody set %s down: nothing passes until: ip link set %s up", e->interface,
                  e->interface);
    }
    if (report->made > 0) {
        env_trace(e->env, TRACE_LEVEL_WARN, "interface.restored",
                  "somebody took away addresses or routes of %s; %zu are back", e->interface,
                  report->made);
    }
    if (!report->down && report->ipv6_off && !e->ipv6_off) {
        env_trace(e->env, TRACE_LEVEL_WARN, "interface.ipv6",
                  "the kernel has IPv6 disabled; peers are reached by IPv4 only");
    }
}

/* With its addresses the interface is of use, without them only the daemon's word says that it is
 * up; so they come back, whoever took them. Who wants it to be quiet sets it down. */
static void interface_restore(struct engine *e, struct mono now)
{
    struct netcfg_report report;
    struct fault fault = {0};
    int rc;

    if (bucket_level(&e->restores, &restore_rate, now) < RESTORE_REFILL_S) {
        ev_timer_start(e->loop, &e->restore_later); /* no harm if it runs */
        return;
    }
    rc = netcfg_restore(e->interface, &e->plan, &report, &fault);
    if (rc != ERR_OK) {
        env_trace(e->env, TRACE_LEVEL_WARN, "interface.restored", "%s", fault.text);
    }
    if (rc != ERR_OK || report.made > 0) {
        (void)bucket_take(&e->restores, &restore_rate, RESTORE_REFILL_S, now);
    }
    if (rc == ERR_OK) {
        interface_tell(e, &report);
        e->interface_down = report.down;
    }
    if (rc == ERR_OK && !report.down) {
        e->ipv6_off = report.ipv6_off;
        e->routes_shared = e->routes_shared || report.ipv6_route_shared;
    }
    if (e->routes_shared && report.made > 0) {
        host_core_prefixes_again(e->core);
        peers_route(e);
    }
}

static void on_interface_changed(void *context)
{
    interface_restore(context, clock_mono());
}

static void on_restore_later(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)events;
    ev_timer_stop(loop, w);
    ev_timer_set(w, RESTORE_REFILL_S, 0.0);
    interface_restore(w->data, clock_mono());
}

/* -- The network --------------------------------------------------------------------------------
 */

static void network_tell(struct engine *e)
{
    struct netwatch_address found[HOST_LOCAL_ADDRS_MAX];
    struct host_local_addr addrs[HOST_LOCAL_ADDRS_MAX];
    size_t count = netwatch_addresses(found, HOST_LOCAL_ADDRS_MAX);

    for (size_t i = 0; i < count; i++) {
        memcpy(addrs[i].ip, found[i].ip, sizeof(addrs[i].ip));
        addrs[i].prefix_bits = found[i].prefix_bits;
    }
    host_core_network(e->core, addrs, count, udp_batch_local(e->udp)->port, clock_mono());
    pump_kick(e->pump);
}

static void on_network_changed(void *context)
{
    struct engine *e = context;

    env_trace(e->env, TRACE_LEVEL_DEBUG, "network.changed", "paths are probed again");
    network_tell(e);
}

/* libev's timers stand still while the machine sleeps, the core's clock does not. */
static void on_wake_check(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct engine *e = w->data;
    uint64_t asleep_ms = clock_asleep_ms();

    (void)loop;
    (void)events;
    if (asleep_ms > e->asleep_ms + SLEEP_MS_MIN) {
        env_trace(e->env, TRACE_LEVEL_INFO, "host.resumed", "asleep_ms=%llu",
                  (unsigned long long)(asleep_ms - e->asleep_ms));
        network_tell(e);
    }
    e->asleep_ms = asleep_ms;
}

/* -- Opening ------------------------------------------------------------------------------------
 */

static int core_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    struct host_config config = {
        .identity = options->identity, .pool_bits = options->pool_prefix, .mtu = options->mtu};
    char error[256] = "";
    uint8_t v4[4];
    uint8_t v6[16];
    uint8_t prefix;
    int rc;

    (void)snprintf(config.name, sizeof(config.name), "%s", options->name);
    memcpy(config.pool, options->pool, sizeof(config.pool));
    memcpy(config.fixed, options->fixed, options->fixed_count * sizeof(config.fixed[0]));
    config.fixed_count = options->fixed_count;
    rc = store_lmdb_open(&e->store, options->store_path, options->env, error, sizeof(error));
    if (rc != ERR_OK) {
        fault_set(fault, fault_path_code(errno), "%s", error);
        return rc;
    }
    rc = host_core_new(&e->core, &config, e->store, options->env, clock_mono());
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "cannot start from the state in %s (%s); the log says more", options->store_path,
                  err_name(rc));
        return rc;
    }
    host_core_addresses(e->core, v4, v6, e->resolver_ip, &prefix);
    if (memcmp(options->resolver, "\0\0\0\0", 4) != 0) {
        memcpy(e->resolver_ip, options->resolver, 4);
    }
    return ERR_OK;
}

static int socket_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    struct udp_options udp = {.local = {.port = options->listen_port}};
    struct pump_core core = {.context = e,
                             .receive = core_receive,
                             .expire = core_expire,
                             .transmit = core_transmit,
                             .deadline = core_deadline,
                             .settle = core_settle};
    int rc = udp_batch_open(&e->udp, &udp, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    if (packet_box_init(&e->tun_box, TUN_BOX_BYTES, TUN_BOX_ITEMS) != ERR_OK ||
        resolver_new(&e->resolver, e->loop) != ERR_OK ||
        pump_new(&e->pump, e->loop, &core, &e->udp, 1) != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    return ERR_OK;
}

/* What belongs to the interface. */
static void plan_fill(struct engine *e, const struct engine_options *options)
{
    static const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {0};
    struct netcfg_plan *plan = &e->plan;
    uint8_t resolver[4]; /* the core's choice; the options may have another */

    plan->mtu = options->mtu;
    plan->queue_length = TUN_QUEUE_LENGTH;
    host_core_addresses(e->core, plan->ipv4, plan->ipv6, resolver, &plan->ipv4_prefix);
    memcpy(plan->resolver, e->resolver_ip, sizeof(plan->resolver));
    addrplan_4in6(plan->ipv6_4in6, plan->ipv4);
    for (size_t i = 0; i < options->fixed_count; i++) {
        addrplan_fixed(plan->ipv6_fixed[i], middle, options->fixed[i]);
    }
    plan->ipv6_fixed_count = options->fixed_count;
}

static int interface_open(struct engine *e, const struct engine_options *options,
                          struct fault *fault)
{
    struct netcfg_report report;
    int rc;

    if (options->interface == NULL) {
        return ERR_OK;
    }
    rc = tun_open(&e->tun, options->interface, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    host_core_set_tun_offload(e->core, tun_offload(e->tun));
    plan_fill(e, options);
    (void)snprintf(e->interface, sizeof(e->interface), "%s", options->interface);
    rc = netcfg_apply(e->interface, &e->plan, &report, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    report.made = 0; /* it is all ours */
    interface_tell(e, &report);
    e->ipv6_off = report.ipv6_off;
    e->routes_shared = report.ipv6_route_shared;
    if (report.ipv6_route_shared) {
        env_trace(
            e->env, TRACE_LEVEL_DEBUG, "interface.routes",
            "another interface routes fdd9:f800::/24; each peer here gets a route of its own");
    }
    bucket_init(&e->restores, &restore_rate, clock_mono());
    ev_io_set(&e->tun_readable, tun_fd(e->tun), EV_READ);
    ev_io_start(e->loop, &e->tun_readable);
    return ERR_OK;
}

int engine_open(struct engine **out, const struct engine_options *options, struct fault *fault)
{
    struct engine *e = calloc(1, sizeof(*e));
    struct netwatch_events events = {
        .changed = on_network_changed, .own_changed = on_interface_changed, .context = e};
    int rc;

    *out = NULL;
    if (e == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    e->loop = options->loop;
    e->interface_gone = options->interface_gone;
    e->context = options->context;
    e->env = options->env;
    ev_init(&e->tun_readable, on_tun_readable);
    ev_timer_init(&e->wake_check, on_wake_check, WAKE_CHECK_S, WAKE_CHECK_S);
    ev_timer_init(&e->restore_later, on_restore_later, RESTORE_REFILL_S, 0.0);
    e->tun_readable.data = e;
    ev_timer_init(&e->routes_more, on_routes_more, 0.0, 0.0);
    e->restore_later.data = e;
    e->routes_more.data = e;
    e->wake_check.data = e;
    rc = link_library_init(options->env);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the TLS library failed its self-test; rebuild it with deploy/setup --fresh");
        free(e);
        return rc;
    }
    rc = core_open(e, options, fault);
    if (rc == ERR_OK) {
        rc = socket_open(e, options, fault);
    }
    if (rc == ERR_OK) {
        rc = interface_open(e, options, fault);
    }
    if (rc == ERR_OK) {
        rc = netwatch_open(&e->watch, e->loop, e->interface, &events, fault);
    }
    if (rc != ERR_OK) {
        engine_close(e);
        return rc;
    }
    e->asleep_ms = clock_asleep_ms();
    ev_timer_start(e->loop, &e->wake_check);
    network_tell(e);
    *out = e;
    return ERR_OK;
}

void engine_close(struct engine *e)
{
    if (e == NULL) {
        return;
    }
    if (e->core != NULL && e->pump != NULL) {
        host_core_shutdown(e->core, clock_mono());
        pump_drain(e->pump, GOODBYE_MS);
    }
    ev_io_stop(e->loop, &e->tun_readable);
    ev_timer_stop(e->loop, &e->wake_check);
    ev_timer_stop(e->loop, &e->restore_later);
    ev_timer_stop(e->loop, &e->routes_more);
    netwatch_close(e->watch);
    resolver_free(e->resolver);
    pump_free(e->pump);
    tun_close(e->tun);
    udp_batch_close(e->udp);
    packet_box_fini(&e->tun_box);
    host_core_free(e->core);
    store_close(e->store);
    link_library_fini();
    free(e);
}

struct host_core *engine_core(struct engine *engine)
{
    return engine->core;
}

void engine_kick(struct engine *engine)
{
    pump_kick(engine->pump);
}

const uint8_t *engine_resolver(const struct engine *engine)
{
    return engine->resolver_ip;
}

uint16_t engine_port(const struct engine *engine)
{
    return udp_batch_local(engine->udp)->port;
}

struct tun_counters engine_tun_counters(const struct engine *engine)
{
    return engine->tun != NULL ? *tun_counters(engine->tun) : (struct tun_counters){0};
}

bool engine_ipv6_off(const struct engine *engine)
{
    return engine->ipv6_off;
}

bool engine_interface_down(const struct engine *engine)
{
    return engine->interface_down;
}
