/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ziglan up: the daemon of one interface. Order of start: configuration, lock, key, store, socket,
 * TUN device, addresses (host.c and the engine), then control socket, Magic DNS, system resolver,
 * signals. Everything is undone in reverse; what a crash leaves behind is nothing but files.
 */
#include "client/cli/host.h"
#include "client/engine/dns_server.h"
#include "client/platform/dnscfg.h"
#include "client/platform/netwatch.h"
#include "proto/base/bytes.h"
#include "proto/host/control_socket.h"
#include "proto/host/file.h"
#include "proto/host/notify.h"
#include "proto/host/pump.h"
#include "proto/net/addrplan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DNS_PORT = 53,
    OVERLAP_SIZE = 240,
};

struct daemon {
    struct cli_host host;
    struct control_server *control;
    struct dns_server *dns;
    struct dnscfg_result dns_state;
    bool dns_wired; /* the system resolver was touched */
    struct signals *signals;
    struct ev_timer watchdog;
    int exit_code; /* of an end that nobody asked for */
    int ready_fd;  /* where a detached daemon tells its parent, -1: none */
};

/* What the log says on a terminal. */
static const struct os_env_saying sayings[] = {
    {"config", "Configuration"},
    {"config.refused", "The configuration was not read again"},
    {"config.reloaded", "The configuration was read again"},
    {"config.ziglan", "A ziglan of the configuration cannot be joined"},
    {"dns.failed", "Names do not work"},
    {"dns.manual", "DNS"},
    {"entry.closed", "The relay is gone, trying again"},
    {"entry.open", "Connected to the relay"},
    {"host.resumed", "This machine slept, all paths are tried again"},
    {"interface.down", "The interface was set down"},
    {"interface.gone", "The end"},
    {"interface.ipv6", "IPv6"},
    {"interface.restored", "The interface was changed"},
    {"path.direct", "Direct path"},
    {"pool.overlap", "IPv4 addresses"},
    {"path.relayed", "Direct path lost, over the relay again"},
    {"ziglan.joined", "Joined"},
    {"ziglan.refused", "Refused, see ziglan status"},
    {NULL, NULL},
};

static const struct env *env_of(const struct daemon *d)
{
    return os_env_port(d->host.os);
}

/* -- Magic DNS ----------------------------------------------------------------------------------
 */

static bool on_name(void *context, const char *name, struct dns_addresses *out)
{
    struct daemon *d = context;
    struct host_name_record record;

    if (!host_core_lookup_name(engine_core(d->host.engine), name, &record)) {
        return false;
    }
    *out = (struct dns_addresses){.has_ipv4 = record.has_v4, .has_ipv6 = record.has_v6};
    memcpy(out->ipv4, record.v4, sizeof(out->ipv4));
    memcpy(out->ipv6, record.v6, sizeof(out->ipv6));
    return true;
}

static bool on_address(void *context, const uint8_t *ip, size_t size, char name[DNS_HOST_SIZE])
{
    struct daemon *d = context;

    return host_core_lookup_address(engine_core(d->host.engine), ip, size, name, DNS_HOST_SIZE);
}

