/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that form a subnet in memory: their meshes, a clock, and what lies between them. Each
 * message is packed and unpacked as between programs, and arrives at once. Each relay has a network
 * of its own unless a test says otherwise.
 */
#pragma once

#include "proto/crypto/identity.h"
#include "rendezvous/mesh/mesh.h"
#include "tests/support/env.h"
#include "tests/support/parts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subnet_relay {
    struct identity identity;
    struct endpoint address;
    struct mesh *mesh;
    uint32_t island; /* relays of different islands do not reach each other */
    bool down;
    uint64_t sent, sent_bytes; /* messages */
};

struct subnet {
    struct test_env ports;
    struct mono now;
    struct node_shelf *shelf;
    struct subnet_relay *relays;
    uint32_t count;
    struct mesh_message message;
    struct control_arena arena;
};

/** Make count relays that know nobody, relay n with the identity node_of(n). */
struct subnet *subnet_new(uint32_t count);
void subnet_free(struct subnet *subnet);

/** The address of relay n; no two are in one /16. */
struct endpoint subnet_address(uint32_t n);

/** A record of this identity at this address, made now. */
struct part subnet_record(const struct subnet *subnet, const struct identity *identity,
                          const struct endpoint *address, uint64_t sequence);

/** An attestation: this identity reached the subject at the address. */
struct part subnet_attestation(const struct subnet *subnet, const struct identity *attester,
                               const uint8_t subject[KEY_SIZE], const struct endpoint *address);

/** Relay n announces itself. */
void subnet_announce(struct subnet *subnet, uint32_t n);

/** A dials b: a session, which both hear of. */
void subnet_connect(struct subnet *subnet, uint32_t a, uint32_t b);

/** Relay n is gone with all its sessions, without a word; its mesh stands still. */
void subnet_kill(struct subnet *subnet, uint32_t n);

/** Cut sessions between islands. */
void subnet_cut(struct subnet *subnet);

/** Take out what relay n has to do, do it, and let all arrive. */
void subnet_pump(struct subnet *subnet);

/** Let time pass. */
void subnet_run(struct subnet *subnet, uint64_t ms);

/** Relay `to` hears from its neighbour `from` that there is this record, attested by these. */
void subnet_tell(struct subnet *subnet, uint32_t to, const struct identity *from,
                 const struct part *record, const struct part *attestations, size_t count);

/** True if a believes in b. */
bool subnet_knows(const struct subnet *subnet, uint32_t a, uint32_t b);

/** How many of the relays that are up believe in relay n. */
uint32_t subnet_known_by(const struct subnet *subnet, uint32_t n);
