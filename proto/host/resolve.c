/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One detached thread per name. What it found waits in a list that it shares with the loop, and the
 * loop is woken.
 */
#include "proto/host/resolve.h"

#include "proto/host/thread.h"
#include "proto/net/endpoint.h"

#include <ev.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    THREAD_STACK_SIZE = 256 * 1024,
};

/* What the loop and the threads share. It lives until the last of them lets go, because a thread
 * inside getaddrinfo cannot be stopped. */
struct shared {
    pthread_mutex_t mutex;
    unsigned holders;
    bool closed; /* the resolver is gone: results are dropped */
    struct ev_loop *loop;
    struct ev_async wake;
    TAILQ_HEAD(job_list, job) finished;
};

struct job {
    TAILQ_ENTRY(job) link; /* in finished */
    struct shared *shared;
    struct resolve_caller caller;
    char host[HOST_TEXT_SIZE];
    uint16_t port;
    struct endpoint endpoints[2 * RESOLVE_ENDPOINTS_MAX]; /* before families_cut: of each so many */
    size_t count;
};

struct resolver {
    struct shared *shared;
    size_t pending_count;
};

/* Called with the mutex held; releases it. */
static void shared_let_go(struct shared *shared)
{
    bool last;

    shared->holders--;
    last = shared->holders == 0;
    (void)pthread_mutex_unlock(&shared->mutex);
    if (last) {
        (void)pthread_mutex_destroy(&shared->mutex);
        free(shared);
    }
}

static void keep_endpoint(struct job *job, const struct endpoint *e)
{
    size_t family_count = 0;

    for (size_t i = 0; i < job->count; i++) {
        if (endpoint_equal(&job->endpoints[i], e)) {
            return;
        }
        family_count += endpoint_is_v4(&job->endpoints[i]) == endpoint_is_v4(e);
    }
    if (family_count < RESOLVE_ENDPOINTS_MAX) {
        job->endpoints[job->count++] = *e;
    }
}

/* Neither family takes the place of the other: each has half of it, and what the other leaves. */
static void families_cut(struct job *job)
{
    size_t found[2] = {0, 0};
    size_t kept[2] = {0, 0};
    size_t count = 0;

    for (size_t i = 0; i < job->count; i++) {
        found[endpoint_is_v4(&job->endpoints[i])]++;
    }
    for (size_t i = 0; i < job->count; i++) {
        bool v4 = endpoint_is_v4(&job->endpoints[i]);
        size_t half = RESOLVE_ENDPOINTS_MAX / 2;
        size_t most = found[!v4] < half ? RESOLVE_ENDPOINTS_MAX - found[!v4] : half;

        if (kept[v4] < most) {
            kept[v4]++;
            job->endpoints[count++] = job->endpoints[i];
        }
    }
    job->count = count;
}

static void job_resolve(struct job *job)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;

    if (getaddrinfo(job->host, NULL, &hints, &list) != 0) {
        return;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        struct endpoint e;

        if (a->ai_family == AF_INET) {
            struct sockaddr_in v4;

            memcpy(&v4, a->ai_addr, sizeof(v4));
            e = endpoint_v4((const uint8_t *)&v4.sin_addr, job->port);
        } else if (a->ai_family == AF_INET6) {
            struct sockaddr_in6 v6;

            memcpy(&v6, a->ai_addr, sizeof(v6));
            e = endpoint_v6((const uint8_t *)&v6.sin6_addr, job->port);
        } else {
            continue;
        }
        keep_endpoint(job, &e);
    }
    freeaddrinfo(list);
    families_cut(job);
}

static void *job_run(void *argument)
{
    struct job *job = argument;
    struct shared *shared = job->shared;

    job_resolve(job);
    (void)pthread_mutex_lock(&shared->mutex);
    if (shared->closed) {
        free(job);
    } else {
        TAILQ_INSERT_TAIL(&shared->finished, job, link);
        ev_async_send(shared->loop, &shared->wake);
    }
    shared_let_go(shared);
    return NULL;
}

static void on_wake(struct ev_loop *loop, struct ev_async *w, int events)
{
    struct resolver *resolver = w->data;
    struct job_list finished = TAILQ_HEAD_INITIALIZER(finished);
    struct job *job;

    (void)loop;
    (void)events;
    (void)pthread_mutex_lock(&resolver->shared->mutex);
    TAILQ_CONCAT(&finished, &resolver->shared->finished, link);
    (void)pthread_mutex_unlock(&resolver->shared->mutex);
    for (job = TAILQ_FIRST(&finished); job != NULL; job = TAILQ_FIRST(&finished)) {
        TAILQ_REMOVE(&finished, job, link);
        resolver->pending_count--;
        job->caller.done(job->caller.context, job->endpoints, job->count);
        free(job);
    }
}

int resolver_new(struct resolver **out, struct ev_loop *loop)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    struct shared *shared = calloc(1, sizeof(*shared));

    if (resolver == NULL || shared == NULL || pthread_mutex_init(&shared->mutex, NULL) != 0) {
        free(resolver);
        free(shared);
        return ERR_NOMEM;
    }
    shared->holders = 1;
    TAILQ_INIT(&shared->finished);
    shared->loop = loop;
    ev_async_init(&shared->wake, on_wake);
    shared->wake.data = resolver;
    ev_async_start(loop, &shared->wake);
    resolver->shared = shared;
    *out = resolver;
    return ERR_OK;
}

void resolver_free(struct resolver *resolver)
{
    struct shared *shared;
    struct job *job;

    if (resolver == NULL) {
        return;
    }
    shared = resolver->shared;
    ev_async_stop(shared->loop, &shared->wake);
    (void)pthread_mutex_lock(&shared->mutex);
    shared->closed = true;
    for (job = TAILQ_FIRST(&shared->finished); job != NULL; job = TAILQ_FIRST(&shared->finished)) {
        TAILQ_REMOVE(&shared->finished, job, link);
        free(job);
    }
    shared_let_go(shared);
    free(resolver);
}

int resolver_start(struct resolver *resolver, const char *host, uint16_t port,
                   const struct resolve_caller *caller)
{
    struct job *job;

    if (resolver->pending_count == RESOLVE_PENDING_MAX || strlen(host) >= HOST_TEXT_SIZE) {
        return ERR_LIMIT;
    }
    job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return ERR_NOMEM;
    }
    job->shared = resolver->shared;
    job->caller = *caller;
    job->port = port;
    (void)snprintf(job->host, sizeof(job->host), "%s", host);
    (void)pthread_mutex_lock(&job->shared->mutex);
    job->shared->holders++;
    (void)pthread_mutex_unlock(&job->shared->mutex);
    if (thread_start_alone(job_run, job, THREAD_STACK_SIZE) != 0) {
        (void)pthread_mutex_lock(&resolver->shared->mutex);
        shared_let_go(resolver->shared);
        free(job);
        return ERR_SYSTEM;
    }
    resolver->pending_count++;
    return ERR_OK;
}
