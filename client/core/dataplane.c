/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets become frames, and frames packets. */
#include "client/core/dataplane.h"

#include "client/path/lane_path.h"
#include "client/peer/farewell.h"
#include "client/peer/introduction.h"
#include "client/peer/life.h"
#include "client/peer/packet_fit.h"
#include "client/peer/pathfinder.h"
#include "client/peer/presence.h"
#include "client/peer/send.h"
#include "client/tunnel/icmp.h"
#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"

#include <string.h>

enum {
    ICMP_PER_S = 50, /* ICMP errors that we put into our own TUN */
    TELL_EVERY_MS = 60000,
};

static const struct bucket_rate icmp_rate = {ICMP_PER_S, ICMP_PER_S};

static void count_drop(struct dataplane *dataplane, enum tunnel_drop why, uint64_t packets)
{
    dataplane->counters.packets_dropped[why] += packets;
}

void dataplane_init(struct dataplane *dataplane, uint16_t mtu, struct mono now)
{
    dataplane->mtu = mtu;
    bucket_init(&dataplane->icmp, &icmp_rate, now);
}

/* ---- from the TUN ---- */

/* Seal the next segment into the outbox, or send it in fragments. False without room, or if the
 * packet cannot be sent to this peer. */
static bool send_bare(struct conversation *a, struct path *path, struct tunnel_cut *cut,
                      struct host_io *io, struct mono now)
{
    struct dataplane *dataplane = a->shared->dataplane;
    size_t fits = path->frame_size - FRAME_OVERHEAD_MAX;
    size_t room = cut->room < fits ? cut->room : fits;
    uint8_t *out = outbox_reserve(io->net, LANE_HEADER_SIZE + room + FRAME_OVERHEAD_MAX);
    const uint8_t *plain;
    size_t size;

    if (out == NULL) {
        cut->drop = TUNNEL_DROP_NO_ROOM;
        return false;
    }
    size_t head = lane_path_head(path, out);
    if (tunnel_next(cut, &a->peer->pair, dataplane->plain, sizeof(dataplane->plain), &plain,
                    &size) != ERR_OK) {
        return false;
    }
    if (size > fits) {
        send_plain(a, plain, size, io, now);
        return true;
    }
    size_t frame_size =
        transport_seal_from(a->sessions.current->data, FRAME_TYPE_DATA, plain, size, out + head);
    if (frame_size > 0) {
        outbox_commit(io->net, &path->local, &path->remote, head + frame_size);
        path_on_sent(path, frame_size, now);
        dataplane->counters.frames_out++;
        send_beside(a, path, out + head, frame_size, io, now);
    }
    return true;
}

static bool send_segment(struct conversation *a, struct tunnel_cut *cut, struct host_io *io,
                         struct mono now)
{
    struct dataplane *dataplane = a->shared->dataplane;
    struct path *path = a->paths.present;
    const uint8_t *plain;
    size_t size;

    if (path_is_bare(path) && path->frame_size > FRAME_OVERHEAD_MAX) {
        return send_bare(a, path, cut, io, now);
    }
    if (tunnel_next(cut, &a->peer->pair, dataplane->plain, sizeof(dataplane->plain), &plain,
                    &size) != ERR_OK) {
        return false;
    }
    send_plain(a, plain, size, io, now);
    return true;
}

static void send_segments(struct conversation *a, struct tunnel_cut *cut, struct host_io *io,
                          struct mono now)
{
    const struct path *used = path_table_present(&a->paths);

    if (path_is_bare(used) && path_stale(used, now)) {
        pathfinder_on_stale(a, now);
    }
    while (cut->segments_left > 0 && send_segment(a, cut, io, now)) {
    }
    count_drop(a->shared->dataplane, cut->drop, cut->segments_left);
    if (path_is_bare(a->paths.present)) {
        conversation_wake(a, mono_add_ms(now, PATH_SILENCE_MS));
    }
}

