/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs of the core: composition, the first byte of a datagram, the link's events, timers. */
#include "relayd/core/core.h"

#include "relayd/base/control.h"
#include "relayd/core/core_internal.h"
#include "relayd/core/dispatch.h"
#include "relayd/core/housekeeping.h"
#include "relayd/service/forward.h"
#include "relayd/service/forward_foreign.h"
#include "relayd/service/http.h"
#include "relayd/service/volume.h"

#include <stdlib.h>
#include <string.h>

/* ---- life and death ---- */

/* Give each service what it shares and the services that it calls. */
static int services_init(struct relay_core *core, struct mono now)
{
    struct relay_base *base = &core->base;
    int rc = stun_service_init(&core->stun, base, &core->lend, &core->other);

    if (rc == ERR_OK) {
        rc = pool_service_init(&core->pool, base);
    }
    if (rc == ERR_OK) {
        rc = punch_service_init(&core->punch, base, &core->pool, &core->forward);
    }
    if (rc == ERR_OK) {
        rc = presence_service_init(&core->presence, base, now);
    }
    if (rc == ERR_OK) {
        rc = forward_relay_init(&core->forward, base, &core->presence, now);
    }
    if (rc == ERR_OK) {
        rc = lane_service_init(&core->lane, base, &core->forward);
    }
    watch_service_init(&core->watch, base);
    use_service_init(&core->use, base, now);
    core->lane.kept.uses = &core->use;
    core->session = (struct session_service){.base = base,
                                             .punches = &core->punch,
                                             .watches = &core->watch,
                                             .presence = &core->presence,
                                             .forwards = &core->forward,
                                             .lanes = &core->lane,
                                             .pools = &core->pool,
                                             .node_watches = &core->mesh.watches,
                                             .uses = &core->use,
                                             .ends_at = MONO_NEVER};
    core->peers.base = base;
    core->join.base = base;
    core->join.sessions = &core->session;
    core->join.delegations = &core->delegation;
    core->join.admission = &core->admission;
    core->admission.base = base;
    core->operator_verbs =
        (struct operator_service){.base = base, .joins = &core->join, .sessions = &core->session};
    if (rc == ERR_OK) {
        rc = delegation_service_init(&core->delegation, base);
    }
    if (rc == ERR_OK) {
        rc = mesh_service_init(&core->mesh, base, &core->peers, &core->delegation.hello, now);
    }
    if (rc == ERR_OK) {
        presence_use_mesh(&core->presence, core->mesh.mesh);
        core->forward.words.mesh = core->mesh.mesh;
        core->forward.words.met = &core->reach.watch.met;
        core->presence.words.met = &core->reach.watch.met;
        rc = lend_service_init(&core->lend, base, core->mesh.mesh, now);
    }
    if (rc == ERR_OK) {
        rc = other_address_init(&core->other, base, &core->lend, now);
    }
    if (rc == ERR_OK) {
        rc = search_service_init(&core->search, base, &core->pool, core->mesh.mesh, now);
    }
    if (rc == ERR_OK) {
        rc = reach_service_init(&core->reach, base, &core->mesh, now);
    }
    return rc;
}

int relay_core_new(struct relay_core **out, const struct relay_config *cfg, struct store *store,
                   const struct env *env, struct mono now)
{
    struct relay_core *core = calloc(1, sizeof(*core));
    int rc;

    if (core == NULL) {
        return ERR_NOMEM;
    }
    core->housekeeping_at = mono_add_ms(now, HOUSEKEEPING_MS);
    wall_watch_init(&core->wall);
    (void)wall_watch_note(&core->wall, env_wall_ms(env), now);
    rc = relay_base_init(&core->base, cfg, store, env, now);
    if (rc == ERR_OK) {
        volume_load(&core->base, store);
        rc = services_init(core, now);
    }
    if (rc == ERR_OK && core->delegation.hello.delegation != NULL) {
        rc = relay_base_directory_open(&core->base);
    }
    if (rc == ERR_OK) {
        rc = relay_base_link_open(&core->base, &core->delegation.hello, now);
    }
    if (rc != ERR_OK) {
        relay_core_free(core);
        return rc;
    }
    housekeeping_announce(core, now);
    admission_configure(&core->admission, cfg->admission);
    peer_service_configure(&core->peers, cfg->peers, now);
    *out = core;
    return ERR_OK;
}

