/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of NAT as text, for logs and command lines.
 */
#pragma once

#include "tests/support/nat.h"

#include <stdbool.h>

enum { NAT_KIND_TEXT_SIZE = 160 };

/** Describe it, as in "map=AD,filter=APD,ports=random,life=60": words that nat_kind_parse takes.
 * Returns text. */
const char *nat_kind_text(const struct nat_kind *kind, char text[NAT_KIND_TEXT_SIZE]);

/**
 * Read a description: words with commas between them, in any order.
 *
 *   map=EI|AD|APD  filter=EI|AD|APD   the rules; EI where they are not named
 *   ports=keep|random|step:N|range:N  random where it is not named; step and range: 1 to 32,768
 *   life=SECONDS                      120 where it is not named
 *   addresses=N[:paired]  others=N    as in struct nat_kind
 *   hairpin  early  prohibits         the same; early: it takes early packets for its own
 *   firewall                          it translates nothing
 *
 * False, with *kind untouched, for anything else.
 */
bool nat_kind_parse(struct nat_kind *kind, const char *text);
