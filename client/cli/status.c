/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan status, peers and whoami: what the daemon knows, for people or as JSON. */
#include "client/cli/cli.h"

#include "proto/host/table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum table_color state_color(const char *state)
{
    static const struct {
        const char *state;
        enum table_color color;
    } colors[] = {{"direct", TABLE_COLOR_GOOD},     {"connected", TABLE_COLOR_GOOD},
                  {"joined", TABLE_COLOR_GOOD},     {"relayed", TABLE_COLOR_WARN},
                  {"connecting", TABLE_COLOR_WARN}, {"stalled", TABLE_COLOR_WARN},
                  {"joining", TABLE_COLOR_WARN},    {"refused", TABLE_COLOR_BAD},
                  {"offline", TABLE_COLOR_DIM}};

    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
        if (strcmp(colors[i].state, state) == 0) {
            return colors[i].color;
        }
    }
    return TABLE_COLOR_NONE;
}

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* A round trip, "-" where none was measured. */
static const char *rtt_text(const json_t *object, char text[HUMAN_TEXT_SIZE])
{
    uint64_t rtt_us = cli_number(object, "rtt_us");

    return rtt_us > 0 ? human_us(rtt_us, text) : "-";
}

/* -- Peers --------------------------------------------------------------------------------------
 */

static void peer_row(struct table *table, const json_t *peer)
{
    const char *name = cli_text(peer, "name");
    const char *state = cli_text(peer, "state");
    const char *path = cli_text(peer, "path");
    size_t state_size = strlen(state);
    bool seen = json_is_integer(json_object_get(peer, "last_seen_ms"));
    char rtt[HUMAN_TEXT_SIZE];
    char rx[HUMAN_TEXT_SIZE];
    char tx[HUMAN_TEXT_SIZE];
    char age[HUMAN_TEXT_SIZE];

    if (strncmp(path, state, state_size) == 0) {
        path += state_size; /* the state stands beside it */
        path += path[0] == ' ' ? 1 : 0;
    }
    table_row(table);
    if (name[0] != '\0') {
        table_cell(table, TABLE_COLOR_NONE, "%s", name);
    } else {
        table_cell(table, TABLE_COLOR_NONE, "%.10s...", cli_text(peer, "key"));
    }
    table_cell(table, TABLE_COLOR_NONE, "%s", or_dash(cli_text(peer, "ziglan")));
    table_cell(table, TABLE_COLOR_NONE, "%s", or_dash(cli_text(peer, "ipv4")));
    table_cell(table, state_color(state), "%s", state);
    table_cell(table, TABLE_COLOR_NONE, "%s", strcmp(path, "none") == 0 ? "-" : or_dash(path));
    table_cell(table, TABLE_COLOR_NONE, "%s", rtt_text(peer, rtt));
    table_cell(table, TABLE_COLOR_NONE, "%s", human_bytes(cli_number(peer, "rx_bytes"), rx));
    table_cell(table, TABLE_COLOR_NONE, "%s", human_bytes(cli_number(peer, "tx_bytes"), tx));
    table_cell(table, TABLE_COLOR_NONE, "%s",
               seen ? human_age_ms(cli_number(peer, "last_seen_ms"), age) : "-");
    table_cell(table, TABLE_COLOR_DIM, "%s", cli_text(peer, "why"));
}

void cli_print_peers(const json_t *peers)
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
        table_print(table, stdout);
    } else {
        (void)printf(
            "No peers yet: nobody else has joined. To join a ziglan: sudo ziglan join -\n");
    }
    table_free(table);
}

int cli_peers(const struct cli *cli)
{
    int code;
    json_t *answer = cli_ask(cli, "peers", NULL, NULL, &code);

    if (answer == NULL) {
        return code;
    }
    if (cli->json) {
        code = cli_print_json(answer);
    } else {
        cli_print_peers(json_object_get(answer, "peers"));
    }
    json_decref(answer);
    return code;
}

/* -- Status -------------------------------------------------------------------------------------
 */

static void line_print(const char *head, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("%s%-10s%s %s\n", color_begin(stdout, TABLE_COLOR_BOLD), head,
                     color_end(stdout, TABLE_COLOR_BOLD), text);
    }
}

static void host_print(const json_t *status)
{
    const json_t *addresses = json_object_get(status, "addresses");
    char text[512];

    (void)snprintf(text, sizeof(text), "%s  (%s, UDP port %llu)", cli_text(status, "interface"),
                   cli_text(status, "name")[0] != '\0' ? cli_text(status, "name") : "no name",
                   (unsigned long long)cli_number(status, "port"));
    line_print("Interface", text);
    if (json_is_true(json_object_get(status, "interface_down"))) {
        (void)snprintf(text, sizeof(text), "somebody set it down: sudo ip link set %s up",
                       cli_text(status, "interface"));
        line_print("", text);
    }
    line_print("Key", cli_text(status, "key"));
    (void)snprintf(text, sizeof(text), "%s  %s", cli_text(addresses, "ipv4"),
                   cli_text(addresses, "ipv6"));
    line_print("Addresses", text);
    line_print("", cli_text(status, "pool_advice"));
    (void)snprintf(text, sizeof(text), "%s (%s)", cli_text(status, "resolver"),
                   cli_text(status, "dns_state"));
    line_print("DNS", text);
    line_print("", cli_text(status, "dns_advice"));
    line_print("Inbound", cli_text(status, "inbound"));
}

