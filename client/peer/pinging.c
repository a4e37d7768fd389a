/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seals and sends pings and pongs. On direct paths they count against the allowance. */
#include "client/peer/pinging.h"

#include "client/path/lane_path.h"
#include "client/path/path_choose.h"
#include "client/peer/send.h"
#include "proto/base/bytes.h"

/* The smallest ping's frame; 0 without a session. */
static size_t smallest(const struct conversation *a)
{
    return a->sessions.current == NULL
               ? 0
               : PING_PLAIN_SIZE + transport_overhead(a->sessions.current->control);
}

static bool send_ping(struct conversation *a, const struct ping *ping, size_t frame_size,
                      const struct origin *to, struct host_io *io)
{
    struct dataplane *dataplane = a->shared->dataplane;
    uint8_t *frame = dataplane->frame;

    if (a->sessions.current == NULL) {
        return false;
    }
    struct transport_sender *sender = a->sessions.current->control;
    size_t plain_size = frame_size - transport_overhead(sender);

    ping_encode(ping, frame + FRAME_HEADER_SIZE, plain_size);
    size_t size = transport_seal(sender, FRAME_TYPE_PING, frame, plain_size);
    if (size == 0) {
        return false;
    }
    send_frame_to(dataplane, to, frame, size, io);
    return true;
}

static struct origin path_origin(const struct conversation *a, const struct path *path)
{
    return (struct origin){.relay = path_is_bare(path) ? NULL : path->relay,
                           .lane = path->kind == PATH_KIND_LANE ? path->lane.label : 0,
                           .source_key = a->peer->key,
                           .local = path->local,
                           .remote = path->remote};
}

static uint64_t ping_path(struct conversation *a, struct path *path, uint16_t frame_size,
                          uint8_t hops, struct host_io *io, struct mono now)
{
    struct ping ping = {.kind = PING_KIND_PING};
    size_t size = frame_size < smallest(a) ? smallest(a) : frame_size;

    if (path == NULL || (path_is_direct(path) && !allowance_take_ping(&a->allowance, path, now))) {
        return 0;
    }
    struct origin to = path_origin(a, path);
    to.hops = hops;
    env_random(a->shared->env, &ping.transaction, sizeof(ping.transaction));
    ping.transaction |= 1; /* never 0 */
    ping.frame_size = u16_of(size);
    if (!send_ping(a, &ping, size, &to, io)) {
        return 0;
    }
    path_on_ping_sent(path, ping.transaction, ping.frame_size, now);
    if (hops != 0) {
        path_on_ping_ends_before(path);
    }
    return ping.transaction;
}

uint64_t pinging_send(struct conversation *a, struct path *path, uint16_t frame_size,
                      struct host_io *io, struct mono now)
{
    return ping_path(a, path, frame_size, 0, io, now);
}

void pinging_send_hops(struct conversation *a, struct path *path, uint16_t frame_size, uint8_t hops,
                       struct host_io *io, struct mono now)
{
    (void)ping_path(a, path, frame_size, hops, io, now);
}

void pinging_send_guessed(struct conversation *a, uint16_t socket, const struct endpoint *to,
                          uint8_t hops, struct host_io *io, struct mono now)
{
    struct path *path = path_table_find(&a->paths, to);
    struct ping ping = {.kind = PING_KIND_PING, .frame_size = u16_of(smallest(a))};
    const struct origin origin = {.local = {.port = socket}, .remote = *to, .hops = hops};

    if (path != NULL && path->heard) {
        pinging_send_hops(a, path, 0, hops, io, now);
    } else if (allowance_take_guessed(&a->allowance, now)) {
        env_random(a->shared->env, &ping.transaction, sizeof(ping.transaction));
        (void)send_ping(a, &ping, smallest(a), &origin, io);
    }
}

/* A better relay that was silent for a moment is asked again. Otherwise neither side would ever
 * send through it, and neither would learn that it works. */
static void ask_missed_relays(struct conversation *a, const struct path *used, struct host_io *io,
                              struct mono now)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        if (path_is_missed(a->paths.list[i], used)) {
            (void)pinging_send(a, a->paths.list[i], 0, io, now);
        }
    }
}

