/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/peer/conversation.h"

#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"
#include "proto/wire/probe.h"

#include <stdio.h>
#include <string.h>

enum {
    PING_SIZE_MIN = PROBE_PLAIN_SIZE + FRAME_OVERHEAD,
    RELAY_PING_MS = 15000,     /* the relayed round trip is measured so often while in use */
    RELAY_PING_BUSY_MS = 2000, /* with packets going: who only receives must notice, too, that
                                  the relay forgot its session (it was restarted) */
    BUSY_MS = 10000,           /* packets went so recently */
};

/* Packets to addresses that never answered: two rounds of a punch at once, then this many. */
static const struct bucket_rate silent_rate = {.per_s = 4, .burst = 256};

/* Paths that a peer's packets taught us. Between two NATs that change the port with every port they
 * talk to, and let everybody in, every answer comes from yet another one, without end. */
static const struct bucket_rate learned_rate = {.per_s = 1, .burst = 8};

/* ---- sending frames ---- */

struct ziglan *pathfinder_relay(const struct conversation *a)
{
    struct ziglan *ziglan = a->peer->ziglan;

    if (ziglan != NULL && ziglan->entry.open) {
        return ziglan;
    }
    for (size_t i = 0; i < a->core->ziglans_count; i++) {
        ziglan = a->core->ziglans[i];
        if (ziglan->entry.open && roster_find_key(ziglan->roster, a->peer->key) != NULL) {
            return ziglan;
        }
    }
    return NULL;
}

static bool send_relayed(struct host_core *core, struct ziglan *ziglan, const uint8_t key[KEY_SIZE],
                         const uint8_t *frame, size_t size)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    head[0] = SESSION_DGRAM_TO;
    memcpy(head + 1, key, KEY_SIZE);
    return link_hub_datagram(core->hub, ziglan->entry.active, head, sizeof(head), frame, size);
}

void pathfinder_send_to(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                        size_t size, struct host_io *io)
{
    core->stats.frames_out++;
    if (origin->relayed != NULL) {
        if (!origin->relayed->entry.open ||
            !send_relayed(core, origin->relayed, origin->source_key, frame, size)) {
            core->stats.frames_dropped++;
        }
        return;
    }
    outbox_put(io->net, &origin->local, &origin->remote, frame, size);
}

void pathfinder_send_best(struct conversation *a, const uint8_t *frame, size_t size,
                          struct host_io *io, struct mono now)
{
    struct origin origin = {.relayed = pathfinder_relay(a), .source_key = a->peer->key};

    if (a->best >= 0) {
        struct path *path = &a->paths[a->best];

        origin = (struct origin){.local = path->local, .remote = path->remote};
        path_on_sent(path, now);
    } else if (origin.relayed == NULL) {
        a->core->stats.frames_dropped++;
        return;
    }
    pathfinder_send_to(a->core, &origin, frame, size, io);
}

/* ---- paths ---- */

static int find_path(const struct conversation *a, const struct endpoint *remote)
{
    if (a->best >= 0 && endpoint_equal(&a->paths[a->best].remote, remote)) {
        return a->best; /* nearly every frame's */
    }
    for (size_t i = 0; i < a->paths_count; i++) {
        if (endpoint_equal(&a->paths[i].remote, remote)) {
            return (int)i;
        }
    }
    return -1;
}

static void remove_path(struct conversation *a, size_t index)
{
    a->paths_count--;
    a->paths[index] = a->paths[a->paths_count];
    if (a->best == (int)index) {
        a->best = -1;
    } else if (a->best == (int)a->paths_count) {
        a->best = (int)index;
    }
}

/* Which of two paths is missed less: one that never answered, then one that fell silent, then the
 * one that has been so for longer. */
static bool less_missed(const struct path *a, const struct path *b)
{
    bool a_suspect = a->state == PATH_STATE_SUSPECT;
    bool b_suspect = b->state == PATH_STATE_SUSPECT;

    if (a->answered != b->answered) {
        return !a->answered;
    }
    if (a_suspect != b_suspect) {
        return a_suspect;
    }
    return mono_before(a->entered_at, b->entered_at);
}

