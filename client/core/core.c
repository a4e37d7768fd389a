/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/core/core.h"

#include "client/core/core_internal.h"
#include "client/peer/conversation.h"
#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bucket_rate core_load_rate = {CORE_UNDER_LOAD_PER_S, CORE_UNDER_LOAD_PER_S};
const struct bucket_rate core_icmp_rate = {CORE_ICMP_PER_S, CORE_ICMP_PER_S};
const struct bucket_rate core_silent_rate = {CORE_SILENT_PER_S, CORE_SILENT_BURST};

struct ziglan_host core_ziglan_host(struct host_core *core)
{
    return (struct ziglan_host){
        .identity = core->local.identity,
        .wanted_name = core->cfg.name,
        .fixed = core->cfg.fixed,
        .fixed_count = core->cfg.fixed_count,
        .store = core->store,
        .env = core->env,
        .hub = core->hub,
    };
}

/* ---- construction ---- */

static int make_book(struct host_core *core)
{
    struct address_book_config cfg = {
        .peers_max = CORE_PEERS_MAX, .ip4_hash = key_ip4_hash, .ip6 = key_ip6};
    struct address_book_addresses own;
    bool fresh;
    int rc;

    memcpy(cfg.own_key, core->local.identity->public_key, KEY_SIZE);
    cfg.pool.base = be32_read(core->cfg.pool);
    cfg.pool.prefix_bits = core->cfg.pool_bits;
    rc = address_book_new(&core->book, &cfg, core->env);
    if (rc != ERR_OK) {
        return rc;
    }
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ADDRESS_BOOK, NULL, 0);
    for (;;) {
        uint8_t v4[4];
        size_t size;

        rc = store_next(core->store, &cursor, v4, sizeof(v4), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            break;
        }
        if (size == sizeof(v4) && cursor.key_size == KEY_SIZE) {
            rc = address_book_remember(core->book, cursor.key, v4);
            if (rc == ERR_NOMEM) {
                return rc; /* an address outside a pool that was changed is simply forgotten */
            }
        }
    }
    rc = address_book_own(core->book, &own, &fresh);
    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < core->cfg.fixed_count; i++) { /* before any peer claims them */
        if (address_book_claim(core->book, cfg.own_key, core->cfg.fixed[i]) == ERR_NOMEM) {
            return ERR_NOMEM;
        }
    }
    memcpy(core->own_v4, own.v4, sizeof(core->own_v4));
    memcpy(core->own_v6, own.v6, sizeof(core->own_v6));
    be32_write(core->resolver_v4, cfg.pool.base + ADDRESS_BOOK_RESOLVER_OFFSET);
    if (!fresh) {
        return ERR_OK;
    }
    return store_write(core->store, STORE_TABLE_ADDRESS_BOOK, cfg.own_key, KEY_SIZE, own.v4,
                       sizeof(own.v4));
}

/* The secret of stateless resets is of no use to a dialler, but the hub wants one. */
static int make_hub(struct host_core *core, struct mono now)
{
    struct link_config cfg = {
        .identity = core->local.identity,
        .server = false,
        .connection_max = CORE_ZIGLANS_MAX * (RELAY_SESSION_DIALS_MAX + 2),
    };

    env_random(core->env, cfg.reset_secret, sizeof(cfg.reset_secret));
    return link_hub_new(&core->hub, &cfg, core->env, now);
}

static int load_timestamp(struct host_core *core)
{
    uint8_t mark[8];
    size_t size;
    int rc = store_read(core->store, STORE_TABLE_META, "timestamp", 9, mark, sizeof(mark), &size);

    if (rc == ERR_OK && size == sizeof(mark)) {
        core->timestamp_ms = be64_read(mark);
        core->timestamp_reserved_ms = core->timestamp_ms;
    }
    return rc;
}

static int make_parts(struct host_core *core, struct mono now)
{
    static const struct bucket_rate source_rate = {CORE_INITIATIONS_PER_SOURCE_PER_S,
                                                   2 * CORE_INITIATIONS_PER_SOURCE_PER_S};
    int rc = map_new(&core->peers_by_key, KEY_SIZE, CORE_PEERS_MAX, core->env);

    if (rc == ERR_OK) {
        rc = map_new(&core->sessions_by_index, sizeof(uint32_t), 4 * CORE_CONVERSATIONS_MAX,
                     core->env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&core->sources, KEY_SIZE, CORE_SOURCES_MAX, &source_rate, core->env);
    }
    if (rc == ERR_OK) {
        rc = load_timestamp(core);
    }
    if (rc == ERR_OK) {
        rc = make_book(core);
    }
    if (rc == ERR_OK) {
        rc = make_hub(core, now);
    }
    bucket_init(&core->load, &core_load_rate, now);
    bucket_init(&core->icmp, &core_icmp_rate, now);
    bucket_init(&core->silent, &core_silent_rate, now);
    cookie_baker_init(&core->baker, core->env, now);
    return rc;
}

