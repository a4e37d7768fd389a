/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What relays of different owners know of each other, and how they come to know it
 * (docs/protocol.md, section 17, "Nodes"): the table of node records, what of it is believed, the
 * exchange with neighbours, and which relays are to be dialled. A neighbour is a relay with which
 * this one has a session; the mesh knows it by its key and never sees the session.
 *
 * The caller tells what happened (mesh_on_*), lets time pass (mesh_expire at mesh_deadline), and
 * takes what is to be done out of mesh_output after every call. A record goes this way:
 *
 *   told by a neighbour --> UNPROVEN --- we dialled its address and it proved its key --> believed
 *                              |   \                                                        ^
 *                              |    +--- three relays that we believe attest that ----------+
 *                              |    +--- (at first) most of our neighbours believe it ------+
 *                              +--- nobody could reach it --> forgotten
 *
 * Only what is believed is found by mesh_find and mesh_next, and is told to others; the latter not
 * while it is believed only because neighbours do.
 *
 * Later: relayd's service `mesh` uses this room.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/identity.h"
#include "proto/net/endpoint.h"
#include "proto/wire/control.h"
#include "proto/wire/frame.h"
#include "rendezvous/mesh/mesh_message.h"
#include "rendezvous/mesh/node_shelf.h"
#include "rendezvous/mesh/node_table.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESH_NEIGHBOURS_MAX = 64,
    MESH_OWN_ADDRESSES_MAX = 8,
    MESH_SYNC_MS = 60000,         /* between two digests for a neighbour, +- a quarter */
    MESH_SAVE_MS_MIN = 30000,     /* between two writings to the store */
    MESH_SAVE_MAX = 512,          /* records written in one transaction */
    MESH_BELIEVED_PER_MIN = 1000, /* new records of the neighbours of one prefix, attested */
    MESH_UNPROVEN_PER_MIN = 10,   /* the same, not attested enough */
    MESH_TOLD_PER_MIN = 3000,     /* records that one prefix is told because it wants them */
};

struct mesh_config {
    const struct identity *identity; /* the relay's own; signs attestations; borrowed */
    struct node_shelf *shelf;        /* borrowed; may be shared by many meshes of one thread */
    size_t nodes_max;                /* at most NODE_TABLE_MAX; 0: that */
};

enum mesh_output_type {
    MESH_OUTPUT_SEND,    /* send message.control to the neighbour `key` */
    MESH_OUTPUT_REACH,   /* dial `address`, where `key` must prove itself, and call
                            mesh_on_dialled; the session need not stay */
    MESH_OUTPUT_CONNECT, /* the same, and the session stays: mesh_on_up follows */
    MESH_OUTPUT_RELEASE, /* the session with the neighbour `key` is not needed any more */
};

struct mesh_output {
    enum mesh_output_type type;
    uint8_t key[KEY_SIZE];
    struct endpoint address; /* REACH, CONNECT */
};

/** A session with a neighbour. */
struct mesh_session {
    uint8_t key[KEY_SIZE];
    struct endpoint address; /* where its packets come from */
    bool dialled;            /* by us: so it can be reached at that address */
    bool fixed;              /* wanted by the configuration: never released, never replaced */
};

/** What became of a dial. */
struct mesh_dialled {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    bool proved;     /* somebody answered there and proved this key */
    bool fresh;      /* from a socket to whose address it had never sent anything */
    uint32_t rtt_us; /* 0: not measured */
};

/** Counters for metrics; each refusal has one. The last ones are gauges. */
/* tidy-ok: struct-fields one flat list of counters, as the metrics print them */
struct mesh_stats {
    uint64_t known, older, own;                          /* nothing new */
    uint64_t malformed, forged, future, over;            /* no record for us */
    uint64_t bad_address;                                /* one to which nobody may send */
    uint64_t limit_all, limit_prefix;                    /* no room in the table */
    uint64_t limit_believed, limit_unproven, limit_told; /* too fast for one prefix */
    uint64_t unproven_full, unreached;                   /* not taken, given up */
    uint64_t attestations_bad;                           /* forged, over, or of another relay */
    uint64_t believed, expired, unbelieved;              /* what became of records */
    uint64_t vouched;                                    /* believed because neighbours did */
    uint64_t dials, reached;
    uint64_t digests, summaries, wants, told; /* sent; the last: records */
    uint64_t bad_message, no_memory, store_failed;
    uint32_t nodes, unproven, neighbours;
};

struct mesh;

/** A mesh that knows nobody. config is copied, env kept. ERR_NOMEM leaves *out NULL. */
int mesh_new(struct mesh **out, const struct mesh_config *config, const struct env *env,
             struct mono now) MUST_CHECK;

/** Free the mesh. NULL is legal. */
void mesh_free(struct mesh *mesh);

/** The addresses of this machine (at most MESH_OWN_ADDRESSES_MAX count). A relay at a special
 * address, as in a LAN, is dialled only if one of these is of the same kind. */
