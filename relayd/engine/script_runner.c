/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tickets of the core that are on their way are remembered: the process is one of ours, but it
 * answers no question that was not asked, and none twice. */
#include "relayd/engine/script_runner.h"

#include "proto/host/os_env.h"
#include "relayd/engine/script_words.h"

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PATH_SIZE = 1024 };

static const char gone[] = "the process that runs it is gone; restart relayd";

struct script_runner {
    struct ev_loop *loop;
    struct relay_core *core;
    const struct env *env;
    int fd; /* -1: the process is gone */
    struct ev_io readable;
    void (*answered)(void *context);
    void *context;
    char path[PATH_SIZE];
    char ziglan[NAME_TEXT_SIZE];
    uint32_t at_once;
    uint64_t tickets[SCRIPT_RUNS_MAX]; /* asked and not answered: the first `asked` of them */
    size_t asked;
};

/* ---- the answer ---- */

static void answer_tell(struct script_runner *runner, uint64_t ticket,
                        const struct admission_answer *answer, const char *why)
{
    if (answer->word == ADMISSION_FAILED) {
        env_trace(runner->env, TRACE_LEVEL_WARN, "admission.script",
                  "the program that admits hosts gave no answer: %s path=%s", why, runner->path);
    }
    relay_core_script_answered(runner->core, ticket, answer, clock_mono());
}

static void failed_tell(struct script_runner *runner, uint64_t ticket, const char *why)
{
    const struct admission_answer answer = {.word = ADMISSION_FAILED};

    answer_tell(runner, ticket, &answer, why);
}

/* Forget a ticket that was asked. False if it was not. */
static bool ticket_take(struct script_runner *runner, uint64_t ticket)
{
    for (size_t i = 0; i < runner->asked; i++) {
        if (runner->tickets[i] == ticket) {
            runner->tickets[i] = runner->tickets[--runner->asked];
            return true;
        }
    }
    return false;
}

/* Nothing that was asked will be answered. */
static void process_lost(struct script_runner *runner)
{
    ev_io_stop(runner->loop, &runner->readable);
    runner->fd = -1;
    while (runner->asked > 0) {
        failed_tell(runner, runner->tickets[--runner->asked], gone);
    }
}

static void told_take(struct script_runner *runner, struct script_told *told)
{
    struct admission_answer answer;
    const char *why = "";

    told->why[sizeof(told->why) - 1] = '\0';
    if (!ticket_take(runner, told->ticket)) {
        return;
    }
    if (told->why[0] != '\0' || told->size > sizeof(told->output)) {
        failed_tell(runner, told->ticket, told->why);
        return;
    }
    answer = script_answer(told->output, told->size, told->code, env_wall_ms(runner->env), &why);
    answer_tell(runner, told->ticket, &answer, why);
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct script_runner *runner = w->data;
    struct script_told told;
    ssize_t got = recv(runner->fd, &told, sizeof(told), MSG_DONTWAIT);

    (void)loop;
    (void)events;
    if (got == (ssize_t)sizeof(told)) {
        told_take(runner, &told);
    } else if (got >= 0 || (errno != EAGAIN && errno != EINTR)) {
        process_lost(runner);
    } else {
        return;
    }
    runner->answered(runner->context); /* a place is free, too */
}

/* ---- the question ---- */

static bool ask(struct script_runner *runner, const struct script_ask *words)
{
    return runner->fd >= 0 && send(runner->fd, words, sizeof(*words),
                                   MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(*words);
}

static void question_ask(struct script_runner *runner, uint64_t ticket,
                         const struct admission_question *question)
{
    struct script_ask words = {.ticket = ticket, .kind = SCRIPT_ASK_RUN};
    char *text = script_question(question, runner->ziglan);
    size_t size = text != NULL ? strlen(text) : 0;

    if (size == 0 || size > sizeof(words.question)) {
        failed_tell(runner, ticket, "out of memory");
    } else {
        words.size = (uint32_t)size;
        memcpy(words.question, text, size);
        if (ask(runner, &words)) {
            runner->tickets[runner->asked++] = ticket;
        } else {
            failed_tell(runner, ticket, gone);
        }
    }
    free(text);
}

void script_runner_settle(struct script_runner *runner)
{
    struct admission_question question;
    uint64_t ticket;

    while (runner->path[0] != '\0' && runner->asked < runner->at_once &&
           relay_core_script_wanted(runner->core, &ticket, &question)) {
        question_ask(runner, ticket, &question);
    }
}

/* ---- the runner ---- */

int script_runner_new(struct script_runner **out, struct ev_loop *loop, struct relay_core *core,
                      const struct env *env, int fd, void (*answered)(void *context), void *context)
{
    struct script_runner *runner = calloc(1, sizeof(*runner));

    *out = runner;
    if (runner == NULL) {
        return ERR_NOMEM;
    }
    runner->loop = loop;
    runner->core = core;
    runner->env = env;
    runner->fd = fd;
    runner->answered = answered;
    runner->context = context;
    ev_io_init(&runner->readable, on_readable, fd, EV_READ);
    runner->readable.data = runner;
    if (fd >= 0) {
        ev_io_start(loop, &runner->readable);
    }
    return ERR_OK;
}

void script_runner_set(struct script_runner *runner, const struct script_options *options)
{
    const struct script_ask words = {.kind = SCRIPT_ASK_SETTINGS};

    (void)snprintf(runner->path, sizeof(runner->path), "%s", options->path);
    (void)snprintf(runner->ziglan, sizeof(runner->ziglan), "%s", options->ziglan);
    runner->at_once = options->at_once < SCRIPT_RUNS_MAX ? options->at_once : SCRIPT_RUNS_MAX;
    (void)ask(runner, &words); /* if it is gone, the questions tell */
}

void script_runner_free(struct script_runner *runner)
{
    if (runner != NULL) {
        ev_io_stop(runner->loop, &runner->readable);
        free(runner);
    }
}
