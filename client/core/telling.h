/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each relay is told at the beginning of a session, a few words at a time: which keys this
 * host blocks, and by which relays its frames to a peer shall go. And what of it changes later.
 */
#pragma once

#include "client/peer/contacts.h"
#include "client/stun2/relay_session.h"

struct host_core;

enum {
    TELLING_FIRST = 40, /* words at once; a relay takes 100 control messages, and 20 a second */
    TELLING_NEXT = 10,
    TELLING_EVERY_MS = 1000,
    TELLING_WAYS_MAX = 256, /* a relay remembers no more of one host */
    TELLING_REQUEST_ID = 7, /* of all words; only a refusal is heeded */
};

/** A session to this relay opened. */
void telling_begin(struct relay_session *relay, struct mono now);

/** This key is blocked, or not any more. */
void telling_on_block(struct host_core *core, const uint8_t key[KEY_SIZE], bool blocked,
                      struct mono now);

/** The configuration names another way to this peer; perhaps none. */
void telling_on_way(struct host_core *core, const struct contact *contact, struct mono now);

/** Go on telling; when there is something to do. */
void telling_expire(struct host_core *core, struct mono now);
struct mono telling_deadline(const struct host_core *core);
