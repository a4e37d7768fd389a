/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of the paths to a peer is used, direct or relayed.
 */
#pragma once

#include "client/path/path.h"

/**
 * Which path is used. A usable direct one with the smallest round trip; the present one stays
 * unless another is better by a fifth. Else the one that path_choose_indirect names.
 *
 * list     of count paths
 * present  the one in use, one of the list, or NULL
 *
 * NULL: there is no way to the peer now.
 */
struct path *path_choose(struct path *const *list, size_t count, struct path *present);

/** Of those that are not direct: the lane of a relay that starts anew, if it is usable and in use
 * or that of a better relay, or if no session is open; the relayed path that path_choose_relay
 * names, or the lane through the same relay, if it is usable. present: as of path_choose. */
struct path *path_choose_indirect(struct path *const *list, size_t count,
                                  const struct path *present);

/** Choose among the relayed paths whose session is open. Relays that answer go before those that
 * are late or stalled. The one with the smallest rank is used among those that are not suspect. If
 * all are suspect, the one is used that was suspected longest ago. A failure of that one is a new
 * suspicion, so each has its turn: the peer may be at any of these relays. NULL if no session is
 * open. */
struct path *path_choose_relay(struct path *const *list, size_t count);

/** The relayed path that would be used if `used` were none; NULL if there is no other whose relay
 * answers. */
struct path *path_choose_spare(struct path *const *list, size_t count, const struct path *used);

/** By which path frames go as well while the bare path `used` is doubted: a session,
 * which carries frames of any size. Of a lane that to its relay; else the one that
 * path_choose_relay names, or, where none is open, another usable direct path. NULL: there is
 * none. */
struct path *path_choose_beside(struct path *const *list, size_t count, const struct path *used);

/** True if this relayed path would be used in place of the relayed path `used`, were it not
 * suspect. It is worth a ping, to see whether it works again. `used` is not NULL. */
bool path_is_missed(const struct path *path, const struct path *used);
