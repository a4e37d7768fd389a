/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What needs both the store and the memory of a roster: loading all members at the start, and
 * forgetting old revocations.
 */
#pragma once

#include "proto/base/err.h"

#include <stdint.h>

struct roster;

/** Load sequence, members and revocations. What we would not have written, and members for whom
 * there is no room, are removed from the store and traced. ERR_NOMEM, ERR_SYSTEM. */
int roster_load(struct roster *roster) MUST_CHECK;

/** Remove from store and memory the revocations whose eight days are over at settled_ms. ERR_NOMEM,
 * ERR_SYSTEM. */
int roster_forget_revoked(struct roster *roster, uint64_t settled_ms) MUST_CHECK;
