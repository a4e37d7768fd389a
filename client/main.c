/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan: finds the verb, checks the line, and calls the verb. */
#include "client/cli/block.h"
#include "client/cli/cli.h"
#include "client/cli/doctor.h"
#include "client/cli/down.h"
#include "client/cli/init.h"
#include "client/cli/join.h"
#include "client/cli/leave.h"
#include "client/cli/line.h"
#include "client/cli/netcheck.h"
#include "client/cli/peer.h"
#include "client/cli/peers.h"
#include "client/cli/ping.h"
#include "client/cli/relay.h"
#include "client/cli/relays.h"
#include "client/cli/state.h"
#include "client/cli/status.h"
#include "client/cli/trust.h"
#include "client/cli/up.h"
#include "client/cli/whoami.h"

#include "proto/host/fault_print.h"
#include "ziglan_version.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_ANY = CLI_ARGUMENTS_MAX + 1 };

struct verb {
    const char *name, *alias;
    int (*run)(const struct cli *cli);
    size_t arguments_count;
    const char *flags; /* letters, besides those of every verb */
    const char *usage, *about;
};

static const struct verb verbs[] = {
    {"init", "i", verb_init, 0, "NI", "init [--name NAME] [--import FILE]",
     "write the interface's configuration and key"},
    {"join", NULL, verb_join, 1, "Nj", "join URL|- [--name NAME]",
     "join by a URL, even without @HOST; - reads standard input"},
    {"leave", NULL, verb_leave, 1, "", "leave ZIGLAN", "leave a ziglan by its name or key"},
    {"trust", NULL, verb_trust, 1, "j", "trust NAME",
     "agree that a name means the key that has it now"},
    {"up", NULL, verb_up, 0, "dN", "up [--detach] [--name NAME]",
     "start the interface (in the foreground by default)"},
    {"down", NULL, verb_down, 0, "", "down", "stop the interface"},
    {"status", "s", verb_status, 0, "j", "status [--json]",
     "this host, its relays, ziglans and peers"},
    {"peers", NULL, verb_peers, 0, "j", "peers [--json]",
     "the peers, how they are reached and why"},
    {"peer", NULL, verb_peer, 2, "Nj", "peer add|remove KEY [-N NAME]",
     "name a peer that is let in without a common ziglan"},
    {"block", NULL, verb_block, 1, "j", "block PEER|KEY",
     "let nothing of a peer in, and tell the relays"},
    {"unblock", NULL, verb_block, 1, "j", "unblock PEER|KEY", "end that"},
    {"relays", NULL, verb_relays, 0, "j", "relays [--json]",
     "the relays of this host, how they do, and their rewards"},
    {"relay", NULL, verb_relay, 2, "j", "relay pin|unpin KEY|URL",
     "hold a session to a relay that is of no ziglan"},
    {"ping", NULL, verb_ping, 1, "nj", "ping PEER [-n COUNT]",
     "round trip and path to a peer, by name, key or address"},
    {"netcheck", NULL, verb_netcheck, ARGUMENTS_ANY, "HLj", "netcheck [RELAY...] [-H] [-L]",
     "what the NAT of this network does, and who gets through"},
    {"whoami", NULL, verb_whoami, 0, "Njs", "whoami [--solana]", "own name, key and addresses"},
    {"doctor", NULL, verb_doctor, 0, "jb", "doctor [--json] [--bundle OUT]",
     "what is wrong here, and the commands that mend it"},
    {"backup", NULL, verb_backup, 1, "", "backup DIR",
     "copy all that this host keeps to a new folder"},
    {"export", NULL, verb_export, 1, "", "export OUT|-",
     "write it to one file, for import elsewhere"},
    {"import", NULL, verb_import, 1, "", "import FILE|-", "become the host that was exported"},
};

