/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon measures and is asked how far it is until the end. Where relays are named on the
 * command line, this process measures itself: that needs neither daemon nor key nor root.
 */
#include "client/cli/netcheck.h"

#include "client/admin/netcheck_report.h"
#include "client/admin/netcheck_words.h"
#include "client/cli/ask.h"
#include "client/cli/lifetime.h"
#include "client/cli/lines.h"
#include "client/engine/measure.h"
#include "proto/base/bytes.h"
#include "proto/host/fields.h"
#include "proto/host/os_env.h"
#include "proto/host/resolve.h"
#include "proto/host/table.h"
#include "proto/wire/url.h"

#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 50, LINE_SIZE = 200, WAIT_MS = 6000, PORT = 4433 };

/* ---- progress, on a terminal only ---- */

static void progress_print(unsigned percent, const char *name)
{
    if (isatty(STDERR_FILENO) == 1) {
        bool is_known = strcmp(name, netcheck_name_word(NAT_NAME_UNKNOWN)) != 0;

        (void)fprintf(stderr, "\rmeasuring ... %u %%%s%s   ", percent, is_known ? ", so far " : "",
                      is_known ? name : "");
        (void)fflush(stderr);
    }
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO) == 1) {
        (void)fprintf(stderr, "\r%60s\r", "");
    }
}

/* ---- by the daemon ---- */

static json_t *by_daemon(const struct cli *cli, struct fault *fault)
{
    struct mono end = mono_add_ms(clock_mono(), WAIT_MS);
    const struct timespec step = {.tv_nsec = POLL_MS * (long)NS_PER_MS};
    json_t *answer =
        ask(cli, json_pack("{s:s, s:b}", "do", "netcheck", "hairpin", (int)cli->hairpin), fault);

    while (answer != NULL && json_is_true(json_object_get(answer, "pending")) &&
           !mono_due(end, clock_mono())) {
        progress_print((unsigned)field_number(answer, "progress"), field_text(answer, "name"));
        json_decref(answer);
        (void)nanosleep(&step, NULL);
        answer = ask_verb(cli, "netcheck_result", NULL, NULL, fault);
    }
    progress_end();
    return answer;
}

/* ---- by relays that are named ---- */

/* The relays, and the loop in which one name after the other is resolved. */
struct naming {
    struct ev_loop *loop;
    struct nat_sockets_relays relays;
};

static void on_resolved(void *context, const struct endpoint *endpoints, size_t count)
{
    struct naming *naming = context;
    bool taken[NETCHECK_FAMILIES] = {false, false};

    for (size_t i = 0; i < count; i++) { /* one address of each family is enough */
        size_t family = endpoint_is_v4(&endpoints[i]) ? NETCHECK_IPV4 : NETCHECK_IPV6;
        size_t *used = &naming->relays.count[family];

        if (!taken[family] && *used < NETCHECK_RELAYS_MAX) {
            naming->relays.list[family][(*used)++] = endpoints[i];
            taken[family] = true;
        }
    }
    ev_break(naming->loop, EVBREAK_ALL);
}

static int name_resolve(struct naming *naming, struct resolver *resolver, const char *host,
                        uint16_t port, struct fault *fault)
{
    const struct resolve_caller caller = {.context = naming, .done = on_resolved};
    size_t before = naming->relays.count[0] + naming->relays.count[1];

    if (resolver_start(resolver, host, port, &caller) != ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is no name of a relay", host);
        return ERR_DROP;
    }
    ev_run(naming->loop, 0);
    if (naming->relays.count[0] + naming->relays.count[1] == before) {
        fault_set(fault, EXIT_CODE_FAILURE, "the name %s does not resolve", host);
        return ERR_DROP;
    }
    return ERR_OK;
}

/* A URL of a relay or of a ziglan, or what stands behind its @: HOST[:PORT],... */
static int relay_take(struct naming *naming, struct resolver *resolver, const char *text,
                      struct fault *fault)
{
    struct url url = {.hosts_count = 0};
    char problem[URL_ERROR_SIZE] = "";
    int rc;

