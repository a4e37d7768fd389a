/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Order of start: configuration, lock, key, store, UDP socket, TUN device, addresses (all that in
 * the host and its engine), then control socket, metrics, signals, Magic DNS, system resolver, the
 * sandbox around all that, threads that carry packets, ziglans of the configuration. Everything is
 * undone in reverse order. A crash leaves only files behind.
 */
#include "client/daemon/daemon.h"

#include "client/daemon/admin_socket.h"
#include "client/daemon/confinement.h"
#include "client/daemon/host.h"
#include "client/daemon/magic_dns.h"
#include "client/daemon/setup.h"
#include "client/daemon/web.h"
#include "proto/host/generation.h"
#include "proto/host/notify.h"
#include "proto/host/signals.h"

#include <arpa/inet.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct daemon {
    struct host host;
    struct admin_socket admin;
    struct magic_dns dns;
    struct web web;
    struct signals *signals;
    struct ev_timer watchdog;
    struct generation *generation; /* NULL: the kernel tells none */
    struct sandbox *sandbox;       /* NULL: off */
    int exit_code;                 /* of an end that nobody asked for */
};

/* What the log says on a terminal in place of the event's name. */
static const struct os_env_saying sayings[] = {
    {"admin.group", "Operators"},
    {"config", "Configuration"},
    {"config.refused", "The configuration was not read again"},
    {"config.metrics", "Metrics"},
    {"config.reloaded", "The configuration was read again"},
    {"config.ziglan", "A ziglan of the configuration cannot be joined"},
    {"config.ziglans", "The ziglans of the configuration"},
    {"dns.failed", "Names do not work"},
    {"dns.manual", "DNS"},
    {"dns.restored", "DNS"},
    {"dns.wired", "DNS"},
    {"host.resumed", "This machine slept, all paths are tried again"},
    {"interface.down", "The interface was set down"},
    {"interface.gone", "The end"},
    {"interface.ipv6", "IPv6"},
    {"interface.restored", "The interface was changed"},
    {"name.conflict", "A name in doubt"},
    {"name.moved", "A name moved"},
    {"path.direct", "Direct path"},
    {"peer.offline", "Gone"},
    {"pool.apart", "IPv4 addresses"},
    {"pool.chosen", "IPv4 addresses"},
    {"pool.overlap", "IPv4 addresses"},
    {"path.relayed", "Direct path lost, over the relay again"},
    {"path.size", "Packets on the direct path have another size now"},
    {"relay.closed", "The session to the relay ended"},
    {"relay.found", "Found the relay by its key"},
    {"relay.hosts", "The relay moves"},
    {"relay.open", "Connected to the relay"},
    {"relay.paused", "Too many connections to the relay"},
    {"relay.proof", "The relay"},
    {"rule.cleared", "Rules"},
    {"rule.set", "Rules"},
    {"rule.stuck", "Rules"},
    {"sandbox.refused", "The sandbox refused a system call"},
    {"sandbox.without", "The sandbox lacks a part"},
    {"ziglan.joined", "Joined"},
    {"ziglan.renamed", "Renamed"},
    {"ziglan.refused", "Refused, see ziglan status"},
    {NULL, NULL},
};

static const struct env *env_of(const struct daemon *d)
{
    return os_env_port(d->host.os);
}

/* -- The configuration's ziglans --------------------------------------------------------------- */

/* Where two ziglans have the same name, the one that the configuration lists first has it. The
 * reader of the configuration has checked the URLs. */
static void configured_order_set(struct daemon *d)
{
    const struct client_config *config = d->host.config;
    struct ziglan_order order = {0};
    char problem[URL_ERROR_SIZE];

    for (size_t i = 0; i < config->ziglans_count && order.count < ZIGLAN_COUNT_MAX; i++) {
        const char *text = config->ziglans[i];
        struct url url;

        if (url_parse(&url, text, strlen(text), problem) == ERR_OK) {
            memcpy(order.keys[order.count++], url.key, KEY_SIZE);
        }
    }
    if (host_core_order(engine_core(d->host.engine), &order) != ERR_OK) {
        env_trace(env_of(d), TRACE_LEVEL_ERROR, "config.ziglans",
                  "their order could not be stored; free some disk space");
    }
}

static void configured_ziglans_join(struct daemon *d)
{
    const struct client_config *config = d->host.config;
    char error[256];

    for (size_t i = 0; i < config->ziglans_count; i++) {
        if (host_core_join(engine_core(d->host.engine), config->ziglans[i], NULL, error,
                           sizeof(error), clock_mono()) != ERR_OK) {
            env_trace(env_of(d), TRACE_LEVEL_WARN, "config.ziglan", "%s", error);
        }
    }
    configured_order_set(d);
    engine_kick(d->host.engine);
}

/* -- Signals and the service manager ----------------------------------------------------------- */

/* SIGHUP: new ziglans, peers, relays and the level of the log count at once. A file with an error
 * changes nothing. */