int host_core_new(struct host_core **out, const struct host_config *cfg, struct store *store,
                  const struct env *env, struct mono now)
{
    struct host_core *core = calloc(1, sizeof(*core));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (core == NULL) {
        return ERR_NOMEM;
    }
    core->env = env;
    core->store = store;
    core->cfg = *cfg;
    core->queues.max = CORE_QUEUE_BYTES_MAX;
    core->fragments.max = CORE_FRAGMENT_BYTES_MAX;
    core->windows.max = CORE_WINDOW_BYTES_MAX;
    core->cfg.mtu = cfg->mtu == 0 ? INNER_MTU_DEFAULT : cfg->mtu;
    if (cfg->pool_bits == 0) {
        be32_write(core->cfg.pool, ADDRPLAN_POOL_DEFAULT.base);
        core->cfg.pool_bits = ADDRPLAN_POOL_DEFAULT.prefix_bits;
    }
    core->local = (struct handshake_local){
        .identity = cfg->identity, .psk = cfg->psk, .aeads = aead_list_local(), .env = env};
    core->arena = malloc(sizeof(*core->arena));
    if (core->arena != NULL) {
        rc = make_parts(core, now);
    }
    if (rc == ERR_OK) {
        struct ziglan_host host = core_ziglan_host(core);
        uint64_t wall_ms = env_wall_ms(env);

        /* A peer keeps the list with the largest number, also over our restart. */
        core->candidates_sequence =
            (uint32_t)((wall_ms > core->timestamp_ms ? wall_ms : core->timestamp_ms) / 1000 + 1);
        rc = ziglan_load(core->ziglans, CORE_ZIGLANS_MAX, &core->ziglans_count, &host, now);
    }
    if (rc != ERR_OK) {
        host_core_free(core);
        return rc;
    }
    for (size_t i = 0; i < core->ziglans_count; i++) {
        core->ziglans[i]->number = core->ziglan_number++;
        peer_learn_all(core, core->ziglans[i]);
    }
    peer_trim(core); /* not before all are known: each keeps its address */
    *out = core;
    return ERR_OK;
}

void host_core_free(struct host_core *core)
{
    if (core == NULL) {
        return;
    }
    peers_free(core);
    for (size_t i = 0; i < core->ziglans_count; i++) {
        ziglan_free(core->ziglans[i]);
    }
    link_hub_free(core->hub);
    address_book_free(core->book);
    map_free(core->peers_by_key);
    map_free(core->sessions_by_index);
    heap_fini(&core->timers);
    bucket_table_free(core->sources);
    cookie_baker_wipe(&core->baker);
    free(core->arena);
    free(core);
}

/* ---- session events ---- */

static struct ziglan *ziglan_of(struct host_core *core, struct handle handle)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        if (relay_session_owns(&core->ziglans[i]->entry, handle)) {
            return core->ziglans[i];
        }
    }
    return NULL;
}

/* Handshakes that had no way to the peer get one when a relay opens, and punches somebody to
 * arrange them. */
static void wake_waiting(struct host_core *core, struct mono now)
{
    for (size_t i = 0; i < core->peers_count; i++) {
        struct conversation *a = core->peers[i] == NULL ? NULL : core->peers[i]->conversation;

        if (a != NULL && a->initiating && a->handshake.local_index == 0) {
            a->handshake_at = now;
        }
        if (a != NULL && a->best < 0) {
            conversation_wake(a, now);
        }
    }
}

static void on_effect(struct host_core *core, struct ziglan *ziglan, enum roster_effect effect,
                      const uint8_t key[KEY_SIZE])
{
    switch (effect) {
    case ROSTER_EFFECT_NONE:
        break;
    case ROSTER_EFFECT_ADDED:
    case ROSTER_EFFECT_CHANGED:
    case ROSTER_EFFECT_ONLINE: {
        const struct roster_member *known = roster_find_key(ziglan->roster, key);

        if (known != NULL) {
            (void)peer_learn(core, ziglan, known);
        }
        break;
    }
    case ROSTER_EFFECT_REMOVED:
        peer_forget(core, ziglan, key);
        break;
    }
}