    if (strstr(text, "://") != NULL) {
        rc = url_parse(&url, text, strlen(text), problem);
    } else {
        rc = url_set_hosts(&url, text, strlen(text));
    }
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s: %s", text,
                  problem[0] != '\0' ? problem : "wanted is HOST[:PORT], or the URL of a relay");
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < url.hosts_count; i++) {
        const struct url_host *host = &url.hosts[i];

        rc = name_resolve(naming, resolver, host->name, host->port != 0 ? host->port : PORT, fault);
    }
    return rc;
}

struct waiting {
    struct measure *measure;
};

static void on_poll(struct ev_loop *loop, struct ev_timer *w, int events)
{
    const struct waiting *waiting = w->data;
    struct netcheck_result result;

    (void)events;
    measure_read(waiting->measure, &result);
    progress_print(measure_progress(waiting->measure),
                   netcheck_name_word(netcheck_result_name(&result)));
    if (measure_is_done(waiting->measure)) {
        ev_break(loop, EVBREAK_ALL);
    }
}

static json_t *measured(struct naming *naming, const struct cli *cli, const struct env *env,
                        struct fault *fault)
{
    struct waiting waiting = {.measure = NULL};
    struct netcheck_result result;
    struct ev_timer poll;

    if (measure_open(&waiting.measure, naming->loop, env, &naming->relays, NULL, cli->hairpin,
                     fault) != ERR_OK) {
        return NULL;
    }
    ev_timer_init(&poll, on_poll, POLL_MS / 1000.0, POLL_MS / 1000.0);
    poll.data = &waiting;
    ev_timer_start(naming->loop, &poll);
    ev_run(naming->loop, 0);
    ev_timer_stop(naming->loop, &poll);
    progress_end();
    measure_read(waiting.measure, &result);
    measure_close(waiting.measure);
    return netcheck_report(&result, 100);
}

static json_t *by_names(const struct cli *cli, struct fault *fault)
{
    struct naming naming = {.loop = ev_loop_new(EVFLAG_AUTO)};
    struct resolver *resolver = NULL;
    struct os_env *os = NULL;
    json_t *report = NULL;
    int rc = naming.loop != NULL ? os_env_new(&os, TRACE_LEVEL_ERROR) : ERR_NOMEM;

    if (rc == ERR_OK) {
        rc = resolver_new(&resolver, naming.loop);
    }
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    }
    for (size_t i = 0; rc == ERR_OK && i < cli->arguments_count; i++) {
        rc = relay_take(&naming, resolver, cli->arguments[i], fault);
    }
    if (rc == ERR_OK) {
        report = cli->lifetime
                     ? lifetime_by_relays(naming.loop, &naming.relays, os_env_port(os), fault)
                     : measured(&naming, cli, os_env_port(os), fault);
    }
    resolver_free(resolver);
    os_env_free(os);
    if (naming.loop != NULL) {
        ev_loop_destroy(naming.loop);
    }
    return report;
}

/* ---- printing ---- */

static void ports_line(const json_t *family, char *text)
{
    const char *ports = field_text(family, "ports");

    if (json_is_true(json_object_get(family, "port_preserving"))) {
        (void)snprintf(text, LINE_SIZE, ", keeps the port");
    } else if (strcmp(ports, "step") == 0) {
        (void)snprintf(text, LINE_SIZE, ", ports by steps of %u",
                       (unsigned)field_number(family, "port_step"));
    } else if (strcmp(ports, "range") == 0) {
        (void)snprintf(text, LINE_SIZE, ", ports from %u to %u",
                       (unsigned)field_number(family, "port_low"),
                       (unsigned)field_number(family, "port_high"));
    } else {
        (void)snprintf(text, LINE_SIZE, "%s", strcmp(ports, "random") == 0 ? ", random ports" : "");
    }
}

