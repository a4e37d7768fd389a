/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks 1 and 2 of docs/architecture.md: an IP packet to a peer, a frame from a peer. Direct paths
 * write each segment straight into the outbox and seal it there.
 */
#include "client/peer/conversation.h"

#include "client/tunnel/coalesce.h"
#include "client/tunnel/icmp.h"
#include "client/tunnel/rebuild.h"
#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"

#include <string.h>

static struct transport_sender *sender_for(const struct conversation *a, uint8_t protocol)
{
    bool control = protocol == PLAIN_PROTOCOL_KEEPALIVE || protocol == PLAIN_PROTOCOL_CONTROL;

    return control ? a->current->control : a->current->data;
}

/* What a direct path cannot carry even in pieces goes through the relay, where capsules take any
 * size: a large MTU of ours over a small one of the underlay. */
static void seal_for_relay(struct conversation *a, const uint8_t *plain, size_t size,
                           struct host_io *io)
{
    struct origin origin = {.relayed = pathfinder_relay(a), .source_key = a->peer->key};
    uint8_t *frame = a->core->scratch;
    size_t frame_size = 0;

    if (origin.relayed != NULL && size + FRAME_OVERHEAD <= sizeof(a->core->scratch)) {
        frame_size =
            transport_seal_from(sender_for(a, plain[0]), FRAME_TYPE_DATA, plain, size, frame);
    }
    if (frame_size == 0) {
        a->core->stats.frames_dropped++;
        return;
    }
    pathfinder_send_to(a->core, &origin, frame, frame_size, io);
}

/* Seal one plaintext that lies elsewhere and send it over the present path. */
static void seal_and_send(struct conversation *a, const uint8_t *plain, size_t size,
                          struct host_io *io, struct mono now)
{
    struct transport_sender *sender = sender_for(a, plain[0]);
    uint8_t *frame = a->core->scratch;

    if (a->best >= 0) {
        struct path *path = &a->paths[a->best];

        frame = outbox_reserve(io->net, size + FRAME_OVERHEAD);
        if (frame == NULL) {
            a->core->stats.frames_dropped++;
            return;
        }
        size_t frame_size = transport_seal_from(sender, FRAME_TYPE_DATA, plain, size, frame);
        if (frame_size > 0) {
            outbox_commit(io->net, &path->local, &path->remote, frame_size);
            path_on_sent(path, now);
            a->core->stats.frames_out++;
        }
        return;
    }
    size_t frame_size = transport_seal_from(sender, FRAME_TYPE_DATA, plain, size, frame);
    if (frame_size > 0) {
        pathfinder_send_best(a, frame, frame_size, io, now);
    }
}

/* Plaintext bytes that one frame of the present path has room for. */
static size_t room_of(const struct conversation *a)
{
    if (a->best < 0) {
        return FRAME_SIZE_MAX - FRAME_OVERHEAD; /* the link falls back to capsules */
    }
    return a->paths[a->best].frame_size - (size_t)FRAME_OVERHEAD;
}

void dataplane_send_plain(struct conversation *a, const uint8_t *plain, size_t size,
                          struct host_io *io, struct mono now)
{
    size_t room = room_of(a);
    size_t count = fragment_count(size, room);

    if (a->current == NULL) {
        a->core->stats.frames_dropped++;
        return;
    }
    if (count == 0) {
        seal_for_relay(a, plain, size, io);
        return;
    }
    if (count == 1) {
        seal_and_send(a, plain, size, io, now);
        return;
    }
    a->fragment_id++;
    for (size_t i = 0; i < count; i++) {
        uint8_t fragment[FRAME_SIZE_MAX];
        size_t fragment_size =
            fragment_write(fragment, room, plain, size, a->fragment_id, i, count);

        seal_and_send(a, fragment, fragment_size, io, now);
        a->core->stats.fragments_out++;
    }
}

/* ---- from the TUN ---- */

/* Write and send the next segment. False if nothing more of its packet can go. */
static bool send_segment(struct conversation *a, struct tunnel_cut *cut, struct host_io *io,
                         struct mono now)
{
    struct host_core *core = a->core;
    size_t size;

    if (a->best >= 0 && cut->room + FRAME_OVERHEAD <= a->paths[a->best].frame_size) {
        struct path *path = &a->paths[a->best];
        uint8_t *frame = outbox_reserve(io->net, cut->room + FRAME_OVERHEAD);

        if (frame == NULL || tunnel_next(cut, &a->peer->pair, frame + FRAME_HEADER_SIZE, cut->room,
                                         &size) != ERR_OK) {
            return false;
        }
        size_t frame_size = transport_seal(a->current->data, FRAME_TYPE_DATA, frame, size);
        if (frame_size > 0) {
            outbox_commit(io->net, &path->local, &path->remote, frame_size);
            path_on_sent(path, now);
            core->stats.frames_out++;
        }
        return true;
    }
    if (tunnel_next(cut, &a->peer->pair, core->plain, sizeof(core->plain), &size) != ERR_OK) {
        return false;
    }
    dataplane_send_plain(a, core->plain, size, io, now);
    return true;
}