static void queue_segments(struct conversation *a, struct tunnel_cut *cut)
{
    struct dataplane *dataplane = a->shared->dataplane;
    const uint8_t *plain;
    size_t size;

    while (cut->segments_left > 0 &&
           tunnel_next(cut, &a->peer->pair, dataplane->plain, sizeof(dataplane->plain), &plain,
                       &size) == ERR_OK) {
        conversation_queue(a, plain, size);
    }
    count_drop(dataplane, cut->drop, cut->segments_left);
}

/* Put an ICMP error about a packet into the TUN; rate limited. mtu: see tunnel_icmp_unreachable. */
static void tell_sender(struct dataplane *dataplane, const struct tunnel_cut *cut,
                        enum tunnel_icmp_reason reason, uint16_t mtu, struct host_io *io,
                        struct mono now)
{
    struct packet error;

    if (!bucket_take(&dataplane->icmp, &icmp_rate, 1, now)) {
        return;
    }
    uint8_t *room = packet_box_reserve(io->tun, TUNNEL_ICMP_SIZE_MAX);
    if (room != NULL && tunnel_icmp_unreachable(&error, room, cut, reason, mtu) == ERR_OK) {
        packet_box_commit(io->tun, &error);
    }
}

/* Tell the sender on this host why its packet goes no further. */
static void refuse(struct dataplane *dataplane, const struct tunnel_cut *cut,
                   enum tunnel_icmp_reason reason, struct host_io *io, struct mono now)
{
    static const enum tunnel_drop drops[] = {
        [TUNNEL_ICMP_NO_ROUTE] = TUNNEL_DROP_NO_PEER,
        [TUNNEL_ICMP_HOST] = TUNNEL_DROP_UNREACHABLE,
        [TUNNEL_ICMP_ADMIN] = TUNNEL_DROP_UNREACHABLE,
        [TUNNEL_ICMP_TOO_BIG] = TUNNEL_DROP_TOO_BIG,
    };

    count_drop(dataplane, drops[reason], 1);
    tell_sender(dataplane, cut, reason, dataplane->mtu, io, now);
}

/* The largest packet that is sent for this one: a super-packet is cut into segments. */
static size_t sent_size(const struct packet *packet)
{
    size_t cut_size = (size_t)packet->header_size + packet->gso_size;

    return packet->gso == PACKET_GSO_NONE || packet->size < cut_size ? packet->size : cut_size;
}

/* No peer has this address. If it is key-derived or fixed, a member that we do not know yet may
 * have it: ask the entry points. */
static void look_for_owner(struct host_core *core, const struct tunnel_address *address,
                           struct mono now)
{
    enum addrplan_kind kind = address->size == 16 ? addrplan_kind(address->ip) : ADDRPLAN_KIND_NONE;
    struct ziglan *ziglan;

    if (kind != ADDRPLAN_KIND_AUTO && kind != ADDRPLAN_KIND_FIXED) {
        return;
    }
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        ziglan_lookup_address(ziglan, address->ip, now);
    }
}

/* What the kernel leaves to us and we cannot do would vanish without a sign: say so in the log, at
 * most once a minute. */
static void tell_drop(struct host_core *core, const struct tunnel_cut *cut, struct mono now)
{
    struct dataplane *dataplane = &core->dataplane;

    if (cut->drop != TUNNEL_DROP_OFFLOAD || mono_before(now, dataplane->tell_at)) {
        return;
    }
    dataplane->tell_at = mono_add_ms(now, TELL_EVERY_MS);
    env_trace(core->env, TRACE_LEVEL_WARN, "packet.dropped",
              "reason=offload protocol=%u checksum_start=%u count=%llu", cut->ip.protocol,
              cut->packet->checksum_start,
              (unsigned long long)dataplane->counters.packets_dropped[TUNNEL_DROP_OFFLOAD]);
}

void dataplane_send(struct host_core *core, const struct packet *packet, struct host_io *io,
                    struct mono now)
{
    struct dataplane *dataplane = &core->dataplane;
    struct tunnel_cut cut;

