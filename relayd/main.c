/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program relayd: runs the verb that it is given, or without one the daemon. */
#include "proto/host/fault_print.h"
#include "proto/host/os_env.h"
#include "proto/link/link.h"
#include "relayd/cli/allow.h"
#include "relayd/cli/allowed.h"
#include "relayd/cli/backup.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/delegate.h"
#include "relayd/cli/disallow.h"
#include "relayd/cli/doctor.h"
#include "relayd/cli/expire.h"
#include "relayd/cli/forget.h"
#include "relayd/cli/group.h"
#include "relayd/cli/import.h"
#include "relayd/cli/init.h"
#include "relayd/cli/invite.h"
#include "relayd/cli/invites.h"
#include "relayd/cli/members.h"
#include "relayd/cli/nodes.h"
#include "relayd/cli/note.h"
#include "relayd/cli/rename.h"
#include "relayd/cli/revoke.h"
#include "relayd/cli/status.h"
#include "relayd/cli/uninvite.h"
#include "relayd/config/advice.h"
#include "relayd/daemon/check.h"
#include "relayd/daemon/daemon.h"
#include "relayd/daemon/load.h"
#include "ziglan_version.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

static const char help_text[] =
    "relayd - a relay and entry point of a ziglan\n"
    "\n"
    "  relayd init DIR [--name NAME] [--public HOST[:PORT]|auto] [--peer URL] [--uses N]\n"
    "              [--expires TIME]\n"
    "                                   keys, configuration, a first invite; --public once for\n"
    "                                   each address or name by which hosts reach it\n"
    "  relayd [-c FILE] [--log-json]    serve until SIGTERM; SIGHUP reads FILE again\n"
    "  relayd [-c FILE] --check         check FILE, and the files, folders and addresses that it\n"
    "                                   names, and say what is wrong\n"
    "  relayd [-c FILE] --print-config  print FILE with every default filled in\n"
    "\n"
    "  relayd delegate [-c FILE] --key ZIGLAN.KEY [--days N]\n"
    "                                   sign the file `delegation:` of FILE, so that the\n"
    "                                   ziglan's key need not be on this machine\n"
    "\n"
    "Running or not:\n"
    "  relayd doctor [-c FILE] [--json] [--bundle OUT]\n"
    "                                   what is wrong, and the commands that mend it\n"
    "  relayd backup [-c FILE] DIR      copy all that the relay keeps to a new folder\n"
    "  relayd export [-c FILE] OUT|-    write it to one file\n"
    "  relayd import FILE|- DIR         make a relay of it in a folder, here or elsewhere\n"
    "\n"
    "On a running relay:\n"
    "  relayd invite [--uses N] [--expires TIME] [--name LABEL] [--group GROUP] [--note TEXT]\n"
    "              [--until TIME] [--json]\n"
    "                                   a URL to join with: one use, 7 days by default\n"
    "  relayd invites [--json]          the invites that may still be used\n"
    "  relayd uninvite ID|URL [--json]  withdraw one\n"
    "  relayd allow KEY [--name LABEL] [--group GROUP] [--note TEXT] [--until TIME] [--json]\n"
    "                                   a host that may join without an invite\n"
    "  relayd disallow KEY [--json]     it may not any more\n"
    "  relayd allowed [--json]          those that may\n"
    "  relayd members [--sort ORDER] [--json]\n"
    "                                   who, when seen last, bytes sent and received here\n"
    "  relayd rename KEY|NAME NEW [--json]\n"
    "  relayd expire KEY|NAME TIME [--json]\n"
    "                                   the membership ends then\n"
    "  relayd group KEY|NAME [--add GROUP] [--remove GROUP] [--json]\n"
    "                                   the groups of a member; several, or none to see them\n"
    "  relayd note KEY|NAME TEXT [--json]\n"
    "                                   a note for `relayd members`\n"
    "  relayd forget KEY|NAME [--json]  a host that is no more: others may have its name\n"
    "  relayd revoke KEY|NAME [--undo] [--json]\n"
    "                                   throw a member out for good, or let it come back\n"
    "  relayd nodes [--json]            the other relays that this one knows\n"
    "  relayd status [--json]\n"
    "\n"
    "  -c, --config FILE   configuration (default " CONFIG_PATH_DEFAULT ")\n"
    "  --uses N            how many hosts may join with the invite\n"
    "  --expires TIME      90s, 30m, 12h, 7d from now, or never\n"
    "  --until TIME        the membership of who joins ends: 2026-12-31, 30 (days), 12h, never\n"
    "  --name LABEL        of invite: the name of who joins; of init: that of the ziglan\n"
    "  --group GROUP       a group of who joins; may be given several times\n"
    "  --add GROUP         put a member into a group\n"
    "  --remove GROUP      take it out of one\n"
    "  --note TEXT         what `relayd members` shows about who joins\n"
    "  --sort ORDER        name, seen, traffic, joined or expires\n"
    "  --undo              a revoked key may join again, with a fresh invite\n"
    "  --days N            how long it is good for, default 30\n"
    "  --bundle OUT        write a bug report without keys, addresses and names to this file\n"
    "  --json              the answer as JSON\n"
    "  --log-json          each event of the log as one line of JSON\n"
    "  --version, --help\n"
    "\n"
    "Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 relay not running, 4 permission.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"init", init_run},         {"invite", invite_run},     {"invites", invites_run},
    {"uninvite", uninvite_run}, {"members", members_run},   {"rename", rename_run},
    {"expire", expire_run},     {"group", group_run},       {"note", note_run},
    {"forget", forget_run},     {"revoke", revoke_run},     {"status", status_run},
    {"delegate", delegate_run}, {"nodes", nodes_run},       {"doctor", doctor_run},
    {"backup", backup_run},     {"export", export_run},     {"import", import_run},
    {"allow", allow_run},       {"disallow", disallow_run}, {"allowed", allowed_run},
};

