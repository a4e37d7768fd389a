/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys that the user of this host blocked: they are not let in here, whatever ziglan they are
 * members of, and each relay of this host is asked to keep their frames away. Stored.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCKS_MAX = 256 /* a relay remembers no more of one host */ };

struct blocks {
    struct store *store;
    uint8_t keys[BLOCKS_MAX][KEY_SIZE];
    size_t count;
};

/** Load what is stored; what is no key is passed over. store is borrowed. ERR_NOMEM, ERR_SYSTEM. */
int blocks_init(struct blocks *blocks, struct store *store) MUST_CHECK;

/** True if this key is blocked. */
bool blocks_have(const struct blocks *blocks, const uint8_t key[KEY_SIZE]);

/** Block a key, now or again. ERR_LIMIT at BLOCKS_MAX; ERR_SYSTEM, ERR_NOMEM if it could not be
 * stored. Then nothing changed. */
int blocks_add(struct blocks *blocks, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Block it no more. ERR_DROP if it is not blocked; ERR_SYSTEM, ERR_NOMEM if that could not be
 * stored. Then nothing changed. */
int blocks_remove(struct blocks *blocks, const uint8_t key[KEY_SIZE]) MUST_CHECK;
