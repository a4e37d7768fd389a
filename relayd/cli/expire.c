/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a membership get an end, or none. */
#include "relayd/cli/expire.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void expires_print(const json_t *answer, const char *config_option)
{
    const char *ends = field_text(answer, "ends");

    (void)config_option;
    cli_who_print(stdout, answer);
    if (ends[0] != '\0') {
        (void)printf(" is a member until %s, and is refused from then on.\n", ends);
    } else {
        (void)printf(" is a member without end.\n");
    }
}

int expire_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cj",
        .words = 2,
        .wanted = "a key or name, and a date, a number of days, or never",
        .see = "members"};
    struct options options;
    uint64_t ends_ms;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (options_time(&ends_ms, options.words[1]) != ERR_OK) {
        return cli_usage("expire wants a date such as 2026-12-31, a time such as 30d or 12h, or "
                         "never, not '%s'",
                         options.words[1]);
    }
    return ask(&options,
               json_pack("{s:s, s:s, s:I}", "do", "expire", "who", options.words[0], "ends_ms",
                         (json_int_t)ends_ms),
               expires_print);
}
