/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where systemd-resolved runs, its command resolvectl is used; elsewhere there is only advice.
 * resolvectl may hang, so each run of it has a time limit.
 */
#include "client/platform/dnscfg.h"

#include "proto/host/os_env.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    COMMAND_TIMEOUT_MS = 1000, /* systemd-resolved has been seen to hang */
    ZONES_MAX = 64,            /* told to the system; some odd pools have up to 256 */
    ARGUMENTS_MAX = ZONES_MAX + 8,
    ZONE_SIZE = 96,
};

/* Wait for the child, and kill it after COMMAND_TIMEOUT_MS. True if it succeeded. */
static bool child_wait(pid_t child)
{
    const struct timespec step = {.tv_nsec = 5 * 1000 * 1000};
    struct mono end = mono_add_ms(clock_mono(), COMMAND_TIMEOUT_MS);
    int status = 0;

    for (;;) {
        pid_t done = waitpid(child, &status, WNOHANG);

        if (done == child) {
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
        if (done < 0 && errno != EINTR) {
            return false;
        }
        if (mono_due(end, clock_mono())) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
            return false;
        }
        (void)nanosleep(&step, NULL);
    }
}

/* Text as an argument of a command. Nobody writes to it; execve's type is older than const. */
static char *argument(const char *text)
{
    union {
        const char *in;
        char *out;
    } same = {.in = text};

    return same.out;
}

/* Run resolvectl quietly. argv ends with NULL. */
static bool resolvectl_run(char *const argv[])
{
    char *const environment[] = {argument("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), NULL};
    posix_spawn_file_actions_t actions;
    bool ok = false;
    pid_t child;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, 1, 2) == 0 &&
        posix_spawn(&child, "/usr/bin/resolvectl", &actions, NULL, argv, environment) == 0) {
        ok = child_wait(child);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return ok;
}

/* True in another network namespace than the system's. systemd-resolved knows links by number, and
 * there our number would mean another link. A process that may not look at /proc/1 is taken to be
 * in the system's namespace: making another one takes the same rights. */
static bool namespace_is_foreign(void)
{
    struct stat own;
    struct stat first;

    return stat("/proc/self/ns/net", &own) == 0 && stat("/proc/1/ns/net", &first) == 0 &&
           (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

static bool resolved_runs(void)
{
    struct stat info;

    return !namespace_is_foreign() && stat("/run/systemd/resolve", &info) == 0 &&
           S_ISDIR(info.st_mode) && access("/usr/bin/resolvectl", X_OK) == 0;
}

/* Set "routing-only" domains (~): queries for names under them go to this link's server, and no
 * others. */
static bool domains_set(const char *interface, const char *const *zones, size_t zones_count)
{
    char names[ZONES_MAX][ZONE_SIZE];
    char *argv[ARGUMENTS_MAX] = {argument("resolvectl"), argument("domain"), argument(interface),
                                 argument("~zignet")};
    size_t at = 4;

    for (size_t i = 0; i < zones_count && i < ZONES_MAX; i++) {
        (void)snprintf(names[i], ZONE_SIZE, "~%s", zones[i]);
        argv[at] = names[i];
        at++;
    }
    argv[at] = NULL;
    return resolvectl_run(argv);
}

/* True if /etc/resolv.conf names the server: somebody followed the advice below. */
static bool resolv_conf_names(const char *server)
{
    static const char word[] = "nameserver";
    size_t size = strlen(server);
    char line[256];
    bool found = false;
    FILE *file = fopen("/etc/resolv.conf", "re");

    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        const char *at = line + sizeof(word) - 1;

        if (strncmp(line, word, sizeof(word) - 1) == 0) {
            at += strspn(at, " \t");
            found = strncmp(at, server, size) == 0 && strchr(" \t\r\n", at[size]) != NULL;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

/* Advise one command, for what this machine has. Our resolver may stand first in resolv.conf: it
 * refuses other names, and then libc asks the next server of the file. */
static void advise(struct dnscfg_result *out, const char *server)
{
    if (resolv_conf_names(server)) {
        return;
    }
    if (access("/etc/dnsmasq.d", F_OK) == 0) {
        (void)snprintf(out->advice, sizeof(out->advice),
                       "names need one command here: echo server=/zignet/%s | sudo tee "
                       "/etc/dnsmasq.d/zignet.conf && sudo systemctl restart dnsmasq",
                       server);
    } else {
        (void)snprintf(out->advice, sizeof(out->advice),
                       "names need one command here: sudo sed -i '1i nameserver %s' "
                       "/etc/resolv.conf (remove that line when the interface is down for long)",
                       server);
    }
}

/* resolvectl VERB IF VALUE */
static bool link_set(const char *interface, const char *verb, const char *value)
{
    char *argv[] = {argument("resolvectl"), argument(verb), argument(interface), argument(value),
                    NULL};

    return resolvectl_run(argv);
}

void dnscfg_apply(struct dnscfg_result *out, const char *interface, const uint8_t resolver[4],
                  const char *const *zones, size_t zones_count)
{
    char server[16];

    (void)snprintf(server, sizeof(server), "%u.%u.%u.%u", resolver[0], resolver[1], resolver[2],
                   resolver[3]);
    *out = (struct dnscfg_result){.state = DNSCFG_STATE_MANUAL};
    if (!resolved_runs()) {
        advise(out, server);
        return;
    }
    /* The domains go first, so that this server is never asked for anything else. TLS and DNSSEC
     * are turned off for the link, which else takes them over from resolved.conf: our server speaks
     * neither, and its answers never leave this machine. */
    if (domains_set(interface, zones, zones_count) && link_set(interface, "default-route", "no") &&
        link_set(interface, "dnsovertls", "no") && link_set(interface, "dnssec", "no") &&
        link_set(interface, "dns", server)) {
        out->state = DNSCFG_STATE_WIRED;
        return;
    }
    dnscfg_revert(interface);
    (void)snprintf(out->advice, sizeof(out->advice),
                   "systemd-resolved refused; try: resolvectl domain %s '~zignet' && "
                   "resolvectl default-route %s no && resolvectl dnsovertls %s no && resolvectl "
                   "dnssec %s no && resolvectl dns %s %s",
                   interface, interface, interface, interface, interface, server);
}

void dnscfg_revert(const char *interface)
{
    char *argv[] = {argument("resolvectl"), argument("revert"), argument(interface), NULL};

    if (resolved_runs()) {
        (void)resolvectl_run(argv);
    }
}

const char *dnscfg_state_text(enum dnscfg_state state)
{
    switch (state) {
    case DNSCFG_STATE_OFF:
        return "off";
    case DNSCFG_STATE_WIRED:
        return "systemd-resolved";
    case DNSCFG_STATE_MANUAL:
        return "manual";
    }
    return "off";
}
