/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the Prometheus text, family by family. */
#include "relayd/admin/metrics.h"

#include "ziglan_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *family, *labels, *help;
    uint64_t value;
};

/* Print a row, and before the first row of a family its HELP and TYPE. *family is the last one. */
static void row_print(FILE *to, const struct row *row, const char **family)
{
    if (*family == NULL || strcmp(*family, row->family) != 0) {
        (void)fprintf(to, "# HELP relayd_%s %s\n# TYPE relayd_%s counter\n", row->family, row->help,
                      row->family);
        *family = row->family;
    }
    if (row->labels[0] != '\0') {
        (void)fprintf(to, "relayd_%s{%s} %" PRIu64 "\n", row->family, row->labels, row->value);
    } else {
        (void)fprintf(to, "relayd_%s %" PRIu64 "\n", row->family, row->value);
    }
}

static void counters_print(FILE *to, const struct relay_snapshot *s)
{
    const char *family = NULL;
    const struct row rows[] = {
#define ROW(field, name, labels, help) {name, labels, help, s->counters.field},
        RELAY_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->link.field},
            RELAY_LINK_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->punch.field},
                RELAY_PUNCH_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->presence.field},
                    RELAY_PRESENCE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->locate.field},
                        RELAY_LOCATE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->mesh.field},
                            RELAY_NODE_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->pools.field},
                                RELAY_POOL_COUNTERS(ROW)
#undef ROW
#define ROW(field, name, labels, help) {name, labels, help, s->find.field},
                                    RELAY_FIND_COUNTERS(ROW)
#undef ROW
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        row_print(to, &rows[i], &family);
    }
}

static void sockets_print(FILE *to, const struct socket_use *s)
{
    const char *family = NULL;
    const struct row rows[] = {
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
        row_print(to, &rows[i], &family);
    }
}

/* All protocols have a row, so that a graph has no gaps. */
static void mapping_print(FILE *to, const struct mapping_use *mapping)
{
    static const char *const protocols[] = {"pcp", "natpmp", "upnp"};

    (void)fprintf(to, "# HELP relayd_portmap 1 for the protocol by which the router keeps the port "
                      "of this relay open.\n# TYPE relayd_portmap gauge\n");
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        bool is = mapping->protocol != NULL && strcmp(mapping->protocol, protocols[i]) == 0;

        (void)fprintf(to, "relayd_portmap{protocol=\"%s\"} %d\n", protocols[i], is ? 1 : 0);
    }
}

static void gauge_print(FILE *to, const char *name, const char *help, double value)
{
    (void)fprintf(to, "# HELP %s %s\n# TYPE %s gauge\n%s %.15g\n", name, help, name, name, value);
}

static void gauges_print(FILE *to, const struct relay_snapshot *s)
{
    gauge_print(to, "relayd_sessions", "Keys with an active session.", s->sessions);
    gauge_print(to, "relayd_strangers", "Sessions that are not members.", s->strangers);
    gauge_print(to, "relayd_nodes", "Relays that this one believes in, itself among them.",
                s->mesh.nodes);
    gauge_print(to, "relayd_neighbours", "Relays with a session, or that are being dialled.",
                s->neighbours);
    gauge_print(to, "relayd_watchers", "Sessions that watch the directory.", s->watchers);
    gauge_print(to, "relayd_members", "Members of the ziglan.", (double)s->members);
    gauge_print(to, "relayd_connections", "QUIC connections.", s->link.connections);
    gauge_print(to, "relayd_connections_half_open", "QUIC handshakes that are not done.",
                s->link.half_open);
    gauge_print(to, "relayd_punches_offered", "Punches that wait for an answer.", s->punch.offered);
    gauge_print(to, "relayd_punches_live", "Accepted punches that are watched for moves.",
                s->punch.live);
    gauge_print(to, "relayd_pool_members", "Applications in pools.", s->pools.members);
    gauge_print(to, "relayd_month_bytes", "Bytes sent and received in this month.",
                (double)s->volume_used);
    gauge_print(to, "relayd_month_bytes_limit", "Bytes that a month may have; 0: no limit.",
                (double)s->volume_max);
    gauge_print(to, "relayd_bandwidth_limit_bytes_per_second",
                "Bytes that may be forwarded in a second; 0: no limit.", (double)s->bandwidth_max);
    gauge_print(to, "relayd_presence_records", "Places of keys that other relays announced here.",
                s->presence.records);
    gauge_print(to, "relayd_presence_relays", "Relays that announced them.", s->presence.relays);
    gauge_print(to, "relayd_presence_own", "Keys that this relay announces to others.",
                s->announced);
    gauge_print(to, "relayd_lanes", "Lanes between two sessions.", s->lanes);
    gauge_print(to, "relayd_ways", "Pairs of hosts of which a way over other relays is known.",
                s->ways);
    gauge_print(to, "relayd_foreign_hosts", "Attachments of hosts to other relays that are known.",
                s->foreign_hosts);
    gauge_print(to, "relayd_lookups_running", "Look-ups at other relays that are under way.",
                s->locate.running);
    gauge_print(to, "relayd_store_healthy", "1 if the last use of the storage succeeded.",
                s->store_ok ? 1 : 0);
    gauge_print(to, "relayd_uptime_seconds", "Time since the relay core was made.",
                (double)s->uptime_ms / 1000);
}

/* These have the names that all Prometheus client libraries use. */
static void process_print(FILE *to, const struct process_use *p)
{
    (void)fprintf(to,
                  "# HELP process_cpu_seconds_total Total user and system CPU time spent.\n"
                  "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.15g\n",
                  p->cpu_s);
    gauge_print(to, "process_resident_memory_bytes", "Resident memory size.",
                (double)p->resident_bytes);
    gauge_print(to, "process_virtual_memory_bytes", "Virtual memory size.",
                (double)p->virtual_bytes);
    gauge_print(to, "process_open_fds", "Open file descriptors.", (double)p->open_fds);
    gauge_print(to, "process_max_fds", "Largest number of open file descriptors.",
                (double)p->max_fds);
    gauge_print(to, "process_start_time_seconds", "Start of the process since 1970 UTC.",
                p->start_time_s);
}

int metrics_print(char **text, size_t *size, const struct relay_snapshot *snapshot,
                  const struct process_use *process, const struct socket_use *sockets)
{
    FILE *to;

    *text = NULL;
    *size = 0;
    to = open_memstream(text, size);
    if (to == NULL) {
        return ERR_NOMEM;
    }
    (void)fprintf(to,
                  "# HELP relayd_build_info What is running.\n# TYPE relayd_build_info gauge\n"
                  "relayd_build_info{version=\"%s\"} 1\n",
                  ZIGLAN_VERSION);
    counters_print(to, snapshot);
    gauges_print(to, snapshot);
    sockets_print(to, sockets);
    mapping_print(to, &sockets->mapping);
    process_print(to, process);
    if (fclose(to) != 0) {
        free(*text);
        *text = NULL;
        return ERR_NOMEM;
    }
    return ERR_OK;
}
