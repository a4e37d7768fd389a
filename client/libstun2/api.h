/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the loop of libstun2 (client/libstun2/loop) needs beyond client/stun2/stun2.h. */
#pragma once

#include "proto/base/env.h"

/** The ports of this process as cores see them. NULL before stun2_init. */
const struct env *api_env(void);
