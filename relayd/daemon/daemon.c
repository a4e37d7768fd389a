/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon: opens everything, drives the relay core until a signal, closes everything. */
#include "proto/crypto/delegation.h"
#include "proto/crypto/identity.h"
#include "proto/host/control_socket.h"
#include "proto/host/file.h"
#include "proto/host/http_local.h"
#include "proto/host/notify.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"
#include "relayd/admin/admin.h"
#include "relayd/admin/metrics.h"
#include "relayd/core/core.h"
#include "relayd/daemon/cli.h"
#include "relayd/daemon/process.h"
#include "relayd/engine/reset_ledger_file.h"
#include "ziglan_version.h"

#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RECONNECT_IN_MS = 1000, /* told to sessions at a stop: a restart takes less */
    STOP_MS_MAX = 2000,
    DRAIN_MS = 200,
    RESET_LEDGER_ENTRIES_MAX = 65536,
    FILES_MIN = 16, /* 11 for good with one socket, and some for pages and operators */
    LISTEN_TEXT_SIZE = SETTINGS_LISTEN_MAX * (ENDPOINT_TEXT_SIZE + 2),
};

/* No sane clock says less: 2025-01-01. */
#define WALL_MS_MIN UINT64_C(1735689600000)

struct server {
    const char *config_path;
    struct relay_settings settings;
    struct ev_loop *loop;
    struct os_env *os;
    const struct env *env;
    struct identity relay, ziglan;
    uint8_t delegation[RECORD_SIGNED_SIZE_MAX]; /* in place of the ziglan's key, if size > 0 */
    size_t delegation_size;
    struct store *store;
    struct reset_ledger_file *ledger;
    struct relay_core *core;
    struct udp_batch *sockets[SETTINGS_LISTEN_MAX];
    size_t sockets_count;
    struct pump *pump;
    struct control_server *control;
    struct http_local *http;
    struct signals *signals;
    struct ev_timer stop_timer, watchdog_timer;
    bool library_on;
    bool stopping;
    double started_at_s;
    char listen_text[LISTEN_TEXT_SIZE];
};

/* ---- the core's verbs for the pump ---- */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct server *server = context;

    (void)out; /* this core writes only when asked to transmit */
    relay_core_receive(server->core, in, now);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    struct server *server = context;

    (void)out;
    relay_core_expire(server->core, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    struct server *server = context;

    relay_core_transmit(server->core, out, now);
}

static struct mono core_deadline(void *context)
{
    const struct server *server = context;

    return relay_core_deadline(server->core);
}

static void core_settle(void *context, struct mono now)
{
    struct server *server = context;

    (void)now;
    if (server->stopping && relay_core_stopped(server->core)) {
        ev_break(server->loop, EVBREAK_ALL);
    }
}

/* ---- requests from this machine ---- */

static json_t *control_request(void *context, const json_t *request)
{
    struct server *server = context;
    const struct admin_context admin = {
        .core = server->core,
        .name = server->settings.name,
        .public_hosts = server->settings.public_hosts,
        .listen = server->listen_text,
        .wall_ms = env_wall_ms(server->env),
    };
    json_t *answer = admin_request(&admin, request, clock_mono());

    pump_kick(server->pump);
    return answer;
}

static void sockets_use(const struct server *server, struct socket_use *out)
{
    for (size_t i = 0; i < server->sockets_count; i++) {
        const struct udp_counters *c = udp_batch_counters(server->sockets[i]);
        out->received_datagrams += c->received_datagrams;
        out->sent_datagrams += c->sent_datagrams;
        out->sent_bytes += c->sent_bytes;
        out->too_large += c->too_large;
        out->send_errors += c->send_errors;
        out->receive_errors += c->receive_errors;
        out->truncated += c->truncated;
    }
}

