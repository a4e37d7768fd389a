/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systemd knows links by number, and in another network namespace our number would mean another
 * link: there its resolver is not asked.
 */
#include "client/platform/linux/resolvectl_linux.h"

#include "proto/host/os_env.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMAND_TIMEOUT_MS = 1000 }; /* systemd-resolved has been seen to hang */

const char resolvectl_program[] = "/usr/bin/resolvectl";

/* -- Whether there is one ---------------------------------------------------------------------- */

/* A process that may not look at /proc/1 is taken to be in the system's namespace: making another
 * one takes the same rights. */
static bool namespace_look(void)
{
    struct stat own;
    struct stat first;

    return stat("/proc/self/ns/net", &own) == 0 && stat("/proc/1/ns/net", &first) == 0 &&
           (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

/* It stays so, and is looked at once: from inside a sandbox other processes cannot be seen. The
 * first call comes before threads start. */
static bool namespace_is_foreign(void)
{
    static enum { UNKNOWN, OWN, FOREIGN } namespace;

    if (namespace == UNKNOWN) {
        namespace = namespace_look() ? FOREIGN : OWN;
    }
    return namespace == FOREIGN;
}

/* Its socket stays behind when it ends, so somebody must take a connection. A daemon that hangs
 * takes it, too. */
static bool daemon_listens(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX,
                               .sun_path = "/run/systemd/resolve/io.systemd.Resolve"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0 || errno == EAGAIN ||
         errno == EACCES;
    (void)close(fd);
    return ok;
}

bool resolvectl_installed(void)
{
    return !namespace_is_foreign() && access(resolvectl_program, X_OK) == 0;
}

bool resolvectl_usable(void)
{
    return resolvectl_installed() && daemon_listens();
}

/* -- Running it -------------------------------------------------------------------------------- */

/* Read until the pipe is closed or full, or the time is over. */
static void printed_read(int fd, char *printed, size_t capacity, struct mono end)
{
    size_t have = 0;

    while (have + 1 < capacity && !mono_due(end, clock_mono())) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (poll(&ready, 1, 50) <= 0) {
            continue;
        }
        got = read(fd, printed + have, capacity - 1 - have);
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    printed[have] = '\0';
}

/* Wait for the child, and kill it when the time is over. True if it succeeded. */
static bool child_wait(pid_t child, struct mono end)
{
    const struct timespec step = {.tv_nsec = 5 * 1000 * 1000};
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

/* Start it with its output to `out`. 0 if that fails. */
static pid_t child_start(char *const *argv, int out)
{
    char *const environment[] = {argument("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
                                 argument("LC_ALL=C"), argument("SYSTEMD_COLORS=0"), NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return 0;
    }
    if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, out >= 0 ? out : 2, 1) != 0 ||
        posix_spawn(&child, resolvectl_program, &actions, NULL, argv, environment) != 0) {
        child = 0;
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return child;
}

bool resolvectl_run(const char *const *words, char *printed, size_t capacity)
{
    struct mono end = mono_add_ms(clock_mono(), COMMAND_TIMEOUT_MS);
    char *argv[RESOLVECTL_ARGUMENTS_MAX + 2] = {argument("resolvectl")};
    int ends[2] = {-1, -1};
    pid_t child;

    for (size_t i = 0; words[i] != NULL && i < RESOLVECTL_ARGUMENTS_MAX; i++) {
        argv[i + 1] = argument(words[i]);
    }
    if (printed != NULL) {
        printed[0] = '\0';
        if (pipe2(ends, O_CLOEXEC) != 0) {
            return false;
        }
    }
    child = child_start(argv, ends[1]);
    if (printed != NULL) {
        (void)close(ends[1]);
        if (child != 0) {
            printed_read(ends[0], printed, capacity, end);
        }
        (void)close(ends[0]);
    }
    return child != 0 && child_wait(child, end);
}
