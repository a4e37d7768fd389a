/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An interface without its addresses and routes seems to be up and passes nothing. So they are put
 * back, whoever took them away. Only an interface that was set down is left alone: that is how
 * somebody says that it shall be quiet.
 */
#include "client/engine/interface.h"

#include "client/platform/netrule.h"
#include "proto/host/os_env.h"
#include "proto/net/addrplan.h"
#include "proto/net/endpoint.h"

#include <stdio.h>
#include <string.h>

enum {
    BOX_BYTES = 2 << 20,
    BOX_ITEMS = 1024,
    QUEUE_LENGTH = 1000,   /* the kernel's default of 500 is short for super-packets' bursts */
    ROUTES_BATCH_MAX = 64, /* single addresses per loop turn */
    ROUTES_OF_PEER_MAX = 5,
    RESTORE_BURST = 12,    /* restorations at once ... */
    RESTORE_REFILL_S = 20, /* ... and one more after so long */
};

/* A bucket gets whole tokens per second, so a restoration takes RESTORE_REFILL_S of them. */
static const struct bucket_rate restore_rate = {.per_s = 1,
                                                .burst = RESTORE_BURST * RESTORE_REFILL_S};

/* -- Packets ----------------------------------------------------------------------------------- */

static void flush(struct interface *f)
{
    if (f->tun != NULL) {
        tun_send(f->tun, &f->box);
    }
    packet_box_clear(&f->box);
}

void interface_flush_early(struct interface *f)
{
    if (f->box.items_count > f->box.items_capacity / 2 ||
        f->box.bytes_used > f->box.bytes_capacity / 2) {
        flush(f);
    }
}

void interface_lost(struct interface *f)
{
    f->gone(f->context);
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct interface *f = w->data;
    struct host_io io = {.net = pump_outbox(f->pump), .tun = &f->box};
    struct mono now = clock_mono();
    struct packet *packets;
    size_t count = tun_receive(f->tun, 0, &packets);

    (void)events;
    if (tun_gone(f->tun, 0)) {
        ev_io_stop(loop, w);
        interface_lost(f);
        return;
    }
    if (count > 0) {
        /* Where the way out is slow, packets wait in the core, which knows their flows. The
         * device's own queue does not; it drops what comes last. */
        bool slow =
            pump_prompt(f->pump) && (pump_blocked(f->pump) || pump_portion(f->pump, now) > 0);

        if (!host_core_packets_queue(f->core, packets, count, slow, now)) {
            host_core_packets(f->core, packets, count, &io, now);
        }
        pump_kick(f->pump);
    }
}

/* -- Routes to single peers -------------------------------------------------------------------- */