static void on_member(struct host_core *core, struct ziglan *ziglan, const Ziglan__Member *member)
{
    uint8_t key[KEY_SIZE];

    on_effect(core, ziglan, ziglan_apply(ziglan, member, key), key);
}

/* One write to the disk for all of them. Where it fails, they hold in memory all the same. */
static void on_changes(struct host_core *core, struct ziglan *ziglan,
                       const Ziglan__Changes *changes)
{
    bool begun = store_begin(core->store) == ERR_OK;

    for (size_t i = 0; i < changes->n_members; i++) {
        on_member(core, ziglan, changes->members[i]);
    }
    if (!ziglan->clock.differs) { /* else what was not believed is asked for again */
        roster_progress(ziglan->roster, changes->sequence);
    }
    if (begun && store_commit(core->store) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "roster.store",
                  "changes of members could not be stored; free some disk space");
    }
}

static void on_error(struct host_core *core, struct ziglan *ziglan, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now)
{
    struct ziglan_host host = core_ziglan_host(core);

    if ((request_id & PATHFINDER_REQUEST_FLAG) != 0) {
        struct peer *peer = peer_at(core, request_id & ~(uint32_t)PATHFINDER_REQUEST_FLAG);

        if (peer != NULL && peer->conversation != NULL &&
            roster_find_key(ziglan->roster, peer->key) != NULL) {
            pathfinder_on_punch_refused(peer->conversation, error->text, now);
        }
        return;
    }
    ziglan_on_error(ziglan, request_id, error, &host, now);
}

static void on_gone(struct host_core *core, const struct ziglan *ziglan, const Ziglan__Gone *gone)
{
    struct peer *peer = peer_find_in(core, ziglan, gone->dst.data, gone->dst.len);

    if (peer != NULL && peer->conversation != NULL && peer->conversation->best < 0) {
        (void)snprintf(peer->conversation->why, sizeof(peer->conversation->why), "%s",
                       gone->reason == 0 ? "the peer has no session to the relay: it is offline"
                                         : "the relay does not allow it");
    }
}

