/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions that were made here are ended here, unless the user pinned the relay meanwhile. */
#include "client/core/homing.h"

#include "client/core/core_internal.h"
#include "client/core/membership.h"

#include <stdio.h>
#include <string.h>

/* A relay ends the session of a stranger that it does not admit in 60 s (docs/protocol.md, section
 * 4, GoAway). */
enum { HOMING_ADMITTED_MS = 70 * 1000 };

static const uint8_t no_key[KEY_SIZE];

/* The key of the relay that a session leads to; NULL while it is not known. */
static const uint8_t *key_of(const struct relay_session *relay)
{
    if (relay->open || relay->url.kind != URL_KIND_RELAY) {
        return memcmp(relay->relay_key, no_key, KEY_SIZE) == 0 ? NULL : relay->relay_key;
    }
    return relay->url.key;
}

/* The place of a session among those that were made here, or NULL. */
static uint64_t *place_of(struct host_core *core, uint64_t number)
{
    for (size_t i = 0; i < HOME_RELAYS; i++) {
        if (core->homing.numbers[i] == number) {
            return &core->homing.numbers[i];
        }
    }
    return NULL;
}

static bool is_made_here(struct host_core *core, const struct relay_session *relay)
{
    return place_of(core, relay->number) != NULL;
}

/* ---- looking ---- */

/* A relay of a ziglan serves who was admitted there. Another one serves strangers, or its members:
 * their sessions last, while it would not pass on a frame of others before it ends theirs. */
static bool serves(const struct host_core *core, const struct relay_session *relay, struct mono now)
{
    if (relay->facts.serves_strangers) {
        return true;
    }
    return ziglan_list_of_relay(&core->ziglans, relay) != NULL
               ? relay->serves
               : relay->open && mono_ms_between(relay->facts.since, now) >= HOMING_ADMITTED_MS;
}

static void describe(struct host_core *core, const struct relay_session *relay,
                     const uint8_t key[KEY_SIZE], struct home_session *out, struct mono now)
{
    uint64_t rtt_us = relay->open ? link_hub_rtt_ns(relay->hub, relay->active) / NS_PER_US : 0;

    *out = (struct home_session){
        .address = relay->remote,
        .pinned = pins_find(&core->pins, key) != NULL,
        .answers = relay_session_answers(relay) && serves(core, relay, now),
        .quality = {.known = rtt_us > 0,
                    .rtt_us = rtt_us < HOME_RTT_US_MAX ? (uint32_t)rtt_us : HOME_RTT_US_MAX,
                    .loss_permille = relay->facts.loss_permille,
                    .load_permille = relay->facts.load_permille},
    };
    out->kept = out->pinned || !is_made_here(core, relay);
    memcpy(out->key, key, KEY_SIZE);
}

static void look(struct host_core *core, struct mono now)
{
    struct home_session sessions[RELAY_SET_MAX];
    struct relay_session *relay;
    size_t count = 0;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        const uint8_t *key = key_of(relay);

        if (key != NULL && relay_session_is_used(relay)) {
            describe(core, relay, key, &sessions[count++], now);
        }
    }
    home_relays_look(&core->homing.homes, sessions, count, now);
}

/* ---- making and ending sessions ---- */

/* The user may want this relay, by the command line since it was made. */
static bool is_wanted(struct host_core *core, const struct relay_session *relay)
{
    return pins_find(&core->pins, relay->url.key) != NULL ||
           (core->homing.on && home_relays_has(&core->homing.homes, relay->url.key));
}

static void end_unwanted(struct host_core *core, struct mono now)
{
    for (size_t i = 0; i < HOME_RELAYS; i++) {
        struct relay_session *relay = core->homing.numbers[i] == 0
                                          ? NULL
                                          : relay_set_find(&core->relays, core->homing.numbers[i]);

        if (relay != NULL && is_wanted(core, relay)) {
            continue;
        }
        core->homing.numbers[i] = 0;
        if (relay != NULL) {
            (void)!relay_place_remove(core->store, relay->url.key); /* a row too many at most */
            membership_relay_gone(core, relay);
            relay_set_remove(&core->relays, relay, now);
        }
    }
}

static bool make(struct host_core *core, const struct home_candidate *home, struct mono now)
{
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};
    uint64_t *place = place_of(core, 0);
    char text[ENDPOINT_TEXT_SIZE], key[KEY_SHORT_SIZE];
    struct relay_session *relay;

    memcpy(url.key, home->key, KEY_SIZE);
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "%s",
                   endpoint_ip_text(&home->address, text));
    url.hosts[0].port = home->address.port;
    url.hosts[0].numeric = true;
    relay = place == NULL ? NULL : relay_set_add(&core->relays, &url, now);
    if (relay == NULL) {
        return false;
    }
    relay->proof.known = true;
    memcpy(relay->proof.spki, home->spki, sizeof(relay->proof.spki));
    *place = relay->number;
    env_trace(core->env, TRACE_LEVEL_INFO, "relay.home", "relay=%s host=%s rtt_us=%u",
              key_short(home->key, key), url.hosts[0].name, (unsigned)home->quality.rtt_us);
    return true;
}

