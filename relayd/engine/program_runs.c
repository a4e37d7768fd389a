/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A place for each program that runs. A question is smaller than a pipe holds, so it is written
 * before the program is there, and only its output and its end are waited for. */
#include "relayd/engine/program_runs.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NOT_RUN = 127 };

struct run {
    struct program_runs *runs;
    pid_t pid;     /* 0: the place is free */
    bool given_up; /* the answer says why; the program is only waited for */
    int output;
    struct ev_io readable;
    struct ev_timer timer;
    struct ev_child ended;
    struct script_told answer; /* as far as it is known */
};

struct program_runs {
    struct ev_loop *loop;
    void (*ended)(void *context, const struct script_told *told);
    void *context;
    struct run list[PROGRAM_RUNS_MAX];
};

int program_runs_new(struct program_runs **out, struct ev_loop *loop,
                     void (*ended)(void *context, const struct script_told *told), void *context)
{
    struct program_runs *runs = calloc(1, sizeof(*runs));

    *out = runs;
    if (runs == NULL) {
        return ERR_NOMEM;
    }
    runs->loop = loop;
    runs->ended = ended;
    runs->context = context;
    for (size_t i = 0; i < PROGRAM_RUNS_MAX; i++) {
        runs->list[i].runs = runs;
    }
    return ERR_OK;
}

/* ---- the answer ---- */

static void failed_tell(struct program_runs *runs, uint64_t ticket, const char *why)
{
    struct script_told told = {.ticket = ticket, .code = -1};

    (void)snprintf(told.why, sizeof(told.why), "%s", why);
    runs->ended(runs->context, &told);
}

/* It does not matter any more what the program says. The answer comes when it has ended, so that
 * who counts answers counts what runs. */
static void give_up(struct run *run, const char *why)
{
    (void)kill(-run->pid, SIGKILL);
    ev_timer_stop(run->runs->loop, &run->timer);
    ev_io_stop(run->runs->loop, &run->readable);
    run->given_up = true;
    run->answer.size = 0;
    (void)snprintf(run->answer.why, sizeof(run->answer.why), "%s", why);
}

/* False: there is no more now. */
static bool output_read(struct run *run)
{
    struct script_told *answer = &run->answer;
    ssize_t got =
        read(run->output, answer->output + answer->size, sizeof(answer->output) - answer->size);

    if (got > 0) {
        answer->size += (uint32_t)got;
    } else if (got == 0) { /* the end of the program follows */
        ev_io_stop(run->runs->loop, &run->readable);
    }
    if (answer->size == sizeof(answer->output)) {
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

    (void)events;
    while (!run->given_up && output_read(run)) {
    }
    ev_child_stop(loop, &run->ended);
    ev_timer_stop(loop, &run->timer);
    ev_io_stop(loop, &run->readable);
    (void)close(run->output);
    (void)kill(-run->pid, SIGKILL); /* what it left behind */
    run->pid = 0;
    run->answer.code = !run->given_up && WIFEXITED(w->rstatus) ? WEXITSTATUS(w->rstatus) : -1;
    run->runs->ended(run->runs->context, &run->answer);
}

/* ---- the beginning ---- */

struct pipes {
    int input;      /* from which the program reads the question */
    int output[2];  /* what it writes */
    int trouble[2]; /* closed when the program is there, or an errno */
};

static void pipe_close(int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
            fds[i] = -1;
        }
    }
}

static void pipes_close(struct pipes *pipes)
{
    int input[2] = {pipes->input, -1};

    pipe_close(input);
    pipe_close(pipes->output);
    pipe_close(pipes->trouble);
}

/* 0 or an errno; then nothing is open. */
static int pipes_open(struct pipes *pipes, const char *question, size_t size)
{
    int input[2] = {-1, -1};
    int code = 0;

    *pipes = (struct pipes){.input = -1, .output = {-1, -1}, .trouble = {-1, -1}};
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(pipes->output, O_CLOEXEC) != 0 ||
        pipe2(pipes->trouble, O_CLOEXEC) != 0) {
        code = errno;
    } else if (write(input[1], question, size) != (ssize_t)size) {
        code = EIO;
    }
    pipes->input = input[0];
    input[0] = -1;
    pipe_close(input);
    if (code != 0) {
        pipes_close(pipes);
    }
    return code;
}

