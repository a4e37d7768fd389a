/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The child holds a pipe to its parent until it is up. If it dies before, the kernel closes the
 * pipe, so the parent never waits in vain.
 */
#include "client/daemon/detach.h"

#include "client/daemon/outcome.h"
#include "proto/host/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's standard streams: no input, no output, and errors to the log file. */
static void streams_redirect(const struct place *place)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* The log of a daemon that runs already is not emptied. The new one finds out by itself, and
     * ends. */
    int truncate = file_lock_held(place->lock) ? 0 : O_TRUNC;
    int log = -1;

    /* A failure is told later, when the control socket is made in the same directory. */
    if (file_dir_create(place->run, 0755, NULL) == ERR_OK) {
        log = open(place->log, O_WRONLY | O_CREAT | truncate | O_APPEND | O_CLOEXEC, 0600);
    }
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(log >= 0 ? log : null, STDERR_FILENO);
    }
}

/* What the child does from its start to its end. Returns its exit code. */
static int child_run(const struct place *place, const char *name, int ready_fd)
{
    struct daemon *daemon;
    struct fault fault = {0};
    char greeting[DAEMON_GREETING_SIZE];
    int code;

    (void)setsid();
    streams_redirect(place);
    if (daemon_open(&daemon, place, name, &fault) != ERR_OK) {
        code = (int)(fault.exit_code != EXIT_CODE_OK ? fault.exit_code : EXIT_CODE_FAILURE);
        outcome_write(ready_fd, (enum exit_code)code, fault.text);
        return code;
    }
    outcome_write(ready_fd, EXIT_CODE_OK, daemon_greeting(daemon, greeting));
    code = daemon_run(daemon);
    daemon_close(daemon);
    return code;
}

/* Wait until the child has told how its start went. Returns as detach does. */
static int parent_wait(const struct place *place, int fd, pid_t child,
                       char greeting[DAEMON_GREETING_SIZE], struct fault *fault)
{
    struct fault outcome = {0};

    if (!outcome_read(fd, &outcome)) {
        (void)waitpid(child, NULL, WNOHANG);
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the daemon ended without a word; its last ones may be in %s", place->log);
        return ERR_SYSTEM;
    }
    if (outcome.exit_code != EXIT_CODE_OK) {
        *fault = outcome;
        return ERR_SYSTEM;
    }
    (void)snprintf(greeting, DAEMON_GREETING_SIZE, "%s", outcome.text);
    return ERR_OK;
}

int detach(const struct place *place, const char *name, char greeting[DAEMON_GREETING_SIZE],
           struct fault *fault)
{
    int ends[2];
    pid_t child;
    int rc;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        fault_set_errno(fault, "cannot make a pipe");
        return ERR_SYSTEM;
    }
    child = fork();
    if (child < 0) {
        fault_set_errno(fault, "cannot start a process");
        (void)close(ends[0]);
        (void)close(ends[1]);
        return ERR_SYSTEM;
    }
    if (child == 0) {
        (void)close(ends[0]);
        exit(child_run(place, name, ends[1]));
    }
    (void)close(ends[1]);
    rc = parent_wait(place, ends[0], child, greeting, fault);
    (void)close(ends[0]);
    return rc;
}
