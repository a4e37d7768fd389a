/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the folder: keys, then the directory with an invite, then a commented configuration. */
#include "relayd/cli/init.h"

#include "proto/base/wall_text.h"
#include "proto/crypto/identity.h"
#include "proto/host/fault_print.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "proto/wire/name.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/init_public.h"
#include "relayd/config/advice.h"
#include "relayd/config/config.h"
#include "relayd/daemon/load.h"
#include "relayd/daemon/web_server.h"
#include "relayd/service/invite_url.h"
#include "rendezvous/directory/directory.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FIRST_INVITE_USES = 25,
    FIRST_INVITE_DAYS = 30,
    /* Of the configuration: its own lines, and those of hosts and peers. */
    CONFIG_SIZE = 4096 + 2 * URL_HOSTS_TEXT_SIZE + RELAY_PEERS_MAX * (URL_SIZE_MAX + 8),
};

struct init {
    char dir[SETTINGS_PATH_SIZE];
    const char *name;
    struct init_public place;
    uint32_t uses;
    uint64_t expires_ms;
    struct os_env *os;
};

static int args_parse(struct init *init, int argc, char **argv)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'},    {"public", required_argument, NULL, 'p'},
        {"peer", required_argument, NULL, 'r'},    {"uses", required_argument, NULL, 'u'},
        {"expires", required_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
    uint64_t wall_ms = env_wall_ms(os_env_port(init->os));
    int option;

    init->name = "ziglan";
    init->uses = FIRST_INVITE_USES;
    init->expires_ms = wall_ms + (uint64_t)FIRST_INVITE_DAYS * 86400000;
    for (option = getopt_long(argc, argv, "", options, NULL); option != -1;
         option = getopt_long(argc, argv, "", options, NULL)) {
        if (option == 'n') {
            init->name = optarg;
        } else if (option == 'p') {
            if (init_public_add(&init->place, optarg) != EXIT_CODE_OK) {
                return EXIT_CODE_USAGE;
            }
        } else if (option == 'r') {
            if (init_public_peer(&init->place, optarg) != EXIT_CODE_OK) {
                return EXIT_CODE_USAGE;
            }
        } else if (option == 'u') {
            if (cli_number_parse(&init->uses, optarg, 1, 1000000) != ERR_OK) {
                return cli_usage("--uses wants a whole number from 1 to 1000000, not '%s'", optarg);
            }
        } else if (option == 'e') {
            if (cli_expiry_parse(&init->expires_ms, optarg, wall_ms) != ERR_OK) {
                return cli_usage("--expires wants a time such as 7d, 12h, 30m or never, not '%s'",
                                 optarg);
            }
        } else {
            return cli_usage("init: unknown option or missing value: %s", argv[optind - 1]);
        }
    }
    if (argc - optind != 1 || argv[optind][0] == '\0') {
        return cli_usage("init wants one folder: relayd init DIR [--name NAME] "
                         "[--public HOST[:PORT]|auto] [--peer URL]");
    }
    if (strlen(argv[optind]) + 32 > sizeof(init->dir)) {
        return cli_usage("the path of the folder is too long");
    }
    memcpy(init->dir, argv[optind], strlen(argv[optind]) + 1);
    if (name_problem(init->name, strlen(init->name)) != NULL) {
        return cli_usage("--name %s: %s", init->name, name_problem(init->name, strlen(init->name)));
    }
    return EXIT_CODE_OK;
}

static void path_join(char out[SETTINGS_PATH_SIZE], const struct init *init, const char *file)
{
    size_t dir_size = strlen(init->dir);
    const char *slash = dir_size > 0 && init->dir[dir_size - 1] == '/' ? "" : "/";
    int size = snprintf(out, SETTINGS_PATH_SIZE, "%s%s%s", init->dir, slash, file);

    if (size < 0 || size >= SETTINGS_PATH_SIZE) {
        out[0] = '\0'; /* does not happen: args_parse left room */
    }
}

