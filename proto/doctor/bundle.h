/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bug report: one text of what a doctor found, what a daemon says of itself, the configuration,
 * and the machine's own words, without keys, invites, addresses and names (redact.h).
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/doctor/findings.h"

#include <jansson.h>

/** What it is made of; borrowed. */
struct bundle {
    const char *program, *version;
    const char *config;           /* its text, NULL: none */
    const char *unit;             /* of systemd, whose log is added */
    const json_t *const *answers; /* of the daemon, NULL-terminated; may be empty */
    const char *const *names;     /* to be taken out, NULL-terminated */
};

/** Write it to the new file `to` (mode 0600). ERR_SYSTEM, ERR_NOMEM; fault says why. */
int bundle_write(const char *to, const struct bundle *bundle, const struct findings *findings,
                 struct fault *fault) MUST_CHECK;
