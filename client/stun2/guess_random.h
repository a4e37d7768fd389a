/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RANDOM: many sockets, each of which pings the other once in a wave. Part of guess.h. */
#pragma once

#include "client/stun2/guess_part.h"

extern const struct guess_part guess_random;