    if (tunnel_open(&cut, packet) != ERR_OK) {
        count_drop(dataplane, cut.drop, 1);
        tell_drop(core, &cut, now);
        return;
    }
    struct peer *peer = peer_of_address(&core->peers, cut.destination.ip, cut.destination.size);
    if (peer == NULL) {
        look_for_owner(core, &cut.destination, now);
        refuse(dataplane, &cut, TUNNEL_ICMP_NO_ROUTE, io, now);
        return;
    }
    if (packet->gso == PACKET_GSO_NONE && packet->size > dataplane->mtu) {
        refuse(dataplane, &cut, TUNNEL_ICMP_TOO_BIG, io, now);
        return;
    }
    if (presence_is_offline(peer, &core->ziglans, now)) {
        presence_ask(peer, now);
        refuse(dataplane, &cut, TUNNEL_ICMP_HOST, io, now);
        return;
    }
    struct conversation *a = life_of(peer, &core->conversations, now);
    if (a == NULL) {
        refuse(dataplane, &cut, TUNNEL_ICMP_HOST, io, now);
        return;
    }
    peer->traffic.tx_bytes += packet->size;
    dataplane->counters.bytes_sent += packet->size;
    if (life_use(a, io, now)) {
        /* Before it is sent, because segments are cut where it lies. */
        if (packet_fit_tells(a, sent_size(packet), now)) {
            tell_sender(dataplane, &cut, TUNNEL_ICMP_TOO_BIG, packet_fit_size(a), io, now);
        }
        send_segments(a, &cut, io, now);
    } else {
        queue_segments(a, &cut);
    }
}

/* ---- to the TUN ---- */

/* How a plaintext came. */
struct arrival {
    bool relayed;
    uint32_t session; /* its receiver index */
};

static void on_plain(struct host_core *core, struct conversation *a, const struct arrival *arrival,
                     uint8_t *plain, size_t size, struct host_io *io, struct mono now);

/* The session of the frame that was opened last: who had the index before it went with a change. */
static uint64_t train_source(const struct dataplane *dataplane)
{
    return (uint64_t)dataplane->cache.changes << 32 | dataplane->cache.index;
}

static void deliver(struct dataplane *dataplane, struct conversation *a, bool relayed,
                    uint8_t *plain, size_t size, struct host_io *io, struct mono now)
{
    struct peer_traffic *traffic = &a->peer->traffic;
    size_t packet_size;

    if (train_put(&dataplane->train, io->tun, &a->peer->pair, train_source(dataplane), plain, size,
                  &packet_size) != ERR_OK) {
        dataplane->counters.plaintext_dropped++;
        return;
    }
    traffic->rx_bytes += packet_size;
    dataplane->counters.bytes_relayed += relayed ? packet_size : 0;
    dataplane->counters.bytes_direct += relayed ? 0 : packet_size;
    traffic->rx_relayed_packets += relayed ? 1 : 0;
    traffic->rx_direct_packets += relayed ? 0 : 1;
    dataplane->counters.packets_out++;
    conversation_touch(a, now);
}

static void on_fragment(struct host_core *core, struct conversation *a,
                        const struct arrival *arrival, const uint8_t *plain, size_t size,
                        struct host_io *io, struct mono now)
{
    struct host_counters *counters = &core->dataplane.counters;
    size_t whole_size = 0;
    uint8_t *whole = packet_box_reserve(io->tun, FRAGMENT_PLAIN_SIZE_MAX);

    counters->fragments_in++;
    if (whole == NULL || (a->fragments == NULL &&
                          fragment_box_new(&a->fragments, &a->shared->fragments) != ERR_OK)) {
        return;
    }
    if (fragment_box_put(a->fragments, arrival->session, plain, size, whole,
                         FRAGMENT_PLAIN_SIZE_MAX, &whole_size, now) != ERR_OK) {
        counters->plaintext_dropped++;
        return;
    }
    conversation_wake(a, fragment_box_deadline(a->fragments));
    if (whole_size > 0) {
        on_plain(core, a, arrival, whole, whole_size, io, now);
    }
}

