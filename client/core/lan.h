/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts of a ziglan find each other on a LAN where no relay answers: each tells the LAN who and
 * where it is, by notices that only those can read who know the ziglan's key (docs/protocol.md,
 * section 13, "On one LAN"; proto/crypto/lan_notice.h). What follows from one is a handshake or a
 * ping to an address on a LAN of ours, never an answer to whoever sent the notice. Before a notice
 * that asks or answers, a proof shows that its host is a member, for those that joined before it
 * did (proto/crypto/lan_proof.h).
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/lan_notice.h"
#include "proto/crypto/lan_proof.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_core;

enum { LAN_DATAGRAM_SIZE_MAX = LAN_PROOF_SIZE };

/** The shell can send to the LAN: begin. Once. ERR_NOMEM: then nothing is heard. */
int host_core_lan_begin(struct host_core *core, struct mono now) MUST_CHECK;

/** A datagram of size bytes came from the LAN, any content. */
void host_core_lan_receive(struct host_core *core, const uint8_t *data, size_t size,
                           struct mono now);

/** Poll a datagram of *size bytes that is to be sent to the group on each LAN; false: none is due.
 */
bool host_core_lan_wanted(struct host_core *core, uint8_t out[LAN_DATAGRAM_SIZE_MAX], size_t *size,
                          struct mono now);

/** The underlay changed: say where we are now, and ask who is there. moved: perhaps to another
 * network. */
void lan_on_network(struct host_core *core, bool moved, struct mono now);

/** Which ziglans there are may have changed, and somebody may be sought. */
void lan_expire(struct host_core *core, struct mono now);
struct mono lan_deadline(const struct host_core *core);
