/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options, and what is printed about one that a verb does not take. */
#include "relayd/cli/options.h"

#include "proto/base/fault.h"
#include "proto/host/os_env.h"
#include "relayd/cli/cli.h"
#include "relayd/config/advice.h"

#include <getopt.h>
#include <string.h>

/* Read a time, counted from now, with one of the functions of cli.h. ERR_NOMEM, or its error. */
static int from_now(uint64_t *out, const char *text,
                    int (*parse)(uint64_t *out, const char *text, uint64_t wall_ms))
{
    struct os_env *os = NULL;
    int rc = os_env_new(&os, TRACE_LEVEL_WARN);

    if (rc == ERR_OK) {
        rc = parse(out, text, env_wall_ms(os_env_port(os)));
    }
    os_env_free(os);
    return rc;
}

int options_time(uint64_t *out, const char *text)
{
    return from_now(out, text, cli_time_parse);
}

json_t *options_groups(const struct options_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(array, json_string(list->list[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
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
            if (!is_ascii(argv[optind + i]) && !(allowed->any_text && i == allowed->words - 1)) {
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

/* One more value of an option. Returns an exit code. */
static int list_take(struct options_list *list, const char *value)
{
    if (list->count == OPTIONS_LIST_MAX) {
        return cli_usage("at most %d groups at once", OPTIONS_LIST_MAX);
    }
    list->list[list->count++] = value;
    return EXIT_CODE_OK;
}

/* An option with a value. Returns an exit code. */
static int value_take(struct options *out, int option, const char *value)
{
    switch (option) {
    case 'c':
        out->config_path = value;
        break;
    case 'b':
        out->bundle = value;
        break;
    case 'n':
        out->name = value;
        break;
    case 'N':
        out->note = value;
        break;
    case 's':
        out->sort = value;
        break;
    case 'g':
    case 'a':
        return list_take(&out->add, value);
    case 'r':
        return list_take(&out->remove, value);
    case 'u':
        return cli_number_parse(&out->uses, value, 1, 1000000) == ERR_OK
                   ? EXIT_CODE_OK
                   : cli_usage("--uses wants a whole number from 1 to 1000000, not '%s'", value);
    case 'T':
        return options_time(&out->until_ms, value) == ERR_OK
                   ? EXIT_CODE_OK
                   : cli_usage("--until wants a date such as 2026-12-31, or a time such as 30d or "
                               "12h, not '%s'",
                               value);
    case 'e':
        out->has_expires = true;
        return from_now(&out->expires_ms, value, cli_expiry_parse) == ERR_OK
                   ? EXIT_CODE_OK
                   : cli_usage("--expires wants a time such as 7d, 12h, 30m or never, not '%s'",
                               value);
    default:
        break;
    }
    return EXIT_CODE_OK;
}

int options_parse(struct options *out, int argc, char **argv, const struct options_allowed *allowed)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
        {"uses", required_argument, NULL, 'u'},   {"expires", required_argument, NULL, 'e'},
        {"name", required_argument, NULL, 'n'},   {"bundle", required_argument, NULL, 'b'},
        {"undo", no_argument, NULL, 'U'},         {"note", required_argument, NULL, 'N'},
        {"group", required_argument, NULL, 'g'},  {"add", required_argument, NULL, 'a'},
        {"remove", required_argument, NULL, 'r'}, {"sort", required_argument, NULL, 's'},
        {"until", required_argument, NULL, 'T'},  {NULL, 0, NULL, 0}};
    int option;

    *out = (struct options){.config_path = CONFIG_PATH_DEFAULT, .uses = 1};
    for (option = getopt_long(argc, argv, "c:", table, NULL); option != -1;
         option = getopt_long(argc, argv, "c:", table, NULL)) {
        int code = EXIT_CODE_OK;

        if (option == '?' || strchr(allowed->letters, option) == NULL) {
            return option_refuse(argv[0], option, table, argv);
        }
        if (option == 'j') {
            out->json = true;
        } else if (option == 'U') {
            out->undo = true;
        } else {
            code = value_take(out, option, optarg);
        }
        if (code != EXIT_CODE_OK) {
            return code;
        }
    }
    return words_take(out, argc, argv, allowed);
}