static void system_resolver_wire(struct daemon *d, const struct dns_config *config)
{
    char(*zones)[DNS_ZONE_SIZE] = calloc(DNS_ZONES_MAX, sizeof(*zones));
    const char *names[DNS_ZONES_MAX];
    size_t count = 0;

    if (zones != NULL) {
        count = dns_reverse_zones(config, zones, DNS_ZONES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = zones[i];
    }
    dnscfg_apply(&d->dns_state, d->host.cli->interface, config->resolver, names, count);
    d->dns_wired = d->dns_state.state == DNSCFG_STATE_WIRED;
    if (d->dns_state.advice[0] != '\0') {
        env_trace(env_of(d), TRACE_LEVEL_WARN, "dns.manual", "%s", d->dns_state.advice);
    }
    free(zones);
}

/* Names are a comfort: the daemon goes on without them, and says why. */
static void dns_start(struct daemon *d)
{
    const struct client_config *cfg = d->host.config;
    const uint8_t *resolver = engine_resolver(d->host.engine);
    struct dns_config config = {
        .pool_prefix = cfg->pool_prefix,
        .lookup = {.context = d, .by_name = on_name, .by_address = on_address}};
    struct endpoint listen = endpoint_v4(resolver, DNS_PORT);
    struct fault fault = {0};

    if (!cfg->dns_enabled) {
        return;
    }
    memcpy(config.pool, cfg->pool, sizeof(config.pool));
    memcpy(config.resolver, resolver, sizeof(config.resolver));
    if (dns_server_open(&d->dns, d->host.loop, &listen, &config, &fault) != ERR_OK) {
        (void)snprintf(d->dns_state.advice, sizeof(d->dns_state.advice), "%.180s; %s", fault.text,
                       fault.exit_code == EXIT_CODE_PERMISSION
                           ? "that wants root or CAP_NET_BIND_SERVICE"
                           : "if another interface has the same pool, give this one its own "
                             "`pool:` in its configuration");
        env_trace(env_of(d), TRACE_LEVEL_WARN, "dns.failed", "%s", d->dns_state.advice);
        return;
    }
    system_resolver_wire(d, &config);
}

/* -- The pool and the network outside -----------------------------------------------------------
 */

/* A sentence if the pool overlaps with a network that this machine is in, as behind some carriers;
 * else "". Peers with such addresses would be looked for outside. */
static const char *pool_overlap(const struct daemon *d, char text[OVERLAP_SIZE])
{
    const struct client_config *cfg = d->host.config;
    struct addrplan_pool pool = {.base = be32_read(cfg->pool), .prefix_bits = cfg->pool_prefix};
    struct netwatch_address found[NETWATCH_ADDRESSES_MAX];
    size_t count = netwatch_addresses(found, NETWATCH_ADDRESSES_MAX);
    char outside[INET_ADDRSTRLEN] = "";
    char own[ADDRPLAN_POOL_TEXT_SIZE];

    text[0] = '\0';
    for (size_t i = 0; i < count && text[0] == '\0'; i++) {
        const uint8_t *ip = found[i].ip + 12;
        struct endpoint e = endpoint_of_bytes(found[i].ip, sizeof(found[i].ip), 0);
        int bits = found[i].prefix_bits - 96;

        if (endpoint_is_v4(&e) && bits >= 0 &&
            addrplan_pool_overlaps(&pool, ip, u8_of((size_t)bits))) {
            (void)inet_ntop(AF_INET, ip, outside, sizeof(outside));
            (void)snprintf(text, OVERLAP_SIZE,
                           "the pool %s overlaps with this machine's network %s/%d: some peers "
                           "answer only at their IPv6; set another `pool:`, such as "
                           "10.213.0.0/16, in %.80s",
                           addrplan_pool_text(&pool, own), outside, bits,
                           d->host.cli->paths.config);
        }
    }
    return text;
}

static void pool_check(const struct daemon *d)
{
    char text[OVERLAP_SIZE];

    if (pool_overlap(d, text)[0] != '\0') {
        env_trace(env_of(d), TRACE_LEVEL_WARN, "pool.overlap", "%s", text);
    }
}

/* -- Control socket -----------------------------------------------------------------------------
 */

/* What the core cannot know about itself. */
static void status_complete(const struct daemon *d, json_t *status)
{
    char text[INET_ADDRSTRLEN] = "";
    char overlap[OVERLAP_SIZE];
    json_t *counters = json_object_get(status, "counters");
    struct tun_counters tun = engine_tun_counters(d->host.engine);

    (void)json_object_set_new(counters, "interface_in_errors",
                              json_integer((json_int_t)tun.receive_errors));
    (void)json_object_set_new(counters, "interface_out_errors",
                              json_integer((json_int_t)tun.send_errors));
    (void)inet_ntop(AF_INET, engine_resolver(d->host.engine), text, sizeof(text));
    (void)json_object_set_new(status, "pool_advice", json_string(pool_overlap(d, overlap)));
    (void)json_object_set_new(status, "interface", json_string(d->host.cli->interface));
    (void)json_object_set_new(status, "resolver", json_string(text));
    (void)json_object_set_new(status, "dns_state",
                              json_string(dnscfg_state_text(d->dns_state.state)));
    (void)json_object_set_new(status, "dns_advice", json_string(d->dns_state.advice));
    (void)json_object_set_new(status, "port", json_integer(engine_port(d->host.engine)));
    (void)json_object_set_new(status, "ipv6", json_boolean(!engine_ipv6_off(d->host.engine)));
    (void)json_object_set_new(status, "interface_down",
                              json_boolean(engine_interface_down(d->host.engine)));
    (void)json_object_set_new(status, "pid", json_integer(getpid()));
}

static json_t *on_request(void *context, const json_t *request)
{
    struct daemon *d = context;
    const char *verb = cli_text(request, "do");
    json_t *answer;

    if (strcmp(verb, "down") == 0) {
        ev_break(d->host.loop, EVBREAK_ALL);
        return json_pack("{s:b, s:i}", "ok", 1, "pid", (int)getpid());
    }
    answer = host_core_admin(engine_core(d->host.engine), request, clock_mono());
    if (strcmp(verb, "status") == 0 && answer != NULL) {
        status_complete(d, answer);
    }
    engine_kick(d->host.engine);
    return answer;
}

static int control_start(struct daemon *d, struct fault *fault)
{
    const struct cli_paths *paths = &d->host.cli->paths;
    struct control_handler handler = {.context = d, .request = on_request};
    int rc = file_dir_create(paths->run, 0755, fault);

    if (rc == ERR_OK) {
        rc = control_server_open(&d->control, d->host.loop, paths->socket, &handler, fault);
    }
    return rc;
}

/* -- Signals and the service manager ------------------------------------------------------------
 */

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
    engine_kick(d->host.engine);
}

