/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * getopt_long splits the words; what it returns in order (optstring "-") may be the verb or one of
 * its arguments.
 */
#include "client/cli/line.h"

#include "proto/base/fault.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { PING_COUNT_MAX = 1000000, WORD = 1 /* how getopt_long calls a word that is no flag */ };

static const struct flag {
    char letter;
    const char *name, *value; /* value: what help calls it; NULL: the flag takes none */
    const char *about;
} flags[] = {
    {'i', "interface", "IF", "the interface, default zig0"},
    {'c', "config", "FILE", "its configuration, default /etc/ziglan/IF.yaml"},
    {'N', "name", "NAME",
     "the name this host wants, default the\n"
     "                                configuration's, then the machine's; of peer add:\n"
     "                                the peer's name here"},
    {'n', "count", "COUNT", "how many pings, default 4"},
    {'d', "detach", NULL, "go to the background once the interface is up"},
    {'s', "solana", NULL, "also print the key as Solana writes it"},
    {'L', "lifetime", NULL, "find out for how long mappings are remembered; takes up to 5 min"},
    {'H', "hairpin", NULL, "also find out whether packets to the own public address come back"},
    {'b', "bundle", "OUT", "write a bug report without keys, addresses and names to this file"},
    {'I', "import", "FILE", "take key and peers from a configuration of mynetwork or hyprspace"},
    {'j', "json", NULL, "the answer as JSON"},
};

enum { FLAGS_COUNT = sizeof(flags) / sizeof(flags[0]) };

static int usage_error(const char *before, const char *what, const char *after)
{
    (void)fprintf(stderr, CLI_PROGRAM ": %s%s%s; see: ziglan help\n", before, what, after);
    return EXIT_CODE_USAGE;
}

static int count_take(struct cli *cli, const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    if (*end != '\0' || text[0] < '0' || text[0] > '9' || count < 1 || count > PING_COUNT_MAX) {
        return usage_error("-n wants a number from 1 to 1000000, not ", text, "");
    }
    cli->count = (unsigned)count;
    return EXIT_CODE_OK;
}

static void letter_note(struct line *line, char letter)
{
    size_t size = strlen(line->letters);

    if (strchr(line->letters, letter) == NULL && size + 1 < sizeof(line->letters)) {
        line->letters[size] = letter;
    }
}

static int flag_take(struct cli *cli, char letter, const char *value)
{
    if (value != NULL && value[0] == '\0') {
        return usage_error("there is no value after -", (const char[2]){letter}, "");
    }
    switch (letter) {
    case 'i':
        cli->interface = value;
        break;
    case 'c':
        cli->config_path = value;
        break;
    case 'N':
        cli->name = value;
        break;
    case 'b':
        cli->bundle = value;
        break;
    case 'I':
        cli->import = value;
        break;
    case 'n':
        return count_take(cli, value);
    case 'd':
        cli->detach = true;
        break;
    case 's':
        cli->solana = true;
        break;
    case 'L':
        cli->lifetime = true;
        break;
    case 'H':
        cli->hairpin = true;
        break;
    default:
        cli->json = true;
        break;
    }
    return EXIT_CODE_OK;
}

static int word_take(struct line *line, struct cli *cli, const char *word)
{
    if (line->verb == NULL) {
        line->verb = word;
    } else if (cli->arguments_count < CLI_ARGUMENTS_MAX) {
        cli->arguments[cli->arguments_count] = word;
        cli->arguments_count++;
    } else {
        return usage_error("too many words after ", line->verb, "");
    }
    return EXIT_CODE_OK;
}

/* What getopt_long wants to know of the table. */
static void options_fill(struct option options[FLAGS_COUNT + 3], char letters[2 * FLAGS_COUNT + 4])
{
    size_t used = 2;

    memcpy(letters, "-:", 2); /* words in their order, and ':' for a missing value */
    for (size_t i = 0; i < FLAGS_COUNT; i++) {
        options[i] = (struct option){
            .name = flags[i].name, .has_arg = flags[i].value != NULL, .val = flags[i].letter};
        letters[used] = flags[i].letter;
        used++;
        if (flags[i].value != NULL) {
            letters[used] = ':';
            used++;
        }
    }
    letters[used] = 'h';
    letters[used + 1] = '\0';
    options[FLAGS_COUNT] = (struct option){.name = "help", .val = 'h'};
    options[FLAGS_COUNT + 1] = (struct option){.name = "version", .val = 'V'};
    options[FLAGS_COUNT + 2] = (struct option){.name = NULL};
}

int line_read(struct line *line, struct cli *cli, int argc, char **argv)
{
    struct option options[FLAGS_COUNT + 3];
    char letters[2 * FLAGS_COUNT + 4];
    int code = EXIT_CODE_OK;

    *line = (struct line){.verb = NULL};
    options_fill(options, letters);
    opterr = 0; /* our own sentences */
    while (code == EXIT_CODE_OK) {
        int at = optind;
        int got = getopt_long(argc, argv, letters, options, NULL);
        const char *word = argv[at < argc ? at : argc - 1];

        if (got == -1) {
            break;
        }
        if (got == WORD) {
            code = word_take(line, cli, optarg);
        } else if (got == 'h') {
            line->help = true;
        } else if (got == 'V') {
            line->version = true;
        } else if (got == '?') {
            code = usage_error("there is no flag ", word, "");
        } else if (got == ':') {
            code = usage_error("there is no value after ", word, "");
        } else {
            letter_note(line, (char)got);
            code = flag_take(cli, (char)got, optarg);
        }
    }
    while (code == EXIT_CODE_OK && optind < argc) { /* what stands behind "--" */
        code = word_take(line, cli, argv[optind]);
        optind++;
    }
    return code;
}

int line_flags_check(const struct line *line, const char *verb, const char *letters)
{
    for (size_t i = 0; i < FLAGS_COUNT; i++) {
        char letter = flags[i].letter;

        if (strchr(line->letters, letter) != NULL && strchr(letters, letter) == NULL &&
            strchr(LINE_FLAGS_ALL, letter) == NULL) {
            (void)fprintf(stderr, CLI_PROGRAM ": %s takes no --%s; see: ziglan help %s\n", verb,
                          flags[i].name, verb);
            return EXIT_CODE_USAGE;
        }
    }
    return EXIT_CODE_OK;
}

void line_flags_print(FILE *to, const char *letters)
{
    for (size_t i = 0; i < FLAGS_COUNT; i++) {
        char text[32];

        if (strchr(letters, flags[i].letter) != NULL) {
            (void)snprintf(text, sizeof(text), "-%c, --%s%s%s", flags[i].letter, flags[i].name,
                           flags[i].value != NULL ? " " : "",
                           flags[i].value != NULL ? flags[i].value : "");
            (void)fprintf(to, "  %-30s%s\n", text, flags[i].about);
        }
    }
}
