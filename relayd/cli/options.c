/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options, and what is printed about one that a verb does not take. */
#include "relayd/cli/options.h"

#include "proto/base/fault.h"
#include "proto/host/os_env.h"
#include "relayd/cli/cli.h"
#include "relayd/config/advice.h"

#include <getopt.h>
#include <string.h>

/* Read a time such as "7d", counted from now. ERR_NOMEM, or ERR_DROP for a text that is no time. */
static int expiry_parse(uint64_t *out, const char *text)
{
    struct os_env *os = NULL;
    int rc = os_env_new(&os, TRACE_LEVEL_WARN);

    if (rc == ERR_OK) {
        rc = cli_expiry_parse(out, text, env_wall_ms(os_env_port(os)));
    }
    os_env_free(os);
    return rc;
}

/* An option that was not understood: unknown, of another verb, or without its value. */
static int option_refuse(const char *verb, int option, const struct option *options, char **argv)
{
    for (; options->name != NULL; options++) {
        if (options->val == option) {
            return cli_usage("%s takes no --%s", verb, options->name);
        }
    }
    return cli_usage("%s: unknown option or missing value: %s", verb, argv[optind - 1]);
}

/* Keys, names and URLs have no other characters, and other bytes need not be text at all. */
static bool is_ascii(const char *word)
{
    while (*word != '\0' && (unsigned char)*word < 0x80) {
        word++;
    }
    return *word == '\0';
}

/* The words behind the options. Returns an exit code. */
static int words_take(struct options *out, int argc, char **argv,
                      const struct options_allowed *allowed)
{
    char option[ADVICE_SIZE];

    if (argc - optind == allowed->words) {
        for (int i = 0; i < allowed->words; i++) {
            if (!is_ascii(argv[optind + i])) {
                return cli_usage("keys, names and URLs have ASCII characters only; %s wants %s",
                                 argv[0], allowed->wanted);
            }
            out->words[i] = argv[optind + i];
        }
        return EXIT_CODE_OK;
    }
    if (allowed->words == 0) {
        return cli_usage("%s takes no '%s'", argv[0], argv[optind]);
    }
    return cli_usage("%s wants %s; see: relayd %s%s", argv[0], allowed->wanted, allowed->see,
                     advice_option(out->config_path, option));
}

int options_parse(struct options *out, int argc, char **argv, const struct options_allowed *allowed)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"uses", required_argument, NULL, 'u'},   {"expires", required_argument, NULL, 'e'},
        {"name", required_argument, NULL, 'n'},   {"bundle", required_argument, NULL, 'b'},
        {"undo", no_argument, NULL, 'U'},         {NULL, 0, NULL, 0}};
    int option;

    *out = (struct options){.config_path = CONFIG_PATH_DEFAULT, .uses = 1};
    for (option = getopt_long(argc, argv, "c:", table, NULL); option != -1;
         option = getopt_long(argc, argv, "c:", table, NULL)) {
        if (option == '?' || strchr(allowed->letters, option) == NULL) {
            return option_refuse(argv[0], option, table, argv);
        }
        if (option == 'c') {
            out->config_path = optarg;
        } else if (option == 'j') {
            out->json = true;
        } else if (option == 'U') {
            out->undo = true;
        } else if (option == 'b') {
            out->bundle = optarg;
        } else if (option == 'n') {
            out->name = optarg;
        } else if (option == 'u' && cli_number_parse(&out->uses, optarg, 1, 1000000) != ERR_OK) {
            return cli_usage("--uses wants a whole number from 1 to 1000000, not '%s'", optarg);
        } else if (option == 'e') {
            out->has_expires = true;
            if (expiry_parse(&out->expires_ms, optarg) != ERR_OK) {
                return cli_usage("--expires wants a time such as 7d, 12h, 30m or never, not '%s'",
                                 optarg);
            }
        }
    }
    return words_take(out, argc, argv, allowed);
}
