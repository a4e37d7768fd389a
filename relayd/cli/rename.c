/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a member get another name. */
#include "relayd/cli/rename.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void renamed_print(const json_t *answer, const char *config_option)
{
    (void)config_option;
    (void)printf("%s (%s) is called %s now.\n", field_text(answer, "former"),
                 field_text(answer, "key"), field_text(answer, "name"));
}

int rename_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cj", .words = 2, .wanted = "a key or name, and the new name", .see = "members"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options,
               json_pack("{s:s, s:s, s:s}", "do", "rename", "who", options.words[0], "name",
                         options.words[1]),
               renamed_print);
}
