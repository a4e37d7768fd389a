/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a key be allowed no more. */
#include "relayd/cli/disallow.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void disallowed_print(const json_t *answer, const char *config_option)
{
    const char *key = field_text(answer, "key");

    (void)printf("%s needs an invite to join.\n", key);
    if (json_is_true(json_object_get(answer, "is_member"))) {
        (void)printf("It stays a member; to throw it out: relayd revoke%s %s\n", config_option,
                     key);
    }
}

int disallow_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cj", .words = 1, .wanted = "the key of a host", .see = "allowed"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s, s:s}", "do", "disallow", "member", options.words[0]),
               disallowed_print);
}
