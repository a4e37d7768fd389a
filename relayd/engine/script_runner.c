/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A place for each program that runs. A question is smaller than a pipe holds, so it is written
 * before the program is there, and only its output and its end are waited for. */
#include "relayd/engine/script_runner.h"

#include "proto/base/fault.h"
#include "proto/host/os_env.h"
#include "relayd/admin/script_text.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

struct run {
    struct script_runner *runner;
    pid_t pid; /* 0: the place is free */
    uint64_t ticket;
    bool told; /* the core has its answer; the program is only waited for */
    int output;
    struct ev_io readable;
    struct ev_timer timer;
    struct ev_child ended;
    size_t got;
    char text[SCRIPT_OUTPUT_SIZE_MAX];
};

struct script_runner {
    struct ev_loop *loop;
    struct relay_core *core;
    const struct env *env;
    void (*answered)(void *context);
    void *context;
    char path[PATH_SIZE];
    char ziglan[NAME_TEXT_SIZE];
    uint32_t timeout_ms, at_once;
    struct run runs[SCRIPT_RUNS_MAX];
};

int script_runner_new(struct script_runner **out, struct ev_loop *loop, struct relay_core *core,
                      const struct env *env, void (*answered)(void *context), void *context)
{
    struct script_runner *runner = calloc(1, sizeof(*runner));

    *out = runner;
    if (runner == NULL) {
        return ERR_NOMEM;
    }
    runner->loop = loop;
    runner->core = core;
    runner->env = env;
    runner->answered = answered;
    runner->context = context;
    for (size_t i = 0; i < SCRIPT_RUNS_MAX; i++) {
        runner->runs[i].runner = runner;
    }
    return ERR_OK;
}

void script_runner_set(struct script_runner *runner, const struct script_options *options)
{
    (void)snprintf(runner->path, sizeof(runner->path), "%s", options->path);
    (void)snprintf(runner->ziglan, sizeof(runner->ziglan), "%s", options->ziglan);
    runner->timeout_ms = options->timeout_ms;
    runner->at_once = options->at_once < SCRIPT_RUNS_MAX ? options->at_once : SCRIPT_RUNS_MAX;
}

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

/* It does not matter any more what the program says; but it is waited for, or its pid would be
 * given to nobody else. */
static void give_up(struct run *run, const char *why)
{
    (void)kill(-run->pid, SIGKILL);
    ev_timer_stop(run->runner->loop, &run->timer);
    ev_io_stop(run->runner->loop, &run->readable);
    if (!run->told) {
        run->told = true;
        failed_tell(run->runner, run->ticket, why);
        run->runner->answered(run->runner->context);
    }
}

/* False: there is no more now. */
static bool output_read(struct run *run)
{
    ssize_t got = read(run->output, run->text + run->got, sizeof(run->text) - run->got);

    if (got > 0) {
        run->got += (size_t)got;
    } else if (got == 0) { /* the end of the program follows */
        ev_io_stop(run->runner->loop, &run->readable);
    }
    if (run->got == sizeof(run->text)) {
        give_up(run, "it wrote more than 4,095 bytes");
        return false;
    }
    return got > 0;
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    (void)loop;
    (void)events;
    (void)output_read(w->data);
}

static void on_timeout(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    give_up(w->data, "its time was over, and it was killed");
}

static void on_ended(struct ev_loop *loop, struct ev_child *w, int events)
{
    struct run *run = w->data;
    struct script_runner *runner = run->runner;
    int code = WIFEXITED(w->rstatus) ? WEXITSTATUS(w->rstatus) : -1;
    struct admission_answer answer;
    const char *why;

    (void)events;
    while (!run->told && output_read(run)) {
    }
    ev_child_stop(loop, &run->ended);
    ev_timer_stop(loop, &run->timer);
    ev_io_stop(loop, &run->readable);
    (void)close(run->output);
    (void)kill(-run->pid, SIGKILL); /* what it left behind */
    run->pid = 0;
    if (!run->told) {
        answer = script_answer(run->text, run->got, code, env_wall_ms(runner->env), &why);
        answer_tell(runner, run->ticket, &answer, why);
    }
    runner->answered(runner->context); /* a place is free, too */
}

/* ---- the beginning ---- */

