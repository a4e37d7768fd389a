/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing, and the ways out: a datagram of our own, on a lane too, or one that a session forwards.
 */
#include "client/peer/send.h"

#include "client/path/lane_path.h"
#include "client/path/path_choose.h"
#include "client/peer/lanes.h"

#include <string.h>

static void forward(struct dataplane *dataplane, struct relay_session *relay,
                    const uint8_t dst[KEY_SIZE], const uint8_t *frame, size_t size)
{
    dataplane->counters.frames_out++;
    if (!relay_session_forward(relay, dst, frame, size)) {
        dataplane->counters.frames_dropped++;
    }
}

/* A frame behind the header of a lane. */
static void put_on_lane(struct dataplane *dataplane, const struct origin *to, const uint8_t *frame,
                        size_t size, struct host_io *io)
{
    uint8_t *out = outbox_reserve(io->net, LANE_HEADER_SIZE + size);

    if (out == NULL) {
        dataplane->counters.frames_dropped++;
        return;
    }
    lane_header_write(out, to->lane);
    memcpy(out + LANE_HEADER_SIZE, frame, size);
    outbox_commit(io->net, &to->local, &to->remote, LANE_HEADER_SIZE + size);
    dataplane->counters.frames_out++;
}

/* Lanes carry what a session seals; handshakes go by sessions to relays. */
static bool fits_lane(const uint8_t *frame)
{
    return frame[0] == FRAME_TYPE_DATA || frame[0] == FRAME_TYPE_PING;
}

void send_frame_to(struct dataplane *dataplane, const struct origin *origin, const uint8_t *frame,
                   size_t size, struct host_io *io)
{
    if (origin->relay != NULL) {
        forward(dataplane, origin->relay, origin->source_key, frame, size);
        return;
    }
    if (origin->lane != 0) {
        put_on_lane(dataplane, origin, frame, size, io);
        return;
    }
    dataplane->counters.frames_out++;
    outbox_put_hops(io->net, &origin->local, &origin->remote, frame, size, origin->hops);
}

void send_frame(struct conversation *a, struct path *path, const uint8_t *frame, size_t size,
                struct host_io *io, struct mono now)
{
    struct dataplane *dataplane = a->shared->dataplane;

    if (path != NULL && path->kind == PATH_KIND_LANE && !fits_lane(frame)) {
        path = path_table_relayed(&a->paths);
    }
    if (path == NULL) {
        dataplane->counters.frames_dropped++;
        return;
    }
    path_on_sent(path, size, now);
    if (path->kind == PATH_KIND_RELAY) {
        forward(dataplane, path->relay, a->peer->key, frame, size);
        return;
    }
    const struct origin to = {.lane = path->kind == PATH_KIND_LANE ? path->lane.label : 0,
                              .local = path->local,
                              .remote = path->remote};

    send_frame_to(dataplane, &to, frame, size, io);
}

void send_beside(struct conversation *a, const struct path *path, const uint8_t *frame, size_t size,
                 struct host_io *io, struct mono now)
{
    /* A relay that starts anew may not come back. */
    bool kept = path->kind == PATH_KIND_LANE && relay_session_keeps_lanes(path->relay);
    struct path *beside = kept || path_is_doubted(path, now)
                              ? path_choose_beside(a->paths.list, a->paths.count, path)
                              : NULL;

    if (beside != NULL && beside->kind == PATH_KIND_RELAY) {
        forward(a->shared->dataplane, beside->relay, a->peer->key, frame, size);
    } else if (beside != NULL && size <= beside->frame_size) {
        send_frame(a, beside, frame, size, io, now);
    }
}

static bool is_control(uint8_t protocol)
{
    return protocol == PLAIN_PROTOCOL_KEEPALIVE || protocol == PLAIN_PROTOCOL_CONTROL;
}

static struct transport_sender *sender_for(const struct conversation *a, uint8_t protocol)
{
    return is_control(protocol) ? a->sessions.current->control : a->sessions.current->data;
}

/* Seal one plaintext straight into the outbox. */
static void seal_bare(struct conversation *a, struct path *path, const uint8_t *plain, size_t size,
                      struct host_io *io, struct mono now)
{
    struct dataplane *dataplane = a->shared->dataplane;
    uint8_t *out = outbox_reserve(io->net, LANE_HEADER_SIZE + size + FRAME_OVERHEAD_MAX);

    if (out == NULL) {
        dataplane->counters.frames_dropped++;
        return;
    }
    size_t head = lane_path_head(path, out);
    size_t frame_size =
        transport_seal_from(sender_for(a, plain[0]), FRAME_TYPE_DATA, plain, size, out + head);
    if (frame_size > 0) {
        outbox_commit(io->net, &path->local, &path->remote, head + frame_size);
        path_on_sent(path, frame_size, now);
        dataplane->counters.frames_out++;
        send_beside(a, path, out + head, frame_size, io, now);
    }
}

static void seal(struct conversation *a, struct path *path, const uint8_t *plain, size_t size,
                 struct host_io *io, struct mono now)
{
    struct dataplane *dataplane = a->shared->dataplane;

    if (path_is_bare(path)) {
        seal_bare(a, path, plain, size, io, now);
        return;
    }
    if (size + FRAME_OVERHEAD_MAX > sizeof(dataplane->frame)) {
        dataplane->counters.frames_dropped++;
        return;
    }
    size_t frame_size = transport_seal_from(sender_for(a, plain[0]), FRAME_TYPE_DATA, plain, size,
                                            dataplane->frame);
    if (frame_size > 0) {
        send_frame(a, path, dataplane->frame, frame_size, io, now);
    }
    if (path != NULL && !is_control(plain[0])) {
        lanes_on_relayed(a, path->relay, now);
    }
}

static void seal_fragments(struct conversation *a, struct path *path, size_t room,
                           const uint8_t *plain, size_t size, size_t count, struct host_io *io,
                           struct mono now)
{
    a->fit.fragment_id++;
    for (size_t i = 0; i < count; i++) {
        uint8_t fragment[FRAME_SIZE_MAX];
        size_t fragment_size =
            fragment_write(fragment, room, plain, size, a->fit.fragment_id, i, count);

        seal(a, path, fragment, fragment_size, io, now);
        a->shared->dataplane->counters.fragments_out++;
    }
}

void send_plain(struct conversation *a, const uint8_t *plain, size_t size, struct host_io *io,
                struct mono now)
{
    struct path *path = path_table_present(&a->paths);
    size_t room = (path == NULL ? (size_t)FRAME_SIZE_MAX : path->frame_size) - FRAME_OVERHEAD_MAX;
    size_t count = fragment_count(size, room);

    if (a->sessions.current == NULL) {
        a->shared->dataplane->counters.frames_dropped++;
    } else if (count == 0) {
        /* What a direct path cannot carry even in fragments goes through a relay, where capsules
         * take any size: a large MTU of ours over a small one of the underlay. */
        seal(a, path_table_relayed(&a->paths), plain, size, io, now);
    } else if (count == 1) {
        seal(a, path, plain, size, io, now);
    } else {
        seal_fragments(a, path, room, plain, size, count, io, now);
    }
}

void send_queue(struct conversation *a, struct host_io *io, struct mono now)
{
    size_t at = 0;

    for (size_t i = 0; i < a->queue.count; i++) {
        send_plain(a, a->queue.bytes + at, a->queue.sizes[i], io, now);
        at += a->queue.sizes[i];
    }
    queue_clear(&a->queue, &a->shared->queues);
}