/* SIGHUP: the level of the log and new ziglans change at once; a file with an error changes
 * nothing. */
static void reload(struct daemon *d)
{
    struct client_config *fresh = NULL;
    struct fault fault = {0};

    notify_reloading();
    if (cli_config_load(&fresh, d->host.cli, &fault) == ERR_OK) {
        client_config_free(d->host.config);
        d->host.config = fresh;
        os_env_set_level(d->host.os, fresh->log_level);
        configured_ziglans_join(d);
        env_trace(env_of(d), TRACE_LEVEL_INFO, "config.reloaded",
                  "name, pool, mtu, port and dns change with the next start");
    } else {
        env_trace(env_of(d), TRACE_LEVEL_ERROR, "config.refused", "%s", fault.text);
    }
    notify_ready("up");
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

/* -- Start and stop -----------------------------------------------------------------------------
 */

/* Who removed the device may have meant it, so it is not made again; a service manager may. */
static void on_interface_gone(void *context)
{
    struct daemon *d = context;

    env_trace(env_of(d), TRACE_LEVEL_ERROR, "interface.gone",
              "somebody removed the interface %s; start it again with: sudo ziglan up%s",
              d->host.cli->interface, d->host.cli->interface_flag);
    d->exit_code = EXIT_CODE_FAILURE;
    ev_break(d->host.loop, EVBREAK_ALL);
}

static int daemon_start(struct daemon *d, const struct cli *cli, struct fault *fault)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP, 0};
    double watchdog_s = notify_watchdog_ms() / 2000.0;
    int rc = cli_host_open(&d->host, cli, true, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = control_start(d, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = signals_new(&d->signals, d->host.loop, list, on_signal, d);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    pool_check(d);
    dns_start(d);
    configured_ziglans_join(d);
    ev_timer_init(&d->watchdog, on_watchdog, watchdog_s, watchdog_s);
    if (watchdog_s > 0) {
        ev_timer_start(d->host.loop, &d->watchdog);
    }
    return ERR_OK;
}

static void daemon_stop(struct daemon *d)
{
    notify_stopping();
    if (d->host.loop != NULL) {
        ev_timer_stop(d->host.loop, &d->watchdog);
    }
    if (d->dns_wired) {
        dnscfg_revert(d->host.cli->interface);
    }
    dns_server_close(d->dns);
    signals_free(d->signals);
    control_server_close(d->control);
    cli_host_close(&d->host);
}

/* One line for people, or for the parent of a detached daemon: code, then text. */
static void outcome_tell(const struct daemon *d, int code, const char *text)
{
    char line[FAULT_TEXT_SIZE + 8];
    int size;

    if (d->ready_fd < 0) {
        return;
    }
    size = snprintf(line, sizeof(line), "%c%s", '0' + code, text);
    if (size > 0 && write(d->ready_fd, line, (size_t)size) < 0) {
        return; /* the parent is gone; nobody waits */
    }
    (void)close(d->ready_fd);
}

static void ready_tell(const struct daemon *d)
{
    uint8_t v4[4];
    uint8_t v6[16];
    uint8_t resolver[4];
    uint8_t prefix;
    char text4[INET_ADDRSTRLEN] = "";
    char text6[INET6_ADDRSTRLEN] = "";
    char line[FAULT_TEXT_SIZE];

    host_core_addresses(engine_core(d->host.engine), v4, v6, resolver, &prefix);
    (void)inet_ntop(AF_INET, v4, text4, sizeof(text4));
    (void)inet_ntop(AF_INET6, v6, text6, sizeof(text6));
    (void)snprintf(line, sizeof(line), "%s is up: %s %s", d->host.cli->interface, text4, text6);
    notify_ready(line);
    outcome_tell(d, EXIT_CODE_OK, line);
    if (d->ready_fd < 0) {
        (void)printf("%s\n%s", line, isatty(STDIN_FILENO) == 1 ? "Stop it with Ctrl-C.\n" : "");
        (void)fflush(stdout);
    }
}

static int daemon_run(const struct cli *cli, int ready_fd)
{
    struct daemon d = {
        .ready_fd = ready_fd,
        .host = {.sayings = sayings, .interface_gone = on_interface_gone, .lock = -1}};
    struct fault fault = {0};
    int code;

    d.host.context = &d;
    if (daemon_start(&d, cli, &fault) != ERR_OK) {
        code = (int)(fault.exit_code != EXIT_CODE_OK ? fault.exit_code : EXIT_CODE_FAILURE);
        cli_hint(cli, &fault);
        if (ready_fd < 0) {
            code = fault_print(&fault, CLI_PROGRAM);
        }
        outcome_tell(&d, code, fault.text);
    } else {
        ready_tell(&d);
        ev_run(d.host.loop, 0);
        code = d.exit_code;
    }
    daemon_stop(&d);
    return code;
}

/* -- Detaching ----------------------------------------------------------------------------------
 */

/* The log of a daemon that runs is not ours to empty; this one will find that out and end. */
static bool daemon_runs(const struct cli *cli)
{
    int fd;
    int rc = file_lock(&fd, cli->paths.lock, NULL);

    if (rc == ERR_OK) {
        (void)close(fd);
    }
    return rc == ERR_LIMIT;
}

/* The child's standard streams: nothing in, the log file out. */
static void streams_redirect(const struct cli *cli)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int truncate = daemon_runs(cli) ? 0 : O_TRUNC;
    int log = -1;

    /* A failure here is told later, when the socket is made in the same directory. */
    if (file_dir_create(cli->paths.run, 0755, NULL) == ERR_OK) {
        log = open(cli->paths.log, O_WRONLY | O_CREAT | truncate | O_APPEND | O_CLOEXEC, 0600);
    }
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(log >= 0 ? log : null, STDERR_FILENO);
    }
}