static bool is_kept(const struct interface_kept *kept, const uint8_t ip4[4])
{
    for (size_t i = 0; i < kept->count; i++) {
        if (memcmp(kept->list[i], ip4, sizeof(kept->list[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool interface_leads(const struct interface *f, const uint8_t ip4[4])
{
    return !is_kept(&f->kept, ip4);
}

static struct netcfg_host host_of(const uint8_t ip[16], bool wanted, bool own_table)
{
    struct netcfg_host host = {.wanted = wanted, .own_table = own_table};

    memcpy(host.ip, ip, sizeof(host.ip));
    return host;
}

void interface_kept_add(struct interface_kept *kept, const uint8_t ip4[4])
{
    if (kept->count < INTERFACE_KEPT_MAX && !is_kept(kept, ip4)) {
        memcpy(kept->list[kept->count++], ip4, sizeof(kept->list[0]));
    }
}

/* The routes of one peer, where there are single ones; returns how many were written to hosts. */
static size_t peer_hosts(const struct interface *f, const struct host_prefix *prefix,
                         struct netcfg_host hosts[ROUTES_OF_PEER_MAX])
{
    struct endpoint v4 = endpoint_v4(prefix->v4, 0);
    bool v4_wanted = prefix->wanted && interface_leads(f, prefix->v4);
    size_t count = 0;

    if (f->routes_shared) {
        hosts[count++] = host_of(prefix->v6, prefix->wanted, false);
    }
    if (f->plan.pool_by_hosts) {
        hosts[count++] = host_of(v4.ip, v4_wanted, false);
    }
    if (f->table.used) {
        hosts[count++] = host_of(v4.ip, v4_wanted && f->table.wanted, true);
    }
    if (f->table.used && !f->ipv6_off) {
        uint8_t v6_4in6[16];

        addrplan_4in6(v6_4in6, prefix->v4);
        hosts[count++] = host_of(prefix->v6, prefix->wanted && f->table.wanted, true);
        hosts[count++] = host_of(v6_4in6, prefix->wanted && f->table.wanted, true);
    }
    return count;
}

/* Change the routes of peers that came or went: each has routes of its own where the overlay's
 * ranges or the pool lead elsewhere, too. Some at a time, since there may be thousands. */
static void peers_route(struct interface *f)
{
    struct netcfg_host hosts[ROUTES_BATCH_MAX];
    struct host_prefix prefix;
    struct fault fault = {0};
    size_t count = 0;

    while (count + ROUTES_OF_PEER_MAX <= ROUTES_BATCH_MAX && host_core_prefix(f->core, &prefix)) {
        count += peer_hosts(f, &prefix, hosts + count);
    }
    if (count > 0 && netcfg_route_hosts(f->name, &f->plan, hosts, count, &fault) != ERR_OK) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.route", "%s", fault.text);
    }
    if (count + ROUTES_OF_PEER_MAX > ROUTES_BATCH_MAX) {
        ev_timer_start(f->loop, &f->routes_more); /* no harm if it runs */
    }
}

static bool is_by_peers(const struct interface *f)
{
    return f->routes_shared || f->plan.pool_by_hosts || f->table.used;
}

static void on_routes_more(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)events;
    ev_timer_stop(loop, w);
    ev_timer_set(w, 0.0, 0.0); /* at the next turn: the sockets come first */
    peers_route(w->data);
}

void interface_settle(struct interface *f)
{
    flush(f);
    if (is_by_peers(f)) {
        peers_route(f);
    }
    if (f->readable.fd < 0 || f->tun == NULL || tun_gone(f->tun, 0) || pump_prompt(f->pump)) {
        return;
    }
    /* While the UDP socket is full, packets wait in the device's queue, where TCP notices. */
    if (pump_blocked(f->pump)) {
        ev_io_stop(f->loop, &f->readable);
    } else {
        ev_io_start(f->loop, &f->readable);
    }
}

/* -- What others do to the interface ----------------------------------------------------------- */

static void report_tell(struct interface *f, const struct netcfg_report *report)
{
    if (report->down && !f->down) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.down",
                  "somebody set %s down: nothing passes until: ip link set %s up", f->name,
                  f->name);
    }
    if (report->made > 0) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.restored",
                  "somebody took away addresses or routes of %s; %zu are back", f->name,
                  report->made);
    }
    if (!report->down && report->ipv6_off && !f->ipv6_off) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.ipv6",
                  "the kernel has IPv6 disabled; peers are reached by IPv4 only");
    }
}

void interface_restore(struct interface *f, struct mono now)
{
    struct netcfg_report report;
    struct fault fault = {0};
    int rc;

    if (bucket_level(&f->restores, &restore_rate, now) < RESTORE_REFILL_S) {
        ev_timer_start(f->loop, &f->restore_later); /* no harm if it runs */
        return;
    }
    rc = netcfg_restore(f->name, &f->plan, &report, &fault);
    if (rc != ERR_OK) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.restored", "%s", fault.text);
    }
    if (rc != ERR_OK || report.made > 0) {
        (void)bucket_take(&f->restores, &restore_rate, RESTORE_REFILL_S, now);
    }
    if (rc == ERR_OK) {
        report_tell(f, &report);
        f->down = report.down;
    }
    if (rc == ERR_OK && !report.down) {
        f->ipv6_off = report.ipv6_off;
        f->routes_shared = f->routes_shared || report.ipv6_route_shared;
    }
    if (is_by_peers(f) && report.made > 0) {
        host_core_prefixes_again(f->core);
        peers_route(f);
    }
}