/* Room for one more path: at need one goes that never answered or has fallen silent (a peer that
 * restarts often leaves many of these). */
static bool make_room(struct conversation *a)
{
    size_t victim = CONVERSATION_PATHS_MAX;

    if (a->paths_count < CONVERSATION_PATHS_MAX) {
        return true;
    }
    for (size_t i = 0; i < a->paths_count; i++) {
        bool goes = !a->paths[i].answered || a->paths[i].state == PATH_STATE_SUSPECT;

        if (goes && (int)i != a->best &&
            (victim == CONVERSATION_PATHS_MAX || less_missed(&a->paths[i], &a->paths[victim]))) {
            victim = i;
        }
    }
    if (victim == CONVERSATION_PATHS_MAX) {
        return false;
    }
    remove_path(a, victim);
    return true;
}

static int find_or_add_path(struct conversation *a, const struct endpoint *local,
                            const struct endpoint *remote, bool observed, struct mono now)
{
    int index = find_path(a, remote);

    if (index >= 0) {
        a->paths[index].observed = a->paths[index].observed || observed;
        return index;
    }
    if (!make_room(a)) {
        return -1;
    }
    size_t full = tunnel_plain_size_max(a->core->cfg.mtu) + FRAME_OVERHEAD;

    path_init(&a->paths[a->paths_count], local, remote, observed, u16_of(full), now);
    return (int)a->paths_count++;
}

/* The path on which something valid came; -1 if there can be no more of them now. */
static int learn_path(struct conversation *a, const struct origin *origin, struct mono now)
{
    int index = find_path(a, &origin->remote);

    if (index < 0 && bucket_take(&a->learned, &learned_rate, 1, now)) {
        index = find_or_add_path(a, &origin->local, &origin->remote, false, now);
    }
    return index;
}

static void tell_result(struct conversation *a)
{
    Ziglan__PunchResult result = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct ziglan *ziglan = pathfinder_relay(a);

    if (a->punch_id == 0 || ziglan == NULL) {
        return;
    }
    result.punch_id = a->punch_id;
    result.direct = a->best >= 0;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
    message.punch_result = &result;
    (void)ziglan_send(ziglan, a->core->hub, &message);
}

/* A direct path that died may mean that our own NAT forgot its mappings: a packet to the relay now,
 * and not with the next keepalive, tells it where we are. */
static void stir_relay(struct conversation *a)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct ziglan *ziglan = pathfinder_relay(a);

    if (ziglan == NULL) {
        return;
    }
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    (void)ziglan_send(ziglan, a->core->hub, &message);
}

static void choose(struct conversation *a, struct mono now)
{
    int before = a->best;
    char peer[11];

    a->best = path_choose(a->paths, a->paths_count, a->best);
    if (before < 0 && a->best >= 0) {
        a->core->stats.direct_established++;
        punch_retry_succeeded(&a->retry);
        a->punch_wait_at = MONO_NEVER;
        a->why[0] = '\0';
        env_trace(a->core->env, TRACE_LEVEL_INFO, "path.direct", "peer=%s",
                  key_short(a->peer->key, peer));
        tell_result(a);
    } else if (before >= 0 && a->best < 0) {
        a->core->stats.direct_lost++;
        stir_relay(a);
        (void)snprintf(a->why, sizeof(a->why), "the direct path was lost; trying again");
        punch_retry_reset(&a->retry, now);
        env_trace(a->core->env, TRACE_LEVEL_INFO, "path.relayed", "peer=%s",
                  key_short(a->peer->key, peer));
    }
}

/* ---- probes ---- */

