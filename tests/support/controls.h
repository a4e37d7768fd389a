/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages (docs/protocol.md, section 4) for tests to which only their size matters. */
#pragma once

#include "proto/wire/control.h"

#include <stddef.h>
#include <stdint.h>

enum { CONTROLS_MEMBER_COUNT_MAX = 14 };

/** Write a Changes of `count` members, at most CONTROLS_MEMBER_COUNT_MAX. Each has a member part of
 * the largest size, whose bytes are no record. Returns the size of the message, about 1,100 bytes
 * for each member. */
size_t controls_changes(uint8_t out[CONTROL_SIZE_MAX], size_t count);
