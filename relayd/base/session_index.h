/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is here: the map from a node's key to its active session, which is the one that was put last.
 * A session is a number, whose meaning only the caller knows.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session_index;

/** Make an index of at most `capacity` keys. env gives the hash key, during the call only.
 * ERR_NOMEM; *out is NULL then. */
int session_index_new(struct session_index **out, size_t capacity,
                      const struct env *env) MUST_CHECK;
void session_index_free(struct session_index *index);

/**
 * Make `session` the active one of `key`. If another one was, *replaced is true and *previous is
 * that one, which the caller closes. ERR_LIMIT if the index is full, ERR_NOMEM; then the index did
 * not change.
 */
int session_index_put(struct session_index *index, const uint8_t key[KEY_SIZE], uint64_t session,
                      bool *replaced, uint64_t *previous) MUST_CHECK;

/** The active session of a key; false (and *session left alone) if there is none. */
bool session_index_find(const struct session_index *index, const uint8_t key[KEY_SIZE],
                        uint64_t *session);

/** Forget the key if `session` is its active one, and return true. False, and nothing changed,
 * otherwise: a replaced session may end late. */
bool session_index_remove(struct session_index *index, const uint8_t key[KEY_SIZE],
                          uint64_t session);

/** The number of keys with an active session. */
size_t session_index_count(const struct session_index *index);
