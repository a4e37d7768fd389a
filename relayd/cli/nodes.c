/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the relays that are known, and prints them as a table. */
#include "relayd/cli/nodes.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <inttypes.h>

static void nodes_print(const json_t *answer, const char *config_option)
{
    static const char *const heads[] = {"KEY",    "ADDRESS", "SESSION", "RTT",
                                        "SIGNED", "GROUP",   "REWARD",  NULL};
    const json_t *list = json_object_get(answer, "nodes");
    struct table *table = table_new(heads);
    const json_t *node;
    size_t index;

    (void)config_option;
    if (table == NULL) {
        return;
    }
    json_array_foreach(list, index, node)
    {
        const json_t *reward = json_array_get(json_object_get(node, "rewards"), 0);
        uint64_t rtt_us = field_number(node, "rtt_us");

        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", field_text(node, "key"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(node, "address"));
        table_cell(table, TABLE_COLOR_NONE, "%s",
                   json_is_true(json_object_get(node, "own")) ? "this relay"
                                                              : field_text(node, "session"));
        if (rtt_us > 0) {
            table_cell(table, TABLE_COLOR_NONE, "%" PRIu64 ".%" PRIu64 " ms", rtt_us / 1000,
                       rtt_us / 100 % 10);
        } else {
            table_cell(table, TABLE_COLOR_NONE, "%s", "");
        }
        table_cell(table, TABLE_COLOR_DIM, "%s", field_text(node, "signed"));
        if (reward != NULL) {
            table_cell(table, TABLE_COLOR_NONE, "%" PRIu64, field_number(node, "group"));
        } else {
            table_cell(table, TABLE_COLOR_NONE, "%s", "");
        }
        table_cell(table, TABLE_COLOR_NONE, "%s%s%s", field_text(reward, "chain"),
                   reward != NULL ? ":" : "", field_text(reward, "address"));
    }
    table_print(table, stdout, terminal_width(stdout));
    table_free(table);
}

int nodes_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s}", "do", "nodes"), nodes_print);
}
