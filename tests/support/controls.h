/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages (docs/protocol.md, section 4) for tests that only want some of a certain size.
 */
#pragma once

#include "proto/wire/control.h"

#include <stddef.h>
#include <stdint.h>

enum { CONTROLS_MEMBER_COUNT_MAX = 14 };

/** A Changes of `count` members, at most CONTROLS_MEMBER_COUNT_MAX, each with a member part of the
 * largest size, which is not a record. Returns its size, about 1,100 bytes for each member. */
size_t controls_changes(uint8_t out[CONTROL_SIZE_MAX], size_t count);
