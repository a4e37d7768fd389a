/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay for tests: a relay core on a store of memory, with a box for what it sends. It has no
 * clock and no wire: its owner says when, and takes what stands in the box.
 */
#pragma once

#include "proto/crypto/identity.h"
#include "relayd/core/core.h"
#include "rendezvous/store/store.h"

#include <stddef.h>

struct relay_node {
    const struct env *env; /* kept */
    struct identity identity, ziglan_identity;
    struct endpoint address;
    char public_host[ENDPOINT_TEXT_SIZE]; /* the address as text */
    struct relay_config cfg;
    struct store *store;
    struct relay_core *core; /* NULL: it is not running */
    struct outbox box;
    /* Takes all that stands in the box, which is cleared afterwards. */
    void (*send)(void *context, const struct outbox *box);
    void *context;
};

/** A relay of the ziglan "home" at this address; not running yet. What else its config shall say,
 * and send, are the caller's to set. Aborts if memory is short, as all functions here. */
void relay_node_init(struct relay_node *node, const struct env *env,
                     const struct identity *identity, const struct identity *ziglan_identity,
                     const struct endpoint *address);
void relay_node_fini(struct relay_node *node);

/** Take over what cfg says apart from whose relay it is and where. */
void relay_node_configure(struct relay_node *node, const struct relay_config *cfg);

/** Start the program on its store, or end it without any goodbye. */
void relay_node_start(struct relay_node *node, struct mono now);
void relay_node_stop(struct relay_node *node);

/** Let it send until it has nothing more to send; returns how many datagrams that were. */
size_t relay_node_pump(struct relay_node *node, struct mono now);

/** When it wants to run; MONO_NEVER if it is not running. */
struct mono relay_node_deadline(const struct relay_node *node);