static void queue_packet(struct conversation *a, struct tunnel_cut *cut)
{
    struct host_core *core = a->core;
    size_t size;

    while (cut->segments_left > 0 &&
           tunnel_next(cut, &a->peer->pair, core->plain, sizeof(core->plain), &size) == ERR_OK) {
        conversation_queue(a, core->plain, size);
    }
    core->stats.packets_dropped += cut->segments_left;
}

/* Tell the sender on this host why its packet goes no further; rate limited. */
static void refuse_packet(struct host_core *core, const struct tunnel_cut *cut,
                          enum tunnel_icmp_reason reason, struct host_io *io, struct mono now)
{
    struct packet error;

    core->stats.packets_dropped++;
    if (!bucket_take(&core->icmp, &core_icmp_rate, 1, now)) {
        return;
    }
    uint8_t *room = packet_box_reserve(io->tun, TUNNEL_ICMP_SIZE_MAX);
    if (room != NULL &&
        tunnel_icmp_unreachable(&error, room, cut, reason, core->cfg.mtu) == ERR_OK) {
        packet_box_commit(io->tun, &error);
    }
}

/* A key-derived or fixed address that nobody here has: somebody in a ziglan may. */
static void look_for_owner(struct host_core *core, const struct tunnel_address *address,
                           struct mono now)
{
    enum addrplan_kind kind = address->size == 16 ? addrplan_kind(address->ip) : ADDRPLAN_KIND_NONE;

    if (kind != ADDRPLAN_KIND_AUTO && kind != ADDRPLAN_KIND_FIXED) {
        return;
    }
    for (size_t i = 0; i < core->ziglans_count; i++) {
        ziglan_lookup_address(core->ziglans[i], address->ip, core->hub, now);
    }
}

static struct peer *destination_peer(struct host_core *core, const struct tunnel_address *to)
{
    return to->size == 4 ? peer_by_v4(core, to->ip) : peer_by_v6(core, to->ip);
}

static void send_packet(struct host_core *core, const struct packet *packet, struct host_io *io,
                        struct mono now)
{
    struct tunnel_cut cut;

    core->stats.packets_in++;
    if (tunnel_open(&cut, packet) != ERR_OK) {
        core->stats.packets_dropped++;
        return;
    }
    struct peer *peer = destination_peer(core, &cut.destination);
    if (peer == NULL) {
        look_for_owner(core, &cut.destination, now);
        refuse_packet(core, &cut, TUNNEL_ICMP_NO_ROUTE, io, now);
        return;
    }
    if (packet->gso == PACKET_GSO_NONE && packet->size > core->cfg.mtu) {
        refuse_packet(core, &cut, TUNNEL_ICMP_TOO_BIG, io, now);
        return;
    }
    struct conversation *a = conversation_of(peer, core, now);
    if (a == NULL) {
        refuse_packet(core, &cut, TUNNEL_ICMP_HOST, io, now);
        return;
    }
    peer->tx_bytes += packet->size;
    a->used_at = now;
    conversation_touch(a, now);
    if (!conversation_ready(a, io, now)) {
        queue_packet(a, &cut);
        return;
    }
    if (a->best >= 0 && path_stale(&a->paths[a->best], now)) {
        pathfinder_on_stale(a, now);
    }
    bool sent = true;
    while (sent && cut.segments_left > 0) {
        sent = send_segment(a, &cut, io, now);
    }
    core->stats.packets_dropped += cut.segments_left;
    if (a->best >= 0) {
        conversation_wake(a, mono_add_ms(now, PATH_SILENCE_MS));
    }
}

void host_core_packets(struct host_core *core, struct packet *packets, size_t count,
                       struct host_io *io, struct mono now)
{
    for (size_t i = 0; i < count; i++) {
        send_packet(core, &packets[i], io, now);
    }
}

/* ---- to the TUN ---- */

static void on_plain(struct conversation *a, bool relayed, uint8_t *plain, size_t size,
                     struct host_io *io, struct mono now);

static void deliver(struct conversation *a, bool relayed, uint8_t *plain, size_t size,
                    struct host_io *io, struct mono now)
{
    struct host_core *core = a->core;
    struct packet packet;

    if (tunnel_rebuild(&packet, &a->peer->pair, plain, size, &core->ip_id) != ERR_OK) {
        core->stats.plaintext_dropped++;
        return;
    }
    a->peer->rx_bytes += packet.size;
    a->peer->rx_relayed_packets += relayed ? 1 : 0;
    a->peer->rx_direct_packets += relayed ? 0 : 1;
    core->stats.packets_out++;
    conversation_touch(a, now);
    if (core->tun_offload) {
        (void)coalesce_commit(io->tun, &packet);
    } else if (packet_checksum_complete(&packet) == ERR_OK) {
        packet_box_commit(io->tun, &packet);
    }
}