/* The plaintext of a data frame, with PACKET_BOX_HEADROOM writable bytes before it. */
static void on_plain(struct host_core *core, struct conversation *a, const struct arrival *arrival,
                     uint8_t *plain, size_t size, struct host_io *io, struct mono now)
{
    if (size < PLAIN_HEADER_SIZE) {
        core->dataplane.counters.plaintext_dropped++;
        return;
    }
    switch (plain[0]) {
    case PLAIN_PROTOCOL_KEEPALIVE:
        break;
    case PLAIN_PROTOCOL_FRAGMENT:
        on_fragment(core, a, arrival, plain, size, io, now);
        break;
    case PLAIN_PROTOCOL_CONTROL:
        introduction_on_control(a, plain + PLAIN_HEADER_SIZE, size - PLAIN_HEADER_SIZE, io, now);
        break;
    default:
        deliver(&core->dataplane, a, arrival->relayed, plain, size, io, now);
        break;
    }
}

/* Whose frame it is by its receiver index, and which session's. */
static struct noise_session *session_of(struct host_core *core, const struct origin *origin,
                                        const uint8_t *frame, size_t size)
{
    struct receiver_indexes *indexes = &core->conversations.noise.indexes;
    struct index_cache *cache = &core->dataplane.cache;
    uint32_t index;

    if (size < FRAME_OVERHEAD_MIN) {
        return NULL;
    }
    index = be32_read(frame + FRAME_INDEX_AT);
    if (index != cache->index || index == 0 || cache->changes != indexes->changes) {
        cache->owner = receiver_index_find(indexes, index);
        cache->index = cache->owner == NULL ? 0 : index;
        cache->changes = indexes->changes;
    }
    struct conversation *a = cache->owner;
    if (a == NULL ||
        (origin->relay != NULL && memcmp(origin->source_key, a->peer->key, KEY_SIZE) != 0)) {
        return NULL;
    }
    return noise_sessions_find(&a->sessions, index);
}

static void on_unknown(struct host_core *core, const struct origin *origin, size_t size,
                       struct host_io *io, struct mono now)
{
    struct peer *peer = origin->relay == NULL || size < FRAME_OVERHEAD_MIN
                            ? NULL
                            : peer_find(&core->peers, origin->source_key);

    core->dataplane.counters.unknown_index++;
    if (peer != NULL) {
        revival_on_unknown(&core->revivals, peer, origin, io, now);
    }
}

void dataplane_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                       size_t size, struct host_io *io, struct mono now)
{
    struct dataplane *dataplane = &core->dataplane;
    struct noise_session *session = session_of(core, origin, frame, size);
    struct transport_opened opened;
    bool is_ping = frame[0] == FRAME_TYPE_PING;

    if (session == NULL) {
        on_unknown(core, origin, size, io, now);
        return;
    }
    uint8_t *plain = is_ping ? dataplane->plain : packet_box_reserve(io->tun, size);
    if (plain == NULL || size > sizeof(dataplane->plain) ||
        noise_session_open(session, origin->relay != NULL, frame, size, plain, &opened) != ERR_OK) {
        dataplane->counters.frames_dropped++;
        return;
    }
    struct conversation *a = session->conversation;
    struct arrival arrival = {.relayed = origin->relay != NULL || origin->lane != 0,
                              .session = session->local_index};
    a->peer->traffic.last_seen_at = now;
    presence_on_frame(a->peer, now);
    life_confirm(a, session, io, now);
    pathfinder_on_frame(a, origin, !is_ping, now);
    if (is_ping) {
        pathfinder_on_ping_frame(a, origin, plain, opened.plain_size, io, now);
        return;
    }
    if (farewell_is(plain, opened.plain_size)) {
        farewell_receive(a, session, now); /* it may have freed the conversation */
        return;
    }
    on_plain(core, a, &arrival, plain, opened.plain_size, io, now);
}
