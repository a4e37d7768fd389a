/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for an invite. The URL is printed alone, so that it can be piped. */
#include "relayd/cli/invite.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

static void invite_print(const json_t *answer)
{
    cli_url_print(field_text(answer, "url"));
}

int invite_run(int argc, char **argv)
{
    struct options options;
    json_t *request;
    int code = options_parse(&options, argc, argv, "cjuen");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    request = json_pack("{s:s, s:I, s:I}", "do", "invite", "uses", (json_int_t)options.uses,
                        "expires_ms", (json_int_t)options.expires_ms);
    if (request != NULL && options.name != NULL &&
        json_object_set_new(request, "name", json_string(options.name)) != 0) {
        json_decref(request);
        return cli_usage("--name wants a label of a to z, 0 to 9 and hyphens");
    }
    return ask(options.config_path, request, options.json, invite_print);
}