static void on_control(struct host_core *core, struct ziglan *ziglan,
                       const struct link_event *event, struct mono now)
{
    Ziglan__Control *message;
    struct ziglan_host host = core_ziglan_host(core);

    if (control_unpack(&message, core->arena, event->data, event->size) != ERR_OK) {
        core->stats.foreign_dropped++;
        return;
    }
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS:
        if (message->observed_address->address != NULL) {
            const Ziglan__Address *address = message->observed_address->address;

            ziglan->entry.observed =
                endpoint_of_bytes(address->ip.data, address->ip.len, (uint16_t)address->port);
        }
        break;
    case ZIGLAN__CONTROL__BODY_JOINED:
        ziglan_on_joined(ziglan, message->joined, &host, now);
        wake_waiting(core, now);
        break;
    case ZIGLAN__CONTROL__BODY_CHANGES:
        on_changes(core, ziglan, message->changes);
        break;
    case ZIGLAN__CONTROL__BODY_FOUND:
        if (message->found->member != NULL) {
            on_member(core, ziglan, message->found->member);
        }
        break;
    case ZIGLAN__CONTROL__BODY_ERROR:
        on_error(core, ziglan, message->request_id, message->error, now);
        break;
    case ZIGLAN__CONTROL__BODY_GONE:
        on_gone(core, ziglan, message->gone);
        break;
    case ZIGLAN__CONTROL__BODY_GO_AWAY:
        ziglan_on_go_away(ziglan, message->go_away, &host, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_REQUEST:
        pathfinder_on_punch_request(core, ziglan, message->punch_request, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_GO:
        pathfinder_on_punch_go(core, ziglan, message->punch_go, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_UPDATE:
        pathfinder_on_punch_update(core, ziglan, message->punch_update, now);
        break;
    default: /* what only servers are told, and what later versions add */
        break;
    }
}

static void on_frame(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                     size_t size, struct host_io *io, struct mono now)
{
    core->stats.frames_in++;
    switch (frame[0]) {
    case FRAME_TYPE_DATA:
    case FRAME_TYPE_PROBE:
        dataplane_receive(core, origin, frame, size, io, now);
        break;
    default:
        handshake_io_receive(core, origin, frame, size, io, now);
        break;
    }
}

static void on_datagram(struct host_core *core, struct ziglan *ziglan,
                        const struct link_event *event, struct host_io *io, struct mono now)
{
    struct origin origin = {.relayed = ziglan};

    if (event->size <= SESSION_DGRAM_HEADER_SIZE || event->data[0] != SESSION_DGRAM_FROM) {
        core->stats.foreign_dropped++;
        return;
    }
    origin.source_key = event->data + 1;
    on_frame(core, &origin, event->data + SESSION_DGRAM_HEADER_SIZE,
             event->size - SESSION_DGRAM_HEADER_SIZE, io, now);
}

static void on_event(struct host_core *core, const struct link_event *event, struct host_io *io,
                     struct mono now)
{
    struct ziglan *ziglan = ziglan_of(core, event->handle);
    struct ziglan_host host = core_ziglan_host(core);

    if (ziglan == NULL) {
        if (event->type == LINK_EVENT_OPEN) { /* of a dial that was given up */
            link_hub_close(core->hub, event->handle, 0, "not wanted any more", now);
        }
        return;
    }
    switch (event->type) {
    case LINK_EVENT_OPEN:
        ziglan_on_open(ziglan, event, &host, now);
        break;
    case LINK_EVENT_CONTROL:
        on_control(core, ziglan, event, now);
        break;
    case LINK_EVENT_DATAGRAM:
        on_datagram(core, ziglan, event, io, now);
        break;
    case LINK_EVENT_STALLED:
        relay_session_on_stalled(&ziglan->entry, event->handle, now);
        break;
    case LINK_EVENT_CLOSED:
        ziglan_on_closed(ziglan, event, &host, now);
        break;
    case LINK_EVENT_REQUEST:
    case LINK_EVENT_MOVED:
        break;
    }
}

static void drain_events(struct host_core *core, struct host_io *io, struct mono now)
{
    struct link_event event;

    while (link_hub_event(core->hub, &event)) {
        on_event(core, &event, io, now);
    }
}

/* ---- the verbs of the shell ---- */

void host_core_receive(struct host_core *core, const struct dgram *in, struct host_io *io,
                       struct mono now)
{
    if (in->size == 0) {
        return;
    }
    uint8_t first = in->data[0];

    if ((first & FRAME_QUIC_BIT) != 0) {
        link_hub_receive(core->hub, in, now);
        drain_events(core, io, now);
    } else if (first >= FRAME_HOST_FIRST && first <= FRAME_HOST_LAST) {
        struct origin origin = {.local = in->local, .remote = in->remote};

        on_frame(core, &origin, in->data, in->size, io, now);
    } else {
        core->stats.foreign_dropped++;
    }
}

/* A clock that was set may hide members, and show those that it hid. */
static void note_wall(struct host_core *core, struct mono now)
{
    int64_t step_ms = wall_watch_note(&core->wall, env_wall_ms(core->env), now);

    if (step_ms == 0) {
        return;
    }
    env_trace(core->env, TRACE_LEVEL_WARN, "clock.set",
              "by_s=%lld hint=\"members whose admission is over by this clock are not reached; "
              "they come back when it is right\"",
              (long long)(step_ms / 1000));
    for (size_t i = 0; i < core->ziglans_count; i++) {
        core->ziglans[i]->expire_at = now;
    }
}

static void expire_rosters(struct host_core *core, struct mono now)
{
    uint64_t settled_ms = wall_watch_settled_ms(&core->wall, now);

    for (size_t i = 0; i < core->ziglans_count; i++) {
        struct ziglan *ziglan = core->ziglans[i];
        uint8_t key[KEY_SIZE];

        if (!mono_due(ziglan->expire_at, now)) {
            continue;
        }
        ziglan->expire_at = mono_add_ms(now, ZIGLAN_EXPIRE_INTERVAL_MS);
        enum roster_effect effect = roster_expire(ziglan->roster, settled_ms, key);
        for (; effect != ROSTER_EFFECT_NONE;
             effect = roster_expire(ziglan->roster, settled_ms, key)) {
            on_effect(core, ziglan, effect, key);
        }
    }
}

static void expire_pings(struct host_core *core, struct host_io *io, struct mono now)
{
    for (size_t i = 0; i < CORE_PINGS_MAX; i++) {
        struct core_ping *ping = &core->pings[i];

        /* One that is over, or whose peer was removed meanwhile, must begin nothing any more. */
        if (ping->ticket == 0 || ping->done || ping->sent_at.ns != MONO_NEVER.ns ||
            ping->peer == NULL || mono_ms_between(ping->started_at, now) > CORE_PING_TIMEOUT_MS) {
            continue;
        }
        struct conversation *a = conversation_of(ping->peer, core, now);
        if (a != NULL && conversation_ready(a, io, now)) {
            a->used_at = now;
            conversation_touch(a, now);
            ping->transaction = pathfinder_ping(a, a->best, 0, io, now);
            ping->sent_at = ping->transaction != 0 ? now : MONO_NEVER;
        }
    }
}

void host_core_expire(struct host_core *core, struct host_io *io, struct mono now)
{
    struct ziglan_host host = core_ziglan_host(core);
    struct heap_entry *entry;

    link_hub_expire(core->hub, now);
    drain_events(core, io, now);
    for (size_t i = 0; i < core->ziglans_count; i++) {
        ziglan_expire(core->ziglans[i], &host, now);
    }
    note_wall(core, now);
    expire_rosters(core, now);
    expire_pings(core, io, now);
    while ((entry = heap_pop_due(&core->timers, now)) != NULL) {
        conversation_expire(HEAP_OWNER(entry, struct conversation, timer), io, now);
    }
}

void host_core_transmit(struct host_core *core, struct host_io *io, struct mono now)
{
    link_hub_transmit(core->hub, io->net, now);
    drain_events(core, io, now);
}

struct mono host_core_deadline(const struct host_core *core)
{
    struct mono at = mono_min(link_hub_deadline(core->hub), heap_deadline(&core->timers));

    for (size_t i = 0; i < core->ziglans_count; i++) {
        at = mono_min(at, ziglan_deadline(core->ziglans[i]));
    }
    return at;
}

void host_core_network(struct host_core *core, const struct host_local_addr *addrs, size_t count,
                       uint16_t port, struct mono now)
{
    if (count > HOST_LOCAL_ADDRS_MAX) {
        count = HOST_LOCAL_ADDRS_MAX;
    }
    memset(core->local_addrs, 0, sizeof(core->local_addrs));
    memcpy(core->local_addrs, addrs, count * sizeof(*addrs));
    core->local_addrs_count = count;
    core->local_port = port;
    core->candidates_sequence++;
    for (size_t i = 0; i < core->peers_count; i++) {
        if (core->peers[i] != NULL && core->peers[i]->conversation != NULL) {
            pathfinder_on_network(core->peers[i]->conversation, now);
        }
    }
    for (size_t i = 0; i < core->ziglans_count; i++) {
        struct relay_session *e = &core->ziglans[i]->entry;

        e->rounds = 0;
        if (e->open) { /* the old session may survive the change; a new one surely works */
            relay_session_on_stalled(e, e->active, now);
        } else {
            e->dial_at = mono_before(now, e->closed_until) ? e->closed_until : now;
        }
    }
}

bool host_core_resolve_wanted(struct host_core *core, struct host_resolve *out, struct mono now)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        struct ziglan *ziglan = core->ziglans[i];
        int host = relay_session_resolve_wanted(&ziglan->entry, &ziglan->url, now);

        if (host >= 0) {
            out->ticket = ziglan->number << 8 | (uint32_t)host;
            (void)snprintf(out->host, sizeof(out->host), "%s", ziglan->url.hosts[host].name);
            return true;
        }
    }
    return false;
}

