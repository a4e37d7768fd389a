/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of peers: a row says how a peer is reached, and why it is not reached directly.
 */
#include "client/cli/peers.h"

#include "client/cli/ask.h"
#include "client/cli/lines.h"
#include "proto/host/fields.h"

#include <stdio.h>
#include <string.h>

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void peer_row(struct table *table, const json_t *peer)
{
    const char *name = field_text(peer, "name");
    const char *state = field_text(peer, "state");
    const char *path = field_text(peer, "path");
    size_t state_size = strlen(state);
    bool seen = json_is_integer(json_object_get(peer, "last_seen_ms"));
    char rtt[HUMAN_TEXT_SIZE];
    char rx[HUMAN_TEXT_SIZE];
    char tx[HUMAN_TEXT_SIZE];
    char age[HUMAN_TEXT_SIZE];

    if (strncmp(path, state, state_size) == 0) {
        path += state_size; /* the column beside it has the state */
        path += path[0] == ' ' ? 1 : 0;
    }
    table_row(table);
    if (name[0] != '\0') {
        table_cell(table, TABLE_COLOR_NONE, "%s", name);
    } else {
        table_cell(table, TABLE_COLOR_NONE, "%.10s...", field_text(peer, "key"));
    }
    table_cell(table, TABLE_COLOR_NONE, "%s", or_dash(field_text(peer, "ziglan_title")));
    table_cell(table, TABLE_COLOR_NONE, "%s", or_dash(field_text(peer, "ipv4")));
    table_cell(table, state_color(state), "%s", state);
    table_cell(table, TABLE_COLOR_NONE, "%s", strcmp(path, "none") == 0 ? "-" : or_dash(path));
    table_cell(table, TABLE_COLOR_NONE, "%s", rtt_text(peer, rtt));
    table_cell(table, TABLE_COLOR_NONE, "%s", human_bytes(field_number(peer, "rx_bytes"), rx));
    table_cell(table, TABLE_COLOR_NONE, "%s", human_bytes(field_number(peer, "tx_bytes"), tx));
    table_cell(table, TABLE_COLOR_NONE, "%s",
               seen ? human_age_ms(field_number(peer, "last_seen_ms"), age) : "-");
    table_cell(table, TABLE_COLOR_DIM, "%s", field_text(peer, "why"));
}

/* Whose name means another key here, and how to agree to it. */
static void conflicts_print(const json_t *peers, const char *flag)
{
    const json_t *peer;
    size_t i;

    json_array_foreach(peers, i, peer)
    {
        const char *name = field_text(peer, "name");
        const char *means = field_text(peer, "name_means");

        if (means[0] != '\0') {
            (void)printf("\nThe name %s is %.10s... now, says the relay, but means %.10s... here, "
                         "which is a member still.\nIf that is right: sudo ziglan trust %s%s\n",
                         name, field_text(peer, "key"), means, name, flag);
        }
    }
}

void peers_print(const json_t *peers, const char *flag)
{
    static const char *const heads[] = {"PEER", "ZIGLAN", "IPV4", "STATE", "PATH", "RTT",
                                        "RX",   "TX",     "SEEN", "WHY",   NULL};
    struct table *table = table_new(heads);
    const json_t *peer;
    size_t i;

    if (table == NULL) {
        return;
    }
    json_array_foreach(peers, i, peer)
    {
        peer_row(table, peer);
    }
    if (json_array_size(peers) > 0) {
        table_print(table, stdout, terminal_width(stdout));
        conflicts_print(peers, flag);
    } else {
        (void)printf("No peers yet: this host has joined no ziglan (sudo ziglan join -%s), or "
                     "nobody else has joined it; and none is named (sudo ziglan peer add KEY%s).\n",
                     flag, flag);
    }
    table_free(table);
}

static void answer_print(const struct cli *cli, const json_t *answer)
{
    peers_print(json_object_get(answer, "peers"), cli->place.flag);
}

int verb_peers(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "peers", NULL, NULL, &fault);

    return ask_print(cli, answer, &fault, answer_print);
}