static void metrics_answer(const struct server *server, struct http_answer *out)
{
    struct relay_snapshot snapshot;
    struct process_use process = {.start_time_s = server->started_at_s};
    struct socket_use sockets = {0};

    relay_core_snapshot(server->core, &snapshot, clock_mono());
    process_use_read(&process);
    sockets_use(server, &sockets);
    if (metrics_print(&out->body, &out->size, &snapshot, &process, &sockets) != ERR_OK) {
        out->status = 503;
        return;
    }
    out->status = 200;
    out->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

static void health_answer(const struct server *server, struct http_answer *out)
{
    struct relay_snapshot snapshot;
    int size;

    relay_core_snapshot(server->core, &snapshot, clock_mono());
    out->status = snapshot.store_ok ? 200 : 503;
    out->content_type = "application/json";
    size = asprintf(&out->body, "{\"status\":\"%s\",\"sessions\":%" PRIu32 "}\n",
                    snapshot.store_ok ? "ok" : "storage failing", snapshot.sessions);
    if (size < 0) {
        out->body = NULL;
        size = 0;
    }
    out->size = (size_t)size;
}

static void http_get(void *context, const char *path, struct http_answer *out)
{
    const struct server *server = context;

    if (strcmp(path, "/metrics") == 0) {
        metrics_answer(server, out);
    } else if (strcmp(path, "/health") == 0) {
        health_answer(server, out);
    }
}

static int http_start(struct server *server, const struct relay_settings *settings,
                      struct fault *fault)
{
    const struct http_local_options options = {
        .listen = settings->metrics, .context = server, .get = http_get};
    int rc;

    if (!settings->metrics_on) {
        return ERR_OK;
    }
    rc = http_local_open(&server->http, server->loop, &options, fault);
    if (rc != ERR_OK) {
        cli_fault_add(fault, "give `metrics:` another address, or off");
    }
    return rc;
}

/* ---- reload and stop ---- */

static struct relay_config core_config(const struct server *server,
                                       const struct relay_settings *settings)
{
    return (struct relay_config){
        .identity = &server->relay,
        .ziglan_identity = server->delegation_size == 0 ? &server->ziglan : NULL,
        .delegation = server->delegation_size > 0 ? server->delegation : NULL,
        .delegation_size = server->delegation_size,
        .ziglan_name = settings->name,
        .public_hosts = settings->public_hosts,
        .session_max = settings->session_max,
        .stun_per_addr_per_s = settings->stun_per_address_per_s,
        .stun_per_s = settings->stun_per_s,
        .ledger = reset_ledger_file_entries(server->ledger),
        .ledger_capacity = reset_ledger_file_capacity(server->ledger),
        .open_relay = settings->open_relay,
    };
}

/* The metrics address may change: the new one must open before the old one goes. */
static bool http_reload(struct server *server, const struct relay_settings *next)
{
    struct http_local *old = server->http;
    struct fault fault;
    bool same = server->settings.metrics_on == next->metrics_on &&
                endpoint_equal(&server->settings.metrics, &next->metrics);

    if (same) {
        return true;
    }
    server->http = NULL;
    if (http_start(server, next, &fault) != ERR_OK) {
        server->http = old;
        env_trace(server->env, TRACE_LEVEL_ERROR, "config.reload", "changed=nothing why=\"%s\"",
                  fault.text);
        return false;
    }
    http_local_close(old);
    return true;
}

static int delegation_load(struct server *server, const char *path, struct fault *fault)
{
    struct record_delegation record;
    uint8_t *bytes = NULL;
    size_t size = 0;
    int rc = file_read(path, sizeof(server->delegation), &bytes, &size, fault);

    if (rc == ERR_OK) {
        /* Which ziglan's it must be, and what its time means, is for the core. */
        if (delegation_verify(&record, bytes, size, NULL, server->relay.public_key,
                              env_wall_ms(server->env)) == DELEGATION_NOT_BELIEVED) {
            rc = ERR_DROP;
            fault_set(fault, EXIT_CODE_USAGE, "%.300s holds no delegation for this relay's key",
                      path);
        }
    }
    if (rc == ERR_OK) {
        memcpy(server->delegation, bytes, size);
        server->delegation_size = size;
    } else {
        cli_fault_add(fault, "make it with: relayd delegate");
    }
    free(bytes);
    return rc;
}

/* Only where one was in use from the start; whether it is good, the core says. */
static void delegation_reload(struct server *server)
{
    struct fault fault;

    if (server->delegation_size > 0 && server->settings.delegation_path[0] != '\0' &&
        delegation_load(server, server->settings.delegation_path, &fault) != ERR_OK) {
        env_trace(server->env, TRACE_LEVEL_ERROR, "config.reload", "delegation=kept why=\"%s\"",
                  fault.text);
    }
}

static void reload(struct server *server)
{
    struct relay_settings next;
    struct relay_config config;
    struct fault fault;
    char restart[128];

    notify_reloading();
    if (cli_settings_load(&next, server->config_path, &fault) != ERR_OK) {
        env_trace(server->env, TRACE_LEVEL_ERROR, "config.reload", "changed=nothing why=\"%s\"",
                  fault.text);
    } else if (http_reload(server, &next)) {
        (void)relay_settings_restart_keys(&server->settings, &next, restart, sizeof(restart));
        if (restart[0] != '\0') {
            env_trace(server->env, TRACE_LEVEL_WARN, "config.reload", "needs_restart=\"%s\"",
                      restart);
        }
        server->settings = next;
        os_env_set_level(server->os, next.log_level);
        delegation_reload(server);
        config = core_config(server, &server->settings);
        relay_core_reload(server->core, &config, clock_mono());
        pump_kick(server->pump);
        env_trace(server->env, TRACE_LEVEL_INFO, "config.reload", "changed=1");
    }
    notify_ready("serving");
}

static void stop(struct server *server)
{
    if (server->stopping) {
        ev_break(server->loop, EVBREAK_ALL); /* asked twice: at once */
        return;
    }
    server->stopping = true;
    notify_stopping();
    relay_core_shutdown(server->core, RECONNECT_IN_MS, clock_mono());
    ev_timer_start(server->loop, &server->stop_timer);
    pump_kick(server->pump);
}

static void signal_caught(void *context, int signal)
{
    struct server *server = context;

    if (signal == SIGHUP) {
        reload(server);
    } else {
        stop(server);
    }
}

static void stop_overdue(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)timer;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void watchdog_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
    notify_watchdog();
}