static bool send_probe(struct conversation *a, const struct probe *probe, size_t plain_size,
                       const struct origin *origin, struct host_io *io)
{
    uint8_t *frame = a->core->scratch;

    if (a->current == NULL) {
        return false;
    }
    probe_encode(probe, frame + FRAME_HEADER_SIZE, plain_size);
    size_t size = transport_seal(a->current->control, FRAME_TYPE_PROBE, frame, plain_size);
    if (size == 0) {
        return false;
    }
    pathfinder_send_to(a->core, origin, frame, size, io);
    return true;
}

void pathfinder_allow(struct conversation *a, struct mono now)
{
    bucket_init(&a->silent, &silent_rate, now);
    bucket_init(&a->learned, &learned_rate, now);
}

/* What goes to an address that never answered a ping of ours is bounded for each peer and in all:
 * source addresses of a hostile member, what a hostile relay says that it observed, and members
 * that a hostile entry point makes up, cost them nothing. */
static bool may_send_to(struct conversation *a, const struct path *path, struct mono now)
{
    return (path != NULL && path->answered) ||
           (bucket_take(&a->silent, &silent_rate, 1, now) &&
            bucket_take(&a->core->silent, &core_silent_rate, 1, now));
}

uint64_t pathfinder_ping(struct conversation *a, int path, uint16_t frame_size, struct host_io *io,
                         struct mono now)
{
    struct probe probe = {.kind = PROBE_KIND_PING};
    struct origin origin = {.relayed = pathfinder_relay(a), .source_key = a->peer->key};
    size_t size = frame_size < PING_SIZE_MIN ? PING_SIZE_MIN : frame_size;

    if (path >= 0) {
        origin = (struct origin){.local = a->paths[path].local, .remote = a->paths[path].remote};
    } else if (origin.relayed == NULL) {
        return 0;
    }
    if (path >= 0 && (!path_may_ping(&a->paths[path]) || !may_send_to(a, &a->paths[path], now))) {
        return 0;
    }
    env_random(a->core->env, &probe.transaction, sizeof(probe.transaction));
    probe.transaction |= 1; /* never 0 */
    probe.frame_size = u16_of(size);
    if (!send_probe(a, &probe, size - FRAME_OVERHEAD, &origin, io)) {
        return 0;
    }
    if (path >= 0) {
        path_on_ping_sent(&a->paths[path], probe.transaction, probe.frame_size, now);
    }
    return probe.transaction;
}

static void ping_relay(struct conversation *a, struct host_io *io, struct mono now)
{
    a->relay_ping = pathfinder_ping(a, -1, 0, io, now);
    a->relay_ping_at = now;
    if (a->relay_ping != 0 && a->asked_at.ns == MONO_NEVER.ns) {
        a->asked_at = now;
    }
}

static void on_ping(struct conversation *a, const struct origin *origin, const struct probe *ping,
                    struct host_io *io, struct mono now)
{
    struct probe pong = {
        .kind = PROBE_KIND_PONG, .transaction = ping->transaction, .frame_size = ping->frame_size};

    if (origin->relayed != NULL) {
        (void)send_probe(a, &pong, PROBE_PLAIN_SIZE, origin, io);
        return;
    }
    int index = learn_path(a, origin, now);
    if (may_send_to(a, index < 0 ? NULL : &a->paths[index], now)) {
        pong.observed = origin->remote;
        (void)send_probe(a, &pong, PROBE_PLAIN_SIZE, origin, io);
    }
    if (index < 0) {
        return;
    }
    struct path *path = &a->paths[index];
    path_on_received(path, now);
    if (a->round_running) {
        punch_round_on_receipt(&a->round, &origin->remote, now);
    }
    /* What reaches us may be reachable: ask at once, from the same socket. */
    if (path_wants_ping_back(path, now)) {
        (void)pathfinder_ping(a, index, 0, io, now);
    }
    conversation_wake(a, now);
}

