/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Hello of either end: an Ed25519 signature over "stun2 hello 1" || 'S' or 'C' || the TLS
 * exporter value, so that it proves the key's owner on this very connection. Server first.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"

#include <stddef.h>
#include <stdint.h>

struct link_conn;

/** Roles a dialler tells. */
enum {
    HELLO_ROLE_HOST = 1,
    HELLO_ROLE_RELAY = 2,
};

/** Encode our Hello for this connection into out. ERR_SESSION if the exporter or the encoding
 * fails. */
int hello_write(struct link_conn *c, uint8_t *out, size_t capacity, size_t *size) MUST_CHECK;

/**
 * Check the peer's Hello and write who it is into c->session. LINK_REASON_NONE if it is
 * accepted; PROTOCOL if malformed; INTERCEPTED (dialled) or PROTOCOL if the signature is wrong;
 * WRONG_KEY if it is not whom we dialled; CLOCK if the delegation of the wanted ziglan is not in
 * force by our wall clock. *delegation (borrowed from the hub's arena, may be NULL) is the one it
 * carries.
 */
enum link_reason hello_read(struct link_conn *c, const uint8_t *data, size_t size,
                            const uint8_t **delegation, size_t *delegation_size);
