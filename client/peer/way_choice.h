/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which path to a peer is used from now on, and what follows when that is another one: what is
 * counted, logged and told to the relay, and that punching begins anew.
 */
#pragma once

#include "client/peer/conversation.h"

/** A path changed its state, came or went: choose. */
void way_choice_make(struct conversation *a, struct mono now);

/** Doubt all bare paths that were silent since then (path_doubt), and choose. */
void way_choice_doubt_all(struct conversation *a, struct mono since, struct mono now);

/** A bare path became suspect. A direct one takes those with it that were silent as long. */
void way_choice_on_suspect(struct conversation *a, struct path *path, struct mono now);

/** A ping by the path `answered` was answered: if the direct path in use is doubted (path_doubt.h),
 * and is another one, it is left. */
void way_choice_on_answer(struct conversation *a, const struct path *answered, struct mono now);