static void on_pong(struct conversation *a, const struct origin *origin, const struct probe *pong,
                    struct mono now)
{
    if (core_on_ping_answer(a->core, a->peer, pong->transaction, origin->relayed != NULL, now)) {
        conversation_wake(a, now);
    }
    if (origin->relayed != NULL) {
        if (a->relay_ping != 0 && pong->transaction == a->relay_ping) {
            a->relay_ping = 0;
            a->relay_rtt_ns = mono_ns_between(a->relay_ping_at, now);
        }
        return;
    }
    int index = find_path(a, &origin->remote);
    if (index < 0 || !path_on_pong(&a->paths[index], pong->transaction, now)) {
        return;
    }
    if (a->round_running) {
        punch_round_on_receipt(&a->round, &origin->remote, now);
    }
    choose(a, now);
    conversation_wake(a, now);
}

void pathfinder_on_probe(struct conversation *a, const struct origin *origin, const uint8_t *plain,
                         size_t size, struct host_io *io, struct mono now)
{
    struct probe probe;

    if (probe_decode(&probe, plain, size) != ERR_OK) {
        a->core->stats.plaintext_dropped++;
        return;
    }
    if (probe.kind == PROBE_KIND_PING) {
        on_ping(a, origin, &probe, io, now);
    } else {
        on_pong(a, origin, &probe, now);
    }
}

void pathfinder_on_frame(struct conversation *a, const struct origin *origin, struct mono now)
{
    int index = origin->relayed != NULL ? -1 : find_path(a, &origin->remote);

    a->asked_at = MONO_NEVER;
    if (index >= 0) {
        path_on_received(&a->paths[index], now);
    } else if (origin->relayed == NULL && learn_path(a, origin, now) >= 0) {
        /* The peer's mapping may have moved: it is worth a ping, and nothing else changes. */
        conversation_wake(a, now);
    }
}

/* ---- candidates ---- */

/* Do we share a LAN with this address: is it in a prefix that one of our interfaces has? */
static bool on_our_lan(const struct host_core *core, const struct endpoint *e)
{
    for (size_t i = 0; i < core->local_addrs_count; i++) {
        const struct host_local_addr *addr = &core->local_addrs[i];
        size_t bytes = addr->prefix_bits / 8;
        unsigned rest = addr->prefix_bits % 8;

        if (memcmp(addr->ip, e->ip, bytes) == 0 &&
            (rest == 0 || (addr->ip[bytes] ^ e->ip[bytes]) >> (8 - rest) == 0)) {
            return true;
        }
    }
    return false;
}

