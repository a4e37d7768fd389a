/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a thread found waits in a list that it shares with the loop, and the loop is woken. */
#include "proto/router/jobs.h"

#include "proto/host/os_env.h"
#include "proto/host/thread.h"
#include "proto/router/natpmp_ask.h"
#include "proto/router/upnp_ask.h"

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

enum {
    THREAD_STACK_SIZE = 512 * 1024,
};

/* What the loop and the threads share. It lives until the last of them lets go. */
struct jobs_shared {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned holders;
    bool closed; /* results are dropped */
    bool last_ended;
    struct ev_loop *loop;
    struct ev_async wake;
    char igd_url[UPNP_URL_SIZE]; /* where the router's description was last */
    TAILQ_HEAD(run_list, run) finished;
};

struct run {
    TAILQ_ENTRY(run) link; /* in finished */
    struct jobs_shared *shared;
    struct portmap_job job;
    struct portmap_result result;
    char igd_url[UPNP_URL_SIZE];
    bool is_last;
};

struct router_jobs {
    struct jobs_shared *shared;
    void (*done)(void *context, const struct portmap_job *job, const struct portmap_result *result);
    void *context;
};

/* Called with the mutex held; releases it. */
static void shared_let_go(struct jobs_shared *shared)
{
    bool last;

    shared->holders--;
    last = shared->holders == 0;
    (void)pthread_mutex_unlock(&shared->mutex);
    if (last) {
        (void)pthread_cond_destroy(&shared->ended);
        (void)pthread_mutex_destroy(&shared->mutex);
        free(shared);
    }
}

static void *run_it(void *argument)
{
    struct run *run = argument;
    struct jobs_shared *shared = run->shared;

    if (run->job.protocol == PORTMAP_PROTOCOL_NATPMP) {
        natpmp_ask(&run->job, &run->result);
    } else {
        upnp_ask(&run->job, run->igd_url, &run->result);
    }
    (void)pthread_mutex_lock(&shared->mutex);
    if (run->job.protocol == PORTMAP_PROTOCOL_UPNP) {
        memcpy(shared->igd_url, run->igd_url, sizeof(shared->igd_url));
    }
    if (shared->closed || run->is_last) {
        if (run->is_last) {
            shared->last_ended = true;
            (void)pthread_cond_signal(&shared->ended);
        }
        free(run);
    } else {
        TAILQ_INSERT_TAIL(&shared->finished, run, link);
        ev_async_send(shared->loop, &shared->wake);
    }
    shared_let_go(shared);
    return NULL;
}

static void on_wake(struct ev_loop *loop, struct ev_async *w, int events)
{
    struct router_jobs *jobs = w->data;
    struct run_list finished = TAILQ_HEAD_INITIALIZER(finished);
    struct run *run;

    (void)loop;
    (void)events;
    (void)pthread_mutex_lock(&jobs->shared->mutex);
    TAILQ_CONCAT(&finished, &jobs->shared->finished, link);
    (void)pthread_mutex_unlock(&jobs->shared->mutex);
    for (run = TAILQ_FIRST(&finished); run != NULL; run = TAILQ_FIRST(&finished)) {
        TAILQ_REMOVE(&finished, run, link);
        jobs->done(jobs->context, &run->job, &run->result);
        free(run);
    }
}

int router_jobs_new(struct router_jobs **out, struct ev_loop *loop,
                    void (*done)(void *context, const struct portmap_job *job,
                                 const struct portmap_result *result),
                    void *context)
{
    struct router_jobs *jobs = calloc(1, sizeof(*jobs));
    struct jobs_shared *shared = calloc(1, sizeof(*shared));
    pthread_condattr_t clock;

    if (jobs == NULL || shared == NULL || pthread_mutex_init(&shared->mutex, NULL) != 0) {
        free(jobs);
        free(shared);
        return ERR_NOMEM;
    }
    (void)pthread_condattr_init(&clock);
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&shared->ended, &clock);
    (void)pthread_condattr_destroy(&clock);
    shared->holders = 1;
    TAILQ_INIT(&shared->finished);
    shared->loop = loop;
    ev_async_init(&shared->wake, on_wake);
    shared->wake.data = jobs;
    ev_async_start(loop, &shared->wake);
    *jobs = (struct router_jobs){.shared = shared, .done = done, .context = context};
    *out = jobs;
    return ERR_OK;
}

static int run_start(struct router_jobs *jobs, const struct portmap_job *job, bool is_last)
{
    struct jobs_shared *shared = jobs->shared;
    struct run *run = calloc(1, sizeof(*run));

    if (run == NULL) {
        return ERR_NOMEM;
    }
    run->shared = shared;
    run->job = *job;
    run->is_last = is_last;
    (void)pthread_mutex_lock(&shared->mutex);
    memcpy(run->igd_url, shared->igd_url, sizeof(run->igd_url));
    shared->holders++;
    (void)pthread_mutex_unlock(&shared->mutex);
    if (thread_start_alone(run_it, run, THREAD_STACK_SIZE) != 0) {
        (void)pthread_mutex_lock(&shared->mutex);
        shared_let_go(shared);
        free(run);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

int router_jobs_start(struct router_jobs *jobs, const struct portmap_job *job)
{
    return run_start(jobs, job, false);
}

static struct timespec in_ms(unsigned ms)
{
    struct mono at = mono_add_ms(clock_mono(), ms);

    return (struct timespec){.tv_sec = (time_t)(at.ns / NS_PER_S),
                             .tv_nsec = (long)(at.ns % NS_PER_S)};
}

void router_jobs_last(struct router_jobs *jobs, const struct portmap_job *job, unsigned ms)
{
    struct jobs_shared *shared = jobs->shared;
    struct timespec until = in_ms(ms);
    int rc = run_start(jobs, job, true);

    (void)pthread_mutex_lock(&shared->mutex);
    shared->closed = true;
    while (rc == ERR_OK && !shared->last_ended &&
           pthread_cond_timedwait(&shared->ended, &shared->mutex, &until) == 0) {
    }
    (void)pthread_mutex_unlock(&shared->mutex);
}

void router_jobs_free(struct router_jobs *jobs)
{
    struct jobs_shared *shared;
    struct run *run;

    if (jobs == NULL) {
        return;
    }
    shared = jobs->shared;
    ev_async_stop(shared->loop, &shared->wake);
    (void)pthread_mutex_lock(&shared->mutex);
    shared->closed = true;
    for (run = TAILQ_FIRST(&shared->finished); run != NULL; run = TAILQ_FIRST(&shared->finished)) {
        TAILQ_REMOVE(&shared->finished, run, link);
        free(run);
    }
    shared_let_go(shared);
    free(jobs);
}
