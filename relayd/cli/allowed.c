/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the keys that are allowed, and prints them as a table. */
#include "relayd/cli/allowed.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

static void table_show(const json_t *answer, const char *config_option)
{
    static const char *const heads[] = {"KEY", "NAME", "GROUPS", "EXPIRES", "FROM", "NOTE", NULL};
    struct table *table = table_new(heads);
    char groups[CLI_GROUPS_SIZE];
    const json_t *row;
    size_t index;

    (void)config_option;
    if (table == NULL) {
        return;
    }
    json_array_foreach(json_object_get(answer, "allowed"), index, row)
    {
        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", field_text(row, "key"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(row, "name"));
        table_cell(table, TABLE_COLOR_NONE, "%s", cli_groups_text(row, groups));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(row, "ends"));
        table_cell(table, TABLE_COLOR_DIM, "%s",
                   json_is_true(json_object_get(row, "configured")) ? "configuration" : "allow");
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(row, "note"));
    }
    table_print(table, stdout, terminal_width(stdout));
    table_free(table);
}

int allowed_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s}", "do", "allowed"), table_show);
}
