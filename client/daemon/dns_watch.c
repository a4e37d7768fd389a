/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop looks at a mark, which is cheap, and starts the thread when that is another one. What
 * the thread itself sets makes another mark, too, and is looked at once more: so nothing that
 * others do meanwhile is missed. The result is the thread's between thread_start and on_done.
 */
#include "client/daemon/dns_watch.h"

#include "proto/base/bucket.h"
#include "proto/host/os_env.h"
#include "proto/host/thread.h"

#include <ev.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    AGAIN_MAX = 12,
    AGAIN_S = 20,
};

/* A bucket gets whole tokens per second, so to set it again takes AGAIN_S of them. */
static const struct bucket_rate again_rate = {.per_s = 1, .burst = AGAIN_MAX * AGAIN_S};

struct dns_watch {
    struct ev_loop *loop;
    const struct dnscfg_link *link;
    dns_watch_told told;
    void *context;
    struct ev_timer timer;
    struct ev_async done;
    pthread_t thread;
    bool working;
    struct dnscfg_result result; /* of the thread */
    uint64_t mark;               /* before the thread looked last */
    struct mono looked_at;
    struct bucket again;
};

static void *look(void *argument)
{
    struct dns_watch *watch = argument;

    dnscfg_apply(&watch->result, watch->link);
    ev_async_send(watch->loop, &watch->done);
    return NULL;
}

/* All signals are blocked in the thread: they belong to the loop. Without a thread the next turn of
 * the timer tries again. */
static void look_start(struct dns_watch *watch)
{
    watch->working = thread_start(&watch->thread, look, watch) == 0;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct dns_watch *watch = w->data;
    struct mono now = clock_mono();
    uint64_t mark, wait_ms;

    (void)loop;
    (void)events;
    if (watch->working || bucket_level(&watch->again, &again_rate, now) < AGAIN_S) {
        return;
    }
    wait_ms = watch->result.again ? DNS_WATCH_AGAIN_MS : DNS_WATCH_ANYWAY_MS;
    mark = dnscfg_mark(watch->link->interface);
    if (mark == watch->mark && !mono_due(mono_add_ms(watch->looked_at, wait_ms), now)) {
        return;
    }
    watch->mark = mark;
    watch->looked_at = now;
    look_start(watch);
}

static void on_done(struct ev_loop *loop, struct ev_async *w, int events)
{
    struct dns_watch *watch = w->data;

    (void)loop;
    (void)events;
    if (!watch->working) {
        return;
    }
    (void)pthread_join(watch->thread, NULL);
    watch->working = false;
    if (watch->result.changed) {
        (void)bucket_take(&watch->again, &again_rate, AGAIN_S, clock_mono());
    }
    watch->told(watch->context, &watch->result);
}

int dns_watch_new(struct dns_watch **out, struct ev_loop *loop, const struct dnscfg_link *link,
                  dns_watch_told told, void *context)
{
    struct dns_watch *watch = calloc(1, sizeof(*watch));

    *out = watch;
    if (watch == NULL) {
        return ERR_NOMEM;
    }
    watch->loop = loop;
    watch->link = link;
    watch->told = told;
    watch->context = context;
    watch->looked_at = clock_mono();
    bucket_init(&watch->again, &again_rate, watch->looked_at);
    ev_timer_init(&watch->timer, on_timer, DNS_WATCH_EVERY_MS / 1000.0,
                  DNS_WATCH_EVERY_MS / 1000.0);
    watch->timer.data = watch;
    ev_timer_start(loop, &watch->timer);
    ev_async_init(&watch->done, on_done);
    watch->done.data = watch;
    ev_async_start(loop, &watch->done);
    return ERR_OK;
}

void dns_watch_free(struct dns_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    ev_timer_stop(watch->loop, &watch->timer);
    if (watch->working) {
        (void)pthread_join(watch->thread, NULL);
    }
    ev_async_stop(watch->loop, &watch->done);
    free(watch);
}
