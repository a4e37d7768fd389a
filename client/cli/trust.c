/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Through the daemon if one runs, else on the interface's store. Both keys are shown, because the
 * name is only as good as the key that it means.
 */
#include "client/cli/trust.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"
#include "proto/host/fields.h"

#include <stdio.h>

static void trust_print(const struct cli *cli, const json_t *answer)
{
    (void)cli;
    if (field_text(answer, "before")[0] != '\0') {
        (void)printf("%s means %s now, not %s any more\n", field_text(answer, "name"),
                     field_text(answer, "key"), field_text(answer, "before"));
    } else {
        (void)printf("%s means %s already\n", field_text(answer, "name"),
                     field_text(answer, "key"));
    }
}

int verb_trust(const struct cli *cli)
{
    const char *name = cli->arguments[0];
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "trust", "name", name, &fault);

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON) {
        answer = offline_trust(&cli->place, name, &fault);
    }
    return ask_print(cli, answer, &fault, trust_print);
}
