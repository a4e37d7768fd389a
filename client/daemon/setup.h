/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host is set up with: its configuration, its identity and the name that it wants, from the
 * files of its place.
 */
#pragma once

#include "client/config/config.h"
#include "client/daemon/place.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "proto/wire/name.h"

#include <stdbool.h>

/** Configuration of the interface; a missing file gives the defaults, unless the user named it.
 * *out is given: client_config_free. ERR_DROP, ERR_SYSTEM, ERR_NOMEM; *out is NULL then. */
int setup_config_load(struct client_config **out, const struct place *place,
                      struct fault *fault) MUST_CHECK;

/**
 * The interface's identity: privateKey of the configuration, its key file, or the default key file,
 * which is created (with its directory) if `create`. Wipe with identity_wipe.
 *
 * env   for the random key; only if `create`, else NULL is fine
 */
int setup_identity_load(struct identity *out, const struct place *place,
                        const struct client_config *config, const struct env *env, bool create,
                        struct fault *fault) MUST_CHECK;

/** The name that this host wants: `asked` (NULL: none), the configuration's, or the machine's, as a
 * legal label. */
void setup_wanted_name(char out[NAME_TEXT_SIZE], const char *asked,
                       const struct client_config *config);
