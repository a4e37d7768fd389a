/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watch (docs/protocol.md, section 4): members who watch are told of changes of the directory, and
 * of who comes online and goes offline. These are two streams, and each watcher has its own place
 * in both, so that a slow one delays nobody. The stream of comings and goings is a ring; a watcher
 * that it has overtaken gets the whole directory again. Members that were not mentioned to a
 * watcher are offline.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    WATCH_BATCH_MS = 20,             /* changes are collected for this time */
    WATCH_MESSAGES_PER_TURN = 4,     /* to one watcher; together at most 64 KiB */
    WATCH_MESSAGES_PER_EXPIRE = 256, /* to all watchers; then the sockets have their turn */
    WATCH_WAITING_MAX = 65536,       /* bytes that a slow watcher has not taken yet */
    WATCH_ONLINE_PER_MESSAGE = 8,    /* members whose records certainly fit one Changes */
    ONLINE_RING_SIZE = 1024,         /* comings and goings that are kept */
    WATCH_SETTLE_MS = 3000,          /* after a crash, for those who had a session to come back */
};

/** Where one watcher is in both streams. */
struct watch {
    struct relay_client *client; /* whose `watch` is this one */
    uint32_t request_id;         /* of the Watch, for its first answer; then 0 */
    uint64_t sequence;           /* it has the directory up to here */
    bool directory_done;         /* it has the whole directory, but for later changes */
    bool more_told;              /* the last message said that more follows */
    bool enumerate;              /* it must be told who is online: it asked for changes only, which
                                    do not mention all who are */
    uint32_t enumerate_at;       /* how far that is done, in the session table */
    uint64_t online_at;          /* it was told the comings and goings before this one */
    TAILQ_ENTRY(watch) in_watches;
};

struct watch_service {
    struct relay_base *base;     /* borrowed */
    TAILQ_HEAD(, watch) watches; /* who waits longest for a turn is first */
    uint32_t count;              /* of watches */
    struct mono changes_at;      /* when watchers are told, MONO_NEVER: nothing new */
    bool settling;               /* after a crash not all are back, and so nobody is offline: no
                                    watcher is told that it was told all */
    uint64_t online_next;        /* comings and goings so far */
    uint8_t online_ring[ONLINE_RING_SIZE][KEY_SIZE]; /* the keys of the latest of them */
    struct directory_chunk chunk;                    /* scratch of one message, like rows */
    struct directory_entry rows[WATCH_ONLINE_PER_MESSAGE];
};

/** Nobody watches yet. The service is zeroed memory; base is borrowed and outlives it. */
void watch_service_init(struct watch_service *service, struct relay_base *base);

/** Free all watches. */
void watch_service_fini(struct watch_service *service);

/** Serve a member's Watch: Changes follow from its `since` on, or Error if it is refused. A new
 * Watch of a session replaces the former one. */
void watch_on_watch(struct watch_service *service, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now);

/** The directory changed: watchers are told, at most WATCH_BATCH_MS later. */
void watch_changed(struct watch_service *service, struct mono now);

/** This member came online or went offline: watchers are told, at most WATCH_BATCH_MS later. */
void watch_online_changed(struct watch_service *service, const uint8_t key[KEY_SIZE],
                          struct mono now);

/** End the watch of a session; no-op if it has none. */
void watch_stop(struct watch_service *service, struct relay_client *client);

/** Tell the watchers what is due. watch_deadline tells when to call this again; it is MONO_NEVER if
 * there is nothing to tell. */
void watch_expire(struct watch_service *service, struct mono now);
struct mono watch_deadline(const struct watch_service *service);
