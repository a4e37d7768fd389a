/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's answer in sections. A line that would have nothing to say is left out.
 */
#include "client/cli/status.h"

#include "client/cli/ask.h"
#include "client/cli/lines.h"
#include "client/cli/peers.h"
#include "proto/host/fields.h"

#include <stdio.h>
#include <string.h>

/* Only where the router lets the port in: a host does without. */
static void portmap_print(const json_t *status)
{
    const char *portmap = field_text(status, "portmap");
    char text[512];

    if (strstr(portmap, " of the router at ") == NULL) {
        return;
    }
    (void)snprintf(text, sizeof(text), "%s, %s", portmap,
                   json_is_true(json_object_get(status, "portmap_proven"))
                       ? "and others get through"
                       : "but no relay got through yet");
    line_print("Port map", text);
}

/* How this host's NAT is called, and how long that is known. */
static void nat_print(const json_t *status)
{
    const json_t *nat = json_object_get(status, "nat");
    char text[160], age[HUMAN_TEXT_SIZE];

    if (!json_is_integer(json_object_get(nat, "measured_s"))) {
        return;
    }
    (void)snprintf(text, sizeof(text), "%s, measured %s (ziglan netcheck says more)",
                   field_text(nat, "name"),
                   human_age_ms(field_number(nat, "measured_s") * 1000, age));
    line_print("NAT", text);
}

static void host_print(const json_t *status)
{
    const json_t *addresses = json_object_get(status, "addresses");
    char text[512];

    (void)snprintf(text, sizeof(text), "%s  (%s, UDP port %llu)", field_text(status, "interface"),
                   field_text(status, "name")[0] != '\0' ? field_text(status, "name") : "no name",
                   (unsigned long long)field_number(status, "port"));
    line_print("Interface", text);
    if (json_is_true(json_object_get(status, "interface_down"))) {
        (void)snprintf(text, sizeof(text), "somebody set it down: sudo ip link set %s up",
                       field_text(status, "interface"));
        line_print("", text);
    }
    line_print("Key", field_text(status, "key"));
    (void)snprintf(text, sizeof(text), "%s  %s", field_text(addresses, "ipv4"),
                   field_text(addresses, "ipv6"));
    line_print("Addresses", text);
    line_print("", field_text(status, "pool_advice"));
    line_print("", field_text(status, "rule_advice"));
    (void)snprintf(text, sizeof(text), "%s (%s)", field_text(status, "resolver"),
                   field_text(status, "dns_state"));
    line_print("DNS", text);
    line_print("", field_text(status, "dns_advice"));
    line_print("Inbound", field_text(status, "inbound"));
    portmap_print(status);
    nat_print(status);
}

static void relays_print(const json_t *status)
{
    const json_t *relay;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, relay)
    {
        const char *state = field_text(relay, "state");
        const char *observed = field_text(relay, "observed");
        uint64_t again_in_s = field_number(relay, "again_in_s");
        char rtt[HUMAN_TEXT_SIZE];
        char again[48] = "";

        if (again_in_s > 0) {
            (void)snprintf(again, sizeof(again), ", asked again in %llu s",
                           (unsigned long long)again_in_s);
        }
        (void)printf("%s%-10s%s %s  %s%s%s%s  %s%s%s\n", color_begin(stdout, TABLE_COLOR_BOLD),
                     "Relay", color_end(stdout, TABLE_COLOR_BOLD), field_text(relay, "host"),
                     color_begin(stdout, state_color(state)), state,
                     color_end(stdout, state_color(state)), again, rtt_text(relay, rtt),
                     observed[0] != '\0' ? "  sees us at " : "", observed);
    }
}

static void ziglans_print(const json_t *status)
{
    const json_t *ziglan;
    size_t i;

    json_array_foreach(json_object_get(status, "ziglans"), i, ziglan)
    {
        const char *state = field_text(ziglan, "state");
        const char *granted = field_text(ziglan, "granted_name");
        const char *error = field_text(ziglan, "error");
        const char *name_why = field_text(ziglan, "name_why");
        uint64_t members = field_number(ziglan, "members");

        if (strcmp(state, "refused") == 0) { /* "refused as nas" would speak of the name */
            granted = "";
        }
        (void)printf(
            "%s%-10s%s %s  %s%s%s%s%s  %llu member%s%s%s\n", color_begin(stdout, TABLE_COLOR_BOLD),
            "Ziglan", color_end(stdout, TABLE_COLOR_BOLD),
            field_text(ziglan, "name")[0] != '\0' ? field_text(ziglan, "title")
                                                  : field_text(ziglan, "key"),
            color_begin(stdout, state_color(state)), state, color_end(stdout, state_color(state)),
            granted[0] != '\0' ? " as " : "", granted, (unsigned long long)members,
            members == 1 ? "" : "s", error[0] != '\0' ? "  " : "", error);
        line_print("", name_why);
    }
}

static void leaving_print(const json_t *status)
{
    const json_t *leaving;
    size_t i;

    json_array_foreach(json_object_get(status, "leaving"), i, leaving)
    {
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "%.63s was left; %.120s does not answer, and is told later",
                       field_text(leaving, "name")[0] != '\0' ? field_text(leaving, "name")
                                                              : field_text(leaving, "key"),
                       field_text(leaving, "host"));
        line_print("Leaving", text);
    }
}

/* How many peers are there, and how many are reached directly; and of how many nobody knows. */
static void peers_count_print(const json_t *peers)
{
    unsigned long long direct = 0;
    unsigned long long offline = 0;
    unsigned long long unknown = 0;
    char text[96];
    const json_t *peer;
    size_t i;

    json_array_foreach(peers, i, peer)
    {
        const char *state = field_text(peer, "state");

        direct += strcmp(state, "direct") == 0 ? 1 : 0;
        offline += strcmp(state, "offline") == 0 || strcmp(state, "blocked") == 0 ? 1 : 0;
        unknown += strcmp(state, "unknown") == 0 ? 1 : 0;
    }
    (void)snprintf(text, sizeof(text), "%llu online, %llu direct",
                   (unsigned long long)json_array_size(peers) - offline - unknown, direct);
    if (unknown > 0) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
                       ", %llu unknown while no relay tells", unknown);
    }
    line_print("Peers", text);
}

static void status_print(const struct cli *cli, const json_t *status)
{
    host_print(status);
    relays_print(status);
    ziglans_print(status);
    leaving_print(status);
    peers_count_print(json_object_get(status, "peers"));
    (void)fputc('\n', stdout);
    peers_print(json_object_get(status, "peers"), cli->place.flag);
}

int verb_status(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *status = ask_verb(cli, "status", NULL, NULL, &fault);

    return ask_print(cli, status, &fault, status_print);
}
