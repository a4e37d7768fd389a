/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for a revocation, or that one is taken back. */
#include "relayd/cli/revoke.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

static void restored_print(const json_t *answer)
{
    (void)printf("%s may join again with a fresh invite.\n", field_text(answer, "key"));
}

static void revoked_print(const json_t *answer)
{
    (void)printf("%s is revoked and cut off.\n", field_text(answer, "key"));
}

int revoke_run(int argc, char **argv)
{
    struct options options;
    int code = options_parse(&options, argc, argv, "cjUW");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(
        options.config_path,
        json_pack("{s:s, s:s, s:b}", "do", "revoke", "who", options.who, "undo", (int)options.undo),
        options.json, options.undo ? restored_print : revoked_print);
}
