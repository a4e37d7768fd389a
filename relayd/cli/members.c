/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the members, and prints them as a table. */
#include "relayd/cli/members.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <string.h>

static void members_print(const json_t *answer, const char *config_option)
{
    static const char *const heads[] = {"NAME",    "STATE", "SINCE", "ADDRESS",
                                        "EXPIRES", "KEY",   NULL};
    struct table *table = table_new(heads);
    const json_t *member;
    size_t index;

    (void)config_option;
    if (table == NULL) {
        return;
    }
    json_array_foreach(json_object_get(answer, "members"), index, member)
    {
        bool online = json_is_true(json_object_get(member, "online"));
        bool revoked = strcmp(field_text(member, "state"), "revoked") == 0;
        char since[HUMAN_TEXT_SIZE];

        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", field_text(member, "name"));
        table_cell(table,
                   revoked  ? TABLE_COLOR_BAD
                   : online ? TABLE_COLOR_GOOD
                            : TABLE_COLOR_DIM,
                   "%s",
                   revoked  ? "revoked"
                   : online ? "online"
                            : "offline");
        table_cell(table, TABLE_COLOR_NONE, "%s",
                   online ? human_age_ms(field_number(member, "online_ms"), since) : "");
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(member, "address"));
        table_cell(table, TABLE_COLOR_NONE, "%s", field_text(member, "expires"));
        table_cell(table, TABLE_COLOR_DIM, "%s", field_text(member, "key"));
    }
    table_print(table, stdout, terminal_width(stdout));
    table_free(table);
}

int members_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s}", "do", "members"), members_print);
}