static int attributes_set(posix_spawnattr_t *attributes)
{
    sigset_t all, none;

    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGKILL);
    (void)sigdelset(&all, SIGSTOP);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setpgroup(attributes, 0);
    (void)posix_spawnattr_setsigdefault(attributes, &all); /* we ignore SIGPIPE */
    (void)posix_spawnattr_setsigmask(attributes, &none);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
}

/* Start the program between two pipes. 0 or an errno. */
static int program_start(pid_t *pid, char *path, int input, int output)
{
    static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LC_ALL=C.UTF-8";
    char *arguments[] = {path, NULL};
    char *environment[] = {search, language, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0) {
        return code;
    }
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        (void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        code = attributes_set(&attributes);
        if (code == 0) {
            code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* A pipe that has the question in it already. 0 or an errno; then *end is closed. */
static int question_pipe(int *end, const struct admission_question *question, const char *ziglan)
{
    char *text = script_question(question, ziglan);
    int ends[2], code = 0;

    if (text == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        code = text == NULL ? ENOMEM : errno;
        free(text);
        return code;
    }
    if (write(ends[1], text, strlen(text)) != (ssize_t)strlen(text)) {
        code = EIO;
        (void)close(ends[0]);
    }
    (void)close(ends[1]);
    free(text);
    *end = ends[0];
    return code;
}

static void watch_begin(struct run *run)
{
    struct ev_loop *loop = run->runner->loop;

    ev_io_init(&run->readable, on_readable, run->output, EV_READ);
    ev_timer_init(&run->timer, on_timeout, (double)run->runner->timeout_ms / 1000, 0.);
    ev_child_init(&run->ended, on_ended, run->pid, 0);
    run->readable.data = run;
    run->timer.data = run;
    run->ended.data = run;
    ev_io_start(loop, &run->readable);
    ev_now_update(loop); /* the time limit counts from here */
    ev_timer_start(loop, &run->timer);
    ev_child_start(loop, &run->ended);
}

static void run_begin(struct run *run, uint64_t ticket, const struct admission_question *question)
{
    struct script_runner *runner = run->runner;
    int input = -1, ends[2] = {-1, -1};
    int code = question_pipe(&input, question, runner->ziglan);

    if (code == 0 && pipe2(ends, O_CLOEXEC) != 0) {
        code = errno;
        (void)close(input);
    }
    if (code == 0) {
        code = program_start(&run->pid, runner->path, input, ends[1]);
        (void)close(input);
        (void)close(ends[1]);
    }
    if (code != 0) {
        run->pid = 0;
        if (ends[0] >= 0) {
            (void)close(ends[0]);
        }
        failed_tell(runner, ticket, strerror(code));
        return;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    run->ticket = ticket;
    run->told = false;
    run->got = 0;
    run->output = ends[0];
    watch_begin(run);
}

/* A free place; NULL: as many run as may. */
static struct run *place_free(struct script_runner *runner)
{
    struct run *free_place = NULL;
    uint32_t running = 0;

    for (size_t i = 0; i < SCRIPT_RUNS_MAX; i++) {
        running += runner->runs[i].pid != 0 ? 1 : 0;
        free_place = runner->runs[i].pid == 0 ? &runner->runs[i] : free_place;
    }
    return running < runner->at_once ? free_place : NULL;
}

void script_runner_settle(struct script_runner *runner)
{
    struct admission_question question;
    struct run *run = place_free(runner);
    uint64_t ticket;

    while (run != NULL && runner->path[0] != '\0' &&
           relay_core_script_wanted(runner->core, &ticket, &question)) {
        run_begin(run, ticket, &question);
        run = place_free(runner);
    }
}

void script_runner_free(struct script_runner *runner)
{
    for (size_t i = 0; runner != NULL && i < SCRIPT_RUNS_MAX; i++) {
        struct run *run = &runner->runs[i];

        if (run->pid != 0) {
            (void)kill(-run->pid, SIGKILL);
            ev_child_stop(runner->loop, &run->ended);
            ev_timer_stop(runner->loop, &run->timer);
            ev_io_stop(runner->loop, &run->readable);
            (void)waitpid(run->pid, NULL, 0);
            (void)close(run->output);
        }
    }
    free(runner);
}
