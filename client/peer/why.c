/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which reasons have what in common. */
#include "client/peer/why.h"

bool why_is_via(const struct why *why)
{
    return why->code == WHY_VIA_UNREACHED || why->code == WHY_VIA_REFUSES;
}
