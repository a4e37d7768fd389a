/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that an invite be withdrawn. */
#include "relayd/cli/uninvite.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void uninvited_print(const json_t *answer, const char *config_option)
{
    (void)printf(
        "Nobody can join with the invite %s any more. Who joined with it stays; see relayd "
        "members%s\n",
        field_text(answer, "id"), config_option);
}

int uninvite_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cj", .words = 1, .wanted = "one ID or URL of an invite", .see = "invites"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s, s:s}", "do", "uninvite", "invite", options.words[0]),
               uninvited_print);
}