void relay_core_free(struct relay_core *core)
{
    if (core == NULL) {
        return;
    }
    search_service_fini(&core->search);
    reach_service_fini(&core->reach);
    other_address_fini(&core->other);
    lend_service_fini(&core->lend);
    mesh_service_fini(&core->mesh);
    watch_service_fini(&core->watch);
    lane_service_fini(&core->lane);
    join_service_fini(&core->join);
    admission_fini(&core->admission);
    forward_relay_fini(&core->forward);
    presence_service_fini(&core->presence);
    punch_service_fini(&core->punch);
    pool_service_fini(&core->pool);
    stun_service_fini(&core->stun);
    relay_base_fini(&core->base);
    free(core);
}

/* ---- datagrams in and out ---- */

/* Tell the services which neighbours came and went. */
static void neighbours_drain(struct relay_core *core, struct mono now)
{
    struct neighbour_event event;
    char key[KEY_SHORT_SIZE];

    while (neighbour_event(&core->base.neighbours, &event)) {
        env_trace(&core->base.env, TRACE_LEVEL_DEBUG,
                  event.type == NEIGHBOUR_EVENT_OPEN ? "neighbour.open" : "neighbour.gone",
                  "peer=%s dialled=%s", key_short(event.neighbour->key, key),
                  event.neighbour->dialled ? "true" : "false");
        presence_on_neighbour(&core->presence, &event, now);
        forward_relay_on_neighbour(&core->forward, &event, now);
        peer_service_on_neighbour(&core->peers, &event, now);
        mesh_service_on_neighbour(&core->mesh, &event, now);
        reach_on_neighbour(&core->reach, &event, now);
        other_address_on_neighbour(&core->other, &event, now);
    }
}

/* Frames of hosts go to hosts. What relays send to relays begins with another kind. */
static void datagram_take(struct relay_core *core, const struct link_event *event, struct mono now)
{
    const struct relay_client *from = control_session(&core->base, event->handle);

    if (from != NULL && from->neighbour != NULL) {
        forward_foreign_take(&core->forward, from, event, now);
    } else {
        forward_on_datagram(&core->forward, event, now);
    }
}

static void measured(struct relay_core *core, const struct reach_outcome *outcome, struct mono now)
{
    if (outcome->aim.job == 0) {
        mesh_service_on_reached(&core->mesh, outcome, now);
    } else {
        reach_jobs_on_dialled(&core->reach.jobs, outcome);
    }
}

/* True if an event is of a dial that only measures. */
static bool measure_take(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct reach_outcome outcome;
    bool ended = false;

    if (!reach_dials_take(&core->mesh.dials, event, &ended, &outcome, now)) {
        return false;
    }
    if (ended) {
        measured(core, &outcome, now);
    }
    return true;
}

/* A session owes an answer for long, or the answer came after all. */
static void stall_note(struct relay_core *core, const struct link_event *event, struct mono now)
{
    const struct relay_client *client = session_table_at(&core->base.sessions, event->handle);
    bool stalled = event->type == LINK_EVENT_STALLED;

    if (stalled) {
        neighbour_on_stalled(client, now);
    } else {
        neighbour_on_revived(client);
    }
    if (client != NULL && client->neighbour != NULL && stalled) {
        forward_relay_unreachable(&core->forward, client->key, now);
    } else if (client != NULL && client->neighbour != NULL) {
        forward_relay_reached(&core->forward, client->key);
    }
}