/* The QUIC ciphers are those that pass the self-test at the start of the TLS library, so it is
 * started for this. */
static int version_print(void)
{
    struct os_env *os = NULL;

    if (os_env_new(&os, TRACE_LEVEL_WARN) != ERR_OK ||
        link_library_init(os_env_port(os)) != ERR_OK) {
        os_env_free(os);
        (void)fputs("relayd: the TLS library does not start or fails its test\n", stderr);
        return EXIT_CODE_FAILURE;
    }
    (void)printf("relayd %s\nlibraries: %s\nQUIC ciphers: %s\n", ZIGLAN_VERSION, ZIGLAN_LIBRARIES,
                 link_aead_list());
    link_library_fini();
    os_env_free(os);
    return EXIT_CODE_OK;
}

static int daemon_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"log-json", no_argument, NULL, 'J'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    const char *path = CONFIG_PATH_DEFAULT;
    struct relay_settings settings;
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    bool log_json = false;
    int mode = 0;
    int option;

    for (option = getopt_long(argc, argv, "c:", options, NULL); option != -1;
         option = getopt_long(argc, argv, "c:", options, NULL)) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'J') {
            log_json = true;
        } else if (option == '?') {
            return cli_usage("unknown option or missing value: %s", argv[optind - 1]);
        } else {
            mode = option;
        }
    }
    if (optind < argc) {
        return cli_usage("there is no '%s'", argv[optind]);
    }
    if (mode == 'v') {
        return version_print();
    }
    if (load_settings(&settings, path, &fault) != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    if (mode == 'k') {
        int code = relay_daemon_check(path, &settings);

        if (code == EXIT_CODE_OK) {
            (void)printf("%s is fine.\n", path);
        }
        return code;
    }
    if (mode == 'p') {
        relay_settings_print(&settings, stdout);
        return EXIT_CODE_OK;
    }
    return relay_daemon_run(path, &settings, log_json);
}

/* True for "relayd help", and for --help or -h anywhere. */
static bool help_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return strcmp(argv[1], "help") == 0;
}

int main(int argc, char **argv)
{
    opterr = 0; /* our own sentences */
    if (argc > 1 && help_wanted(argc, argv)) {
        (void)fputs(help_text, stdout);
        return EXIT_CODE_OK;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return daemon_main(argc, argv);
}
