/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs of a host about relays that its user named (client/stun2/pins.h). */
#pragma once

#include "client/core/core.h"

/** Pin a relay by its URL, or by its key: then other relays are asked where it is. Remembered in
 * the store before this returns ERR_OK. Else `error` tells what is wrong and what to do; ERR_DROP:
 * with the text. */
int pinning_add(struct host_core *core, const char *text, char *error, size_t error_size,
                struct mono now) MUST_CHECK;

/** Let a relay go by its key or URL; if it is one of a ziglan, that session stays. Errors as there;
 * ERR_DROP also if the configuration names it. */
int pinning_remove(struct host_core *core, const char *text, char *error, size_t error_size,
                   struct mono now) MUST_CHECK;

/** The relays that the configuration names, keys and relay:// URLs that were read before, in place
 * of those that it named before. */
void pinning_configure(struct host_core *core, char *const *urls, size_t count, struct mono now);