/* ---- start ---- */

static int socket_add(struct server *server, const struct endpoint *local, struct fault *fault)
{
    const struct udp_options options = {.local = *local};
    size_t used = strlen(server->listen_text);
    char text[ENDPOINT_TEXT_SIZE];
    int rc = udp_batch_open(&server->sockets[server->sockets_count], &options, fault);

    if (rc == ERR_OK) {
        (void)snprintf(
            server->listen_text + used, sizeof(server->listen_text) - used, "%s%s",
            used > 0 ? ", " : "",
            endpoint_text(udp_batch_local(server->sockets[server->sockets_count]), text));
        server->sockets_count++;
    }
    return rc;
}

static int sockets_open(struct server *server, struct fault *fault)
{
    const struct relay_settings *settings = &server->settings;
    struct endpoint spare = settings->listen[0];
    struct fault why;
    int rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < settings->listen_count; i++) {
        rc = socket_add(server, &settings->listen[i], fault);
    }
    spare.port = SETTINGS_PORT_SPARE;
    if (rc == ERR_OK && settings->listen_default && socket_add(server, &spare, &why) != ERR_OK) {
        env_trace(server->env, TRACE_LEVEL_INFO, "relay.listen",
                  "not on UDP port %d, so hosts in networks that let nothing else out find no way "
                  "here: %s",
                  SETTINGS_PORT_SPARE, why.text);
    }
    return rc;
}

/* Behind the store, whose lock keeps a second relay away from the file. */
static void ledger_start(struct server *server)
{
    const struct relay_settings *settings = &server->settings;
    char path[SETTINGS_PATH_SIZE + 16];
    uint32_t capacity = LINK_HALF_OPEN_MAX + (settings->session_max < RESET_LEDGER_ENTRIES_MAX
                                                  ? settings->session_max
                                                  : RESET_LEDGER_ENTRIES_MAX);

    (void)snprintf(path, sizeof(path), "%s/reset-ledger", settings->state_path);
    server->ledger = reset_ledger_file_open(path, capacity, server->env, server->loop);
}

static int core_start(struct server *server, struct fault *fault)
{
    struct relay_config config;
    struct mono now = clock_mono();
    int rc;

    rc = link_library_init(server->env);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "the TLS library does not start or fails its test");
        return rc;
    }
    server->library_on = true;
    rc = cli_store_open(&server->store, server->settings.state_path, server->env, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    ledger_start(server);
    config = core_config(server, &server->settings);
    rc = relay_core_new(&server->core, &config, server->store, server->env, now);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the relay cannot start with the state in %s (%s); the log says more",
                  server->settings.state_path, err_name(rc));
    }
    return rc;
}

