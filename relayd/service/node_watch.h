/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts that want to know at once when a relay tells that it is elsewhere (NodeLookup with `watch`;
 * docs/protocol.md, section 17): which relays each of them asked for, and how new the record was
 * that it got. The mesh service tells them.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/relay_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    NODE_WATCH_MAX = 8,             /* relays of one host */
    NODE_WATCH_LOOK_MS = 200,       /* between two looks at all of them, */
    NODE_WATCH_LOOK_MS_MANY = 2000, /* if there are NODE_WATCH_MANY */
    NODE_WATCH_MANY = 1000,
};

/** What one host watches. */
struct node_watch {
    TAILQ_ENTRY(node_watch) in_list;
    struct handle client;
    size_t count;
    struct node_watch_row {
        uint8_t key[KEY_SIZE];
        uint64_t sequence; /* of the record that it has; 0: none */
    } rows[NODE_WATCH_MAX];
};

struct node_watches {
    TAILQ_HEAD(node_watch_list, node_watch) list;
    size_t count;
    uint64_t changes;    /* mesh_changes at the last look */
    struct mono look_at; /* not before */
};

/** Nobody watches anything; free all. */
void node_watches_init(struct node_watches *watches);
void node_watches_fini(struct node_watches *watches);

/** The host of this session watches the relay with this key, and has a record of this sequence. One
 * more than NODE_WATCH_MAX is not watched, nor is one without memory: the host asks again. */
void node_watch_add(struct node_watches *watches, struct relay_client *client,
                    const uint8_t key[KEY_SIZE], uint64_t sequence);

/** The session is over. */
void node_watch_gone(struct node_watches *watches, struct relay_client *client);

/** True if it is time to look at all of them because the mesh changed so often; that is noted. */
bool node_watches_due(struct node_watches *watches, uint64_t changes, struct mono now);

/** When it will be; MONO_NEVER before the mesh changes. */
struct mono node_watches_deadline(const struct node_watches *watches, uint64_t changes);
