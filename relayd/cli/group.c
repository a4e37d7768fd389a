/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a member be in other groups, and says in which it is. */
#include "relayd/cli/group.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void groups_print(const json_t *answer, const char *config_option)
{
    char groups[CLI_GROUPS_SIZE];

    (void)config_option;
    cli_who_print(stdout, answer);
    if (json_array_size(json_object_get(answer, "groups")) == 0) {
        (void)printf(" is in no group.\n");
    } else {
        (void)printf(" is in %s.\n", cli_groups_text(answer, groups));
    }
}

int group_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cjar", .words = 1, .wanted = "one key or name", .see = "members"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options,
               json_pack("{s:s, s:s, s:o, s:o}", "do", "group", "who", options.words[0], "add",
                         options_groups(&options.add), "remove", options_groups(&options.remove)),
               groups_print);
}
