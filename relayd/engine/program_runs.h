/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a program some times at once, each for a limited time, beside the loop, which it never holds
 * up. A question goes to its standard input; what it writes to standard output and its exit code
 * are the answer. Whatever it does, there is an answer: when the time is over the program is
 * killed, with all that it started in its process group. Its standard error is ours.
 */
#pragma once

#include "proto/base/err.h"
#include "relayd/engine/script_words.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct program_runs;

enum { PROGRAM_RUNS_MAX = 16 /* at once */ };

/** Which program, and how. Borrowed for the call. */
struct program {
    const char *path;    /* absolute; "": none, which is an answer, too */
    uint32_t timeout_ms; /* of this run */
    uint32_t at_once;    /* 1 to PROGRAM_RUNS_MAX; one more is told that they are too many */
    void (*confine)(void *context); /* called in the new process before the program is there: no
                                       memory may be allocated in it. NULL: nothing */
    void *context;
};

/** Nothing runs yet. loop is the default loop of libev, which alone hears of ended programs; it is
 * borrowed and outlives the runs. `ended` gets each answer, from the loop or within
 * program_runs_start; told is borrowed for the call. ERR_NOMEM leaves *out NULL. */
int program_runs_new(struct program_runs **out, struct ev_loop *loop,
                     void (*ended)(void *context, const struct script_told *told),
                     void *context) MUST_CHECK;

/** Run it with a question of size bytes, at most SCRIPT_QUESTION_SIZE_MAX. The answer has the
 * ticket. */
void program_runs_start(struct program_runs *runs, const struct program *program, uint64_t ticket,
                        const char *question, size_t size);

/** Kill what runs, without an answer, and free. NULL is fine. */
void program_runs_free(struct program_runs *runs);
