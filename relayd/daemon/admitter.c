/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process: it waits for messages and for programs, and needs no more than this. */
#include "relayd/daemon/admitter.h"

#include "proto/host/log_forms.h"
#include "proto/host/os_env.h"
#include "relayd/daemon/confinement.h"
#include "relayd/daemon/load.h"
#include "relayd/engine/program_runs.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct admitter {
    const char *config_path;
    struct relay_settings started;   /* as they were at the start */
    struct admission_script program; /* as read last; its path is empty: none */
    struct ev_loop *loop;
    const struct env *env;
    struct program_runs *runs;
    struct sandbox *sandbox; /* NULL: off, or not closed yet */
    bool closed;             /* it was to be closed */
    int fd;
    struct ev_io readable;
};

/* ---- what the relay's process asks ---- */

static void program_take(struct admitter *admitter, const struct relay_settings *settings)
{
    admitter->program = settings->admission_script;
    if (settings->admission.mode != ADMISSION_MODE_SCRIPT) {
        admitter->program.path[0] = '\0';
    }
}

/* The relay took the same file just now. */
static void settings_read(struct admitter *admitter)
{
    struct relay_settings next;
    struct fault fault;

    if (!admitter->closed) {
        admitter->closed = true;
        if (confinement_of_admitter(&admitter->sandbox, admitter->loop, admitter->env,
                                    &admitter->started) != ERR_OK) {
            env_trace(admitter->env, TRACE_LEVEL_ERROR, "admission.script", "out of memory");
            ev_break(admitter->loop, EVBREAK_ALL);
            return;
        }
    }
    if (load_settings(&next, admitter->config_path, &fault) == ERR_OK) {
        program_take(admitter, &next);
    } else {
        env_trace(admitter->env, TRACE_LEVEL_ERROR, "admission.script",
                  "the program stays as it was: %s", fault.text);
    }
}

static void confine(void *context)
{
    confinement_of_program(context);
}

static void question_run(struct admitter *admitter, const struct script_ask *ask)
{
    struct sandbox_policy policy = {0};
    const struct program program = {
        .path = admitter->program.path,
        .timeout_ms = admitter->program.timeout_s * 1000,
        .at_once = admitter->program.at_once,
        .confine = admitter->started.sandbox ? confine : NULL,
        .context = &policy,
    };

    if (program.confine != NULL && program.path[0] != '\0') {
        confinement_program_policy(&policy, admitter->config_path, &admitter->started,
                                   program.path);
    }
    program_runs_start(admitter->runs, &program, ask->ticket, ask->question, ask->size);
    sandbox_policy_fini(&policy);
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct admitter *admitter = w->data;
    struct script_ask ask;
    ssize_t got = recv(admitter->fd, &ask, sizeof(ask), MSG_DONTWAIT);

    (void)events;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got != (ssize_t)sizeof(ask) || ask.size > sizeof(ask.question)) {
        ev_break(loop, EVBREAK_ALL); /* the relay has ended */
    } else if (ask.kind == SCRIPT_ASK_SETTINGS) {
        settings_read(admitter);
    } else {
        question_run(admitter, &ask);
    }
}

static void on_program_ended(void *context, const struct script_told *told)
{
    const struct admitter *admitter = context;

    (void)send(admitter->fd, told, sizeof(*told), MSG_NOSIGNAL);
}

/* ---- the process ---- */

/* Ports that the service manager passed, above all. 0 to 2 are for the log. */
static void others_close(int keep)
{
    if (keep > 3) {
        (void)syscall(SYS_close_range, 3U, (unsigned)keep - 1, 0U);
    }
    if (syscall(SYS_close_range, (unsigned)keep + 1, ~0U, 0U) != 0) { /* before Linux 5.9 */
        struct rlimit files = {.rlim_cur = 1024};

        (void)getrlimit(RLIMIT_NOFILE, &files);
        for (rlim_t fd = 3; fd < files.rlim_cur; fd++) {
            if ((int)fd != keep) {
                (void)close((int)fd);
            }
        }
    }
}

/* The relay ends us; a signal to all of its processes is for the relay. */
static void signals_ignore(void)
{
    static const int list[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT};

    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        (void)signal(list[i], SIG_IGN);
    }
}

static void serve(struct admitter *admitter, bool log_json)
{
    struct os_env *os = NULL;

    admitter->loop = ev_default_loop(EVFLAG_AUTO);
    if (admitter->loop == NULL || os_env_new(&os, admitter->started.log_level) != ERR_OK ||
        program_runs_new(&admitter->runs, admitter->loop, on_program_ended, admitter) != ERR_OK) {
        os_env_free(os);
        return;
    }
    os_env_set_forms(os, &log_forms, log_json);
    admitter->env = os_env_port(os);
    ev_io_init(&admitter->readable, on_readable, admitter->fd, EV_READ);
    admitter->readable.data = admitter;
    ev_io_start(admitter->loop, &admitter->readable);
    (void)ev_run(admitter->loop, 0);
    program_runs_free(admitter->runs);
    sandbox_free(admitter->sandbox);
    ev_loop_destroy(admitter->loop);
    os_env_free(os);
}

int admitter_start(int *fd, const char *config_path, const struct relay_settings *settings,
                   bool log_json, struct fault *fault)
{
    struct admitter admitter = {.config_path = config_path, .started = *settings};
    int ends[2] = {-1, -1};
    pid_t pid = -1;

    *fd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        pid = fork();
    }
    if (pid < 0) {
        fault_set_errno(fault, "cannot start the process that admits hosts");
        if (ends[0] >= 0) {
            (void)close(ends[0]);
            (void)close(ends[1]);
        }
        return ERR_SYSTEM;
    }
    if (pid == 0) {
        admitter.fd = ends[1];
        (void)prctl(PR_SET_NAME, "relayd-admit");
        signals_ignore();
        others_close(ends[1]);
        serve(&admitter, log_json);
        _exit(EXIT_CODE_OK);
    }
    (void)close(ends[1]);
    *fd = ends[0];
    return ERR_OK;
}
