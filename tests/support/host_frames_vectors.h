/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors of identities, handshakes, the key schedule and sealed frames (docs/protocol.md,
 * sections 6 to 8 and 12), computed from the inputs in the document.
 */
#pragma once

#include "proto/crypto/identity.h"

/** The two hosts of the document. */
struct hosts {
    struct identity initiator, responder;
};

/** Read them from the inputs. */
struct hosts hosts_load(void);

/* ---- cases of the test ---- */

/** Keys in all their forms, and the addresses that follow from them. */
void keys_and_addresses(void **state);

/** Both messages, mac1 and the keys that follow. */
void handshake_without_psk(void **state);

/** The same with a pre-shared key. */
void handshake_with_psk(void **state);

/** A cookie reply, and mac2 of an initiation that has the cookie. */
void cookie_reply_and_stamped_initiation(void **state);

/** Plaintexts of path pings: the smallest ping, and its pong with the address it was seen from. */
void ping_and_pong(void **state);

/** Keys of the channels, and frames sealed with them, for each cipher that this CPU has. */
void channel_keys_and_frames(void **state);

/** The frames of hole punching. */
void punch_probe_and_answer(void **state);