void interface_pool_share(struct interface *f, bool shared, const struct interface_kept *kept)
{
    struct netcfg_report report;
    struct fault fault = {0};

    if (f->tun == NULL ||
        (shared == f->plan.pool_by_hosts && memcmp(kept, &f->kept, sizeof(*kept)) == 0)) {
        return;
    }
    f->kept = *kept;
    f->plan.pool_by_hosts = shared;
    if (netcfg_restore(f->name, &f->plan, &report, &fault) != ERR_OK) {
        env_trace(f->env, TRACE_LEVEL_WARN, "interface.restored", "%s", fault.text);
    }
    if (shared) {
        host_core_prefixes_again(f->core);
        peers_route(f);
    }
}

void interface_table_use(struct interface *f, bool wanted)
{
    if (wanted != f->table.wanted) {
        f->table.used = true;
        f->table.wanted = wanted;
        host_core_prefixes_again(f->core);
        peers_route(f);
    }
}

static void on_restore_later(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)events;
    ev_timer_stop(loop, w);
    ev_timer_set(w, RESTORE_REFILL_S, 0.0);
    interface_restore(w->data, clock_mono());
}

/* -- Opening ----------------------------------------------------------------------------------- */

int interface_init(struct interface *f, struct ev_loop *loop, const struct env *env,
                   struct host_core *core)
{
    *f = (struct interface){.loop = loop, .env = env, .core = core};
    ev_init(&f->readable, on_readable);
    ev_timer_init(&f->restore_later, on_restore_later, RESTORE_REFILL_S, 0.0);
    ev_timer_init(&f->routes_more, on_routes_more, 0.0, 0.0);
    f->readable.data = f;
    f->restore_later.data = f;
    f->routes_more.data = f;
    return packet_box_init(&f->box, BOX_BYTES, BOX_ITEMS);
}

static void plan_fill(struct interface *f, const struct interface_options *options)
{
    static const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {0};
    struct netcfg_plan *plan = &f->plan;
    uint8_t resolver[4]; /* the core's choice; the options may have another */

    plan->mtu = options->mtu;
    plan->queue_length = QUEUE_LENGTH;
    plan->own_table = netrule_table(options->name);
    host_core_addresses(f->core, plan->ipv4, plan->ipv6, resolver, &plan->ipv4_prefix);
    memcpy(plan->resolver, options->resolver, sizeof(plan->resolver));
    addrplan_4in6(plan->ipv6_4in6, plan->ipv4);
    for (size_t i = 0; i < options->fixed_count; i++) {
        addrplan_fixed(plan->ipv6_fixed[i], middle, options->fixed[i]);
    }
    plan->ipv6_fixed_count = options->fixed_count;
}

int interface_open(struct interface *f, const struct interface_options *options, struct pump *pump,
                   struct fault *fault)
{
    struct netcfg_report report;
    int rc = tun_open(&f->tun, options->name, options->queues, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    f->pump = pump;
    f->gone = options->gone;
    f->context = options->context;
    host_core_set_tun_offload(f->core, tun_offload(f->tun));
    plan_fill(f, options);
    (void)snprintf(f->name, sizeof(f->name), "%s", options->name);
    rc = netcfg_apply(f->name, &f->plan, &report, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    report.made = 0; /* all of it was missing, and nobody had taken it away */
    report_tell(f, &report);
    f->ipv6_off = report.ipv6_off;
    f->routes_shared = report.ipv6_route_shared;
    if (report.ipv6_route_shared) {
        env_trace(
            f->env, TRACE_LEVEL_DEBUG, "interface.routes",
            "another interface routes fdd9:f800::/24; each peer here gets a route of its own");
    }
    bucket_init(&f->restores, &restore_rate, clock_mono());
    ev_io_set(&f->readable, tun_fd(f->tun, 0), EV_READ);
    ev_io_start(f->loop, &f->readable);
    return ERR_OK;
}

void interface_receive_elsewhere(struct interface *f)
{
    ev_io_stop(f->loop, &f->readable);
    ev_io_set(&f->readable, -1, 0);
}

void interface_close(struct interface *f)
{
    if (f->loop == NULL) {
        return; /* interface_init was never called */
    }
    ev_io_stop(f->loop, &f->readable);
    ev_timer_stop(f->loop, &f->restore_later);
    ev_timer_stop(f->loop, &f->routes_more);
    tun_close(f->tun);
    f->tun = NULL;
    packet_box_fini(&f->box);
}
