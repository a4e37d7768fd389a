/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for a revocation, or that one is taken back, and says whom it met. */
#include "relayd/cli/revoke.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>
#include <string.h>

static void restored_print(const json_t *answer, const char *config_option)
{
    (void)config_option;
    cli_who_print(stdout, answer);
    (void)printf(" may join again with a fresh invite.\n");
}

static void revoked_print(const json_t *answer, const char *config_option)
{
    const char *before = field_text(answer, "before");

    (void)config_option;
    cli_who_print(stdout, answer);
    if (strcmp(before, "member") == 0) {
        (void)printf(" is revoked%s.\n", json_is_true(json_object_get(answer, "online"))
                                             ? " and cut off"
                                             : "; it was offline");
    } else if (strcmp(before, "revoked") == 0) {
        (void)printf(" was revoked before.\n");
    } else if (strcmp(before, "left") == 0) {
        (void)printf(" was no member any more: it had left. From now on it is kept out.\n");
    } else {
        (void)printf(" was no member. From now on it is kept out.\n");
    }
}

int revoke_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cjU", .words = 1, .wanted = "one key or name", .see = "members"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options,
               json_pack("{s:s, s:s, s:b}", "do", "revoke", "who", options.words[0], "undo",
                         (int)options.undo),
               options.undo ? restored_print : revoked_print);
}
