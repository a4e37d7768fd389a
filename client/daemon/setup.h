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

/** Read the configuration of the interface. A missing file gives the defaults, unless the user
 * named it. *out is given: client_config_free. On error it is NULL, with fault: ERR_DROP if the
 * content is wrong, ERR_LIMIT if it is too large, ERR_SYSTEM, ERR_NOMEM. */
int setup_config_load(struct client_config **out, const struct place *place,
                      struct fault *fault) MUST_CHECK;

/**
 * The interface's identity, from `privateKey` of the configuration, else from the key file that it
 * names, else from the default key file. Only the last one is created if it is missing, with its
 * directory and only if `create`. Wipe with identity_wipe.
 *
 * out   undefined on error
 * env   for the random key; NULL is fine if not `create`
 *
 * ERR_SYSTEM, ERR_LIMIT, ERR_NOMEM; fault says why.
 */
int setup_identity_load(struct identity *out, const struct place *place,
                        const struct client_config *config, const struct env *env, bool create,
                        struct fault *fault) MUST_CHECK;

/** The name that this host wants, made a legal label: `asked`, or if that is NULL the
 * configuration's, or if that is empty the machine's. */
void setup_wanted_name(char out[NAME_TEXT_SIZE], const char *asked,
                       const struct client_config *config);
