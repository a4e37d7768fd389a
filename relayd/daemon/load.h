/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading what a relay has in its folder, for the daemon and for verbs that need no daemon:
 * settings, keys and the store. What is wrong is said with the remedy.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "relayd/config/config.h"
#include "rendezvous/store/store.h"

/** Read and check a configuration file. ERR_OK, or a sentence in fault. */
int load_settings(struct relay_settings *out, const char *path, struct fault *fault) MUST_CHECK;

/** Load a key file into *out. ERR_SYSTEM with a sentence in fault. */
int load_key(struct identity *out, const char *path, struct fault *fault) MUST_CHECK;

/** Open the store in the directory `path` (rendezvous/store/lmdb/store_lmdb.h). ERR_NOMEM,
 * ERR_SYSTEM.
 */
int load_store(struct store **out, const char *path, const struct env *env,
               struct fault *fault) MUST_CHECK;
