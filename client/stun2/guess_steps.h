/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STEPS: a few fresh sockets in each turn, whose ports relays see before and after. Part of
 * guess.h. */
#pragma once

#include "client/stun2/guess_part.h"

extern const struct guess_part guess_steps;