void mesh_own_addresses(struct mesh *mesh, const struct endpoint *addresses, size_t count);

/**
 * From now on this is the own record (signed, its sequence larger than that of the former one); it
 * is told to all neighbours at once. size 0: there is none any more; others forget it when its
 * lifetime is over. ERR_DROP, with nothing changed, if it is no live record of this relay or not
 * newer than what is known of it (mesh_own_sequence).
 */
int mesh_own_set(struct mesh *mesh, const uint8_t *record, size_t size, struct mono now) MUST_CHECK;

/** The largest sequence of an own record that was set, loaded, or told by another relay. */
uint64_t mesh_own_sequence(const struct mesh *mesh);

/** Another relay attests that it reached this one: from now on that travels with the own record, if
 * it is about its first address. False if it does not help. */
bool mesh_own_attested(struct mesh *mesh, const uint8_t *attestation, size_t size);

/** A session with a relay is open: it is a neighbour from now on. ERR_LIMIT if there are
 * MESH_NEIGHBOURS_MAX; a known neighbour is updated. */
int mesh_on_up(struct mesh *mesh, const struct mesh_session *session, struct mono now) MUST_CHECK;

/** It is over. */
void mesh_on_down(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now);

/** A relay sent us away because it has no room: do not choose it again soon. To be called before
 * mesh_on_down. */
void mesh_on_full(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now);

/** The round trip to a neighbour was measured. */
void mesh_on_rtt(struct mesh *mesh, const uint8_t key[KEY_SIZE], uint32_t rtt_us, struct mono now);

/** A neighbour sent this message. False, and nothing done, unless it is one of Nodes, NodeDigest,
 * NodeSummary and NodeWant, and `from` is a neighbour. */
bool mesh_on_control(struct mesh *mesh, const uint8_t from[KEY_SIZE],
                     const Ziglan__Control *control, struct mono now);

/** A neighbour told this relay in another message (Located, FindResult): as in Nodes. */
void mesh_on_entry(struct mesh *mesh, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *entry,
                   struct mono now);

/** A dial that mesh_output demanded, or one that the caller made by itself, has ended. */
void mesh_on_dialled(struct mesh *mesh, const struct mesh_dialled *dialled, struct mono now);

/** Until then dial nobody new: it is being measured who reaches this relay, and that only they can
 * say to whom it never sent anything. A time that is past ends it. */
void mesh_dials_wait(struct mesh *mesh, struct mono until);

/** Let time pass. */
void mesh_expire(struct mesh *mesh, struct mono now);

/** When to call mesh_expire next. */
struct mono mesh_deadline(const struct mesh *mesh);

/** Take the next thing to do; false if there is none. A SEND fills in message, which borrows from
 * the mesh until its next call. */
bool mesh_output(struct mesh *mesh, struct mesh_output *out, struct mesh_message *message,
                 struct mono now);

/** What is believed of a relay (also of the own one). out borrows until the next call that is not
 * const. False if there is nothing. */
bool mesh_find(const struct mesh *mesh, const uint8_t key[KEY_SIZE], struct node_found *out);

/** True if this is the IP address at which a relay that is believed is (its first one), the own one
 * excepted. */
bool mesh_has_ip(const struct mesh *mesh, const struct endpoint *address);

/** Visit all relays that are believed: start with *cursor = 0. False at the end. After any change
 * the visit starts anew. */
bool mesh_next(const struct mesh *mesh, size_t *cursor, struct node_found *out);

/** Up to count random relays, each once, never the own one; returns how many. */
size_t mesh_sample(struct mesh *mesh, struct node_found *out, size_t count);

/** The same of those that have pools of applications: where few have, all are looked at. */
size_t mesh_sample_helping(struct mesh *mesh, struct node_found *out, size_t count);

/** Grows whenever a relay is believed, changed, or forgotten. */
uint64_t mesh_changes(const struct mesh *mesh);

/** Sign that this relay reached `key` at this address: an attestation for a ReachResult. False if
 * that cannot be. */
bool mesh_attest(const struct mesh *mesh, const uint8_t key[KEY_SIZE], uint64_t sequence,
                 const struct endpoint *address, bool fresh, uint8_t *out, size_t *size);

/** True if mesh_save has something to write, and may. */
bool mesh_save_due(const struct mesh *mesh, struct mono now);

/** Write what changed, at most MESH_SAVE_MAX records, in one transaction. On an error all of it
 * is tried again later. */
int mesh_save(struct mesh *mesh, struct store *store, struct mono now) MUST_CHECK;

/** Read what was written; each record and attestation is verified again. To be called once, before
 * anything happens. */
int mesh_load(struct mesh *mesh, struct store *store, struct mono now) MUST_CHECK;

/** Counters, up to date; borrowed for the life of the mesh. */
const struct mesh_stats *mesh_stats(struct mesh *mesh);