/* Hand each event of the link to its service. */
static void events_drain(struct relay_core *core, struct mono now)
{
    struct link_event event;

    while (link_hub_event(core->base.hub, &event)) {
        if (measure_take(core, &event, now)) {
            continue;
        }
        switch (event.type) {
        case LINK_EVENT_OPEN:
            session_on_open(&core->session, &event, now);
            break;
        case LINK_EVENT_CONTROL:
            dispatch_on_message(core, &event, now);
            break;
        case LINK_EVENT_DATAGRAM:
            datagram_take(core, &event, now);
            break;
        case LINK_EVENT_REQUEST:
            http_on_request(&core->base, &event, now);
            break;
        case LINK_EVENT_MOVED:
            session_on_moved(&core->session, &event, now);
            break;
        case LINK_EVENT_STALLED:
        case LINK_EVENT_REVIVED:
            stall_note(core, &event, now);
            break;
        case LINK_EVENT_CLOSED:
            session_on_closed(&core->session, &event, now);
            break;
        }
        neighbours_drain(core, now);
    }
    mesh_service_drain(&core->mesh, now);
    forward_relay_step(&core->forward, now);
}

void relay_core_second_port(struct relay_core *core, uint16_t port)
{
    core->mesh.dials.port = port;
}

void relay_core_ports(struct relay_core *core, const uint16_t *ports, size_t count)
{
    lend_service_ports(&core->lend, ports, count);
}

void relay_core_answer_ports(struct relay_core *core, const uint16_t *ports, size_t count)
{
    lend_service_answer_ports(&core->lend, ports, count);
}

void relay_core_mapped(struct relay_core *core, uint16_t port, struct mono now)
{
    reach_on_mapping(&core->reach, port, now);
}

void relay_core_receive(struct relay_core *core, const struct dgram *in, struct mono now)
{
    struct relay_counters *counters = &core->base.counters;
    uint8_t first;

    counters->received_dgrams++;
    counters->received_bytes += in->size;
    allotment_count(&core->base.allotment, in->size);
    if (in->size == 0) {
        counters->drop_first_byte++;
        return;
    }
    first = in->data[0];
    if ((first & FRAME_QUIC_BIT) != 0) {
        reach_note_local(&core->reach, &in->local);
        lend_note_local(&core->lend, &in->local);
        link_hub_receive(core->base.hub, in, now);
        events_drain(core, now);
    } else if (first <= FRAME_STUN_LAST) {
        if (!reach_dials_on_stun(&core->mesh.dials, in, now) &&
            !other_address_on_stun(&core->other, in)) {
            stun_service_receive(&core->stun, in, now);
        }
    } else if (first >= FRAME_HOST_FIRST && first <= FRAME_HOST_LAST) {
        counters->drop_host_frame++; /* hosts talk to each other, never to a relay's port */
    } else if (first >= FRAME_LANE_FIRST && first <= FRAME_LANE_LAST) {
        lane_service_receive(&core->lane, in, now);
    } else if (first == FRAME_TYPE_WORD) {
        presence_on_word(&core->presence, in, now);
    } else if (first == FRAME_TYPE_WORD_ANSWER) {
        presence_on_word_answer(&core->presence, in, now);
        forward_relay_step(&core->forward, now);
    } else if (first == FRAME_TYPE_FRAME_WORD) {
        forward_foreign_word(&core->forward, in, now);
    } else if (first == FRAME_TYPE_RECEIPT) {
        forward_words_on_receipt(&core->forward.words, in);
    } else {
        counters->drop_first_byte++;
    }
}

void relay_core_copied(struct relay_core *core)
{
    core->copied = true;
}

/* In a copy of this machine's memory all keys of sessions are forgotten, before anything is sealed
 * with them. Whoever still uses one is told so by a stateless reset. */
static void copied_forget(struct relay_core *core, struct mono now)
{
    core->copied = false;
    core->base.counters.copies++;
    env_trace(&core->base.env, TRACE_LEVEL_WARN, "relay.copied",
              "this machine was restored from a snapshot or cloned; all sessions begin anew");
    link_hub_forget(core->base.hub, now);
    events_drain(core, now);
}

/* What was put into the box since it had so many items counts as used. */
static void sent_count(struct relay_core *core, const struct outbox *out, size_t before)
{
    for (size_t i = before; i < out->items_count; i++) {
        allotment_count(&core->base.allotment, out->items[i].size);
    }
}

