/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the text, name by name. */
#include "relayd/admin/metrics.h"

#include "ziglan_version.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void counters_print(struct exposition *to, const struct relay_snapshot *s)
{
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->counters.field);
    RELAY_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->link.field);
    RELAY_LINK_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->punch.field);
    RELAY_PUNCH_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->presence.field);
    RELAY_PRESENCE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->locate.field);
    RELAY_LOCATE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->mesh.field);
    RELAY_NODE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->pools.field);
    RELAY_POOL_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help)                                                             \
    exposition_counter(to, name, labels, help, (double)s->find.field);
    RELAY_FIND_COUNTERS(ROW)
#undef ROW
}

static void sockets_print(struct exposition *to, const struct socket_use *s)
{
    const struct {
        const char *name, *labels, *help;
        uint64_t value;
    } rows[] = {
        {"udp_datagrams_total", "dir=\"in\"", "Datagrams of the UDP sockets, by direction.",
         s->received_datagrams},
        {"udp_datagrams_total", "dir=\"out\"", "", s->sent_datagrams},
        {"udp_sent_bytes_total", "", "UDP payload bytes sent.", s->sent_bytes},
        {"udp_errors_total", "kind=\"too_large\"", "Errors of the UDP sockets, by kind.",
         s->too_large},
        {"udp_errors_total", "kind=\"send\"", "", s->send_errors},
        {"udp_errors_total", "kind=\"receive\"", "", s->receive_errors},
        {"udp_errors_total", "kind=\"truncated\"", "", s->truncated},
        {"portmap_changes_total", "event=\"mapped\"", "Mappings of the port by the router.",
         s->mapping.mapped},
        {"portmap_changes_total", "event=\"lost\"", "", s->mapping.lost},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exposition_counter(to, rows[i].name, rows[i].labels, rows[i].help, (double)rows[i].value);
    }
}

/* All protocols have a row, so that a graph has no gaps. */
static void mapping_print(struct exposition *to, const struct mapping_use *mapping)
{
    static const char *const protocols[] = {"pcp", "natpmp", "upnp"};
    char labels[32];

    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        bool is = mapping->protocol != NULL && strcmp(mapping->protocol, protocols[i]) == 0;

        (void)snprintf(labels, sizeof(labels), "protocol=\"%s\"", protocols[i]);
        exposition_gauge(
            to, "portmap", labels,
            "1 for the protocol by which the router keeps the port of this relay open.",
            is ? 1 : 0);
    }
}

static void gauges_print(struct exposition *to, const struct relay_snapshot *s)
{
    const struct {
        const char *name, *help;
        double value;
    } rows[] = {
        {"sessions", "Keys with an active session.", s->sessions},
        {"sessions_limit", "Sessions that there may be at once.", s->sessions_max},
        {"strangers", "Sessions that are not members.", s->strangers},
        {"nodes", "Relays that this one believes in, itself among them.", s->mesh.nodes},
        {"neighbours", "Relays with a session, or that are being dialled.", s->neighbours},
        {"watchers", "Sessions that watch the directory.", s->watchers},
        {"members", "Members of the ziglan.", (double)s->members},
        {"members_limit", "Members that it may have.", (double)s->members_max},
        {"connections", "QUIC connections.", s->link.connections},
        {"connections_half_open", "QUIC handshakes that are not done.", s->link.half_open},
        {"punches_offered", "Punches that wait for an answer.", s->punch.offered},
        {"punches_live", "Accepted punches that are watched for moves.", s->punch.live},
        {"pool_members", "Applications in pools.", s->pools.members},
        {"month_bytes", "Bytes sent and received in this calendar month.", (double)s->volume_used},
        {"month_limit_bytes", "Bytes that a calendar month may have; 0: no limit.",
         (double)s->volume_max},
        {"bandwidth_limit_bytes_per_second",
         "Bytes that may be forwarded in a second; 0: no limit.", (double)s->bandwidth_max},
        {"presence_records", "Places of keys that other relays announced here.",
         s->presence.records},
        {"presence_relays", "Relays that announced them.", s->presence.relays},
        {"presence_own", "Keys that this relay announces to others.", s->announced},
        {"lanes", "Lanes between two sessions.", s->lanes},
        {"ways", "Pairs of hosts of which a way over other relays is known.", s->ways},
        {"foreign_hosts", "Attachments of hosts to other relays that are known.", s->foreign_hosts},
        {"lookups_running", "Look-ups at other relays that are under way.", s->locate.running},
        {"store_healthy", "1 if the last use of the storage succeeded.", s->store_ok ? 1 : 0},
        {"uptime_seconds", "Time since the relay core was made.", (double)s->uptime_ms / 1000},
        {"time_seconds", "The wall clock of this machine, since 1970 UTC.",
         (double)s->wall_ms / 1000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exposition_gauge(to, rows[i].name, "", rows[i].help, rows[i].value);
    }
    if (s->delegation_expires_ms > 0) {
        exposition_gauge(
            to, "delegation_expiry_timestamp_seconds", "",
            "When the delegation ends by which the ziglan says that this is its relay, "
            "since 1970 UTC.",
            (double)s->delegation_expires_ms / 1000);
    }
    if (s->certificate_expires_ms > 0) {
        exposition_gauge(to, "certificate_expiry_timestamp_seconds", "",
                         "When the certificate ends that browsers are shown, since 1970 UTC.",
                         (double)s->certificate_expires_ms / 1000);
    }
}

int metrics_print(char **text, size_t *size, enum exposition_form form,
                  const struct relay_snapshot *snapshot, const struct process_use *process,
                  const struct socket_use *sockets)
{
    struct exposition to;

    *text = NULL;
    *size = 0;
    if (exposition_open(&to, form) != ERR_OK) {
        return ERR_NOMEM;
    }
    to.prefix = "relayd_";
    exposition_info(&to, "build_info", "version=\"" ZIGLAN_VERSION "\"", "What is running.");
    counters_print(&to, snapshot);
    gauges_print(&to, snapshot);
    sockets_print(&to, sockets);
    mapping_print(&to, &sockets->mapping);
    process_use_print(&to, process);
    return exposition_close(&to, text, size);
}