/* Refuse a folder that has a configuration, unless that is empty: then it was lost, and the start
 * says to make another. A relay is never overwritten. Keys and members without
 * one are taken as they are. They were left by an init that failed, perhaps on a full disk, or were
 * put back by their owner. */
static int existing_refuse(const struct init *init)
{
    char config[SETTINGS_PATH_SIZE];
    char option[ADVICE_SIZE];
    struct fault fault;
    struct stat is;

    path_join(config, init, "relayd.yaml");
    if (lstat(config, &is) == 0 && !(S_ISREG(is.st_mode) && is.st_size == 0)) {
        fault_set(&fault, EXIT_CODE_USAGE,
                  "%s exists already; choose another folder, or start that relay with: relayd%s",
                  config, advice_option(config, option));
        return fault_print(&fault, "relayd");
    }
    return EXIT_CODE_OK;
}

/* The part of a configuration that is the same for all: keys of which few are ever changed. */
static const char config_rest[] =
    "# Secret keys: of this relay, and of the ziglan. Keep a copy of ziglan.key elsewhere:\n"
    "# whoever has it is the ziglan.\n"
    "key: relay.key\n"
    "ziglan_key: ziglan.key\n"
    "\n"
    "# Instead of ziglan.key, a file that `relayd delegate` signs with it; then the key may be\n"
    "# kept elsewhere.\n"
    "#delegation: off\n"
    "\n"
    "# Members, invites and revocations.\n"
    "state: state\n"
    "\n"
    "# Unix socket of `relayd invite`, `members`, `revoke`, `status`.\n"
    "#control: state/relayd.sock\n"
    "\n"
    "# Prometheus metrics and /health over HTTP, or off.\n"
    "#metrics: \"127.0.0.1:9433\"\n"
    "\n"
    "# Sessions at once. A larger number than at the start needs a restart.\n"
    "#session_max: 10000\n"
    "\n"
    "# Threads that forward on lanes and answer STUN, 0 to 16, beside the one that does all\n"
    "# else; auto: as many as there are cores, none on a single one.\n"
    "#workers: auto\n"
    "\n"
    "# Who may join without an invite: the keys of `allow` and of `relayd allow` in any case,\n"
    "# and nobody else (invite), everybody (open), or whom a program lets in (script), which\n"
    "# is the `path` of admission_script.\n"
    "#admission: invite\n"
    "#allow: []\n"
    "#admission_script:\n"
    "#  timeout_s: 10\n"
    "#  at_once: 4\n"
    "#  cache_s: 300\n"
    "\n"
    "# Forward for strangers too, each at most 20 Mbit/s.\n"
    "#open_relay: false\n"
    "\n"
    "# What this relay gives at most: forwarded at once, in all and between two hosts on a lane,\n"
    "# and in a month; 50 Mbit/s, 500 GB.\n"
    "#bandwidth: off\n"
    "#lane_bandwidth: off\n"
    "#monthly: off\n"
    "\n"
    "# STUN answers per second: to one address (IPv6: one /56), and in all. And whether this "
    "relay\n"
    "# and a neighbour answer clients of RFC 5780 for each other.\n"
    "#stun:\n"
    "#  per_address_per_s: 10\n"
    "#  per_s: 20000\n"
    "#  other_address: true\n"
    "\n"
    "# error, warn, info or debug.\n"
    "#log_level: info\n";

