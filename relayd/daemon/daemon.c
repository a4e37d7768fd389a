/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens everything, runs until a signal, reloads, and closes everything. */
#include "relayd/daemon/daemon.h"

#include "proto/host/control_socket.h"
#include "proto/host/fault_print.h"
#include "proto/host/file.h"
#include "proto/host/generation.h"
#include "proto/host/log_forms.h"
#include "proto/host/notify.h"
#include "proto/host/os_env.h"
#include "proto/host/process.h"
#include "proto/host/pump.h"
#include "proto/host/signals.h"
#include "relayd/admin/admin.h"
#include "relayd/base/relay_defaults.h"
#include "relayd/config/changes.h"
#include "relayd/core/core.h"
#include "relayd/daemon/admitter.h"
#include "relayd/daemon/certificate.h"
#include "relayd/daemon/check.h"
#include "relayd/daemon/confinement.h"
#include "relayd/daemon/kept_lanes.h"
#include "relayd/daemon/keys.h"
#include "relayd/daemon/load.h"
#include "relayd/daemon/pages.h"
#include "relayd/daemon/web_server.h"
#include "relayd/engine/engine.h"
#include "relayd/engine/reset_ledger_file.h"
#include "rendezvous/store/backup/copy_request.h"
#include "rendezvous/store/backup/state_copy.h"
#include "ziglan_version.h"

#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RECONNECT_IN_MS = 350, /* told to sessions at a stop. Their ports stay open over a restart
                              (passed_socket.h), so who comes before the next process runs waits,
                              but whoever comes while this one runs would get a session that ends */
    STOP_MS_MAX = 250,     /* from a signal to the end, whatever the sessions do */
    DRAIN_MS = 200,        /* for what is queued at the end */
    RESET_LEDGER_ROWS_MAX = 65536,
    FILES_MIN = 24, /* 19 stay open with one UDP socket; pages and operators need some more */
};

/* 2025-01-01: a clock that says less is wrong. */
#define WALL_MS_MIN UINT64_C(1735689600000)

/* tidy-ok: struct-fields one for each thing that is open */
struct daemon {
    const char *config_path;
    struct relay_settings settings; /* as read last */
    struct relay_settings started;  /* as they were at the start */
    struct ev_loop *loop;
    struct os_env *os;
    const struct env *env;
    struct keys keys;
    struct store *store;
    struct reset_ledger_file *ledger;
    struct relay_core *core;
    struct relay_engine *engine;
    struct control_server *control;
    struct pages pages;
    struct signals *signals;
    struct generation *generation; /* NULL: the kernel tells none */
    struct sandbox *sandbox;       /* NULL: off */
    int lanes;                     /* the file of kept_lanes.h; -1: none */
    int admitter;                  /* a socket to the process that runs the program which admits */
    struct ev_timer stop_timer, watchdog_timer;
    char web_server[WEB_SERVER_TEXT_SIZE]; /* whose the spare port is; "": nobody's */
    bool library_on;
    bool stopping;
};

/* No group is named, so whoever asks has CONTROL_RIGHT_ALL. */
static json_t *control_request(void *context, enum control_right right, const json_t *request)
{
    struct daemon *daemon = context;
    char portmap[RELAY_ENGINE_PORTMAP_SIZE];
    const struct admin_context admin = {
        .core = daemon->core,
        .name = daemon->settings.name,
        .public_hosts = daemon->settings.public_hosts,
        .listen = relay_engine_listen_text(daemon->engine),
        .portmap = relay_engine_portmap_text(daemon->engine, portmap),
    };
    json_t *answer;

    (void)right;
    if (copy_request_is(request)) {
        return copy_request_answer(daemon->store, daemon->settings.state_path, request);
    }
    answer = admin_request(&admin, request, clock_mono());
    relay_engine_kick(daemon->engine);
    return answer;
}

/* ---- reload and stop ---- */

