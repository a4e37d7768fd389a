/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Only the daemon knows the addresses. Without one, configuration and key tell the rest.
 */
#include "client/cli/whoami.h"

#include "client/cli/ask.h"
#include "client/cli/lines.h"
#include "client/daemon/offline.h"
#include "proto/host/fields.h"

#include <errno.h>
#include <unistd.h>

static void whoami_print(const struct cli *cli, const json_t *answer)
{
    const json_t *addresses = json_object_get(answer, "addresses");

    line_print("Name", field_text(answer, "name"));
    line_print("Key", field_text(answer, "key"));
    if (cli->solana) {
        line_print("Solana", field_text(answer, "solana"));
    }
    line_print("IPv4", field_text(addresses, "ipv4"));
    line_print("IPv6", field_text(addresses, "ipv6"));
}

static bool is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* True if there is neither a key, nor a configuration that could name one, nor what was joined with
 * one that is gone. */
static bool host_is_new(const struct cli *cli)
{
    return is_missing(cli->place.key) && is_missing(cli->place.config) &&
           is_missing(cli->place.store);
}

int verb_whoami(const struct cli *cli)
{
    struct fault fault = {0};
    json_t *answer = ask_verb(cli, "whoami", NULL, NULL, &fault);

    if (answer == NULL && fault.exit_code == EXIT_CODE_NO_DAEMON && !host_is_new(cli)) {
        answer = offline_whoami(&cli->place, cli->name, &fault);
    }
    return ask_print(cli, answer, &fault, whoami_print);
}