void host_core_resolved(struct host_core *core, uint32_t ticket, const struct endpoint *addrs,
                        size_t count, struct mono now)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        struct ziglan *ziglan = core->ziglans[i];

        if (ziglan->number << 8 != (ticket & ~UINT32_C(0xff))) {
            continue; /* perhaps it was left meanwhile */
        }
        relay_session_resolved(&ziglan->entry, &ziglan->url, ticket & 0xff, addrs, count, now);
        if (count == 0 && !ziglan->entry.open && (ticket & 0xff) < ziglan->url.hosts_count) {
            (void)snprintf(ziglan->error, sizeof(ziglan->error),
                           "the name %.100s does not resolve; trying again",
                           ziglan->url.hosts[ticket & 0xff].name);
        }
    }
}

void host_core_set_tun_offload(struct host_core *core, bool offload)
{
    core->tun_offload = offload;
}

void host_core_shutdown(struct host_core *core, struct mono now)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        relay_session_close(&core->ziglans[i]->entry, core->hub, UINT64_MAX, now);
    }
}

void host_core_addresses(const struct host_core *core, uint8_t v4[4], uint8_t v6[16],
                         uint8_t resolver_v4[4], uint8_t *pool_bits)
{
    memcpy(v4, core->own_v4, sizeof(core->own_v4));
    memcpy(v6, core->own_v6, sizeof(core->own_v6));
    memcpy(resolver_v4, core->resolver_v4, sizeof(core->resolver_v4));
    *pool_bits = core->cfg.pool_bits;
}

