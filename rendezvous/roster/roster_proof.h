/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one member shows another one where no entry point is in reach (docs/protocol.md, section 13,
 * "On one LAN"): the chain of signatures that makes it a member.
 *
 *     delegation, admission, member part: each after its length(2)
 *
 * Who shows it need not be the member: it proves nothing about who speaks. It is believed as what
 * an entry point says is, and no more: revocations and newer records that are known win.
 */
#pragma once

#include "proto/base/err.h"
#include "rendezvous/roster/roster.h"

#include <stddef.h>
#include <stdint.h>

/** A proof that was read; the records are borrowed from the bytes. */
struct roster_proof {
    uint8_t key[KEY_SIZE]; /* of the member, as it is said; nothing is verified yet */
    struct member_bytes delegation, admission, part;
};

/** Write the proof that this key, as the store has it, is a member: at most `capacity` bytes, and
 * their number to *size. ERR_DROP if it is not known with its delegation, or there is no room. */
int roster_proof_write(struct roster *roster, const uint8_t key[KEY_SIZE], uint8_t *out,
                       size_t capacity, size_t *size) MUST_CHECK;

/** Read size bytes of any content. ERR_DROP, with out untouched, if it is no proof. Pure. */
int roster_proof_read(struct roster_proof *out, const uint8_t *data, size_t size) MUST_CHECK;

/** Apply it as a change of an entry point that is told by nobody to be online. It costs three
 * signatures. As roster_apply; ERR_DROP also if the delegation is not believed. */
int roster_proof_apply(struct roster *roster, const struct roster_proof *proof,
                       enum roster_effect *effect) MUST_CHECK;
