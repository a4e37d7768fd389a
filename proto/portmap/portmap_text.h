/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a mapping stands, in words for people.
 */
#pragma once

#include "proto/portmap/portmap.h"

enum { PORTMAP_TEXT_SIZE = 320, PORTMAP_REFUSALS_SIZE = 64 };

/** "PCP error 2, UPnP error 606"; empty: nothing refused. Writes and returns text. */
const char *portmap_refusals(const struct portmap *portmap, char text[PORTMAP_REFUSALS_SIZE]);

/** "203.0.113.7:4433 by PCP of the router at 192.168.1.1", or why there is none and what would
 * help; no period at its end. Writes and returns text. */
const char *portmap_text(const struct portmap *portmap, char text[PORTMAP_TEXT_SIZE]);