/* Print the configuration, in which every key is explained. A line behind # shows the default. */
static void config_print(const struct init *init, FILE *to)
{
    const char *listen = init->place.port == SETTINGS_PORT_DEFAULT ? "#" : "";

    (void)fprintf(
        to,
        "# Configuration of relayd. After a change: relayd --check -c FILE, then\n"
        "# kill -HUP the daemon (or systemctl reload relayd). Relative paths count from here.\n"
        "\n"
        "# Name of the ziglan: members are reached as {name}.%s.zignet.\n"
        "name: \"%s\"\n"
        "\n"
        "# UDP addresses to listen on. \"[::]:PORT\" takes IPv6 and IPv4, \"0.0.0.0:PORT\" only\n"
        "# IPv4. Without any: \"[::]:4433\", and \"[::]:443\", which some networks let out alone,\n"
        "# where it can be had and no web server is. A change needs a restart.\n"
        "%slisten:\n"
        "%s  - \"[::]:%u\"\n"
        "%s"
        "\n"
        "# How others reach this relay; it goes into invite URLs. At most 8. Without any the URLs\n"
        "# name peers that know where it is.\n",
        init->name, init->name, listen, listen, (unsigned)init->place.port,
        *listen == '#' ? "#  - \"[::]:443\"\n" : "");
    init_public_print(&init->place, to);
    (void)fprintf(
        to,
        "\n"
        "# Let the router map the port: on, off, or auto: if this machine's address is private.\n"
        "#portmap: auto\n"
        "\n"
        "%s",
        config_rest);
}

static int config_write(const struct init *init, struct fault *fault)
{
    char path[SETTINGS_PATH_SIZE];
    char text[CONFIG_SIZE] = "";
    FILE *to = fmemopen(text, sizeof(text), "w");
    bool fits;

    path_join(path, init, "relayd.yaml");
    if (to == NULL) {
        fault_set_errno(fault, "%s cannot be written", path);
        return ERR_SYSTEM;
    }
    config_print(init, to);
    fits = fflush(to) == 0 && ferror(to) == 0;
    fits = fclose(to) == 0 && fits;
    if (!fits) {
        fault_set(fault, EXIT_CODE_FAILURE, "the configuration does not fit its buffer");
        return ERR_LIMIT;
    }
    return file_write_atomic(path, text, strlen(text), 0644, fault);
}

/* Make the state directory and a first invite, and write its URL to `url`. */
static int invite_make(const struct init *init, const struct identity *relay,
                       const struct identity *ziglan, char url[URL_SIZE_MAX], struct fault *fault)
{
    struct directory_terms terms = {.uses = init->uses, .expires_ms = init->expires_ms};
    struct directory_config cfg = {.env = os_env_port(init->os), .identity = relay};
    const struct invite_places places = {.hosts = init->place.hosts,
                                         .relays = init->place.peers.list,
                                         .relays_count = init->place.peers.count};
    struct directory *directory = NULL;
    struct store *store = NULL;
    uint8_t invite[INVITE_SIZE];
    char path[SETTINGS_PATH_SIZE];
    enum verdict verdict;
    int rc;

    path_join(path, init, "state");
    rc = load_store(&store, path, cfg.env, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(cfg.ziglan_key, ziglan->public_key, KEY_SIZE);
    cfg.store = store;
    rc = directory_new(&directory, &cfg);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "%s: the directory cannot be made", path);
        goto out;
    }
    verdict = directory_invite(directory, &terms, invite);
    if (verdict != VERDICT_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "no invite was made: %s", verdict_text(verdict));
        rc = ERR_SYSTEM;
        goto out;
    }
    rc = invite_url_print(url, ziglan->public_key, &places, init->name, invite);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "the URL does not fit");
    }
out:
    directory_free(directory);
    store_close(store);
    return rc;
}

static int key_make(struct identity *out, const struct init *init, const char *file,
                    struct fault *fault)
{
    uint8_t seed[KEY_FILE_SEED_SIZE];
    char path[SETTINGS_PATH_SIZE];
    int rc;

    path_join(path, init, file);
    rc = key_file_load_or_create(seed, path, os_env_port(init->os), fault);
    if (rc == ERR_OK) {
        identity_from_seed(out, seed);
    }
    explicit_bzero(seed, sizeof(seed));
    return rc;
}

