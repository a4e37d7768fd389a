/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What hosts say on a LAN is sealed for those who know the ziglan's key (docs/protocol.md, section
 * 13, "On one LAN"): nonce(24) || XChaCha20-Poly1305(plain), without associated data, with the key
 * BLAKE2b-256(label || ziglan key). Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

enum { LAN_SEAL_NONCE_SIZE = 24, LAN_SEAL_SIZE = LAN_SEAL_NONCE_SIZE + 16 };

/** Seal size bytes; out has room for LAN_SEAL_SIZE more. nonce is fresh. */
void lan_seal(uint8_t *out, const uint8_t *plain, size_t size, const char *label,
              const uint8_t ziglan_key[KEY_SIZE], const uint8_t nonce[LAN_SEAL_NONCE_SIZE]);

/** Open size bytes, LAN_SEAL_SIZE at least; plain has room for size - LAN_SEAL_SIZE. ERR_DROP
 * unless somebody who knows the ziglan's key sealed them. */
int lan_seal_open(uint8_t *plain, const uint8_t *data, size_t size, const char *label,
                  const uint8_t ziglan_key[KEY_SIZE]) MUST_CHECK;
