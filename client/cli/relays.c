/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each relay; rewards and refusals stand below, because they are long. */
#include "client/cli/relays.h"

#include "client/cli/ask.h"
#include "client/cli/lines.h"
#include "proto/host/fields.h"

#include <stdio.h>

static const char *load_text(const json_t *relay, char text[HUMAN_TEXT_SIZE])
{
    const json_t *load = json_object_get(relay, "load_permille");

    if (!json_is_integer(load)) {
        return "-";
    }
    (void)snprintf(text, HUMAN_TEXT_SIZE, "%d %%", (int)(json_integer_value(load) + 9) / 10);
    return text;
}

/* One of the two that this host keeps, one that its user wants, or both. */
static const char *use_text(const json_t *relay)
{
    bool home = json_is_true(json_object_get(relay, "home"));

    if (json_is_true(json_object_get(relay, "pinned"))) {
        return home ? "home, pinned" : "pinned";
    }
    return home ? "home" : "-";
}

static const char *group_text(const json_t *relay, char text[HUMAN_TEXT_SIZE])
{
    int group = (int)json_integer_value(json_object_get(relay, "group"));

    (void)snprintf(text, HUMAN_TEXT_SIZE, group > 0 ? "%d" : "-", group);
    return text;
}

static void row(struct table *table, const json_t *relay)
{
    const char *key = field_text(relay, "key");
    const char *ziglan = field_text(relay, "ziglan");
    const char *state = field_text(relay, "state");
    char rtt[HUMAN_TEXT_SIZE];
    char load[HUMAN_TEXT_SIZE];
    char group[HUMAN_TEXT_SIZE];

    table_row(table);
    table_cell(table, TABLE_COLOR_NONE, "%s", field_text(relay, "host"));
    table_cell(table, TABLE_COLOR_NONE, key[0] != '\0' ? "%.10s..." : "-", key);
    table_cell(table, TABLE_COLOR_NONE, "%s", ziglan[0] != '\0' ? ziglan : "-");
    table_cell(table, state_color(state), "%s", state);
    table_cell(table, TABLE_COLOR_NONE, "%s", rtt_text(relay, rtt));
    table_cell(table, TABLE_COLOR_NONE, "%s", load_text(relay, load));
    table_cell(table, TABLE_COLOR_NONE, "%s", use_text(relay));
    table_cell(table, TABLE_COLOR_NONE, "%s", group_text(relay, group));
}

static void rewards_print(const json_t *relays)
{
    const json_t *relay;
    const json_t *reward;
    size_t i, k;

    json_array_foreach(relays, i, relay)
    {
        json_array_foreach(json_object_get(relay, "rewards"), k, reward)
        {
            const char *identity = field_text(reward, "identity");

            (void)printf("Reward of %s: %s %s%s%s\n", field_text(relay, "host"),
                         field_text(reward, "chain"), field_text(reward, "address"),
                         identity[0] != '\0' ? " for " : "", identity);
        }
    }
}

static void refusals_print(const json_t *relays)
{
    const json_t *relay;
    size_t i;

    json_array_foreach(relays, i, relay)
    {
        const char *refused = field_text(relay, "refused");

        if (refused[0] != '\0') {
            (void)printf("Refused by %s: %s\n", field_text(relay, "host"), refused);
        }
    }
}

static void relays_print(const struct cli *cli, const json_t *answer)
{
    static const char *const heads[] = {"RELAY", "KEY", "ZIGLAN", "STATE", "RTT",
                                        "LOAD",  "USE", "GROUP",  NULL};
    const json_t *relays = json_object_get(answer, "relays");
    struct table *table = table_new(heads);
    const json_t *relay;
    size_t i;

    if (table == NULL) {
        return;
    }
    json_array_foreach(relays, i, relay)
    {
        row(table, relay);
    }
    if (json_array_size(relays) > 0) {
        table_print(table, stdout, terminal_width(stdout));
        rewards_print(relays);
        refusals_print(relays);
    } else {
        (void)printf("No relays: this host has joined no ziglan and pinned none (sudo ziglan relay "
                     "pin URL%s).\n",
                     cli->place.flag);
    }
    table_free(table);
}

int verb_relays(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "relays", NULL, NULL, &fault);

    return ask_print(cli, answer, &fault, relays_print);
}
