/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificate of an authority that the settings name, for browsers that ask for the relay's
 * page. Hosts and relays do not look at it (docs/security.md).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "relayd/config/config.h"
#include "relayd/core/core.h"

/** Read both files and show it from now on; none in the settings: show none. One that
 * no browser takes (over, not yet good, without a name) is shown all the same, and the log warns.
 * ERR_DROP, ERR_SYSTEM, ERR_NOMEM; then fault says why, and the one before is shown on. */
int certificate_load(struct relay_core *core, const struct relay_settings *settings,
                     const struct env *env, struct fault *fault) MUST_CHECK;

/** Look at both files without showing them, as certificate_load would and with its sentences; one
 * that no browser takes is an error here. None in the settings: ERR_OK. Starts and ends the TLS
 * library, so not beside a hub. ERR_DROP, ERR_SYSTEM, ERR_LIMIT, ERR_NOMEM; then fault says why. */
int certificate_check(const struct relay_settings *settings, const struct env *env,
                      struct fault *fault) MUST_CHECK;
