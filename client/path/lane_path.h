/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes as paths: what differs from a direct one at its beginning, and on the wire. All else is
 * path.h.
 */
#pragma once

#include "client/path/path.h"

/** A fresh lane through a relay at `remote`. It is pinged from lane_path_begin on. */
void lane_path_init(struct path *path, struct relay_session *relay, const struct lane *lane,
                    uint16_t frame_size_full, struct mono now);

/** The lane is bound for the first time. */
void lane_path_begin(struct path *path, struct mono now);

/** Write what stands before a frame on a bare path: the header of a lane, or nothing. Returns its
 * size. */
size_t lane_path_head(const struct path *path, uint8_t out[LANE_HEADER_SIZE]);