static void on_fragment(struct conversation *a, bool relayed, const uint8_t *plain, size_t size,
                        struct host_io *io, struct mono now)
{
    size_t whole_size = 0;
    uint8_t *whole = packet_box_reserve(io->tun, FRAGMENT_PLAIN_SIZE_MAX);

    a->core->stats.fragments_in++;
    if (whole == NULL ||
        (a->fragments == NULL && fragment_box_new(&a->fragments, &a->core->fragments) != ERR_OK)) {
        return;
    }
    if (fragment_box_put(a->fragments, plain, size, whole, FRAGMENT_PLAIN_SIZE_MAX, &whole_size,
                         now) != ERR_OK) {
        a->core->stats.plaintext_dropped++;
        return;
    }
    conversation_wake(a, fragment_box_deadline(a->fragments));
    if (whole_size > 0) {
        on_plain(a, relayed, whole, whole_size, io, now);
    }
}

/* The plaintext of a data frame, with PACKET_BOX_HEADROOM writable bytes before it. */
static void on_plain(struct conversation *a, bool relayed, uint8_t *plain, size_t size,
                     struct host_io *io, struct mono now)
{
    if (size < PLAIN_HEADER_SIZE) {
        a->core->stats.plaintext_dropped++;
        return;
    }
    switch (plain[0]) {
    case PLAIN_PROTOCOL_KEEPALIVE:
        break;
    case PLAIN_PROTOCOL_FRAGMENT:
        on_fragment(a, relayed, plain, size, io, now);
        break;
    case PLAIN_PROTOCOL_CONTROL:
        pathfinder_on_intunnel(a, plain + PLAIN_HEADER_SIZE, size - PLAIN_HEADER_SIZE, now);
        break;
    default:
        deliver(a, relayed, plain, size, io, now);
        break;
    }
}

static struct noise_session *frame_session(struct host_core *core, const struct origin *origin,
                                           const uint8_t *frame, size_t size)
{
    uint32_t index;

    if (size < FRAME_OVERHEAD) {
        return NULL;
    }
    index = be32_read(frame + FRAME_INDEX_AT);
    if (index != core->index_last || index == 0) {
        core->index_last_owner = map_find_pointer(core->sessions_by_index, &index);
        core->index_last = core->index_last_owner == NULL ? 0 : index;
    }
    struct conversation *a = core->index_last_owner;
    if (a == NULL ||
        (origin->relayed != NULL && memcmp(origin->source_key, a->peer->key, KEY_SIZE) != 0)) {
        return NULL;
    }
    return conversation_session(a, index);
}

/* When packets begin to take another path, those on the slower one are overtaken: by 9,600 frames
 * where it is 100 ms slower and 1 Gbit/s goes over both. So the first frame by the other path
 * widens the window. True if it does, paid for. */
static bool widens_window(struct noise_session *session, const struct origin *origin,
                          const uint8_t *frame)
{
    return frame[FRAME_CHANNEL_AT] == FRAME_CHANNEL_DATA && session->heard && !session->widened &&
           session->relayed != (origin->relayed != NULL) &&
           budget_move(&session->conversation->core->windows, 0, SESSION_WINDOW_BYTES);
}

static int open_frame(struct noise_session *session, const struct origin *origin,
                      const uint8_t *frame, size_t size, uint8_t *plain,
                      struct transport_opened *opened)
{
    bool widens = widens_window(session, origin, frame);
    int rc;

    transport_receiver_widen(session->receiver, widens);
    rc = transport_open(session->receiver, frame, size, plain, opened);
    if (rc != ERR_OK) {
        transport_receiver_widen(session->receiver, false);
        if (widens) {
            (void)budget_move(&session->conversation->core->windows, SESSION_WINDOW_BYTES, 0);
        }
        return rc;
    }
    session->widened = session->widened || widens;
    if (opened->channel == FRAME_CHANNEL_DATA) {
        session->heard = true;
        session->relayed = origin->relayed != NULL;
    }
    return ERR_OK;
}

void dataplane_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                       size_t size, struct host_io *io, struct mono now)
{
    struct noise_session *session = frame_session(core, origin, frame, size);
    struct transport_opened opened;
    bool probe = frame[0] == FRAME_TYPE_PROBE;

    if (session == NULL) {
        core->stats.unknown_index++;
        return;
    }
    uint8_t *plain = probe ? core->plain : packet_box_reserve(io->tun, size);
    if (plain == NULL || size > sizeof(core->plain) ||
        open_frame(session, origin, frame, size, plain, &opened) != ERR_OK) {
        core->stats.frames_dropped++;
        return;
    }
    struct conversation *a = session->conversation;
    a->peer->last_seen_at = now;
    conversation_confirm(a, session, io, now);
    pathfinder_on_frame(a, origin, now);
    if (probe) {
        pathfinder_on_probe(a, origin, plain, opened.plain_size, io, now);
        return;
    }
    on_plain(a, origin->relayed != NULL, plain, opened.plain_size, io, now);
}