static void reload(struct daemon *d)
{
    struct client_config *fresh = NULL;
    struct fault fault = {0};
    char text[DAEMON_GREETING_SIZE];

    notify_reloading();
    if (setup_config_load(&fresh, d->host.place, &fault) == ERR_OK) {
        client_config_free(d->host.config);
        d->host.config = fresh;
        os_env_set_level(d->host.os, fresh->log_level);
        configured_ziglans_join(d);
        if (host_subnet_configure(&d->host) != ERR_OK) {
            env_trace(env_of(d), TRACE_LEVEL_ERROR, "config.peers", "out of memory");
        }
        if (web_reload(&d->web, &fault) != ERR_OK) {
            env_trace(env_of(d), TRACE_LEVEL_ERROR, "config.metrics", "%s", fault.text);
        }
        env_trace(env_of(d), TRACE_LEVEL_INFO, "config.reloaded",
                  "name, pool, mtu, port, dns, operator, threads and sandbox change with the next "
                  "start");
    } else {
        env_trace(env_of(d), TRACE_LEVEL_ERROR, "config.refused", "%s", fault.text);
    }
    notify_ready(daemon_greeting(d, text));
}

static void on_signal(void *context, int number)
{
    struct daemon *d = context;

    if (number == SIGHUP) {
        reload(d);
        return;
    }
    ev_break(d->host.loop, EVBREAK_ALL);
}

static void on_watchdog(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)loop;
    (void)w;
    (void)events;
    notify_watchdog();
}

/* -- Start and stop ---------------------------------------------------------------------------- */

/* Whoever removed the device may have meant it, so the daemon ends instead of making it again. A
 * service manager may start the daemon again. */
static void on_interface_gone(void *context)
{
    struct daemon *d = context;

    env_trace(env_of(d), TRACE_LEVEL_ERROR, "interface.gone",
              "somebody removed the interface %s; start it again with: sudo ziglan up%s",
              d->host.place->interface, d->host.place->flag);
    d->exit_code = EXIT_CODE_FAILURE;
    ev_break(d->host.loop, EVBREAK_ALL);
}

static void on_copied(void *context)
{
    struct daemon *d = context;

    host_core_copied(engine_core(d->host.engine));
    engine_kick(d->host.engine);
}

/* Inside the sandbox, of which a part holds only for threads that start in it. Without them all
 * goes on, slower. */
static void threads_start(struct daemon *d)
{
    struct fault fault = {0};

    if (engine_threads_start(d->host.engine, generation_fd(d->generation), &fault) != ERR_OK) {
        env_trace(os_env_port(d->host.os), TRACE_LEVEL_WARN, "threads.off",
                  "packets go through one thread: %s", fault.text);
    }
}

/* Open everything in the order told above. What was opened before an error stays open. */
static int start(struct daemon *d, const struct place *place, const char *name, struct fault *fault)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP, 0};
    struct host_options options = {.place = place,
                                   .name = name,
                                   .with_interface = true,
                                   .sayings = sayings,
                                   .interface_gone = on_interface_gone,
                                   .context = d};
    double watchdog_s = notify_watchdog_ms() / 2000.0;
    int rc = host_open(&d->host, &options, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = admin_socket_open(&d->admin, &d->host, &d->dns, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = web_open(&d->web, &d->host, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = signals_new(&d->signals, d->host.loop, list, on_signal, d);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    d->generation = generation_new(d->host.loop, on_copied, d);
    magic_dns_start(&d->dns, &d->host);
    rc = confinement_enter(&d->sandbox, &d->host);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    threads_start(d);
    configured_ziglans_join(d);
    ev_timer_init(&d->watchdog, on_watchdog, watchdog_s, watchdog_s);
    if (watchdog_s > 0) {
        ev_timer_start(d->host.loop, &d->watchdog);
    }
    return ERR_OK;
}

const char *daemon_greeting(struct daemon *d, char text[DAEMON_GREETING_SIZE])
{
    uint8_t v4[4];
    uint8_t v6[16];
    uint8_t resolver[4];
    uint8_t prefix;
    char text4[INET_ADDRSTRLEN] = "";
    char text6[INET6_ADDRSTRLEN] = "";

    host_core_addresses(engine_core(d->host.engine), v4, v6, resolver, &prefix);
    (void)inet_ntop(AF_INET, v4, text4, sizeof(text4));
    (void)inet_ntop(AF_INET6, v6, text6, sizeof(text6));
    (void)snprintf(text, DAEMON_GREETING_SIZE, "%s is up: %s %s", d->host.place->interface, text4,
                   text6);
    return text;
}

int daemon_open(struct daemon **out, const struct place *place, const char *name,
                struct fault *fault)
{
    struct daemon *d = calloc(1, sizeof(*d));
    char text[DAEMON_GREETING_SIZE];
    int rc;

    *out = NULL;
    if (d == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    rc = start(d, place, name, fault);
    if (rc != ERR_OK) {
        daemon_close(d);
        return rc;
    }
    notify_ready(daemon_greeting(d, text));
    *out = d;
    return ERR_OK;
}

int daemon_run(struct daemon *d)
{
    ev_run(d->host.loop, 0);
    return d->exit_code;
}

void daemon_close(struct daemon *d)
{
    if (d == NULL) {
        return;
    }
    notify_stopping();
    if (d->host.loop != NULL) {
        ev_timer_stop(d->host.loop, &d->watchdog);
    }
    magic_dns_stop(&d->dns);
    web_close(&d->web);
    signals_free(d->signals);
    generation_free(d->generation);
    admin_socket_close(&d->admin);
    sandbox_free(d->sandbox);
    host_close(&d->host);
    free(d);
}
