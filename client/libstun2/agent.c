/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts put together; each event of the hub goes to the part that it concerns. */
#include "client/libstun2/agent.h"

#include "client/libstun2/punch_keep.h"
#include "client/libstun2/punch_way.h"
#include "client/libstun2/relay_messages.h"
#include "client/stun2/seeking.h"
#include "rendezvous/store/store_memory.h"

#include <stdlib.h>
#include <string.h>

enum { BOX_BYTES = 256 * 1024, BOX_ITEMS = 256 };

/* ---- life ---- */

static int parts_make(struct stun2 *agent, const struct env *env, struct mono now)
{
    int rc = store_memory_new(&agent->store);

    agent->arena = malloc(sizeof(*agent->arena));
    if (rc == ERR_OK && agent->arena == NULL) {
        rc = ERR_NOMEM;
    }
    if (rc == ERR_OK) {
        rc = outbox_init(&agent->base.box, BOX_BYTES, BOX_ITEMS);
    }
    if (rc == ERR_OK) {
        rc = relay_set_init(&agent->base.relays, &agent->identity, agent->store, env, now);
    }
    return rc;
}

int agent_new(struct stun2 **out, const uint8_t seed[IDENTITY_SEED_SIZE], const struct env *env,
              struct mono now)
{
    struct stun2 *agent = calloc(1, sizeof(*agent));
    int rc;

    *out = NULL;
    if (agent == NULL) {
        return ERR_NOMEM;
    }
    agent->base.env = env;
    agent->base.identity = &agent->identity;
    agent->base.events.env = env;
    agent->base.keepalive = keepalive_unmeasured();
    punch_table_init(&agent->punches.table, &agent->base, now);
    agent->punches.pools = &agent->pools;
    agent->pools.base = &agent->base;
    agent->finds.base = &agent->base;
    agent->report.base = &agent->base;
    agent->report.shown = 100;
    agent->lifetime.base = &agent->base;
    identity_from_seed(&agent->identity, seed);
    rc = parts_make(agent, env, now);
    if (rc != ERR_OK) {
        agent_free(agent);
        return rc;
    }
    *out = agent;
    return ERR_OK;
}

void agent_free(struct stun2 *agent)
{
    if (agent == NULL) {
        return;
    }
    if (agent->base.relays.hub != NULL) {
        relay_set_fini(&agent->base.relays);
    }
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        punch_table_end(&agent->punches.table.list[i]);
    }
    store_close(agent->store);
    outbox_fini(&agent->base.box);
    identity_wipe(&agent->identity);
    free(agent->arena);
    free(agent);
}

/* ---- relays ---- */

uint64_t agent_relay_add(struct stun2 *agent, const struct url *url, struct mono now)
{
    struct relay_set *relays = &agent->base.relays;
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &relays->list, in_set)
    {
        if (relay->url.kind == url->kind && memcmp(relay->url.key, url->key, KEY_SIZE) == 0) {
            return relay->number;
        }
    }
    relay = relays->count < STUN2_RELAYS_MAX ? relay_set_add(relays, url, now) : NULL;
    return relay == NULL ? 0 : relay->number;
}

void agent_relay_remove(struct stun2 *agent, uint64_t relay, struct mono now)
{
    struct relay_session *session = relay_set_find(&agent->base.relays, relay);

    if (session != NULL) {
        punches_relay_gone(&agent->punches, relay);
        pool_seats_relay_gone(&agent->pools, relay);
        relay_set_remove(&agent->base.relays, session, now);
    }
}

static void tell_open(struct stun2 *agent, const struct relay_session *relay, uint64_t capabilities)
{
    struct stun2_event *event = app_events_add(&agent->base.events, STUN2_EVENT_RELAY_OPEN);

    event->relay = relay->number;
    event->code = (capabilities & LINK_CAPABILITY_OPEN) != 0 ? 1 : 0;
    event->address = app_address(&relay->observed);
    memcpy(event->key, relay->relay_key, KEY_SIZE);
}

/* True if another URL leads to this relay, too: of two sessions of one key a relay ends the older
 * one, again and again. */