/* On one core a thread beside the first would only take turns with it. */
static uint32_t workers_count(const struct relay_settings *settings)
{
    unsigned cores = process_cores();

    if (settings->workers != CONFIG_TEXT_AUTO) {
        return settings->workers;
    }
    if (cores < 2) {
        return 0;
    }
    return cores < RELAY_WORKERS_MAX ? cores : RELAY_WORKERS_MAX;
}

static struct relay_config core_config(const struct daemon *daemon,
                                       const struct relay_settings *settings)
{
    const struct relay_applications *applications = &settings->applications;
    struct relay_config config = {
        .identity = &daemon->keys.relay,
        .ziglan_identity = daemon->keys.delegation_size == 0 ? &daemon->keys.ziglan : NULL,
        .delegation = daemon->keys.delegation_size > 0 ? daemon->keys.delegation : NULL,
        .delegation_size = daemon->keys.delegation_size,
        .ziglan_name = settings->name,
        .public_hosts = settings->public_hosts,
        .peers = &settings->peers,
        .admission = &settings->admission,
        .session_max = settings->session_max,
        .workers = workers_count(settings),
        .stun_per_addr_per_s = settings->stun_per_address_per_s,
        .stun_per_s = settings->stun_per_s,
        .stun_one_address = !settings->stun_other_address,
        .ledger = reset_ledger_file_rows(daemon->ledger),
        .ledger_capacity = reset_ledger_file_capacity(daemon->ledger),
        .open_relay = settings->open_relay,
        .lane_bytes_per_s = settings->lane_bandwidth,
        .allotment = {.bytes_per_s = settings->bandwidth, .bytes_per_month = settings->monthly},
        .pools = {.apps_count = applications->apps_count, .limit = applications->pool_max},
        .rewards = {.count = applications->rewards_count},
    };

    memcpy(config.pools.apps, applications->apps, sizeof(config.pools.apps));
    memcpy(config.rewards.list, applications->rewards, sizeof(config.rewards.list));
    return config;
}

/* To be called at the start, and when the settings changed. */
static void script_set(struct daemon *daemon)
{
    const struct relay_settings *settings = &daemon->settings;
    const struct script_options options = {
        .path = settings->admission.mode == ADMISSION_MODE_SCRIPT ? settings->admission_script.path
                                                                  : "",
        .ziglan = settings->name,
        .at_once = settings->admission_script.at_once,
    };
    struct fault fault;

    relay_engine_script(daemon->engine, &options);
    if (admission_program_check(settings, &fault) != ERR_OK) {
        env_trace(daemon->env, TRACE_LEVEL_WARN, "admission.script", "%s", fault.text);
    }
}

static void delegation_reload(struct daemon *daemon)
{
    struct fault fault;

    if (keys_delegation_reload(&daemon->keys, &daemon->settings, daemon->config_path,
                               env_wall_ms(daemon->env), &fault) != ERR_OK) {
        env_trace(daemon->env, TRACE_LEVEL_ERROR, "config.reload", "delegation=kept why=\"%s\"",
                  fault.text);
    }
}

static void certificate_reload(struct daemon *daemon)
{
    struct fault fault;

    if (certificate_load(daemon->core, &daemon->settings, daemon->env, &fault) != ERR_OK) {
        env_trace(daemon->env, TRACE_LEVEL_ERROR, "config.reload", "certificate=kept why=\"%s\"",
                  fault.text);
    }
}

