/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the invites that may still be used, and prints them as a table. */
#include "relayd/cli/invites.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <inttypes.h>

static void invites_print(const json_t *answer, const char *config_option)
{
    static const char *const heads[] = {"ID",   "NAME",   "USES", "USED", "EXPIRES",
                                        "MADE", "GROUPS", "NOTE", NULL};
    const json_t *list = json_object_get(answer, "invites");
    struct table *table = table_new(heads);
    const json_t *invite;
    size_t index;

    (void)config_option;
    if (table == NULL) {
        return;
    }
    json_array_foreach(list, index, invite)
    {
        const char *expires = field_text(invite, "expires");
        char groups[CLI_GROUPS_SIZE];

        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", field_text(invite, "id"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(invite, "name"));
        table_cell(table, TABLE_COLOR_NONE, "%" PRIu64, field_number(invite, "uses"));
        table_cell(table, TABLE_COLOR_NONE, "%" PRIu64, field_number(invite, "used"));
        table_cell(table, expires[0] != '\0' ? TABLE_COLOR_NONE : TABLE_COLOR_WARN, "%s",
                   expires[0] != '\0' ? expires : "never");
        table_cell(table, TABLE_COLOR_DIM, "%s", field_text(invite, "made"));
        table_cell(table, TABLE_COLOR_NONE, "%s", cli_groups_text(invite, groups));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(invite, "note"));
    }
    table_print(table, stdout, terminal_width(stdout));
    table_free(table);
}

int invites_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s}", "do", "invites"), invites_print);
}