static int not_stored(int rc, char *error, size_t error_size)
{
    (void)snprintf(error, error_size, "the ziglan could not be stored; is the disk full?");
    return rc;
}

int host_core_join(struct host_core *core, const char *text, const char *wanted, char *error,
                   size_t error_size, struct mono now)
{
    struct url url;
    char problem[URL_ERROR_SIZE];
    struct ziglan_host host = core_ziglan_host(core);

    if (url_parse(&url, text, strlen(text), problem) != ERR_OK) {
        (void)snprintf(error, error_size, "%s", problem);
        return ERR_DROP;
    }
    if (url.kind != URL_KIND_ZIGLAN) {
        (void)snprintf(error, error_size,
                       "this is the URL of a relay; to join, use one that begins with ziglan://");
        return ERR_DROP;
    }
    for (size_t i = 0; i < core->ziglans_count; i++) {
        if (memcmp(core->ziglans[i]->url.key, url.key, KEY_SIZE) == 0) {
            ziglan_want_name(core->ziglans[i], wanted);
            int rc = ziglan_rejoin(core->ziglans[i], &url, &host, now);

            return rc == ERR_OK ? ERR_OK : not_stored(rc, error, error_size);
        }
    }
    if (core->ziglans_count == CORE_ZIGLANS_MAX) {
        (void)snprintf(error, error_size, "a host can join at most %d ziglans; leave one first",
                       CORE_ZIGLANS_MAX);
        return ERR_LIMIT;
    }
    struct ziglan **slot = &core->ziglans[core->ziglans_count];
    int rc = ziglan_new(slot, &url, &host, now);
    if (rc == ERR_OK) {
        ziglan_want_name(*slot, wanted);
        rc = ziglan_save(*slot, core->store);
    }
    if (rc != ERR_OK) {
        ziglan_free(*slot);
        return not_stored(rc, error, error_size);
    }
    (*slot)->number = core->ziglan_number++;
    core->ziglans_count++;
    return ERR_OK;
}

int host_core_leave(struct host_core *core, const char *name_or_key, struct mono now)
{
    uint8_t key[KEY_SIZE] = {0};
    bool is_key = key_parse(key, name_or_key, strlen(name_or_key)) == ERR_OK;
    struct ziglan_host host = core_ziglan_host(core);

    for (size_t i = 0; i < core->ziglans_count; i++) {
        struct ziglan *ziglan = core->ziglans[i];
        bool match = is_key ? memcmp(ziglan->url.key, key, KEY_SIZE) == 0
                            : strcmp(ziglan->name, name_or_key) == 0;

        if (!match) {
            continue;
        }
        for (size_t p = 0; p < core->peers_count; p++) {
            if (core->peers[p] != NULL) {
                peer_forget(core, ziglan, core->peers[p]->key);
            }
        }
        ziglan_leave(ziglan, &host, now);
        ziglan_free(ziglan);
        core->ziglans_count--;
        core->ziglans[i] = core->ziglans[core->ziglans_count];
        return ERR_OK;
    }
    return ERR_DROP;
}

bool host_core_settled(const struct host_core *core)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        enum ziglan_state state = core->ziglans[i]->state;

        if (state != ZIGLAN_STATE_JOINED && state != ZIGLAN_STATE_REFUSED) {
            return false;
        }
    }
    return true;
}

bool core_on_ping_answer(struct host_core *core, struct peer *peer, uint64_t transaction,
                         bool relayed, struct mono now)
{
    for (size_t i = 0; i < CORE_PINGS_MAX; i++) {
        struct core_ping *ping = &core->pings[i];

        if (ping->ticket != 0 && !ping->done && ping->peer == peer && transaction != 0 &&
            ping->transaction == transaction) {
            ping->done = true;
            ping->relayed = relayed;
            ping->rtt_ns = mono_ns_between(ping->sent_at, now);
            return true;
        }
    }
    return false;
}
