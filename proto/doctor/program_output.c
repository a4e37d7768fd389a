/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pipe is read until its end or the time is over, and only then is waited for the program. */
#include "proto/doctor/program_output.h"

#include "proto/host/os_env.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM_FIRST = 65536 };

static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char language[] = "LC_ALL=C";

/* posix_spawn takes texts that it does not change without saying so. */
static char *const *arguments_of(const char *const argv[])
{
    union {
        const char *const *in;
        char *const *out;
    } pointer = {.in = argv};

    return pointer.out;
}

static bool start(pid_t *pid, const char *const argv[], int output)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin",
                                          "/bin"};
    char *environment[] = {path, language, NULL};
    posix_spawn_file_actions_t actions;
    bool started = false;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; !started && i < sizeof(folders) / sizeof(folders[0]); i++) {
        char file[128];

        (void)snprintf(file, sizeof(file), "%s/%s", folders[i], argv[0]);
        started = access(file, X_OK) == 0 &&
                  posix_spawn(pid, file, &actions, NULL, arguments_of(argv), environment) == 0;
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return started;
}

/* Read to the end. NULL if it is too much, or took too long. */
static char *all_read(int from, size_t *size)
{
    struct mono end = mono_add_ms(clock_mono(), PROGRAM_TIMEOUT_MS);
    size_t room = ROOM_FIRST;
    char *text = malloc(room + 1);

    *size = 0;
    while (text != NULL) {
        struct pollfd wait = {.fd = from, .events = POLLIN};
        ssize_t got = -1;

        if (!mono_due(end, clock_mono()) && poll(&wait, 1, PROGRAM_TIMEOUT_MS) == 1) {
            got = read(from, text + *size, room - *size);
        }
        if (got == 0) {
            text[*size] = '\0';
            return text;
        }
        *size += got > 0 ? (size_t)got : 0;
        if (*size == room) {
            char *more = room < PROGRAM_OUTPUT_SIZE_MAX ? realloc(text, 2 * room + 1) : NULL;

            got = more != NULL ? got : -1;
            text = more != NULL ? more : text;
            room *= 2;
        }
        if (got < 0) {
            free(text);
            text = NULL;
        }
    }
    return NULL;
}

char *program_output(const char *const argv[], size_t *size)
{
    char *text = NULL;
    int ends[2], status = 0;
    pid_t pid;

    *size = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return NULL;
    }
    if (start(&pid, argv, ends[1])) {
        (void)close(ends[1]);
        text = all_read(ends[0], size);
        if (text == NULL) {
            (void)kill(pid, SIGKILL);
        }
        if (waitpid(pid, &status, 0) != pid || status != 0) {
            free(text);
            text = NULL;
        }
    } else {
        (void)close(ends[1]);
    }
    (void)close(ends[0]);
    return text;
}
