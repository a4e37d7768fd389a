/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * By its attachments a host tells where it is (docs/protocol.md, section 17): to each relay that it
 * uses it says, signed, that it is there, and for how long. A session begins with one in the Hello;
 * half of its life later another one takes its place. They are made here.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/attachment.h"
#include "proto/crypto/identity.h"
#include "rendezvous/store/growing.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ATTACHMENTS_RENEW_MS = ATTACHMENT_MS_MAX / 2,
    ATTACHMENTS_RETRY_MS = 60000, /* an announcement that could not be sent, or was refused */
};

/** What attachments are made of. Of two that one host signed the larger sequence wins, so the
 * sequences of one host only grow. */
struct attachments {
    const struct identity *identity; /* borrowed, as the next two */
    struct store *store;
    const struct env *env;
    struct growing sequences;
};

/** Everything is borrowed for the life of `attachments`. ERR_NOMEM, ERR_SYSTEM: what is stored
 * cannot be read. */
int attachments_init(struct attachments *attachments, const struct identity *identity,
                     struct store *store, const struct env *env) MUST_CHECK;

/** Make the next one, for this relay. Returns its size; 0 if none could be made. */
size_t attachments_make(struct attachments *attachments, const uint8_t relay_key[KEY_SIZE],
                        uint8_t out[ATTACHMENT_SIZE]);
