/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers as people read them. Pure.
 */
#pragma once

#include <stdint.h>

enum { HUMAN_TEXT_SIZE = 24 };

/** An amount of bytes: "17 B", "1.4 MB". Writes and returns text. */
const char *human_bytes(uint64_t bytes, char text[HUMAN_TEXT_SIZE]);

/** A duration: "180 us", "3.1 ms", "12 ms", "13 s". Writes and returns text. */
const char *human_us(uint64_t us, char text[HUMAN_TEXT_SIZE]);

/** How long ago: "now", "4 s ago", "3 min ago". Writes and returns text. */
const char *human_age_ms(uint64_t ms, char text[HUMAN_TEXT_SIZE]);
