/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread that makes a refused call stands still until the answer, maybe in the middle of
 * malloc. So the answering thread takes no lock and no memory: it counts in a table, and the loop
 * writes the log. Only that thread adds rows; a row is complete before the loop can see it.
 */
#include "proto/sandbox/refusals.h"

#include "proto/base/mono.h"
#include "proto/host/os_env.h"
#include "proto/host/thread.h"
#include "proto/sandbox/calls.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CALLS_SEARCHED = 2048, /* numbers of calls are below, on 64-bit machines */
    PROGRAM_SIZE = 16,     /* a program's name, as the kernel keeps it */
};

struct kind {
    int number;
    char program[PROGRAM_SIZE]; /* of the first one; "" for this process itself */
    _Atomic uint32_t count;     /* since it was told */
    bool told;                  /* these two are the loop's */
    struct mono told_at;
};

struct refusals {
    int listener, stop_fd;
    int newest; /* the highest number that libseccomp has a name for */
    struct ev_loop *loop;
    const struct env *env;
    struct ev_async wake;
    struct seccomp_notif *asked;
    struct seccomp_notif_resp *answer;
    pthread_t thread;
    bool started;
    struct kind kinds[REFUSALS_KINDS_MAX];
    _Atomic size_t kinds_count;
};

/* ---- in the answering thread ---- */

/* The name of the program of thread `pid`, or "" if that is one of ours. */
static void program_read(char out[PROGRAM_SIZE], uint32_t pid)
{
    char path[48];
    ssize_t size = 0;
    int fd;

    memset(out, 0, PROGRAM_SIZE);
    (void)snprintf(path, sizeof(path), "/proc/self/task/%u", (unsigned)pid);
    if (access(path, F_OK) == 0) {
        return;
    }
    (void)snprintf(path, sizeof(path), "/proc/%u/comm", (unsigned)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        size = read(fd, out, PROGRAM_SIZE - 1);
        (void)close(fd);
    }
    if (size <= 0) {
        (void)snprintf(out, PROGRAM_SIZE, "?");
        return;
    }
    for (size_t i = 0; out[i] != '\0'; i++) { /* who runs it may have chosen the name */
        if (out[i] < '!' || out[i] > '~' || out[i] == '"' || out[i] == '\\') {
            out[i] = out[i] == '\n' ? '\0' : '?';
        }
    }
}

static void count_call(struct refusals *refusals, int number, uint32_t pid)
{
    size_t count = atomic_load_explicit(&refusals->kinds_count, memory_order_relaxed);
    char program[PROGRAM_SIZE];

    program_read(program, pid);
    for (size_t i = 0; i < count; i++) {
        struct kind *kind = &refusals->kinds[i];

        if (kind->number == number && strcmp(kind->program, program) == 0) {
            (void)atomic_fetch_add(&kind->count, 1);
            return;
        }
    }
    if (count < REFUSALS_KINDS_MAX) {
        struct kind *kind = &refusals->kinds[count];

        kind->number = number;
        memcpy(kind->program, program, sizeof(program));
        atomic_store(&kind->count, 1);
        atomic_store_explicit(&refusals->kinds_count, count + 1, memory_order_release);
    }
}

/* The answer fails if who called is gone or was interrupted by a signal, which is fine. */
static void answer_one(struct refusals *refusals)
{
    struct seccomp_notif *asked = refusals->asked;
    struct seccomp_notif_resp *answer = refusals->answer;

    memset(asked, 0, sizeof(*asked));
    if (seccomp_notify_receive(refusals->listener, asked) != 0) {
        return;
    }
    count_call(refusals, asked->data.nr, asked->pid);
    memset(answer, 0, sizeof(*answer));
    answer->id = asked->id;
    answer->error = asked->data.nr > refusals->newest ? -ENOSYS : -EPERM;
    (void)seccomp_notify_respond(refusals->listener, answer);
    ev_async_send(refusals->loop, &refusals->wake);
}

static void *answers_run(void *context)
{
    struct refusals *refusals = context;
    struct pollfd waits[] = {{.fd = refusals->listener, .events = POLLIN},
                             {.fd = refusals->stop_fd, .events = POLLIN}};

    for (;;) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR) {
            return NULL;
        }
        if ((waits[1].revents & POLLIN) != 0) {
            return NULL;
        }
        if ((waits[0].revents & POLLIN) != 0) {
            answer_one(refusals);
        }
    }
}

/* ---- in the loop ---- */

static void kind_tell(struct refusals *refusals, struct kind *kind)
{
    char name[SANDBOX_CALL_NAME_SIZE];
    uint32_t count = atomic_exchange(&kind->count, 0);

    kind->told = true;
    kind->told_at = clock_mono();
    env_trace(refusals->env, TRACE_LEVEL_WARN, "sandbox.refused", "syscall=%s program=%s times=%u",
              sandbox_call_name(kind->number, name),
              kind->program[0] != '\0' ? kind->program : "itself", (unsigned)count);
}

/* Tell each kind that is due; at the end, `all`. */
static void tell(struct refusals *refusals, bool all)
{
    size_t count = atomic_load_explicit(&refusals->kinds_count, memory_order_acquire);

    for (size_t i = 0; i < count; i++) {
        struct kind *kind = &refusals->kinds[i];

        if (atomic_load(&kind->count) > 0 &&
            (all || !kind->told ||
             mono_due(mono_add_ms(kind->told_at, UINT64_C(1000) * REFUSALS_EVERY_S),
                      clock_mono()))) {
            kind_tell(refusals, kind);
        }
    }
}

static void on_wake(struct ev_loop *loop, struct ev_async *w, int events)
{
    struct refusals *refusals = w->data;

    (void)loop;
    (void)events;
    tell(refusals, false);
}

/* ---- start and stop ---- */

static int newest_known(void)
{
    int newest = 0;

    for (int number = 0; number < CALLS_SEARCHED; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

        if (name != NULL) {
            newest = number;
            free(name);
        }
    }
    return newest;
}

int refusals_new(struct refusals **out, struct ev_loop *loop, const struct env *env)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));

    *out = NULL;
    if (refusals == NULL) {
        return ERR_NOMEM;
    }
    refusals->listener = -1;
    refusals->loop = loop;
    refusals->env = env;
    refusals->newest = newest_known();
    refusals->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (refusals->stop_fd < 0 || seccomp_notify_alloc(&refusals->asked, &refusals->answer) != 0) {
        (void)close(refusals->stop_fd);
        free(refusals);
        return ERR_SYSTEM;
    }
    ev_async_init(&refusals->wake, on_wake);
    refusals->wake.data = refusals;
    ev_async_start(loop, &refusals->wake);
    ev_unref(loop); /* it keeps no loop running */
    *out = refusals;
    return ERR_OK;
}

bool refusals_start(struct refusals *refusals, int listener)
{
    refusals->listener = listener;
    refusals->started = thread_start(&refusals->thread, answers_run, refusals) == 0;
    if (!refusals->started) {
        (void)close(listener); /* who waits for an answer gets ENOSYS */
        refusals->listener = -1;
    }
    return refusals->started;
}

void refusals_free(struct refusals *refusals)
{
    if (refusals == NULL) {
        return;
    }
    if (refusals->started) {
        (void)eventfd_write(refusals->stop_fd, 1);
        (void)pthread_join(refusals->thread, NULL);
        (void)close(refusals->listener);
        tell(refusals, true);
    }
    ev_ref(refusals->loop);
    ev_async_stop(refusals->loop, &refusals->wake);
    (void)close(refusals->stop_fd);
    seccomp_notify_free(refusals->asked, refusals->answer);
    free(refusals);
}
