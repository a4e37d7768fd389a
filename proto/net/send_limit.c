/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * While something waits, the way is busy, and what it gives up in that time is its rate. What ran
 * dry tells only that the way is not slower than that.
 */
#include "proto/net/send_limit.h"

enum {
    SAMPLE_NS = 4000000, /* devices give up several packets at once, so a shorter one is wrong */
    LONG_NS = 20000000,  /* this long, it is believed wholly */
    SLOW_MS = 1000,
    DECAY = 4,       /* a lower rate is believed by a quarter */
    RAISE = 4,       /* what ran dry gets a quarter more time ... */
    RAISE_RATE = 16, /* ... and a little rate: it may have become faster */
    FORGET = 256,
    CHANGE_MIN = 8, /* a change by less than an eighth is not worth telling the kernel */
    PORTIONS = 4,
};

void send_limit_init(struct send_limit *limit)
{
    *limit =
        (struct send_limit){.bytes = SEND_LIMIT_START, .wait_ns = SEND_LIMIT_WAIT_MS * NS_PER_MS};
}

/* The sample is as long as one should be, or the way ran dry in it, perhaps long ago: then it is
 * only a lower bound. */
static void sample_end(struct send_limit *l, bool dry)
{
    uint64_t sample = l->busy_ns < SAMPLE_NS ? 0 : l->drained * NS_PER_S / l->busy_ns;

    if (!dry && sample < l->rate) {
        l->rate -= (l->rate - sample) / (l->busy_ns < LONG_NS ? DECAY : 1);
    } else if (sample > l->rate && (!dry || l->rate > 0)) {
        l->rate = sample;
    }
    l->busy_ns = 0;
    l->drained = 0;
}

/* A way that ran dry while there was more to send had to wait for us: we are woken too late for
 * what may wait. That is no matter of its rate. As BQL does, more may wait at once, and less again
 * by and by. */
static void wait_learn(struct send_limit *l, bool starved)
{
    const uint64_t least = SEND_LIMIT_WAIT_MS * NS_PER_MS;
    const uint64_t most = SEND_LIMIT_WAIT_MAX_MS * NS_PER_MS;

    if (starved) {
        l->wait_ns += l->wait_ns / RAISE;
        l->wait_ns = l->wait_ns < most ? l->wait_ns : most;
    } else {
        l->wait_ns -= (l->wait_ns - least) / FORGET;
    }
}

static size_t within(uint64_t bytes)
{
    uint64_t most = bytes < SEND_LIMIT_MAX ? bytes : SEND_LIMIT_MAX;

    return (size_t)(most > SEND_LIMIT_MIN ? most : SEND_LIMIT_MIN);
}

/* Use what is known. True if that is a change. */
static bool bytes_set(struct send_limit *l, size_t bytes)
{
    size_t by = bytes > l->bytes ? bytes - l->bytes : l->bytes - bytes;

    if (by < l->bytes / CHANGE_MIN || by == 0) {
        return false;
    }
    l->bytes = bytes;
    return true;
}

bool send_limit_before(struct send_limit *l, size_t backlog, struct mono now)
{
    bool dry = backlog == 0;
    size_t bytes = l->bytes;

    if (l->backlog == 0) {
        return false;
    }
    l->busy_ns += mono_ns_between(l->at, now);
    l->drained += l->backlog > backlog ? l->backlog - backlog : 0;
    if (dry || l->busy_ns >= SAMPLE_NS) {
        sample_end(l, dry);
    }
    wait_learn(l, dry && l->cut_short);
    if (dry && l->cut_short && l->rate == 0) {
        bytes *= 2;
    } else if (dry && l->cut_short) {
        l->rate += l->rate / RAISE_RATE;
    }
    l->backlog = backlog;
    l->at = now;
    return bytes_set(l, within(l->rate == 0 ? bytes : l->rate / 1000 * l->wait_ns / NS_PER_MS));
}

void send_limit_after(struct send_limit *l, size_t backlog, bool cut_short, struct mono now)
{
    l->backlog = backlog;
    l->at = now;
    l->cut_short = cut_short;
    if (cut_short) {
        l->full_at = now;
        l->full_ever = true;
    }
}

bool send_limit_is_slow(const struct send_limit *l, struct mono now)
{
    return l->bytes < SEND_LIMIT_START ||
           (l->full_ever && mono_before(now, mono_add_ms(l->full_at, SLOW_MS)));
}

size_t send_limit_portion(const struct send_limit *l)
{
    return l->bytes / PORTIONS;
}
