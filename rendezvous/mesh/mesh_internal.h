/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a mesh, for the files that make it up: mesh.c (verbs and time), mesh_learn.c (what
 * is told becomes what is believed), mesh_sync.c (the exchange with a neighbour), mesh_choose.c
 * (which neighbours), mesh_push.c (what is new for all).
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/mesh/mesh_hashes.h"
#include "rendezvous/mesh/node_shelf.h"
#include "rendezvous/mesh/node_table.h"
#include "rendezvous/mesh/node_unproven.h"

enum {
    MESH_KEYS_MAX = NODE_REFS_MAX, /* waiting to be asked of, or told to, one neighbour */
    MESH_PUSH_MAX = 256,           /* new relays, remembered until all neighbours were told */
    MESH_MEASURED_MAX = 64,
    MESH_CONNECTS_MAX = 4,
    MESH_FAILED_MAX = 32,
    MESH_REMOVED_MAX = 256,
    MESH_UNPROVEN_COST = 60 / MESH_UNPROVEN_PER_MIN, /* in tokens, of which one comes each second */
};

/** A heap of keys, empty if zeroed. */
struct mesh_keys {
    uint8_t (*keys)[KEY_SIZE];
    size_t count, capacity;
};

/** How far the exchange with a neighbour is. */
struct mesh_sync {
    struct mono at;         /* the next digest */
    struct mono digest_at;  /* when the last one was sent, */
    struct mono buckets_at; /* its buckets were told, */
    struct mono summary_at; /* a summary was sent, */
    struct mono wanted_at;  /* something was asked for */
    bool tell_digest, tell_buckets;
    bool asked;                           /* a NodeWant is not answered yet */
    bool progress;                        /* since the last summary somebody wanted something */
    struct mono full_until;               /* nothing more is asked for, since nothing was taken */
    bool differs;                         /* any of: */
    uint8_t differ[NODE_BUCKETS / 8];     /* buckets to be summarised */
    uint8_t summarised[NODE_BUCKETS / 8]; /* those that were, in this round */
    uint8_t first_bucket;                 /* where summaries begin: each time another one */
    struct mesh_keys want, tell;
    uint64_t push_at;        /* position in the mesh's pushes */
    struct bucket summaries; /* what it may send */
};

struct mesh_neighbour {
    struct mesh_session session;
    struct mono since;
    uint64_t prefix;
    uint32_t rtt_us; /* 0: not measured */
    struct mesh_sync sync;
    struct mesh_hashes vouched; /* records that it believes and we lack, in our first minutes */
};

struct mesh_push {
    uint8_t key[KEY_SIZE];
    uint8_t from[KEY_SIZE]; /* who told it; all zero: nobody */
};

struct mesh_pushes {
    struct mesh_push ring[MESH_PUSH_MAX];
    uint64_t end; /* how many there were */
};

/** A neighbour to be, or one that could not be reached. */
struct mesh_connect {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    struct mono until; /* it counts so long */
    bool begun;
};

struct mesh_choice {
    struct mono look_at, changed_at;
    struct mono dials_at; /* nobody new is dialled before */
    bool changed;         /* changed_at counts */
    bool alone;           /* neighbours are missing, and of */
    size_t alone_with;    /* so many relays none could be one */
    struct mesh_connect connects[MESH_CONNECTS_MAX], failed[MESH_FAILED_MAX];
    size_t connects_count, failed_next;
    struct {
        uint8_t key[KEY_SIZE];
        uint32_t rtt_us;
    } measured[MESH_MEASURED_MAX];
    size_t measured_count;
    bool release; /* of: */
    uint8_t release_key[KEY_SIZE];
};

/** What is to be written to the store. */
struct mesh_unsaved {
    bool any;
    struct mono saved_at;
    uint8_t removed[MESH_REMOVED_MAX][KEY_SIZE];
    size_t removed_count;
};

/* tidy-ok: struct-fields what the files of this room share, each of which owns some of it */
struct mesh {
    struct mesh_config config;
    const struct env *env;
    struct node_table *table;
    struct node_unproven_list unproven;
    struct mesh_neighbour *neighbours[MESH_NEIGHBOURS_MAX];
    size_t neighbours_count, next_neighbour;
    struct mesh_pushes *pushes;
    struct mesh_choice choice;
    struct mesh_unsaved *unsaved;
    struct bucket_table *believed_rate, *unproven_rate, *told_rate; /* per prefix */
    struct bucket dial_rate;
    uint64_t own_sequence;
    struct endpoint own_addresses[MESH_OWN_ADDRESSES_MAX];
    size_t own_addresses_count;
    struct mono sweep_at, born;
    struct mesh_hashes vouched; /* for which enough neighbours vouched */
    size_t sweep_place;
    struct mesh_stats stats;
};
