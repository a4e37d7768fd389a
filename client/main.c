/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ziglan: finds the verb, reads the flags, and calls the verb. */
#include "client/cli/cli.h"
#include "client/cli/down.h"
#include "client/cli/init.h"
#include "client/cli/join.h"
#include "client/cli/leave.h"
#include "client/cli/peers.h"
#include "client/cli/ping.h"
#include "client/cli/status.h"
#include "client/cli/up.h"
#include "client/cli/whoami.h"

#include "proto/host/fault_print.h"
#include "ziglan_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verb {
    const char *name, *alias;
    int (*run)(const struct cli *cli);
    size_t arguments_count;
    const char *usage, *about;
};

static const struct verb verbs[] = {
    {"init", "i", verb_init, 0, "init [--name NAME]",
     "write the interface's configuration and key"},
    {"join", NULL, verb_join, 1, "join URL|- [--name NAME]",
     "join a ziglan; - reads the URL from standard input"},
    {"leave", NULL, verb_leave, 1, "leave ZIGLAN", "leave a ziglan by its name or key"},
    {"up", NULL, verb_up, 0, "up [--detach] [--name NAME]",
     "start the interface (in the foreground by default)"},
    {"down", NULL, verb_down, 0, "down", "stop the interface"},
    {"status", "s", verb_status, 0, "status [--json]", "this host, its relays, ziglans and peers"},
    {"peers", NULL, verb_peers, 0, "peers [--json]", "the peers, how they are reached and why"},
    {"ping", NULL, verb_ping, 1, "ping PEER [-n COUNT]",
     "round trip and path to a peer, by name, key or address"},
    {"whoami", NULL, verb_whoami, 0, "whoami [--json]", "own name, key and addresses"},
};

enum {
    VERBS_COUNT = sizeof(verbs) / sizeof(verbs[0]),
    COUNT_MAX = 1000000, /* of pings */
};

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
                  "  %-30sthis text (alias ?)\n  %-30sversion of the program and its libraries\n\n"
                  "  -i, --interface IF            the interface, default zig0\n"
                  "  -c, --config FILE             its configuration, default /etc/ziglan/IF.yaml\n"
                  "  -N, --name NAME               the name this host wants, default the\n"
                  "                                configuration's, then the machine's\n"
                  "  -n, --count COUNT             how many pings, default 4\n"
                  "  -d, --detach                  go to the background once the interface is up\n"
                  "  -j, --json                    answers as JSON\n\n"
                  "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the interface "
                  "is down, 4 no permission.\n"
                  "ZIGLAN_ROOT, if set, stands before every default path.\n",
                  "help [VERB]", "version");
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
    (void)printf("ziglan %s\n\n%s\n", verb->usage, verb->about);
    return EXIT_CODE_OK;
}

/* The value of a flag that has one: "--flag VALUE" or "--flag=VALUE". NULL if argv[*at] is another
 * word, "" if the value is missing. *at advances over a value that is a word of its own. */
static const char *flag_value(char **argv, int argc, int *at, const char *shorter,
                              const char *longer)
{
    const char *word = argv[*at];
    size_t size = strlen(longer);

    if (strncmp(word, longer, size) == 0 && word[size] == '=') {
        return word + size + 1;
    }
    if (strcmp(word, longer) != 0 && strcmp(word, shorter) != 0) {
        return NULL;
    }
    if (*at + 1 >= argc) {
        return "";
    }
    *at += 1;
    return argv[*at];
}

static int count_take(struct cli *cli, const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    if (*end != '\0' || text[0] < '0' || text[0] > '9' || count < 1 || count > COUNT_MAX) {
        return usage_error("-n wants a number from 1 to 1000000, not ", text);
    }
    cli->count = (unsigned)count;
    return EXIT_CODE_OK;
}

/* Take one flag with its value. Returns an exit code. */
static int flag_take(struct cli *cli, char **argv, int argc, int *at)
{
    const struct {
        const char *shorter, *longer;
        const char **value;
    } flags[] = {
        {"-i", "--interface", &cli->interface},
        {"-c", "--config", &cli->config_path},
        {"-N", "--name", &cli->name},
    };
    const char *word = argv[*at];
    const char *value;

    if (strcmp(word, "--json") == 0 || strcmp(word, "-j") == 0) {
        cli->json = true;
        return EXIT_CODE_OK;
    }
    if (strcmp(word, "--detach") == 0 || strcmp(word, "-d") == 0) {
        cli->detach = true;
        return EXIT_CODE_OK;
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        value = flag_value(argv, argc, at, flags[i].shorter, flags[i].longer);
        if (value != NULL) {
            *flags[i].value = value;
            return value[0] != '\0' ? EXIT_CODE_OK : usage_error("there is no value after ", word);
        }
    }
    value = flag_value(argv, argc, at, "-n", "--count");
    return value != NULL ? count_take(cli, value) : usage_error("there is no flag ", word);
}

/* Words and flags in any order; the first word is the verb. Returns an exit code. */
static int line_read(struct cli *cli, const char **verb, int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];

        if (word[0] == '-' && word[1] != '\0') {
            if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
                cli->arguments[0] = *verb; /* "status --help" is "help status" */
                cli->arguments_count = *verb != NULL ? 1 : 0;
                *verb = "help";
            } else if (strcmp(word, "--version") == 0) {
                *verb = "version";
            } else {
                int code = flag_take(cli, argv, argc, &at);

                if (code != EXIT_CODE_OK) {
                    return code;
                }
            }
        } else if (*verb == NULL) {
            *verb = word;
        } else if (cli->arguments_count < CLI_ARGUMENTS_MAX) {
            cli->arguments[cli->arguments_count] = word;
            cli->arguments_count++;
        } else {
            return usage_error("too many words after ", *verb);
        }
    }
    return EXIT_CODE_OK;
}

int main(int argc, char **argv)
{
    static struct cli cli = {.interface = PLACE_INTERFACE_DEFAULT};
    const char *name = NULL;
    const struct verb *verb;
    struct fault fault = {0};
    int code = line_read(&cli, &name, argc, argv);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (name == NULL) {
        (void)help_print(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "?") == 0) {
        return help(cli.arguments_count > 0 ? cli.arguments[0] : NULL);
    }
    if (strcmp(name, "version") == 0) {
        (void)printf("ziglan %s (%s)\n", ZIGLAN_VERSION, ZIGLAN_LIBRARIES);
        return EXIT_CODE_OK;
    }
    verb = verb_find(name);
    if (verb == NULL) {
        return usage_error("there is no verb ", name);
    }
    if (cli.arguments_count != verb->arguments_count) {
        return usage_error("wrong number of arguments: ziglan ", verb->usage);
    }
    if (!place_fill(&cli.place, cli.interface, cli.config_path, &fault)) {
        return fault_print(&fault, CLI_PROGRAM);
    }
    cli.verb = verb->name;
    /* Checked for all verbs: those that need no configuration would let a mistyped -c pass. */
    if (cli.config_path != NULL && verb->run != verb_init && access(cli.config_path, F_OK) != 0) {
        (void)fprintf(stderr, CLI_PROGRAM ": there is no configuration %s (-c)%s\n",
                      cli.config_path, verb->run == verb_ping ? "; the number of pings is -n" : "");
        return EXIT_CODE_USAGE;
    }
    return verb->run(&cli);
}