/* The parent: wait until the daemon is up or has failed. */
static int parent_wait(const struct cli *cli, int fd, pid_t child)
{
    char line[FAULT_TEXT_SIZE + 8];
    size_t have = 0;
    ssize_t got;

    do {
        got = read(fd, line + have, sizeof(line) - 1 - have);
        have += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    line[have] = '\0';
    if (have == 0) {
        (void)waitpid(child, NULL, WNOHANG);
        (void)fprintf(stderr,
                      CLI_PROGRAM ": the daemon ended without a word; its last ones may be in %s\n",
                      cli->paths.log);
        return EXIT_CODE_FAILURE;
    }
    if (line[0] == '0') {
        (void)printf("%s\n", line + 1);
        return EXIT_CODE_OK;
    }
    (void)fprintf(stderr, CLI_PROGRAM ": %s\n", line + 1);
    return line[0] - '0';
}

static int detach(const struct cli *cli)
{
    struct fault fault = {0};
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        fault_set_errno(&fault, "cannot make a pipe");
        return cli_fail(cli, &fault);
    }
    child = fork();
    if (child < 0) {
        fault_set_errno(&fault, "cannot start a process");
        return cli_fail(cli, &fault);
    }
    if (child > 0) {
        (void)close(ends[1]);
        return parent_wait(cli, ends[0], child);
    }
    (void)close(ends[0]);
    (void)setsid();
    streams_redirect(cli);
    return daemon_run(cli, ends[1]);
}

int cli_up(const struct cli *cli)
{
    return cli->detach ? detach(cli) : daemon_run(cli, -1);
}
