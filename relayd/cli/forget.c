/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a host be forgotten, and says what that changed. */
#include "relayd/cli/forget.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>
#include <string.h>

static void forgotten_print(const json_t *answer, const char *config_option)
{
    const char *name = field_text(answer, "name");
    const char *before = field_text(answer, "before");

    (void)config_option;
    if (strcmp(before, "member") == 0) {
        cli_who_print(stdout, answer);
        (void)printf(" is no member any more%s; with an invite it may join again.\n",
                     json_is_true(json_object_get(answer, "online")) ? ", and is cut off" : "");
    } else {
        (void)printf("%s was the name of %s, which is no member%s.\n", name,
                     field_text(answer, "key"),
                     strcmp(before, "revoked") == 0 ? " and stays revoked" : "");
    }
    (void)printf("The name %s is free.\n", name);
}

int forget_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cj", .words = 1, .wanted = "one key or name", .see = "members"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s, s:s}", "do", "forget", "who", options.words[0]),
               forgotten_print);
}
