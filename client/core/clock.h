/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the wall clock does to memberships: admissions that are over, and a clock that was set. */
#pragma once

#include "client/core/core_internal.h"

/** Notice a clock that was set, and let admissions end. */
void clock_expire(struct host_core *core, struct mono now);
