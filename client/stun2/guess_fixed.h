/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FIXED: one socket, which relays see at one address, pings ports of the other. Part of guess.h. */
#pragma once

#include "client/stun2/guess_part.h"

extern const struct guess_part guess_fixed;
