/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs that ask a running relay: invite, members, revoke, status. */
#include "proto/host/control_socket.h"
#include "proto/host/os_env.h"
#include "proto/host/table.h"
#include "relayd/daemon/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

enum { CALL_TIMEOUT_MS = 5000 };

struct verb {
    const char *config_path;
    bool json;
    bool undo;
    uint32_t uses;
    uint64_t expires_ms;
    const char *name;
    const char *who;
};

/* "7d" counts from now. ERR_NOMEM, or ERR_DROP for a text that is no time. */
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

/* One option table serves all verbs; `allowed` has the letters that this verb knows. */
static int args_parse(struct verb *verb, int argc, char **argv, const char *allowed)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"uses", required_argument, NULL, 'u'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"undo", no_argument, NULL, 'U'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *verb = (struct verb){.config_path = CLI_CONFIG_DEFAULT, .uses = 1};
    for (option = getopt_long(argc, argv, "c:", options, NULL); option != -1;
         option = getopt_long(argc, argv, "c:", options, NULL)) {
        if (option == '?' || strchr(allowed, option) == NULL) {
            return option_refuse(argv[0], option, options, argv);
        }
        if (option == 'c') {
            verb->config_path = optarg;
        } else if (option == 'j') {
            verb->json = true;
        } else if (option == 'U') {
            verb->undo = true;
        } else if (option == 'n') {
            verb->name = optarg;
        } else if (option == 'u' && cli_number_parse(&verb->uses, optarg, 1, 1000000) != ERR_OK) {
            return cli_usage("--uses wants a whole number from 1 to 1000000, not '%s'", optarg);
        } else if (option == 'e' && expiry_parse(&verb->expires_ms, optarg) != ERR_OK) {
            return cli_usage("--expires wants a time such as 7d, 12h, 30m or never, not '%s'",
                             optarg);
        }
    }
    if (strchr(allowed, 'W') != NULL) {
        if (argc - optind != 1) {
            return cli_usage("%s wants one key or name; see relayd members", argv[0]);
        }
        verb->who = argv[optind];
    } else if (argc != optind) {
        return cli_usage("%s takes no '%s'", argv[0], argv[optind]);
    }
    return EXIT_CODE_OK;
}

/* Ask the daemon of this configuration. The request is given. */
static int call(const struct verb *verb, json_t *request, json_t **answer)
{
    struct relay_settings settings;
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    int rc;

    *answer = NULL;
    if (request == NULL) {
        fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
        return fault_print(&fault, "relayd");
    }
    rc = cli_settings_load(&settings, verb->config_path, &fault);
    if (rc == ERR_OK) {
        rc = control_call(settings.control_path, request, CALL_TIMEOUT_MS, answer, &fault);
        if (rc != ERR_OK && fault.exit_code == EXIT_CODE_NO_DAEMON) {
            fault_set(&fault, EXIT_CODE_NO_DAEMON,
                      "no relay is running on %s; start it with relayd -c %s",
                      settings.control_path, verb->config_path);
        }
    }
    json_decref(request);
    return rc == ERR_OK ? EXIT_CODE_OK : fault_print(&fault, "relayd");
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));

    return value > 0 ? (uint64_t)value : 0;
}

static void json_print(const json_t *answer)
{
    (void)json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)putchar('\n');
}

