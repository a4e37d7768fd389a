/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks that a note be kept about a member. */
#include "relayd/cli/note.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"

#include <stdio.h>

static void note_print(const json_t *answer, const char *config_option)
{
    const char *note = field_text(answer, "note");

    (void)config_option;
    cli_who_print(stdout, answer);
    (void)printf("%s%s\n", note[0] != '\0' ? ": " : " has no note.", note);
}

int note_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj",
                                                   .words = 2,
                                                   .any_text = true,
                                                   .wanted = "a key or name, and a text",
                                                   .see = "members"};
    struct options options;
    json_t *note;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    note = json_string(options.words[1]);
    if (note == NULL) {
        return cli_usage("a note is text in UTF-8");
    }
    return ask(&options,
               json_pack("{s:s, s:s, s:o}", "do", "note", "who", options.words[0], "note", note),
               note_print);
}