static bool is_twin(const struct stun2 *agent, const struct relay_session *relay,
                    const uint8_t key[KEY_SIZE])
{
    const struct relay_session *other;

    TAILQ_FOREACH(other, &agent->base.relays.list, in_set)
    {
        if (other != relay && other->open && memcmp(other->relay_key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* True if its last session was seen elsewhere, by the same address of the relay. */
static bool is_seen_elsewhere(const struct relay_session *relay, const struct link_event *event)
{
    return endpoint_equal(&relay->remote, &event->remote) && !endpoint_is_none(&relay->observed) &&
           !endpoint_equal(&relay->observed, &event->peer->observed);
}

/* What the events say is borrowed until something is closed. */
static void on_open(struct stun2 *agent, struct relay_session *relay,
                    const struct link_event *event, struct mono now)
{
    uint64_t capabilities = event->peer->capabilities;

    if (is_twin(agent, relay, event->peer->key)) {
        relay_session_close(relay, UINT64_MAX, now);
        link_hub_close(relay->hub, event->handle, 0, "there is another session", now);
        relay_messages_closed(agent, relay, "another URL leads to the same relay; remove this one");
        return;
    }
    if (is_seen_elsewhere(relay, event)) {
        app_lifetime_doubt(&agent->lifetime,
                           !endpoint_same_ip(&relay->observed, &event->peer->observed));
    }
    relay_session_on_open(relay, event, now);
    relay->serves = true;
    seeking_on_open(&agent->base.relays, relay, event->hello, now);
    tell_open(agent, relay, capabilities);
    punches_on_session(&agent->punches, relay, now);
}

/* ---- the hub ---- */

static void on_event(struct stun2 *agent, struct relay_session *relay,
                     const struct link_event *event, struct mono now)
{
    switch (event->type) {
    case LINK_EVENT_OPEN:
        on_open(agent, relay, event, now);
        break;
    case LINK_EVENT_CONTROL:
        relay_messages_take(agent, relay, event->data, event->size, now);
        break;
    case LINK_EVENT_DATAGRAM:
        if (event->size > SESSION_DGRAM_HEADER_SIZE && event->data[0] == SESSION_DGRAM_FROM) {
            punch_way_on_relayed(&agent->punches.table, event->data + 1,
                                 event->data + SESSION_DGRAM_HEADER_SIZE,
                                 event->size - SESSION_DGRAM_HEADER_SIZE, now);
        }
        break;
    case LINK_EVENT_STALLED:
        relay_session_on_stalled(relay, event->handle, now);
        break;
    case LINK_EVENT_REVIVED:
        relay_session_on_revived(relay, event->handle, now);
        break;
    case LINK_EVENT_CLOSED:
        if (relay_session_on_closed(relay, event, now)) {
            relay_messages_closed(agent, relay, "the session ended; the relay is dialled again");
        }
        break;
    case LINK_EVENT_REQUEST:
    case LINK_EVENT_MOVED:
        break;
    }
}

static void drain(struct stun2 *agent, struct mono now)
{
    struct link_hub *hub = agent->base.relays.hub;
    struct link_event event;

    while (link_hub_event(hub, &event)) {
        struct relay_session *relay = relay_set_of(&agent->base.relays, event.handle);

        if (relay != NULL) {
            on_event(agent, relay, &event, now);
        } else if (event.type == LINK_EVENT_OPEN) { /* of a dial that was given up */
            link_hub_close(hub, event.handle, 0, "not wanted any more", now);
        }
    }
}

/* ---- datagrams ---- */

/* True if a relay is, or may be, at this address. */
static bool is_of_relay(const struct stun2 *agent, const struct endpoint *from)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &agent->base.relays.list, in_set)
    {
        if (endpoint_equal(&relay->remote, from)) {
            return true;
        }
        for (size_t i = 0; i < RELAY_DIALS_MAX; i++) {
            if (relay->dials.list[i].used && endpoint_equal(&relay->dials.list[i].remote, from)) {
                return true;
            }
        }
    }
    return false;
}

static bool receive_punch_probe(struct stun2 *agent, const struct dgram *in, struct mono now)
{
    struct app_punch *punch;
    uint64_t id;

    if (!punch_probe_id(in->data, in->size, &id)) {
        return false;
    }
    punch = punch_table_of_id(&agent->punches.table, id);
    return punch != NULL && punch_way_on_frame(&agent->punches.table, punch, in, now);
}

/* What is not the agent's is the application's, and shows that its peer is there. */
static bool goes_to_application(struct stun2 *agent, const struct dgram *in, struct mono now)
{
    struct punch_table *table = &agent->punches.table;
    const struct app_punch *there = punch_table_of_address(table, &in->remote);

    if (there != NULL) {
        punch_keep_on_data(punch_table_find(table, there->number), now);
    }
    return false;
}

bool agent_receive(struct stun2 *agent, const struct dgram *in, struct mono now)
{
    if (report_receive(&agent->report, in, now)) {
        report_expire(&agent->report, now);
        return true;
    }
    if (app_lifetime_receive(&agent->lifetime, in, now)) {
        return true;
    }
    if (in->size == 0 || in->size > DGRAM_SIZE_MAX) {
        return false;
    }
    if (receive_punch_probe(agent, in, now)) {
        return true;
    }
    if ((in->data[0] & FRAME_QUIC_BIT) == 0 || !is_of_relay(agent, &in->remote)) {
        return goes_to_application(agent, in, now);
    }
    struct dgram copy = *in;
    copy.data = agent->scratch;
    memcpy(agent->scratch, in->data, in->size);
    link_hub_receive(agent->base.relays.hub, &copy, now);
    drain(agent, now);
    return true;
}

const struct outbox_item *agent_transmit(struct stun2 *agent, struct mono now)
{
    struct outbox *box = &agent->base.box;

    if (agent->box_next == box->items_count) {
        outbox_clear(box);
        agent->box_next = 0;
        report_transmit(&agent->report, now);
        app_lifetime_transmit(&agent->lifetime, now);
        link_hub_transmit(agent->base.relays.hub, box, now);
        drain(agent, now);
    }
    return agent->box_next < box->items_count ? &box->items[agent->box_next++] : NULL;
}

/* ---- time ---- */

void agent_expire(struct stun2 *agent, struct mono now)
{
    link_hub_expire(agent->base.relays.hub, now);
    drain(agent, now);
    seeking_expire(&agent->base.relays, now);
    relay_set_expire(&agent->base.relays, now);
    report_expire(&agent->report, now);
    pool_seats_expire(&agent->pools, now);
    finds_expire(&agent->finds, now);
    punches_expire(&agent->punches, now);
}

struct mono agent_deadline(const struct stun2 *agent)
{
    static const struct mono at_once = {0};
    struct mono sessions = mono_min(
        link_hub_deadline(agent->base.relays.hub),
        mono_min(relay_set_deadline(&agent->base.relays), seeking_deadline(&agent->base.relays)));
    struct mono wants =
        mono_min(mono_min(pool_seats_deadline(&agent->pools), finds_deadline(&agent->finds)),
                 mono_min(punches_deadline(&agent->punches),
                          mono_min(report_deadline(&agent->report),
                                   app_lifetime_deadline(&agent->lifetime))));

    return agent->box_next < agent->base.box.items_count ? at_once : mono_min(sessions, wants);
}

/* Nobody knows how the kernel sends now: so the relays are asked for a sign of life. */
static bool way_is_unknown(void *context, const struct endpoint *local,
                           const struct endpoint *remote, struct way *out)
{
    (void)context;
    (void)local;
    (void)remote;
    (void)out;
    return false;
}

void agent_network_changed(struct stun2 *agent, const struct way_finder *ways, struct mono now)
{
    const struct way_finder unknown = {.find = way_is_unknown, .doubtful = true};
    const struct way_finder *known = ways != NULL ? ways : &unknown;

    if (relay_set_on_network(&agent->base.relays, known, now) || ways == NULL) {
        app_lifetime_doubt(&agent->lifetime, true);
    }
    punches_on_network(&agent->punches, known, now);
}

void agent_network_begins(struct stun2 *agent, const struct way_finder *ways)
{
    punches_on_network_begins(&agent->punches, ways);
}

void agent_learn_ways(struct stun2 *agent, const struct way_finder *ways)
{
    relay_set_learn_ways(&agent->base.relays, ways);
    punches_learn_ways(&agent->punches, ways);
}