static void reload(struct daemon *daemon)
{
    struct relay_settings next;
    struct relay_config config;
    struct fault fault;
    char keys[128];

    notify_reloading();
    if (load_settings(&next, daemon->config_path, &fault) != ERR_OK ||
        !confinement_lets(daemon->sandbox, &next, &fault) ||
        pages_reload(&daemon->pages, &daemon->settings, &next, &fault) != ERR_OK) {
        env_trace(daemon->env, TRACE_LEVEL_ERROR, "config.reload", "changed=nothing why=\"%s\"",
                  fault.text);
    } else {
        (void)relay_settings_restart_keys(&daemon->started, &next, keys, sizeof(keys));
        if (keys[0] != '\0') {
            env_trace(daemon->env, TRACE_LEVEL_WARN, "config.reload", "needs_restart=\"%s\"", keys);
        }
        (void)relay_settings_changed_keys(&daemon->settings, &next, &daemon->started, keys,
                                          sizeof(keys));
        daemon->settings = next;
        os_env_set_level(daemon->os, next.log_level);
        delegation_reload(daemon);
        certificate_reload(daemon);
        config = core_config(daemon, &daemon->settings);
        relay_core_reload(daemon->core, &config, clock_mono());
        relay_engine_portmap(daemon->engine, daemon->settings.portmap);
        script_set(daemon);
        relay_engine_kick(daemon->engine);
        env_trace(daemon->env, TRACE_LEVEL_INFO, "config.reload", "changed=\"%s\"",
                  keys[0] != '\0' ? keys : "nothing");
    }
    notify_ready("serving");
}

static void stop(struct daemon *daemon)
{
    if (daemon->stopping) {
        ev_break(daemon->loop, EVBREAK_ALL); /* asked twice: stop at once */
        return;
    }
    daemon->stopping = true;
    notify_stopping();
    relay_core_shutdown(daemon->core, RECONNECT_IN_MS, daemon->lanes >= 0, clock_mono());
    ev_timer_start(daemon->loop, &daemon->stop_timer);
    relay_engine_kick(daemon->engine);
}

static void signal_caught(void *context, int signal)
{
    struct daemon *daemon = context;

    if (signal == SIGHUP) {
        reload(daemon);
    } else {
        stop(daemon);
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

/* To be called when the store is open: its lock keeps a second relay away from the ledger, too. */
static void ledger_start(struct daemon *daemon)
{
    const struct relay_settings *settings = &daemon->settings;
    char path[SETTINGS_PATH_SIZE + 16];
    uint32_t capacity = LINK_HALF_OPEN_MAX + (settings->session_max < RESET_LEDGER_ROWS_MAX
                                                  ? settings->session_max
                                                  : RESET_LEDGER_ROWS_MAX);

    (void)snprintf(path, sizeof(path), "%s/reset-ledger", settings->state_path);
    daemon->ledger = reset_ledger_file_open(path, capacity, daemon->env, daemon->loop);
}

static int core_start(struct daemon *daemon, struct fault *fault)
{
    struct relay_config config;
    struct mono now = clock_mono();
    int rc;

    rc = link_library_init(daemon->env);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "the TLS library does not start or fails its test");
        return rc;
    }
    daemon->library_on = true;
    rc = load_store(&daemon->store, daemon->settings.state_path, daemon->env, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    state_copies_clear(daemon->settings.state_path);
    ledger_start(daemon);
    config = core_config(daemon, &daemon->settings);
    rc = relay_core_new(&daemon->core, &config, daemon->store, daemon->env, now);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the relay cannot start with the state in %s (%s); the log says more",
                  daemon->settings.state_path, err_name(rc));
        return rc;
    }
    return certificate_load(daemon->core, &daemon->settings, daemon->env, fault);
}

/* The port that is tried without being named; 0 where it is somebody else's. */
static uint16_t spare_port(struct daemon *daemon)
{
    if (!daemon->settings.listen_default ||
        web_server_find(daemon->web_server, SETTINGS_PORT_SPARE, web_server_folders)) {
        return 0;
    }
    return SETTINGS_PORT_SPARE;
}

