/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Hello of either end (docs/protocol.md, section 3): an Ed25519 signature over "stun2 hello 1"
 * || 'S' or 'C' || the exporter value of the carrier. It proves that the owner of the key is at the
 * other end of this very connection. The server says its Hello first, and the dialler says its own
 * only if it accepts that one.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/link/carrier.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Who we are, for all sessions of a hub. */
struct hello_self {
    const struct env *env;           /* borrowed */
    const struct identity *identity; /* borrowed */
    struct link_hello told;          /* server: what it tells */
    struct control_arena arena;      /* holds the control message that was unpacked last */
};

/** Whom a dialler expects. */
struct hello_want {
    enum link_want want;
    bool pinned; /* spki is set */
    uint8_t key[KEY_SIZE];
    uint8_t
        spki[LINK_SPKI_SIZE]; /* with this certificate it need not wait for the server's Hello */
};

/** What a dialler says beside its key. */
struct hello_dialler {
    uint32_t roles;
    const uint8_t *attachment; /* attachment_size bytes, NULL if none */
    size_t attachment_size;
};

/** Encode our Hello for this carrier, as one Control, into out; *size is its length. dialler is not
 * read at a server. ERR_SESSION if the carrier has no exporter value or the message does not fit.
 */
int hello_write(const struct hello_self *self, struct carrier *carrier,
                const struct hello_dialler *dialler, uint8_t *out, size_t capacity,
                size_t *size) MUST_CHECK;

/**
 * Check the peer's Hello.
 *
 * want  dialled: whom we expect; not read otherwise
 * data  size bytes of one Control, borrowed, any content
 * out   what it says and proves; written only if the Hello is accepted
 *
 * LINK_REASON_NONE if it is accepted; PROTOCOL if it is malformed; if its signature is wrong,
 * INTERCEPTED at the dialler and PROTOCOL at the server; WRONG_KEY if it is not from whom we
 * dialled; CLOCK if the delegation of the wanted ziglan is not in force by our wall clock.
 */
enum link_reason hello_read(struct hello_self *self, struct carrier *carrier,
                            const struct hello_want *want, const uint8_t *data, size_t size,
                            struct link_peer *out);
