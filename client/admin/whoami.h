/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who this host is, as JSON: the same fields whether it runs or not. */
#pragma once

#include "proto/crypto/identity.h"

#include <jansson.h>

enum { WHOAMI_SCHEMA = 1 };

/** schema, key, solana (the same key as a Solana address) and name. A running host adds addresses.
 * Given; NULL without memory. */
json_t *whoami_fields(const uint8_t key[KEY_SIZE], const char *name);