static void follow(struct host_core *core, struct mono now)
{
    const struct home_candidate *home;
    size_t at = 0;
    bool made = false;

    end_unwanted(core, now);
    while (core->homing.on && (home = home_relays_next(&core->homing.homes, &at)) != NULL) {
        if (!home->has_session) {
            made = make(core, home, now) || made;
        }
    }
    if (made) {
        membership_relays_changed(core, now);
    }
}

int homing_init(struct host_core *core, struct mono now)
{
    core->homing.on = true;
    return home_relays_init(&core->homing.homes, core->store, core->env, now);
}

void homing_use(struct host_core *core, bool on, struct mono now)
{
    core->homing.on = on;
    end_unwanted(core, now);
    home_relays_on_open(&core->homing.homes, now);
}

/* ---- asking ---- */

/* Any relay that this host has a session to: each knows others. NULL: none is open. */
static struct relay_session *somebody(struct host_core *core)
{
    struct relay_session *relay;
    struct relay_session *found = NULL;
    uint32_t seen = 0;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay_session_is_used(relay) && relay_session_answers(relay) &&
            env_random_below(core->env, ++seen) == 0) {
            found = relay;
        }
    }
    return found;
}

static void ask(struct host_core *core)
{
    struct relay_session *relay = somebody(core);
    Ziglan__NodeLookup lookup = ZIGLAN__NODE_LOOKUP__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    lookup.count = HOME_LOOKUP_COUNT;
    message.request_id = HOMING_REQUEST_ID;
    message.body_case = ZIGLAN__CONTROL__BODY_NODE_LOOKUP;
    message.node_lookup = &lookup;
    core->homing.asked = relay != NULL && relay_session_send(relay, &message) ? relay->number : 0;
}

void homing_on_nodes(struct host_core *core, const struct relay_session *relay, uint32_t request_id,
                     const Ziglan__Nodes *nodes, struct mono now)
{
    if (request_id == HOMING_REQUEST_ID && relay->number == core->homing.asked) {
        core->homing.asked = 0;
        home_relays_on_nodes(&core->homing.homes, nodes, &relay->remote, now);
    }
}

bool homing_on_stun(struct host_core *core, const struct dgram *in, struct mono now)
{
    bool taken = home_measure_on_answer(&core->homing.homes.candidates, in, now);

    if (taken) {
        home_relays_wake(&core->homing.homes, now);
    }
    return taken;
}

/* ---- events ---- */

bool homing_on_open(struct host_core *core, struct relay_session *relay, struct mono now)
{
    home_relays_on_open(&core->homing.homes, now);
    if (relay->facts.serves_strangers || !is_made_here(core, relay) ||
        pins_find(&core->pins, relay->url.key) != NULL) {
        return true;
    }
    home_relays_refused(&core->homing.homes, relay->url.key, HOME_CLOSED_MS, now);
    relay_session_close(relay, UINT64_MAX, now);
    return false;
}

void homing_on_go_away(struct host_core *core, const struct relay_session *relay,
                       enum goaway reason, struct mono now)
{
    if (!is_made_here(core, relay)) {
        return;
    }
    if (reason == GOAWAY_SHUTDOWN) {
        home_relays_left(&core->homing.homes, relay->url.key, now);
    } else {
        home_relays_refused(&core->homing.homes, relay->url.key,
                            reason == GOAWAY_BUSY ? HOME_REFUSED_MS : HOME_CLOSED_MS, now);
    }
}

void homing_on_change(struct host_core *core, struct mono now)
{
    home_relays_wake(&core->homing.homes, now);
}

bool homing_is_home(struct host_core *core, const struct relay_session *relay)
{
    bool showed_key = memcmp(relay->relay_key, no_key, KEY_SIZE) != 0;

    return core->homing.on && showed_key && home_relays_has(&core->homing.homes, relay->relay_key);
}

/* ---- time ---- */

void homing_expire(struct host_core *core, struct host_io *io, struct mono now)
{
    struct home_relays *homes = &core->homing.homes;
    static const struct endpoint any = {0};
    uint8_t request[STUN_REQUEST_SIZE];
    struct endpoint to;

    if (!core->homing.on) {
        return;
    }
    if (home_relays_look_due(homes, now)) {
        look(core, now);
        follow(core, now);
    }
    if (home_relays_take_lookup(homes, now)) {
        ask(core);
    }
    while (home_measure_next(&homes->candidates, core->env, &to, request, now)) {
        outbox_put(io->net, &any, &to, request, sizeof(request));
    }
}

struct mono homing_deadline(const struct host_core *core)
{
    return core->homing.on ? home_relays_deadline(&core->homing.homes) : MONO_NEVER;
}
