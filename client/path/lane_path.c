/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lane is a path to the relay's address, which needs no proof. */
#include "client/path/lane_path.h"

void lane_path_init(struct path *path, struct relay_session *relay, const struct lane *lane,
                    uint16_t frame_size_full, struct mono now)
{
    static const struct endpoint any = {0};

    path_init(path, &any, &relay->remote, false, frame_size_full, now);
    path->kind = PATH_KIND_LANE;
    path->relay = relay;
    path->lane = *lane;
    path->heard = true;    /* the relay proved its address */
    path->answered = true; /* so it is pinged again and again: the peer may bind a moment later */
}

void lane_path_begin(struct path *path, struct mono now)
{
    const struct lane lane = path->lane;

    lane_path_init(path, path->relay, &lane, path->mtu.full, now);
}

size_t lane_path_head(const struct path *path, uint8_t out[LANE_HEADER_SIZE])
{
    if (path->kind != PATH_KIND_LANE) {
        return 0;
    }
    lane_header_write(out, path->lane.label);
    return LANE_HEADER_SIZE;
}
