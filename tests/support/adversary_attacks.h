/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attacks of docs/security.md, all in one table. */
#pragma once

#include "tests/support/adversary.h"

extern const struct adversary_attack adversary_attacks[];
extern const size_t adversary_attacks_count;