static int loop_start(struct server *server, struct fault *fault)
{
    static const int list[] = {SIGTERM, SIGINT, SIGHUP, 0};
    const struct pump_core core = {.context = server,
                                   .receive = core_receive,
                                   .expire = core_expire,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline,
                                   .settle = core_settle};
    const struct control_handler handler = {.context = server, .request = control_request};
    double watchdog_s = (double)notify_watchdog_ms() / 2000;
    int rc = pump_new(&server->pump, server->loop, &core, server->sockets, server->sockets_count);

    if (rc == ERR_OK) {
        rc = signals_new(&server->signals, server->loop, list, signal_caught, server);
    }
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    rc = control_server_open(&server->control, server->loop, server->settings.control_path,
                             &handler, fault);
    if (rc == ERR_OK) {
        rc = http_start(server, &server->settings, fault);
    }
    ev_timer_init(&server->stop_timer, stop_overdue, (double)STOP_MS_MAX / 1000, 0.);
    if (rc == ERR_OK && watchdog_s > 0) {
        ev_timer_init(&server->watchdog_timer, watchdog_due, watchdog_s, watchdog_s);
        ev_timer_start(server->loop, &server->watchdog_timer);
    }
    return rc;
}

static int server_start(struct server *server, struct fault *fault)
{
    int rc = cli_key_load(&server->relay, server->settings.key_path, fault);

    if (rc == ERR_OK) {
        rc = server->settings.delegation_path[0] != '\0'
                 ? delegation_load(server, server->settings.delegation_path, fault)
                 : cli_key_load(&server->ziglan, server->settings.ziglan_key_path, fault);
    }
    if (rc == ERR_OK) {
        rc = core_start(server, fault);
    }
    if (rc == ERR_OK) {
        rc = sockets_open(server, fault);
    }
    if (rc == ERR_OK) {
        rc = loop_start(server, fault);
    }
    return rc;
}

static void server_close(struct server *server)
{
    bool clean = server->core != NULL && relay_core_stopped(server->core);

    if (server->pump != NULL) {
        pump_drain(server->pump, DRAIN_MS);
    }
    http_local_close(server->http);
    control_server_close(server->control);
    signals_free(server->signals);
    pump_free(server->pump);
    relay_core_free(server->core);
    reset_ledger_file_close(server->ledger, clean);
    store_close(server->store);
    for (size_t i = 0; i < server->sockets_count; i++) {
        udp_batch_close(server->sockets[i]);
    }
    if (server->library_on) {
        link_library_fini();
    }
    identity_wipe(&server->relay);
    identity_wipe(&server->ziglan);
    if (server->loop != NULL) {
        ev_loop_destroy(server->loop);
    }
    os_env_free(server->os);
}

int serve(const char *config_path, const struct relay_settings *settings)
{
    struct server server = {.config_path = config_path, .settings = *settings};
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    char key[11];
    int code = EXIT_CODE_OK;

    if (files_check(FILES_MIN, &fault) != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    server.loop = ev_default_loop(EVFLAG_AUTO);
    if (server.loop == NULL || os_env_new(&server.os, settings->log_level) != ERR_OK ||
        identity_library_init() != ERR_OK) {
        code = fault_print(&fault, "relayd");
        goto out;
    }
    server.env = os_env_port(server.os);
    server.started_at_s = (double)env_wall_ms(server.env) / 1000;
    if (env_wall_ms(server.env) < WALL_MS_MIN) {
        env_trace(server.env, TRACE_LEVEL_WARN, "clock.wrong",
                  "hint=\"hosts will not accept what this relay signs until the clock is set\"");
    }
    if (server_start(&server, &fault) != ERR_OK) {
        code = fault_print(&fault, "relayd");
        goto out;
    }
    env_trace(server.env, TRACE_LEVEL_INFO, "relay.ready", "version=%s key=%s listen=\"%s\"",
              ZIGLAN_VERSION, key_short(server.relay.public_key, key), server.listen_text);
    notify_ready("serving");
    pump_kick(server.pump);
    (void)ev_run(server.loop, 0);
    env_trace(server.env, TRACE_LEVEL_INFO, "relay.stopped", "clean=1");
out:
    server_close(&server);
    return code;
}