enum { VERBS_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERBS_COUNT; i++) {
        if (strcmp(verbs[i].name, name) == 0 ||
            (verbs[i].alias != NULL && strcmp(verbs[i].alias, name) == 0)) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int help_print(FILE *to)
{
    (void)fprintf(to, "ziglan: reach your own machines, and each other's, by name.\n\n"
                      "  ziglan VERB [-i INTERFACE] [-c CONFIG] ...\n\n");
    for (size_t i = 0; i < VERBS_COUNT; i++) {
        (void)fprintf(to, "  %-30s%s%s%s%s\n", verbs[i].usage, verbs[i].about,
                      verbs[i].alias != NULL ? " (alias " : "",
                      verbs[i].alias != NULL ? verbs[i].alias : "",
                      verbs[i].alias != NULL ? ")" : "");
    }
    (void)fprintf(to,
                  "  %-30sthis text (alias ?), or a verb's with its flags\n"
                  "  %-30sversion of the program and its libraries\n\n",
                  "help [VERB]", "version");
    line_flags_print(to, LINE_FLAGS_ALL "NndsHLbIj");
    (void)fprintf(to,
                  "\n"
                  "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the interface "
                  "is down, 4 no permission.\n"
                  "ZIGLAN_ROOT, if set, stands before every default path.\n");
    return EXIT_CODE_OK;
}

static int usage_error(const char *text, const char *what)
{
    (void)fprintf(stderr, CLI_PROGRAM ": %s%s; see: ziglan help\n", text, what);
    return EXIT_CODE_USAGE;
}

static int help(const char *name)
{
    const struct verb *verb = name != NULL ? verb_find(name) : NULL;

    if (name == NULL || strcmp(name, "help") == 0 || strcmp(name, "version") == 0) {
        return help_print(stdout);
    }
    if (verb == NULL) {
        return usage_error("there is no verb ", name);
    }
    (void)printf("ziglan %s\n\n%s\n\n", verb->usage, verb->about);
    line_flags_print(stdout, LINE_FLAGS_ALL);
    line_flags_print(stdout, verb->flags);
    return EXIT_CODE_OK;
}

static int version_print(void)
{
    (void)printf("ziglan %s (%s)\n", ZIGLAN_VERSION, ZIGLAN_LIBRARIES);
    return EXIT_CODE_OK;
}

/* "help VERB" and "VERB --help" are the same. */
static bool help_wanted(const struct line *line)
{
    return line->help || (line->verb != NULL &&
                          (strcmp(line->verb, "help") == 0 || strcmp(line->verb, "?") == 0));
}

static int help_of_line(const struct line *line, const struct cli *cli)
{
    if (line->verb != NULL && verb_find(line->verb) != NULL) {
        return help(line->verb);
    }
    return help(cli->arguments_count > 0 ? cli->arguments[0] : NULL);
}

/* Everything about the line is checked before the verb sees it. Returns an exit code. */
static int verb_check(const struct verb *verb, const struct line *line, struct cli *cli)
{
    struct fault fault = {0};

    if (line_flags_check(line, verb->name, verb->flags) != EXIT_CODE_OK) {
        return EXIT_CODE_USAGE;
    }
    if (verb->arguments_count != ARGUMENTS_ANY && cli->arguments_count != verb->arguments_count) {
        return usage_error("wrong number of arguments: ziglan ", verb->usage);
    }
    if (!place_fill(&cli->place, cli->interface, cli->config_path, &fault)) {
        return fault_print(&fault, CLI_PROGRAM);
    }
    /* Checked for all verbs: those that need no configuration would let a mistyped -c pass. */
    if (cli->config_path != NULL && verb->run != verb_init && access(cli->config_path, F_OK) != 0) {
        (void)fprintf(stderr, CLI_PROGRAM ": there is no configuration %s (-c)%s\n",
                      cli->config_path,
                      verb->run == verb_ping ? "; the number of pings is -n" : "");
        return EXIT_CODE_USAGE;
    }
    return EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
    static struct cli cli = {.interface = PLACE_INTERFACE_DEFAULT};
    const struct verb *verb;
    struct line line;
    int code = line_read(&line, &cli, argc, argv);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (help_wanted(&line)) {
        return help_of_line(&line, &cli);
    }
    if (line.version || (line.verb != NULL && strcmp(line.verb, "version") == 0)) {
        return version_print();
    }
    if (line.verb == NULL) {
        (void)help_print(stderr);
        return EXIT_CODE_USAGE;
    }
    verb = verb_find(line.verb);
    if (verb == NULL) {
        return usage_error("there is no verb ", line.verb);
    }
    cli.verb = verb->name;
    code = verb_check(verb, &line, &cli);
    return code != EXIT_CODE_OK ? code : verb->run(&cli);
}