static int init_make(const struct init *init, char url[URL_SIZE_MAX], struct fault *fault)
{
    struct identity relay = {0};
    struct identity ziglan = {0};
    int rc = file_dir_create(init->dir, 0700, fault);

    if (rc == ERR_OK) {
        rc = key_make(&relay, init, "relay.key", fault);
    }
    if (rc == ERR_OK) {
        rc = key_make(&ziglan, init, "ziglan.key", fault);
    }
    if (rc == ERR_OK) {
        rc = invite_make(init, &relay, &ziglan, url, fault);
    }
    /* The configuration comes last: a folder that has one is complete. */
    if (rc == ERR_OK) {
        rc = config_write(init, fault);
    }
    identity_wipe(&relay);
    identity_wipe(&ziglan);
    return rc;
}

/* What was found and what is left to others, so that it can be put right. */
static void doubts_print(const struct init *init, const char *config)
{
    char why[WEB_SERVER_TEXT_SIZE];

    init_public_tell(&init->place, config);
    if (init->place.port == SETTINGS_PORT_DEFAULT &&
        web_server_find(why, SETTINGS_PORT_SPARE, web_server_folders)) {
        (void)printf("It leaves UDP port %d to a web server, because %s.\n"
                     "Hosts in networks that let nothing else out do not reach it then. If no web "
                     "server here\nserves HTTP/3, remove the # of the three lines from `#listen:` "
                     "on in %s.\n\n",
                     SETTINGS_PORT_SPARE, why, config);
    }
}

/* The invite, and how it is looked at and withdrawn. */
static void invite_print(const struct init *init, const char *url_text, const char *option)
{
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE];
    char error[URL_ERROR_SIZE];
    struct url url;

    (void)printf("Invite for ");
    cli_terms_print(stdout, init->uses,
                    init->expires_ms != 0 ? wall_text(init->expires_ms, when) : "");
    (void)printf(":\n");
    cli_url_print(url_text);
    if (url_parse(&url, url_text, strlen(url_text), error) == ERR_OK) {
        (void)printf("Whoever has it can join. While the relay runs,\n"
                     "  relayd invites%s\nlists it, and this withdraws it:\n"
                     "  relayd uninvite%s %s\n",
                     option, option, directory_invite_id(url.invite, id));
    }
}

static void result_print(const struct init *init, const char *url)
{
    char config[SETTINGS_PATH_SIZE];
    char key[SETTINGS_PATH_SIZE];
    char option[ADVICE_SIZE];
    char word[ADVICE_SIZE];

    path_join(config, init, "relayd.yaml");
    path_join(key, init, "ziglan.key");
    (void)advice_option(config, option);
    (void)printf("A relay and its ziglan '%s' are ready in %s.\n\n", init->name, init->dir);
    doubts_print(init, config);
    (void)printf("Start it:\n  relayd%s\n\n", option);
    invite_print(init, url, option);
    (void)printf(
        "\nOn each host, with the URL pasted into the first:\n"
        "  sudo ziglan join -\n  sudo ziglan up\n\n"
        "Keep a copy of %s in a safe place: whoever has it is this ziglan.\n"
        "To keep it away from this machine, add `delegation: ziglan.delegation` to %s, run\n"
        "  relayd delegate%s --key %s --days 90\n"
        "move the key away, and do that again with it before the 90 days are over.\n",
        key, config, option, advice_word(key, word));
}

int init_run(int argc, char **argv)
{
    struct init init = {0};
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    char url[URL_SIZE_MAX];
    int code = EXIT_CODE_FAILURE;

    if (identity_library_init() != ERR_OK || os_env_new(&init.os, TRACE_LEVEL_WARN) != ERR_OK) {
        fault_set(&fault, EXIT_CODE_FAILURE, "the start failed: out of memory or no randomness");
        return fault_print(&fault, "relayd");
    }
    code = args_parse(&init, argc, argv);
    if (code == EXIT_CODE_OK) {
        code = existing_refuse(&init);
    }
    if (code == EXIT_CODE_OK) {
        code = init_public_check(&init.place, os_env_port(init.os));
    }
    if (code == EXIT_CODE_OK) {
        if (init_make(&init, url, &fault) == ERR_OK) {
            result_print(&init, url);
        } else {
            code = fault_print(&fault, "relayd");
        }
    }
    os_env_free(init.os);
    return code;
}
