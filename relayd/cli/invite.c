/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks for an invite. The URL is alone on standard output, so that it can be piped; what it is good
 * for goes to standard error.
 */
#include "relayd/cli/invite.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static json_t *request_make(const struct options *options)
{
    json_t *request = json_pack("{s:s, s:I, s:I, s:o}", "do", "invite", "uses",
                                (json_int_t)options->uses, "ends_ms", (json_int_t)options->until_ms,
                                "groups", options_groups(&options->add));

    if (request != NULL && options->has_expires &&
        json_object_set_new(request, "expires_ms", json_integer((json_int_t)options->expires_ms)) !=
            0) {
        json_decref(request);
        return NULL;
    }
    return request;
}

/* A text of the user, where there is one. False if it is no text at all. */
static bool text_put(json_t *request, const char *field, const char *text)
{
    return text == NULL || json_object_set_new(request, field, json_string(text)) == 0;
}

static void answer_print(const json_t *answer, const char *config_option)
{
    cli_url_print(field_text(answer, "url"));
    (void)fprintf(stderr, "It is good for ");
    cli_terms_print(stderr, field_number(answer, "uses"), field_text(answer, "expires"));
    (void)fprintf(stderr, ". To withdraw it: relayd uninvite%s %s\n", config_option,
                  field_text(answer, "id"));
    if (field_text(answer, "ends")[0] != '\0') {
        (void)fprintf(stderr, "The membership of who joins with it ends at %s.\n",
                      field_text(answer, "ends"));
    }
    if (field_text(answer, "replaces")[0] != '\0') {
        (void)fprintf(stderr,
                      "%s is a member now: %s. Who joins with this invite takes its place, and "
                      "that key is no member any more.\n",
                      field_text(answer, "name"), field_text(answer, "replaces"));
    }
}

int invite_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cjuenNgT"};
    struct options options;
    json_t *request;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    request = request_make(&options);
    if (request != NULL && !text_put(request, "name", options.name)) {
        json_decref(request);
        return cli_usage("--name wants a label of a to z, 0 to 9 and hyphens");
    }
    if (request != NULL && !text_put(request, "note", options.note)) {
        json_decref(request);
        return cli_usage("--note wants a text in UTF-8");
    }
    return ask(&options, request, answer_print);
}
