/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines and cells that several verbs print, so that they look the same everywhere.
 */
#pragma once

#include "proto/host/table.h"

#include <jansson.h>

/** Print a line of a bold head and a text; no line if the text is empty. */
void line_print(const char *head, const char *text);

/** The colour for this state of a relay, a ziglan or a peer; TABLE_COLOR_NONE if it has none. */
enum table_color state_color(const char *state);

/** The round trip "rtt_us" of a relay or peer; "-" if none was measured. Returns text or a
 * constant. */
const char *rtt_text(const json_t *object, char text[HUMAN_TEXT_SIZE]);
