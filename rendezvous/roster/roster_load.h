/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the store to memory: all members at the start, and the revocations that are forgotten in
 * both.
 */
#pragma once

#include "proto/base/err.h"

#include <stdint.h>

struct roster;

/** Load everything. Entries that are not what we write are removed and traced. ERR_NOMEM,
 * ERR_SYSTEM. */
int roster_load(struct roster *roster) MUST_CHECK;

/** Revocations remembered until settled_ms are removed from store and memory. ERR_NOMEM,
 * ERR_SYSTEM. */
int roster_forget_revoked(struct roster *roster, uint64_t settled_ms) MUST_CHECK;
