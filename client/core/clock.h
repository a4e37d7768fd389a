/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the wall clock means for members: admissions end, and a clock that was set hides members or
 * shows them again. */
#pragma once

#include "client/core/core_internal.h"

/** Notice a clock that was set, and look for admissions that are over, where that is due. */
void clock_expire(struct host_core *core, struct mono now);