void relay_core_transmit(struct relay_core *core, struct outbox *out, struct mono now)
{
    size_t before = out->items_count;

    if (core->copied) {
        copied_forget(core, now);
    }
    stun_service_transmit(&core->stun, out, now);
    reach_dials_transmit(&core->mesh.dials, out, now);
    outbox_move(&core->presence.words.out, out);
    outbox_move(&core->forward.words.out, out);
    lend_knocks_transmit(&core->lend.knocks, out, now);
    other_address_transmit(&core->other, out, now);
    live_transmit(&core->stun.live, out, now);
    lane_service_transmit(&core->lane, out);
    join_flush(&core->join, now);
    link_hub_transmit(core->base.hub, out, now);
    sent_count(core, out, before);
    events_drain(core, now);
}

/* ---- time ---- */

/* Notice that the wall clock was set, and do the housekeeping then: the delegation may have to be
 * renewed. */
static void wall_note(struct relay_core *core, struct mono now)
{
    const struct env *env = &core->base.env;
    int64_t step_ms = wall_watch_note(&core->wall, env_wall_ms(env), now);

    if (step_ms == 0) {
        return;
    }
    core->base.counters.clock_steps++;
    env_trace(env, TRACE_LEVEL_WARN, "clock.set",
              "by_s=%lld hint=\"what this relay signs is believed while its clock is right within "
              "10 minutes; see timedatectl\"",
              (long long)(step_ms / 1000));
    core->housekeeping_at = now;
}

void relay_core_expire(struct relay_core *core, struct mono now)
{
    struct reach_outcome outcome;

    wall_note(core, now);
    link_hub_expire(core->base.hub, now);
    events_drain(core, now);
    join_flush(&core->join, now);
    punch_service_expire(&core->punch, now);
    presence_expire(&core->presence, now);
    forward_relay_expire(&core->forward, now);
    lane_service_expire(&core->lane, now);
    session_expire(&core->session, now);
    while (reach_dials_expire(&core->mesh.dials, &outcome, now)) {
        measured(core, &outcome, now);
    }
    neighbour_expire(&core->base.neighbours, now);
    neighbours_drain(core, now);
    peer_service_expire(&core->peers, now);
    reach_expire(&core->reach, now);
    mesh_service_expire(&core->mesh, now);
    search_service_expire(&core->search, now);
    other_address_expire(&core->other, now);
    events_drain(core, now);
    watch_expire(&core->watch, now);
    if (mono_due(core->housekeeping_at, now)) {
        housekeeping_do(core, now);
    }
}

struct mono relay_core_deadline(const struct relay_core *core)
{
    struct mono at = link_hub_deadline(core->base.hub);

    if (stun_service_waits(&core->stun) || lane_service_waits(&core->lane) ||
        join_waits(&core->join)) {
        return (struct mono){0};
    }
    at = mono_min(at, session_deadline(&core->session));
    at = mono_min(at, lane_service_deadline(&core->lane));
    at = mono_min(at, neighbour_deadline(&core->base.neighbours));
    at = mono_min(at, peer_service_deadline(&core->peers));
    at = mono_min(at, mesh_service_deadline(&core->mesh));
    at = mono_min(at, reach_deadline(&core->reach));
    at = mono_min(at, reach_dials_deadline(&core->mesh.dials));
    at = mono_min(at, lend_knocks_deadline(&core->lend.knocks));
    at = mono_min(at, other_address_deadline(&core->other));
    at = mono_min(at, live_deadline(&core->stun.live));
    at = mono_min(at, search_service_deadline(&core->search));
    at = mono_min(at, watch_deadline(&core->watch));
    at = mono_min(at, punch_service_deadline(&core->punch));
    at = mono_min(at, presence_deadline(&core->presence));
    at = mono_min(at, forward_relay_deadline(&core->forward));
    return mono_min(at, core->housekeeping_at);
}

/* ---- what the shell asks for ---- */

void relay_core_shutdown(struct relay_core *core, uint32_t reconnect_in_ms, bool keeps_lanes,
                         struct mono now)
{
    join_flush(&core->join, now);
    volume_keep(&core->base, core->base.health.store);
    use_save(&core->use);
    peer_service_shutdown(&core->peers);
    mesh_service_save(&core->mesh, true, now);
    session_shutdown(&core->session, reconnect_in_ms, keeps_lanes, now);
}

