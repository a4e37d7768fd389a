/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is here: the map from a node's key to its session. The newest session of a key is the active
 * one. A session is a number that means something to the caller only.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session_index;

/** An index of at most `capacity` keys. env is used for the hash key only, during the call.
 * ERR_NOMEM. */
int session_index_new(struct session_index **out, size_t capacity,
                      const struct env *env) MUST_CHECK;
void session_index_free(struct session_index *index);

/**
 * Make `session` the active one of `key`. If another one was, *replaced is true and *previous is
 * that one, for the caller to close. ERR_LIMIT if the index is full, ERR_NOMEM; then nothing
 * changed.
 */
int session_index_put(struct session_index *index, const uint8_t key[KEY_SIZE], uint64_t session,
                      bool *replaced, uint64_t *previous) MUST_CHECK;

/** The active session of a key; false (and *session left alone) if there is none. */
bool session_index_find(const struct session_index *index, const uint8_t key[KEY_SIZE],
                        uint64_t *session);

/** Forget the key, but only if `session` is its active one: the late end of a replaced session
 * changes nothing. Returns true if the key is gone now. */
bool session_index_remove(struct session_index *index, const uint8_t key[KEY_SIZE],
                          uint64_t session);

/** Number of keys with a session. */
size_t session_index_count(const struct session_index *index);
