/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay for tests: a relay core on a memory store, and a box for what it sends. It has neither a
 * clock nor a wire: its owner says what time it is and takes the datagrams out of the box.
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
    /* Takes the datagrams in node->box, which is cleared afterwards. */
    void (*send)(void *context, const struct relay_node *node);
    void *context;
};

/** Make a relay of the ziglan "home" at this address that does not run yet. The caller sets `send`,
 * and the rest of cfg with relay_node_configure. Like all functions here it aborts if memory is
 * short. */
void relay_node_init(struct relay_node *node, const struct env *env,
                     const struct identity *identity, const struct identity *ziglan_identity,
                     const struct endpoint *address);
void relay_node_fini(struct relay_node *node);

/** Take cfg over, apart from its identities, its ziglan's name and its public address. It takes
 * effect at the next start. */
void relay_node_configure(struct relay_node *node, const struct relay_config *cfg);

/** It hosts no ziglan and is open to strangers, from the next start on. */
void relay_node_set_open(struct relay_node *node);

/** Start the core on the node's store; end it without any goodbye. It must not run when it is
 * started. */
void relay_node_start(struct relay_node *node, struct mono now);
void relay_node_stop(struct relay_node *node);

/** After relay_core_shutdown: end this core, start another one, and hand it the lanes that were
 * kept, as relayd does; says how many. */
size_t relay_node_restart(struct relay_node *node, struct mono now);

/** Let it send until it has nothing more to send; returns how many datagrams that were. */
size_t relay_node_pump(struct relay_node *node, struct mono now);

/** When it wants to run; MONO_NEVER if it is not running. */
struct mono relay_node_deadline(const struct relay_node *node);