int cli_invite(int argc, char **argv)
{
    struct verb verb;
    json_t *answer;
    json_t *request;
    int code = args_parse(&verb, argc, argv, "cjuen");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    request = json_pack("{s:s, s:I, s:I}", "do", "invite", "uses", (json_int_t)verb.uses,
                        "expires_ms", (json_int_t)verb.expires_ms);
    if (request != NULL && verb.name != NULL &&
        json_object_set_new(request, "name", json_string(verb.name)) != 0) {
        json_decref(request);
        return cli_usage("--name wants a label of a to z, 0 to 9 and hyphens");
    }
    code = call(&verb, request, &answer);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (verb.json) {
        json_print(answer);
    } else {
        cli_url_print(text_of(answer, "url"));
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}

static void members_print(const json_t *answer)
{
    static const char *const heads[] = {"NAME",    "STATE", "SINCE", "ADDRESS",
                                        "EXPIRES", "KEY",   NULL};
    struct table *table = table_new(heads);
    const json_t *member;
    size_t index;

    if (table == NULL) {
        return;
    }
    json_array_foreach(json_object_get(answer, "members"), index, member)
    {
        bool online = json_is_true(json_object_get(member, "online"));
        bool revoked = strcmp(text_of(member, "state"), "revoked") == 0;
        char since[HUMAN_TEXT_SIZE];

        table_row(table);
        table_cell(table, TABLE_COLOR_BOLD, "%s", text_of(member, "name"));
        table_cell(table,
                   revoked  ? TABLE_COLOR_BAD
                   : online ? TABLE_COLOR_GOOD
                            : TABLE_COLOR_DIM,
                   "%s",
                   revoked  ? "revoked"
                   : online ? "online"
                            : "offline");
        table_cell(table, TABLE_COLOR_NONE, "%s",
                   online ? human_age_ms(number_of(member, "online_ms"), since) : "");
        table_cell(table, TABLE_COLOR_NONE, "%s", text_of(member, "address"));
        table_cell(table, TABLE_COLOR_NONE, "%s", text_of(member, "expires"));
        table_cell(table, TABLE_COLOR_DIM, "%s", text_of(member, "key"));
    }
    table_print(table, stdout);
    table_free(table);
}

int cli_members(int argc, char **argv)
{
    struct verb verb;
    json_t *answer;
    int code = args_parse(&verb, argc, argv, "cj");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    code = call(&verb, json_pack("{s:s}", "do", "members"), &answer);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (verb.json) {
        json_print(answer);
    } else {
        members_print(answer);
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}

int cli_revoke(int argc, char **argv)
{
    struct verb verb;
    json_t *answer;
    int code = args_parse(&verb, argc, argv, "cjUW");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    code =
        call(&verb,
             json_pack("{s:s, s:s, s:b}", "do", "revoke", "who", verb.who, "undo", (int)verb.undo),
             &answer);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (verb.json) {
        json_print(answer);
    } else if (verb.undo) {
        (void)printf("%s may join again with a fresh invite.\n", text_of(answer, "key"));
    } else {
        (void)printf("%s is revoked and cut off.\n", text_of(answer, "key"));
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}

static void status_print(const json_t *answer)
{
    char bytes[HUMAN_TEXT_SIZE];
    bool healthy = json_is_true(json_object_get(answer, "store_healthy"));

    (void)printf("relayd %s, ziglan %s\n", text_of(answer, "version"), text_of(answer, "name"));
    (void)printf("  ziglan key  %s\n", text_of(answer, "ziglan_key"));
    (void)printf("  listens on  %s\n", text_of(answer, "listen"));
    (void)printf("  public      %s\n", text_of(answer, "public"));
    (void)printf("  up          %" PRIu64 " s\n", number_of(answer, "uptime_ms") / 1000);
    (void)printf("  members     %" PRIu64 "\n", number_of(answer, "members"));
    (void)printf("  sessions    %" PRIu64 " (%" PRIu64 " of strangers)\n",
                 number_of(answer, "sessions"), number_of(answer, "strangers"));
    (void)printf("  forwarded   %" PRIu64 " packets, %s\n", number_of(answer, "forwarded_packets"),
                 human_bytes(number_of(answer, "forwarded_bytes"), bytes));
    (void)printf("  punches     %" PRIu64 " direct\n", number_of(answer, "punches_direct"));
    (void)printf("  STUN        %" PRIu64 " answers\n", number_of(answer, "stun_answered"));
    (void)printf("  storage     %s%s%s\n",
                 color_begin(stdout, healthy ? TABLE_COLOR_GOOD : TABLE_COLOR_BAD),
                 healthy ? "ok" : "failing: joins are refused; is the disk full?",
                 color_end(stdout, healthy ? TABLE_COLOR_GOOD : TABLE_COLOR_BAD));
}

int cli_status(int argc, char **argv)
{
    struct verb verb;
    json_t *answer;
    int code = args_parse(&verb, argc, argv, "cj");

    if (code != EXIT_CODE_OK) {
        return code;
    }
    code = call(&verb, json_pack("{s:s}", "do", "status"), &answer);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (verb.json) {
        json_print(answer);
    } else {
        status_print(answer);
    }
    json_decref(answer);
    return EXIT_CODE_OK;
}
