/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a search for relays that help an application reaches (rendezvous/search/find.h), over the
 * sessions that the relays of a world have. For the search each of them knows only itself, which is
 * the worst: one that believes thousands of relays mostly finds what is wanted in its own table.
 * Hostile relays are silent.
 */
#pragma once

#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/world.h"

/** Search at relays drawn at random; nothing is done if the world is too large for it. */
void play_search(struct world *world, struct figures *figures);