static void relays_print(const json_t *status)
{
    const json_t *relay;
    size_t i;

    json_array_foreach(json_object_get(status, "relays"), i, relay)
    {
        const char *state = cli_text(relay, "state");
        const char *observed = cli_text(relay, "observed");
        char rtt[HUMAN_TEXT_SIZE];

        (void)printf("%s%-10s%s %s  %s%s%s  %s%s%s\n", color_begin(stdout, TABLE_COLOR_BOLD),
                     "Relay", color_end(stdout, TABLE_COLOR_BOLD), cli_text(relay, "host"),
                     color_begin(stdout, state_color(state)), state,
                     color_end(stdout, state_color(state)), rtt_text(relay, rtt),
                     observed[0] != '\0' ? "  sees us at " : "", observed);
    }
}

static void ziglans_print(const json_t *status)
{
    const json_t *ziglan;
    size_t i;

    json_array_foreach(json_object_get(status, "ziglans"), i, ziglan)
    {
        const char *state = cli_text(ziglan, "state");
        const char *granted = cli_text(ziglan, "granted_name");
        const char *error = cli_text(ziglan, "error");
        uint64_t members = cli_number(ziglan, "members");

        (void)printf(
            "%s%-10s%s %s  %s%s%s%s%s  %llu member%s%s%s\n", color_begin(stdout, TABLE_COLOR_BOLD),
            "Ziglan", color_end(stdout, TABLE_COLOR_BOLD),
            cli_text(ziglan, "name")[0] != '\0' ? cli_text(ziglan, "name")
                                                : cli_text(ziglan, "key"),
            color_begin(stdout, state_color(state)), state, color_end(stdout, state_color(state)),
            granted[0] != '\0' ? " as " : "", granted, (unsigned long long)members,
            members == 1 ? "" : "s", error[0] != '\0' ? "  " : "", error);
    }
}

int cli_status(const struct cli *cli)
{
    int code;
    json_t *status = cli_ask(cli, "status", NULL, NULL, &code);

    if (status == NULL) {
        return code;
    }
    if (cli->json) {
        code = cli_print_json(status);
    } else {
        char text[64];

        host_print(status);
        relays_print(status);
        ziglans_print(status);
        (void)snprintf(text, sizeof(text), "%llu of %llu connected",
                       (unsigned long long)cli_number(status, "peers_connected"),
                       (unsigned long long)cli_number(status, "peers_total"));
        line_print("Peers", text);
        (void)fputc('\n', stdout);
        cli_print_peers(json_object_get(status, "peers"));
    }
    json_decref(status);
    return code;
}

/* -- Whoami -------------------------------------------------------------------------------------
 */

static int whoami_print(const struct cli *cli, const json_t *answer)
{
    const json_t *addresses = json_object_get(answer, "addresses");

    if (cli->json) {
        return cli_print_json(answer);
    }
    line_print("Name", cli_text(answer, "name"));
    line_print("Key", cli_text(answer, "key"));
    line_print("Solana", cli_text(answer, "solana"));
    line_print("IPv4", cli_text(addresses, "ipv4"));
    line_print("IPv6", cli_text(addresses, "ipv6"));
    return EXIT_CODE_OK;
}

/* Without a daemon the key still tells most of it. NULL with fault. */
static json_t *whoami_offline(const struct cli *cli, struct fault *fault)
{
    struct client_config *config = NULL;
    struct identity identity;
    char name[NAME_TEXT_SIZE];
    char key[KEY_TEXT_SIZE];
    char base58[KEY_BASE58_SIZE];
    json_t *answer = NULL;

    if (cli_config_load(&config, cli, fault) == ERR_OK &&
        cli_identity_load(&identity, cli, config, NULL, false, fault) == ERR_OK) {
        cli_wanted_name(name, cli, config);
        answer = json_pack("{s:b, s:i, s:s, s:s, s:s}", "ok", 1, "schema", 1, "key",
                           key_text(identity.public_key, key), "solana",
                           key_base58(identity.public_key, base58), "name", name);
        identity_wipe(&identity);
    }
    client_config_free(config);
    return answer;
}

/* Neither a key nor a configuration that could name one. */
static bool host_is_new(const struct cli *cli)
{
    return access(cli->paths.key, F_OK) != 0 && errno == ENOENT &&
           access(cli->paths.config, F_OK) != 0 && errno == ENOENT;
}

int cli_whoami(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = cli_ask_quietly(cli, "whoami", NULL, NULL, &fault);
    int code;

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON && !host_is_new(cli)) {
        answer = whoami_offline(cli, &fault);
    }
    if (answer == NULL) {
        return cli_fail(cli, &fault);
    }
    code = whoami_print(cli, answer);
    json_decref(answer);
    return code;
}