/* The signals as a program finds them; we ignore some. */
static void signals_reset(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        (void)sigaction(i, &action, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process. */
static _Noreturn void become(const struct program *program, const struct pipes *pipes)
{
    static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LC_ALL=C.UTF-8";
    char path[1024];
    char *arguments[] = {path, NULL};
    char *environment[] = {search, language, NULL};
    int cause;

    (void)snprintf(path, sizeof(path), "%s", program->path);
    (void)setpgid(0, 0);
    signals_reset();
    if (dup2(pipes->input, STDIN_FILENO) >= 0 && dup2(pipes->output[1], STDOUT_FILENO) >= 0) {
        if (program->confine != NULL) {
            program->confine(program->context);
        }
        (void)execve(path, arguments, environment);
    }
    cause = errno;
    (void)!write(pipes->trouble[1], &cause, sizeof(cause));
    _exit(EXIT_NOT_RUN);
}

/* Start the program. 0 or an errno. */
static int program_start(pid_t *pid, const struct program *program, struct pipes *pipes)
{
    int cause = 0;

    *pid = fork();
    if (*pid < 0) {
        return errno;
    }
    if (*pid == 0) {
        become(program, pipes);
    }
    (void)setpgid(*pid, *pid); /* as it does itself: whoever comes first */
    (void)close(pipes->trouble[1]);
    pipes->trouble[1] = -1;
    if (read(pipes->trouble[0], &cause, sizeof(cause)) == sizeof(cause)) {
        (void)waitpid(*pid, NULL, 0);
        return cause;
    }
    return 0;
}

static void watch_begin(struct run *run, uint32_t timeout_ms)
{
    struct ev_loop *loop = run->runs->loop;

    ev_io_init(&run->readable, on_readable, run->output, EV_READ);
    ev_timer_init(&run->timer, on_timeout, (double)timeout_ms / 1000, 0.);
    ev_child_init(&run->ended, on_ended, run->pid, 0);
    run->readable.data = run;
    run->timer.data = run;
    run->ended.data = run;
    ev_io_start(loop, &run->readable);
    ev_now_update(loop); /* the time limit counts from here */
    ev_timer_start(loop, &run->timer);
    ev_child_start(loop, &run->ended);
}

static void run_begin(struct run *run, const struct program *program, uint64_t ticket,
                      const char *question, size_t size)
{
    struct pipes pipes;
    int code = pipes_open(&pipes, question, size);

    if (code == 0) {
        code = program_start(&run->pid, program, &pipes);
        if (code != 0) {
            pipes_close(&pipes);
        }
    }
    if (code != 0) {
        run->pid = 0;
        failed_tell(run->runs, ticket, strerror(code));
        return;
    }
    (void)fcntl(pipes.output[0], F_SETFL, O_NONBLOCK);
    run->output = pipes.output[0];
    pipes.output[0] = -1;
    pipes_close(&pipes);
    run->answer = (struct script_told){.ticket = ticket};
    run->given_up = false;
    watch_begin(run, program->timeout_ms);
}

/* A free place; NULL: as many run as may. */
static struct run *place_free(struct program_runs *runs, uint32_t at_once)
{
    struct run *free_place = NULL;
    uint32_t running = 0;

    for (size_t i = 0; i < PROGRAM_RUNS_MAX; i++) {
        running += runs->list[i].pid != 0 ? 1 : 0;
        free_place = runs->list[i].pid == 0 ? &runs->list[i] : free_place;
    }
    return running < at_once ? free_place : NULL;
}

void program_runs_start(struct program_runs *runs, const struct program *program, uint64_t ticket,
                        const char *question, size_t size)
{
    struct run *run = place_free(runs, program->at_once);

    if (program->path[0] == '\0') {
        failed_tell(runs, ticket, "the configuration names none");
    } else if (run == NULL) {
        failed_tell(runs, ticket, "too many run already");
    } else {
        run_begin(run, program, ticket, question, size);
    }
}

void program_runs_free(struct program_runs *runs)
{
    for (size_t i = 0; runs != NULL && i < PROGRAM_RUNS_MAX; i++) {
        struct run *run = &runs->list[i];

        if (run->pid != 0) {
            (void)kill(-run->pid, SIGKILL);
            ev_child_stop(runs->loop, &run->ended);
            ev_timer_stop(runs->loop, &run->timer);
            ev_io_stop(runs->loop, &run->readable);
            (void)waitpid(run->pid, NULL, 0);
            (void)close(run->output);
        }
    }
    free(runs);
}
