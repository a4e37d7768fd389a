/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loads what a relay has in its folder, for the daemon and for verbs that need no daemon: settings,
 * keys and the store. On an error the sentence in fault has a remedy.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "relayd/config/config.h"
#include "rendezvous/store/store.h"

/** Read and check a configuration file. out is written on ERR_OK only; else fault says what is
 * wrong.
 */
int load_settings(struct relay_settings *out, const char *path, struct fault *fault) MUST_CHECK;

/** Load a key file into *out, which the caller wipes. ERR_SYSTEM; then out is untouched, and fault
 * says what is wrong. */
int load_key(struct identity *out, const char *path, struct fault *fault) MUST_CHECK;

/** Open the store in the directory `path` (rendezvous/store/lmdb/store_lmdb.h); the caller closes
 * it. ERR_NOMEM, ERR_SYSTEM; then fault says what is wrong. */
int load_store(struct store **out, const char *path, const struct env *env,
               struct fault *fault) MUST_CHECK;
