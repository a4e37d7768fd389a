/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Direct paths to a peer, at the instants of instants.h. For cmocka tests. */
#pragma once

#include "client/path/path.h"

enum { TEST_PATH_FULL = 1300 }; /* bytes of a full-size frame on these paths */

/** A path that nobody has used, made at the beginning. */
struct path test_path_fresh(void);

/** A path with a pong of full size at `ms`, with a round trip of 40 ms. */
struct path test_path_usable(uint64_t ms);