static void nat_print(const json_t *family)
{
    char text[2 * LINE_SIZE], ports[LINE_SIZE];
    uint64_t addresses = field_number(family, "addresses");
    const json_t *hairpin = json_object_get(family, "hairpin");

    ports_line(family, ports);
    (void)snprintf(text, sizeof(text), "%s (here %s)", field_text(family, "mapped"),
                   field_text(family, "local"));
    line_print("  Address", text);
    (void)snprintf(text, sizeof(text), "%s%s", field_text(family, "mapping"), ports);
    line_print("  Mapping", text);
    line_print("  Filter", field_text(family, "filtering"));
    if (addresses > 1) {
        (void)snprintf(text, sizeof(text), "%u public addresses, not paired: each flow gets any",
                       (unsigned)addresses);
        line_print("  Pooling", text);
    }
    if (json_is_boolean(hairpin)) {
        line_print("  Hairpin", json_is_true(hairpin) ? "yes" : "no");
    }
    if (field_number(family, "mtu") > 0) {
        (void)snprintf(text, sizeof(text), "%u to the relay",
                       (unsigned)field_number(family, "mtu"));
        line_print("  MTU", text);
    }
}

static void relay_print(const json_t *relay)
{
    char text[LINE_SIZE], rtt[HUMAN_TEXT_SIZE];
    uint64_t sent = field_number(relay, "sent"), answered = field_number(relay, "answered");

    if (answered == 0) {
        (void)snprintf(text, sizeof(text), "%s  no answer", field_text(relay, "address"));
    } else {
        (void)snprintf(text, sizeof(text), "%s  %s  %u of %u lost", field_text(relay, "address"),
                       rtt_text(relay, rtt), (unsigned)(sent - answered), (unsigned)sent);
    }
    line_print("  Relay", text);
}

static void family_print(const char *head, const json_t *family)
{
    char text[LINE_SIZE];
    const json_t *relay;
    size_t i;

    if (!json_is_object(family)) {
        line_print(head,
                   "not here: this machine has no way to a relay of this family, or knows none");
        return;
    }
    (void)snprintf(text, sizeof(text), "%s: %s", field_text(family, "name"),
                   field_text(family, "what"));
    line_print(head, text);
    if (strcmp(field_text(family, "name"), "Blocked") != 0) {
        nat_print(family);
    }
    json_array_foreach(json_object_get(family, "relays"), i, relay)
    {
        relay_print(relay);
    }
    line_print("  Unknown", field_text(family, "not_known"));
}

static void router_print(const json_t *answer)
{
    static const char *const names[][2] = {{"pcp", "PCP"}, {"natpmp", "NAT-PMP"}, {"upnp", "UPnP"}};
    const json_t *router = json_object_get(answer, "router");
    const json_t *nats = json_object_get(router, "double_nat");
    const char *outside = field_text(router, "outside");
    char text[LINE_SIZE] = "";
    size_t used = 0;

    if (!json_is_object(router)) {
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < sizeof(text); i++) {
        const char *state = field_text(router, names[i][0]);

        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", i > 0 ? ", " : "",
                             names[i][1], strcmp(state, "asking") == 0 ? "silent so far" : state);
    }
    line_print("Router", field_text(router, "address"));
    line_print("  Speaks", text);
    if (outside[0] != '\0') {
        (void)snprintf(text, sizeof(text), "%s%s", outside,
                       json_is_true(nats)    ? ", which is not where relays see this host: another "
                                               "NAT is behind it"
                       : json_is_false(nats) ? ", where relays see this host"
                                             : "");
        line_print("  Outside", text);
    }
}

static void report_print(const struct cli *cli, const json_t *answer)
{
    (void)cli;
    line_print("Direct", field_text(answer, "direct"));
    line_print("Relayed", field_text(answer, "relayed"));
    line_print("Change", field_text(answer, "change"));
    family_print("IPv4", json_object_get(answer, "ipv4"));
    family_print("IPv6", json_object_get(answer, "ipv6"));
    router_print(answer);
    lifetime_known_print(json_object_get(answer, "lifetime"));
}

int verb_netcheck(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = cli->arguments_count > 0 ? by_names(cli, &fault)
                     : cli->lifetime          ? lifetime_by_daemon(cli, &fault)
                                              : by_daemon(cli, &fault);
    size_t used = strlen(fault.text);

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        (void)snprintf(fault.text + used, sizeof(fault.text) - used,
                       "; or name a relay: ziglan netcheck HOST");
    }
    return ask_print(cli, answer, &fault, cli->lifetime ? lifetime_print : report_print);
}