/* The relays of the spare way learn where the peer is, and that the way leads there is known,
 * before it is needed. Nobody waits for the answer, so this is rare. */
static void ask_spare_relay(struct conversation *a, const struct path *used, struct host_io *io,
                            struct mono now)
{
    struct path *spare = path_choose_spare(a->paths.list, a->paths.count, used);

    if (!mono_due(a->relayed.spare_at, now)) {
        return;
    }
    a->relayed.spare_at = mono_add_ms(now, PINGING_SPARE_MS);
    if (spare != NULL && pinging_send(a, spare, 0, io, now) != 0) {
        path_relay_expire(spare, now);
    }
}

void pinging_send_relayed(struct conversation *a, struct host_io *io, struct mono now)
{
    struct path *path = path_table_relayed(&a->paths);
    bool sent = pinging_send(a, path, 0, io, now) != 0;

    a->relayed.pinged_at = now;
    if (sent && a->relayed.asked_at.ns == MONO_NEVER.ns) {
        a->relayed.asked_at = now;
    }
    if (sent) {
        path_relay_expire(path, now);
        ask_missed_relays(a, path, io, now);
        ask_spare_relay(a, path, io, now);
    }
}

struct path *pinging_learn_path(struct conversation *a, const struct origin *origin,
                                struct mono now)
{
    struct path *path = path_table_find(&a->paths, &origin->remote);

    if (path == NULL && allowance_take_learned(&a->allowance, now)) {
        path = path_table_add(&a->paths, &origin->local, &origin->remote, false,
                              a->shared->frame_size_full, now);
    }
    return path;
}

/* On a lane, whose relay proved its address, nothing is learnt. */
static struct path *on_lane_ping(struct conversation *a, const struct origin *origin,
                                 const struct ping *pong, struct host_io *io, struct mono now)
{
    struct path *path = path_table_find_lane(&a->paths, origin->lane);

    if (path == NULL) {
        return NULL;
    }
    (void)send_ping(a, pong, smallest(a), origin, io);
    path_on_asked(path, now);
    if (path_wants_ping_back(path, now)) {
        (void)pinging_send(a, path, 0, io, now);
    }
    return path;
}

struct path *pinging_on_ping(struct conversation *a, const struct origin *origin,
                             const struct ping *ping, struct host_io *io, struct mono now)
{
    struct ping pong = {
        .kind = PING_KIND_PONG, .transaction = ping->transaction, .frame_size = ping->frame_size};

    if (origin->relay != NULL) {
        (void)send_ping(a, &pong, smallest(a), origin, io);
        return NULL;
    }
    if (origin->lane != 0) {
        return on_lane_ping(a, origin, &pong, io, now);
    }
    struct path *path = pinging_learn_path(a, origin, now);
    if (allowance_take(&a->allowance, path, now)) {
        pong.observed = origin->remote;
        (void)send_ping(a, &pong, smallest(a), origin, io);
    }
    if (path == NULL) {
        return NULL;
    }
    path_on_asked(path, now);
    punching_on_receipt(&a->punching, &origin->remote, now);
    /* A ping that reaches us shows that its sender may be reachable: ask at once, from the socket
     * that it came to. */
    if (path_wants_ping_back(path, now)) {
        (void)pinging_send(a, path, 0, io, now);
    }
    return path;
}

struct path *pinging_on_pong(struct conversation *a, const struct origin *origin,
                             const struct ping *pong, struct mono now)
{
    struct path *path = origin->relay != NULL ? path_table_find_relay(&a->paths, origin->relay)
                        : origin->lane != 0   ? path_table_find_lane(&a->paths, origin->lane)
                                              : path_table_find(&a->paths, &origin->remote);

    if (path == NULL || !path_on_pong(path, pong->transaction, now)) {
        return NULL;
    }
    if (path_is_direct(path)) {
        punching_on_receipt(&a->punching, &origin->remote, now);
    }
    return path;
}
