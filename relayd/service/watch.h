/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of the directory, and who comes and goes, streamed to members who watch. Each watcher has
 * its own place in both streams, so a slow one delays nobody. One that was away long enough to lose
 * its place gets everything again. Members not mentioned are offline.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    WATCH_BATCH_MS = 20,             /* changes are collected for this long */
    WATCH_MESSAGES_PER_TURN = 4,     /* to one watcher, 64 KiB */
    WATCH_MESSAGES_PER_EXPIRE = 256, /* to all of them, before anything else has its turn */
    WATCH_WAITING_MAX = 65536,       /* bytes that a slow watcher has not taken yet */
    WATCH_ONLINE_PER_MESSAGE = 8,    /* members whose records certainly fit one Changes */
    ONLINE_RING_SIZE = 1024,
};

/** Where one watcher is in both streams. */
struct watch {
    struct relay_client *client; /* whose `watch` is this one */
    uint32_t request_id;         /* of the Watch, for its first answer; then 0 */
    uint64_t sequence;           /* it has the directory up to here */
    bool directory_done;         /* the backlog was sent */
    bool enumerate;              /* tell who is online, because the backlog began after 0 */
    uint32_t enumerate_at;       /* where in the session table */
    uint64_t online_at;          /* next position in the ring of online changes */
    TAILQ_ENTRY(watch) in_watches;
};

struct watch_service {
    struct relay_base *base;     /* borrowed */
    TAILQ_HEAD(, watch) watches; /* who waits longest for a turn is first */
    uint32_t count;              /* of watches */
    struct mono changes_at;      /* when watchers are told, MONO_NEVER: nothing new */
    uint64_t online_next;        /* so many came or went so far */
    uint8_t online_ring[ONLINE_RING_SIZE][KEY_SIZE]; /* the latest of them */
    struct directory_chunk chunk;                    /* scratch of one message, as are the rows */
    struct directory_entry rows[WATCH_ONLINE_PER_MESSAGE];
};

/** Nobody watches. base is borrowed and outlives the service. */
void watch_service_init(struct watch_service *service, struct relay_base *base);
void watch_service_fini(struct watch_service *service);

/** A member wants to be told of changes, from `since` on; a refusal is answered. */
void watch_on_watch(struct watch_service *service, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now);

/** The directory changed: watchers are told soon. */
void watch_changed(struct watch_service *service, struct mono now);

/** This member came or went: watchers are told soon. */
void watch_online_changed(struct watch_service *service, const uint8_t key[KEY_SIZE],
                          struct mono now);

/** This session watches no longer, if it did. */
void watch_stop(struct watch_service *service, struct relay_client *client);

/** Tell whoever watches, if it is time, and when to call this again. */
void watch_expire(struct watch_service *service, struct mono now);
struct mono watch_deadline(const struct watch_service *service);
