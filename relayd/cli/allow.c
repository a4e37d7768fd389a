/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a key be allowed, and says how it will join. */
#include "relayd/cli/allow.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void allowed_print(const json_t *answer, const char *config_option)
{
    const char *name = field_text(answer, "name");

    (void)printf("%s may join without an invite%s%s. To take that back: relayd disallow%s %s\n",
                 field_text(answer, "key"), name[0] != '\0' ? ", as " : "", name, config_option,
                 field_text(answer, "key"));
}

int allow_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {
        .letters = "cjnNgT", .words = 1, .wanted = "the key of a host", .see = "allowed"};
    struct options options;
    json_t *request, *note = NULL;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (options.note != NULL) {
        note = json_string(options.note);
        if (note == NULL) {
            return cli_usage("--note wants a text in UTF-8");
        }
    }
    request = json_pack("{s:s, s:s, s:s*, s:o*, s:I, s:o}", "do", "allow", "member",
                        options.words[0], "name", options.name, "note", note, "ends_ms",
                        (json_int_t)options.until_ms, "groups", options_groups(&options.add));
    if (request == NULL) {
        return cli_usage("--name and --group want labels of a to z, 0 to 9 and hyphens");
    }
    return ask(&options, request, allowed_print);
}
