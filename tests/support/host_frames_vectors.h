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

/** Make them from the inputs. */
struct hosts hosts_load(void);

/* ---- cases of the test ---- */

/** Keys in all their forms, and the addresses that follow from them. */
void keys_and_addresses(void **state);

/** Both messages, mac1 and the keys that the handshake yields. */
void handshake_without_psk(void **state);

/** The same with a pre-shared key. */
void handshake_with_psk(void **state);

/** A cookie reply, and mac2 of an initiation that has the cookie. */
void cookie_reply_and_stamped_initiation(void **state);

/** Plaintexts of the smallest path ping and of its pong, which says from where the ping came. */
void ping_and_pong(void **state);

/** The keys of the channels for each cipher, and sealed frames for each cipher of this CPU. */
void channel_keys_and_frames(void **state);

/** The frames of hole punching. */
void punch_probe_and_answer(void **state);
void punch_places_that_are_told(void **state);

/** What a host says to its LAN. */
void notice_on_a_lan(void **state);
void proof_on_a_lan(void **state);