/* The first line of the log is that it is ready; behind it stands what it does without. */
static void ready_tell(const struct daemon *daemon)
{
    const char *problem = relay_engine_spare_problem(daemon->engine);
    const char *alone = relay_engine_workers_problem(daemon->engine);
    char key[KEY_SHORT_SIZE];

    env_trace(daemon->env, TRACE_LEVEL_INFO, "relay.ready",
              "ready on UDP %s version=%s key=%s listen=\"%s\"",
              relay_engine_ports_text(daemon->engine), ZIGLAN_VERSION,
              key_short(daemon->keys.relay.public_key, key),
              relay_engine_listen_text(daemon->engine));
    if (daemon->web_server[0] != '\0') {
        env_trace(daemon->env, TRACE_LEVEL_INFO, "relay.listen",
                  "not on UDP port %d, which a web server needs for HTTP/3: %s; to have it all the "
                  "same, name it in listen:",
                  SETTINGS_PORT_SPARE, daemon->web_server);
    } else if (problem[0] != '\0') {
        env_trace(daemon->env, TRACE_LEVEL_INFO, "relay.listen",
                  "not on UDP port %d, so hosts in networks that let nothing else out find no way "
                  "here: %s",
                  SETTINGS_PORT_SPARE, problem);
    }
    if (alone[0] != '\0') {
        env_trace(daemon->env, TRACE_LEVEL_INFO, "relay.workers",
                  "one thread does everything, lanes too: %s", alone);
    } else if (relay_engine_workers(daemon->engine) > 0) {
        env_trace(daemon->env, TRACE_LEVEL_INFO, "relay.workers", "threads for lanes and STUN: %u",
                  relay_engine_workers(daemon->engine));
    }
}

static void on_copied(void *context)
{
    struct daemon *daemon = context;

    relay_core_copied(daemon->core);
    relay_engine_kick(daemon->engine);
}

/* What else wakes the loop: signals, operators, readers of pages, timers. */
static int doors_open(struct daemon *daemon, struct fault *fault)
{
    static const int list[] = {SIGTERM, SIGINT, SIGHUP, 0};
    const struct control_handler handler = {.context = daemon, .request = control_request};
    double watchdog_s = (double)notify_watchdog_ms() / 2000;
    int rc = signals_new(&daemon->signals, daemon->loop, list, signal_caught, daemon);

    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    rc = control_server_open(&daemon->control, daemon->loop, daemon->settings.control_path,
                             &handler, fault);
    if (rc == ERR_OK) {
        daemon->pages.loop = daemon->loop;
        daemon->pages.core = daemon->core;
        daemon->pages.name = daemon->settings.name;
        rc = pages_open(&daemon->pages, &daemon->settings, fault);
    }
    daemon->generation = generation_new(daemon->loop, on_copied, daemon);
    ev_timer_init(&daemon->stop_timer, stop_overdue, (double)STOP_MS_MAX / 1000, 0.);
    if (rc == ERR_OK && watchdog_s > 0) {
        ev_timer_init(&daemon->watchdog_timer, watchdog_due, watchdog_s, watchdog_s);
        ev_timer_start(daemon->loop, &daemon->watchdog_timer);
    }
    return rc;
}

/* What is done when all ports are open, and how it went. */
struct last_steps {
    struct daemon *daemon;
    struct fault *fault;
    int rc;
};

/* No thread runs yet: the last things are opened, and the sandbox closes around all. */
static void on_ports_open(void *context)
{
    struct last_steps *steps = context;
    struct daemon *daemon = steps->daemon;

    kept_lanes_load(daemon->lanes, daemon->core, daemon->env, clock_mono());
    steps->rc = doors_open(daemon, steps->fault);
    if (steps->rc == ERR_OK) {
        steps->rc = confinement_enter(&daemon->sandbox, daemon->loop, daemon->env,
                                      daemon->config_path, &daemon->settings);
        if (steps->rc != ERR_OK) {
            fault_set(steps->fault, EXIT_CODE_FAILURE, "out of memory");
        }
    }
}