uint8_t *relay_core_lanes_save(const struct relay_core *core, size_t *size)
{
    const struct lane_kept *kept = &core->lane.kept;
    uint8_t *bytes;

    *size = lane_kept_size(kept);
    bytes = *size > LANES_KEPT_HEAD_SIZE ? malloc(*size) : NULL;
    if (bytes != NULL) {
        lane_kept_save(kept, bytes);
    }
    return bytes;
}

size_t relay_core_lanes_load(struct relay_core *core, const uint8_t *data, size_t size,
                             struct mono now)
{
    return lane_service_load(&core->lane, data, size, now);
}

void relay_core_end(struct relay_core *core, struct mono now)
{
    if (lane_kept_account(&core->lane.kept)) { /* frames went on after the goodbye */
        volume_keep(&core->base, core->base.health.store);
        use_save(&core->use);
    }
    link_hub_shut(core->base.hub, 0, "the relay stops", now);
}

bool relay_core_stopped(const struct relay_core *core)
{
    return session_is_stopped(&core->session);
}

void relay_core_reload(struct relay_core *core, const struct relay_config *cfg, struct mono now)
{
    char before[URL_HOSTS_TEXT_SIZE];

    if (cfg->delegation != NULL) {
        delegation_service_take(&core->delegation, cfg->delegation, cfg->delegation_size);
        housekeeping_announce(core, now);
    }
    memcpy(before, core->base.public_hosts, sizeof(before));
    relay_base_configure(&core->base, cfg, now);
    peer_service_configure(&core->peers, cfg->peers, now);
    admission_configure(&core->admission, cfg->admission);
    delegation_service_hello(&core->delegation);
    pool_service_configure(&core->pool);
    other_address_changed(&core->other, now);
    mesh_service_on_peers(&core->mesh, now);
    node_own_changed(&core->mesh.own, now);
    lane_service_sweep(&core->lane, now);
    if (strcmp(before, core->base.public_hosts) != 0) {
        session_hosts_changed(&core->session);
    }
}

bool relay_core_resolve_wanted(struct relay_core *core, uint64_t *ticket, char host[HOST_TEXT_SIZE])
{
    return peer_service_resolve_wanted(&core->peers, ticket, host);
}

void relay_core_resolved(struct relay_core *core, uint64_t ticket, const struct endpoint *addrs,
                         size_t count, struct mono now)
{
    peer_service_resolved(&core->peers, ticket, addrs, count, now);
}

enum link_certificate_problem relay_core_certificate(struct relay_core *core,
                                                     const struct link_certificate *certificate)
{
    return link_hub_certificate(core->base.hub, certificate);
}

bool relay_core_script_wanted(struct relay_core *core, uint64_t *ticket,
                              struct admission_question *out)
{
    return join_script_wanted(&core->join, ticket, out);
}

void relay_core_script_answered(struct relay_core *core, uint64_t ticket,
                                const struct admission_answer *answer, struct mono now)
{
    join_script_answered(&core->join, ticket, answer, now);
}

struct stun_board *relay_core_stun_board(struct relay_core *core)
{
    return core->stun.board;
}

struct lane_board *relay_core_lane_board(struct relay_core *core)
{
    return core->lane.workers.board;
}

void relay_core_workers(struct relay_core *core, struct mono now)
{
    lane_workers_look(&core->lane.workers, now);
}

const uint8_t *relay_core_key(const struct relay_core *core)
{
    return core->base.cfg.identity->public_key;
}

bool relay_core_ziglan_key(const struct relay_core *core, uint8_t key[KEY_SIZE])
{
    memcpy(key, core->base.ziglan_key, KEY_SIZE);
    return core->base.directory != NULL;
}

const struct mesh_service *relay_core_mesh(const struct relay_core *core)
{
    return &core->mesh;
}

const struct reach_service *relay_core_reach(const struct relay_core *core)
{
    return &core->reach;
}

struct operator_service *relay_core_operator(struct relay_core *core)
{
    return &core->operator_verbs;
}

const struct app_pools *relay_core_pools(const struct relay_core *core)
{
    return core->pool.pools;
}

const struct rewards *relay_core_rewards(const struct relay_core *core)
{
    return &core->base.cfg.rewards;
}