static bool is_own_address(const struct host_core *core, const struct endpoint *e)
{
    for (size_t i = 0; i < core->local_addrs_count; i++) {
        if (e->port == core->local_port &&
            memcmp(core->local_addrs[i].ip, e->ip, sizeof(e->ip)) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_candidates(struct conversation *a, struct host_io *io, struct mono now)
{
    struct host_core *core = a->core;
    struct intunnel_candidates own = {.sequence = core->candidates_sequence};
    uint8_t plain[PLAIN_HEADER_SIZE + INTUNNEL_SIZE_MAX] = {PLAIN_PROTOCOL_CONTROL};

    for (size_t i = 0; i < core->local_addrs_count && own.count < INTUNNEL_CANDIDATES_MAX; i++) {
        struct endpoint e = endpoint_v6(core->local_addrs[i].ip, core->local_port);

        if (endpoint_scope(&e) != ENDPOINT_SCOPE_NEVER) {
            own.list[own.count++] = e;
        }
    }
    size_t size = intunnel_candidates_encode(&own, plain + PLAIN_HEADER_SIZE);
    dataplane_send_plain(a, plain, PLAIN_HEADER_SIZE + size, io, now);
    a->candidates_told = core->candidates_sequence;
}

static void begin_round(struct conversation *a, struct mono fire_at)
{
    a->candidates_tried = a->candidates.sequence;
    punch_round_init(&a->round, fire_at, PING_SIZE_MIN);
    if (!endpoint_is_none(&a->observed)) {
        (void)punch_round_add(&a->round, &a->observed, true, on_our_lan(a->core, &a->observed));
    }
    for (size_t i = 0; i < a->candidates.count; i++) {
        const struct endpoint *e = &a->candidates.list[i];

        if (!is_own_address(a->core, e)) {
            (void)punch_round_add(&a->round, e, false, on_our_lan(a->core, e));
        }
    }
    a->round_running = a->round.count > 0;
    if (a->round_running) {
        conversation_wake(a, fire_at);
    }
}

void pathfinder_on_intunnel(struct conversation *a, const uint8_t *body, size_t size,
                            struct mono now)
{
    struct intunnel_candidates candidates;

    if (intunnel_candidates_decode(&candidates, body, size) != ERR_OK) {
        a->core->stats.plaintext_dropped++;
        return;
    }
    if (candidates.sequence <= a->candidates.sequence) {
        return;
    }
    a->candidates = candidates;
    /* Addresses on a LAN or without NAT need no relay's help. A punch that is on its way already
     * goes on; its end looks at the list again. */
    if (a->best < 0 && !a->round_running) {
        begin_round(a, now);
    }
}

/* ---- punching ---- */

/* Who can arrange a punch now; NULL if nobody: then a relay that opens wakes us (core.c). */
static struct ziglan *punch_relay(const struct conversation *a)
{
    struct ziglan *ziglan = pathfinder_relay(a);

    return ziglan != NULL && ziglan->state == ZIGLAN_STATE_JOINED ? ziglan : NULL;
}

static void request_punch(struct conversation *a, struct mono now)
{
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct ziglan *ziglan = punch_relay(a);
    uint8_t token[PUNCH_TOKEN_SIZE];

    if (ziglan == NULL) {
        return;
    }
    env_random(a->core->env, token, sizeof(token));
    request.target = control_bytes(a->peer->key, KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    message.request_id = PATHFINDER_REQUEST_FLAG | a->peer->id;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    if (ziglan_send(ziglan, a->core->hub, &message)) {
        a->candidates_told = 0; /* once more, should the first telling have been lost */
        punch_retry_started(&a->retry);
        a->punch_wait_at = mono_add_ms(now, CONVERSATION_PUNCH_WAIT_MS);
    }
}

void pathfinder_on_session(struct conversation *a, bool initiator, struct host_io *io,
                           struct mono now)
{
    tell_candidates(a, io, now);
    if (a->best >= 0) {
        return;
    }
    if (a->retry.at.ns == MONO_NEVER.ns && a->retry.failures == 0) {
        /* Both may ask; the initiator asks first, so that usually one request does it. */
        punch_retry_reset(&a->retry,
                          initiator ? now : mono_add_ms(now, CONVERSATION_RESPONDER_PUNCH_MS));
    }
    ping_relay(a, io, now);
}

void pathfinder_on_punch_request(struct host_core *core, struct ziglan *ziglan,
                                 const Ziglan__PunchRequest *request, struct mono now)
{
    Ziglan__PunchAnswer answer = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t token[PUNCH_TOKEN_SIZE];
    struct peer *peer = peer_find_in(core, ziglan, request->requester.data, request->requester.len);

    /* Only who may talk to us, and does so already, learns where we are. The request may overtake
     * the first frame of a session that we answered just now. */
    answer.accept = peer != NULL && peer->conversation != NULL &&
                    (peer->conversation->current != NULL || peer->conversation->next != NULL);
    answer.punch_id = request->punch_id;
    env_random(core->env, token, sizeof(token));
    answer.token = control_bytes(token, sizeof(token));
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &answer;
    if (ziglan_send(ziglan, core->hub, &message) && answer.accept) {
        punch_retry_started(&peer->conversation->retry);
        peer->conversation->candidates_told = 0;
        peer->conversation->punch_wait_at = mono_add_ms(now, CONVERSATION_PUNCH_WAIT_MS);
        conversation_wake(peer->conversation, now);
    }
}

static struct conversation *conversation_of_message(struct host_core *core,
                                                    const struct ziglan *ziglan,
                                                    const ProtobufCBinaryData *key,
                                                    const Ziglan__PunchMessage *message,
                                                    struct endpoint *observed)
{
    struct peer *peer = peer_find_in(core, ziglan, key->data, key->len);

    if (peer == NULL || peer->conversation == NULL || message == NULL || message->port == 0 ||
        message->port > UINT16_MAX) {
        return NULL;
    }
    *observed = endpoint_of_bytes(message->ip.data, message->ip.len, (uint16_t)message->port);
    return endpoint_is_none(observed) ? NULL : peer->conversation;
}

void pathfinder_on_punch_go(struct host_core *core, const struct ziglan *ziglan,
                            const Ziglan__PunchGo *go, struct mono now)
{
    struct endpoint observed;
    struct conversation *a =
        conversation_of_message(core, ziglan, &go->peer, go->message, &observed);
    uint64_t fire_ns = (uint64_t)go->fire_in_us * NS_PER_US;

    if (a == NULL || a->current == NULL || fire_ns > CONVERSATION_PUNCH_WAIT_MS * NS_PER_MS) {
        return;
    }
    a->punch_wait_at = MONO_NEVER;
    a->punch_id = go->punch_id;
    a->observed = observed;
    if (a->best < 0) {
        punch_retry_started(&a->retry);
        begin_round(a, mono_add_ns(now, fire_ns));
    }
}

void pathfinder_on_punch_update(struct host_core *core, const struct ziglan *ziglan,
                                const Ziglan__PunchUpdate *update, struct mono now)
{
    struct endpoint observed;
    struct conversation *a =
        conversation_of_message(core, ziglan, &update->peer, update->message, &observed);

    if (a == NULL || a->current == NULL) {
        return;
    }
    a->observed = observed;
    if (a->best < 0 || a->paths[a->best].observed) {
        begin_round(a, now);
    }
}

void pathfinder_on_punch_refused(struct conversation *a, const char *why, struct mono now)
{
    if (a->punch_wait_at.ns == MONO_NEVER.ns) {
        return; /* nobody asked: a relay's noes must not put off the next attempt for ever */
    }
    a->punch_wait_at = MONO_NEVER;
    punch_retry_failed(&a->retry, now);
    (void)snprintf(a->why, sizeof(a->why), "%s", why);
    conversation_wake(a, now);
}

static struct mono round_end(const struct conversation *a)
{
    return mono_add_ms(a->round.fire_at, PUNCH_ROUND_MS);
}

static void expire_round(struct conversation *a, struct host_io *io, struct mono now)
{
    static const struct endpoint any = {0};
    struct endpoint to;

    while (a->round_running && punch_round_next(&a->round, &to, now)) {
        int index = find_or_add_path(a, &any, &to, endpoint_equal(&to, &a->observed), now);

        if (index >= 0) {
            (void)pathfinder_ping(a, index, 0, io, now);
        }
    }
    bool over = a->round_running && mono_due(round_end(a), now);
    bool all_sent = a->round_running && punch_round_deadline(&a->round).ns == MONO_NEVER.ns;
    if (over || (all_sent && a->best >= 0)) {
        a->round_running = false;
    }
    /* A receipt alone is no success: what reaches us need not be reached by us. */
    if (over && a->best < 0 && a->candidates.sequence != a->candidates_tried) {
        begin_round(a, now);
    } else if (over && a->best < 0) {
        punch_retry_failed(&a->retry, now);
        tell_result(a);
        (void)snprintf(a->why, sizeof(a->why), "hole punching found no way through the two NATs");
    }
}

static void expire_punch(struct conversation *a, struct mono now)
{
    if (mono_due(a->punch_wait_at, now)) {
        a->punch_wait_at = MONO_NEVER;
        punch_retry_failed(&a->retry, now);
    }
    if (a->best < 0 && a->current != NULL && mono_before(now, a->active_until) &&
        mono_due(a->retry.at, now)) {
        request_punch(a, now);
    }
}

void pathfinder_on_stale(struct conversation *a, struct mono now)
{
    if (pathfinder_relay(a) == NULL) {
        return;
    }
    for (size_t i = 0; i < a->paths_count; i++) {
        path_doubt(&a->paths[i], now, now);
    }
    choose(a, now);
    conversation_wake(a, now);
}

/* ---- timers ---- */

static struct mono expire_path(struct conversation *a, size_t index, bool active,
                               struct host_io *io, struct mono now)
{
    struct path *path = &a->paths[index];
    struct path_due due = path_expire(path, active, now);

    if (due.became_suspect) {
        for (size_t i = 0; i < a->paths_count; i++) {
            path_doubt(&a->paths[i], path->live_ping_at, now);
        }
        choose(a, now);
        return now;
    }
    if (due.given_up) {
        remove_path(a, index);
        choose(a, now);
        return now;
    }
    if (due.size_search) {
        uint16_t sizes[3];
        size_t count = path_sizes(path, sizes);

        for (size_t i = 0; i < count; i++) {
            (void)pathfinder_ping(a, (int)index, sizes[i], io, now);
        }
    } else if (due.ping) {
        (void)pathfinder_ping(a, (int)index, due.frame_size, io, now);
    }
    return due.again;
}

static struct mono round_deadline(const struct conversation *a)
{
    if (!a->round_running) {
        return MONO_NEVER;
    }
    return mono_min(punch_round_deadline(&a->round), round_end(a));
}

struct mono pathfinder_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    bool active = a->current != NULL && mono_before(now, a->active_until);
    struct mono again = MONO_NEVER;

    expire_punch(a, now);
    if (active && a->candidates_told != a->core->candidates_sequence) {
        tell_candidates(a, io, now);
    }
    expire_round(a, io, now);
    for (size_t i = 0; i < a->paths_count; i++) {
        size_t before = a->paths_count;
        struct mono at = expire_path(a, i, active, io, now);

        again = mono_min(again, at);
        if (a->paths_count < before) {
            i--; /* the last path moved here */
        }
    }
    if (active && a->best < 0) {
        bool busy = mono_ms_between(now, a->active_until) > CONVERSATION_ACTIVE_MS - BUSY_MS;
        uint64_t interval_ms = busy ? RELAY_PING_BUSY_MS : RELAY_PING_MS;
        struct mono ping_at = mono_add_ms(a->relay_ping_at, interval_ms);

        if (mono_due(ping_at, now)) {
            ping_relay(a, io, now);
            ping_at = mono_add_ms(now, interval_ms);
        }
        again = mono_min(again, ping_at);
        if (punch_relay(a) != NULL) {
            again = mono_min(again, a->retry.at);
        }
    }
    again = mono_min(again, mono_min(round_deadline(a), a->punch_wait_at));
    return mono_due(again, now) ? mono_add_ms(now, 1) : again;
}

void pathfinder_on_network(struct conversation *a, struct mono now)
{
    for (size_t i = 0; i < a->paths_count; i++) {
        path_retry(&a->paths[i], now);
    }
    pathfinder_allow(a, now);
    a->best = -1;
    a->candidates_told = 0;
    punch_retry_reset(&a->retry, now);
    if (a->current != NULL) {
        begin_round(a, now);
    }
    conversation_wake(a, now);
}

const char *pathfinder_describe(const struct conversation *a, char *text, size_t size)
{
    char endpoint[ENDPOINT_TEXT_SIZE];

    if (a->best >= 0) {
        (void)snprintf(text, size, "direct %s", endpoint_text(&a->paths[a->best].remote, endpoint));
    } else {
        (void)snprintf(text, size, "%s", pathfinder_relay(a) != NULL ? "relayed" : "none");
    }
    return text;
}