static int engine_start(struct daemon *daemon, struct fault *fault)
{
    const struct relay_settings *settings = &daemon->settings;
    struct last_steps steps = {.daemon = daemon, .fault = fault};
    const struct relay_engine_options options = {
        .loop = daemon->loop,
        .core = daemon->core,
        .env = daemon->env,
        .listen = settings->listen,
        .listen_count = settings->listen_count,
        .spare_port = spare_port(daemon),
        .portmap = settings->portmap,
        .identity = &daemon->keys.relay,
        .script = daemon->admitter,
        .workers = workers_count(settings),
        .opened = on_ports_open,
        .context = &steps,
    };
    int rc = relay_engine_open(&daemon->engine, &options, fault);

    daemon->pages.engine = daemon->engine;
    return rc == ERR_OK ? steps.rc : rc;
}

static int daemon_start(struct daemon *daemon, struct fault *fault)
{
    int rc = keys_load(&daemon->keys, &daemon->settings, daemon->config_path,
                       env_wall_ms(daemon->env), fault);

    if (rc == ERR_OK) {
        rc = core_start(daemon, fault);
    }
    if (rc == ERR_OK) {
        daemon->lanes = kept_lanes_open();
        rc = engine_start(daemon, fault);
    }
    if (rc == ERR_OK) {
        script_set(daemon);
    }
    return rc;
}

static void daemon_close(struct daemon *daemon)
{
    bool clean = daemon->core != NULL && relay_core_stopped(daemon->core);

    if (daemon->engine != NULL) {
        relay_core_end(daemon->core, clock_mono());
        relay_engine_drain(daemon->engine, DRAIN_MS);
    }
    kept_lanes_hand_on(daemon->lanes, daemon->core);
    pages_close(&daemon->pages);
    control_server_close(daemon->control);
    signals_free(daemon->signals);
    generation_free(daemon->generation);
    relay_engine_close(daemon->engine);
    if (daemon->admitter >= 0) {
        (void)close(daemon->admitter);
    }
    if (daemon->lanes >= 0) {
        (void)close(daemon->lanes);
    }
    relay_core_free(daemon->core);
    reset_ledger_file_close(daemon->ledger, clean);
    store_close(daemon->store);
    if (daemon->library_on) {
        link_library_fini();
    }
    keys_wipe(&daemon->keys);
    sandbox_free(daemon->sandbox);
    if (daemon->loop != NULL) {
        ev_loop_destroy(daemon->loop);
    }
    os_env_free(daemon->os);
}

int relay_daemon_run(const char *config_path, const struct relay_settings *settings, bool log_json)
{
    struct daemon daemon = {.config_path = config_path,
                            .settings = *settings,
                            .started = *settings,
                            .lanes = -1,
                            .admitter = -1};
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE, .text = "out of memory"};
    int code = EXIT_CODE_OK;

    if (files_check(FILES_MIN, &fault) != ERR_OK ||
        admitter_start(&daemon.admitter, config_path, settings, log_json, &fault) != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    daemon.loop = ev_default_loop(EVFLAG_AUTO);
    if (daemon.loop == NULL || os_env_new(&daemon.os, settings->log_level) != ERR_OK ||
        identity_library_init() != ERR_OK) {
        code = fault_print(&fault, "relayd");
        goto out;
    }
    os_env_set_forms(daemon.os, &log_forms, log_json);
    daemon.env = os_env_port(daemon.os);
    daemon.pages.started_at_s = (double)env_wall_ms(daemon.env) / 1000;
    if (env_wall_ms(daemon.env) < WALL_MS_MIN) {
        env_trace(daemon.env, TRACE_LEVEL_WARN, "clock.wrong",
                  "hint=\"hosts will not accept what this relay signs until the clock is set\"");
    }
    if (daemon_start(&daemon, &fault) != ERR_OK) {
        code = fault_print(&fault, "relayd");
        goto out;
    }
    ready_tell(&daemon);
    notify_ready("serving");
    relay_engine_kick(daemon.engine);
    (void)ev_run(daemon.loop, 0);
    env_trace(daemon.env, TRACE_LEVEL_INFO, "relay.stopped", "hosts_told=%s",
              relay_core_stopped(daemon.core) ? "all" : "some");
out:
    daemon_close(&daemon);
    return code;
}
