/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the members, and prints them as a table. */
#include "relayd/cli/members.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <string.h>

enum { DAY_SIZE = 10 /* of 2026-12-31T12:00:00Z */ };

static void state_print(struct table *table, const json_t *member)
{
    bool online = json_is_true(json_object_get(member, "online"));

    if (strcmp(field_text(member, "state"), "revoked") == 0) {
        table_cell(table, TABLE_COLOR_BAD, "revoked");
    } else if (json_is_true(json_object_get(member, "ended"))) {
        table_cell(table, TABLE_COLOR_WARN, "expired");
    } else {
        table_cell(table, online ? TABLE_COLOR_GOOD : TABLE_COLOR_DIM, "%s",
                   online ? "online" : "offline");
    }
}

static void seen_print(struct table *table, const json_t *member)
{
    char text[HUMAN_TEXT_SIZE];

    if (json_is_true(json_object_get(member, "online"))) {
        table_cell(table, TABLE_COLOR_NONE, "now");
    } else if (field_text(member, "last_seen")[0] == '\0') {
        table_cell(table, TABLE_COLOR_NONE, "%s", "");
    } else {
        table_cell(table, TABLE_COLOR_NONE, "%s",
                   human_age_ms(field_number(member, "seen_ms"), text));
    }
}

static void traffic_print(struct table *table, const json_t *member, const char *field)
{
    uint64_t bytes = field_number(member, field);
    char text[HUMAN_TEXT_SIZE];

    table_cell(table, TABLE_COLOR_NONE, "%s", bytes > 0 ? human_bytes(bytes, text) : "");
}

static void members_print(const json_t *answer, const char *config_option)
{
    static const char *const heads[] = {"NAME",    "STATE",  "SEEN", "RX",      "TX",  "JOINED",
                                        "EXPIRES", "GROUPS", "NOTE", "ADDRESS", "KEY", NULL};
    struct table *table = table_new(heads);
    char groups[CLI_GROUPS_SIZE];
    const json_t *member;
    size_t index;

    (void)config_option;
    if (table == NULL) {
        return;
    }
    json_array_foreach(json_object_get(answer, "members"), index, member)
    {
        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", field_text(member, "name"));
        state_print(table, member);
        seen_print(table, member);
        traffic_print(table, member, "rx_bytes");
        traffic_print(table, member, "tx_bytes");
        table_cell(table, TABLE_COLOR_NONE, "%.*s", DAY_SIZE, field_text(member, "joined"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(member, "ends"));
        table_cell(table, TABLE_COLOR_NONE, "%s", cli_groups_text(member, groups));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(member, "note"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(member, "address"));
        table_cell(table, TABLE_COLOR_DIM, "%s", field_text(member, "key"));
    }
    table_print(table, stdout, terminal_width(stdout));
    table_free(table);
}

int members_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cjs"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s, s:s*}", "do", "members", "sort", options.sort),
               members_print);
}
