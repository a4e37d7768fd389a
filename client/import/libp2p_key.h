/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ed25519 keys as libp2p writes them (its specification "peer-ids"): a protobuf message with the
 * kind of key and its bytes, which in a peer id is the content of an identity multihash.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/**
 * The key in a peer id: in base58 (12D3KooW...), or as a CID in multibase base36 (k51...), base32
 * (bafz...) or base58 (z5A...). The text is size bytes of any content. ERR_DROP, with out
 * untouched, for anything else, which are also ids of keys of other kinds (Qm..., 16Uiu2...): these
 * have a hash of the key in place of it, or it is of no use here.
 */
int libp2p_id_parse(uint8_t out[KEY_SIZE], const char *text, size_t size) MUST_CHECK;

/**
 * The seed in a private key in multibase base58 (z23...): of 64 bytes, seed and public key, or in
 * an old form of 96, with the public key once more. libsodium must be ready. ERR_DROP, with seed
 * zeroed, for anything else, and if the public key does not belong to the seed.
 */
int libp2p_private_key_parse(uint8_t seed[IDENTITY_SEED_SIZE], const char *text,
                             size_t size) MUST_CHECK;
