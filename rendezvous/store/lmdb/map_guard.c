/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A signal handler has nothing but what is prepared for it: so the sentence, and whether the store
 * is at work, are the two globals here. One thread of a process uses a store at a time.
 */
#include "rendezvous/store/lmdb/map_guard.h"

#include "proto/base/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char sentence[1280]; /* a path may be long */
static volatile sig_atomic_t at_work;

void map_guard_end(void)
{
    (void)!write(STDERR_FILENO, sentence, strlen(sentence));
    _exit(EXIT_CODE_USAGE);
}

static void on_bus_error(int number)
{
    if (at_work > 0) {
        map_guard_end();
    }
    /* Not ours: the instruction is tried again, and then the process ends as it would have. */
    (void)signal(number, SIG_DFL);
}

void map_guard_set(const char *path)
{
    struct sigaction action = {.sa_handler = on_bus_error};

    (void)snprintf(sentence, sizeof(sentence),
                   "%s: the database %s was cut or damaged while it was open, or its disk cannot "
                   "be read; put it back from a backup, or move it away to begin anew\n",
                   program_invocation_short_name, path);
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
}

void map_guard_enter(void)
{
    at_work++;
}

void map_guard_leave(void)
{
    at_work--;
}
