/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a host put together, and the verbs of its shell. */
#include "client/core/core.h"

#include "client/core/clock.h"
#include "client/core/copied.h"
#include "client/core/core_internal.h"
#include "client/core/dataplane.h"
#include "client/core/events.h"
#include "client/core/homing.h"
#include "client/core/lan.h"
#include "client/core/lifetimes.h"
#include "client/core/mapping.h"
#include "client/core/membership.h"
#include "client/core/pings.h"
#include "client/core/slow_line.h"
#include "client/core/telling.h"
#include "client/peer/farewell.h"
#include "client/peer/guesswork.h"
#include "client/peer/life.h"
#include "client/peer/locating.h"
#include "client/peer/pathfinder.h"
#include "client/stun2/seeking.h"
#include "client/tunnel/strip.h"
#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- construction ---- */

static int remember_addresses(struct host_core *core)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ADDRESS_BOOK, NULL, 0);

    for (;;) {
        uint8_t v4[4];
        size_t size;
        int rc = store_next_fitting(core->store, &cursor, v4, sizeof(v4), &size);

        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        if (size == sizeof(v4) && cursor.key_size == KEY_SIZE) {
            rc = address_book_remember(core->book, cursor.key, v4);
            if (rc == ERR_NOMEM) {
                return rc; /* an address outside a pool that was changed is simply forgotten */
            }
        }
    }
}

static int choose_own_addresses(struct host_core *core, const uint8_t own_key[KEY_SIZE])
{
    struct address_book_addresses own;
    bool fresh;
    int rc = address_book_own(core->book, &own, &fresh);

    if (rc != ERR_OK) {
        return rc;
    }
    core->own.fixed_count = core->cfg.fixed_count;
    memcpy(core->own.fixed, core->cfg.fixed, sizeof(core->own.fixed));
    for (size_t i = 0; i < core->cfg.fixed_count; i++) { /* before any peer claims them */
        if (address_book_claim(core->book, own_key, core->cfg.fixed[i]) == ERR_NOMEM) {
            return ERR_NOMEM;
        }
    }
    memcpy(core->own.v4, own.v4, sizeof(core->own.v4));
    memcpy(core->own.v6, own.v6, sizeof(core->own.v6));
    return !fresh ? ERR_OK
                  : store_write(core->store, STORE_TABLE_ADDRESS_BOOK, own_key, KEY_SIZE, own.v4,
                                sizeof(own.v4));
}

static int make_book(struct host_core *core)
{
    struct address_book_config cfg = {
        .peers_max = PEERS_MAX, .ip4_hash = key_ip4_hash, .ip6 = key_ip6};
    int rc;

    memcpy(cfg.own_key, core->local.identity->public_key, KEY_SIZE);
    cfg.pool.base = be32_read(core->cfg.pool);
    cfg.pool.prefix_bits = core->cfg.pool_bits;
    be32_write(core->resolver_v4, cfg.pool.base + ADDRESS_BOOK_RESOLVER_OFFSET);
    rc = address_book_new(&core->book, &cfg, core->env);
    if (rc == ERR_OK) {
        rc = remember_addresses(core);
    }
    return rc == ERR_OK ? choose_own_addresses(core, cfg.own_key) : rc;
}

static void set_config(struct host_core *core, const struct host_config *cfg)
{
    core->cfg = *cfg;
    core->cfg.mtu = cfg->mtu == 0 ? INNER_MTU_DEFAULT : cfg->mtu;
    core->cfg.aeads = cfg->aeads.count == 0 ? aead_list_local() : cfg->aeads;
    if (cfg->pool_bits == 0) {
        be32_write(core->cfg.pool, ADDRPLAN_POOL_DEFAULT.base);
        core->cfg.pool_bits = ADDRPLAN_POOL_DEFAULT.prefix_bits;
    }
    core->local = (struct handshake_local){
        .identity = cfg->identity, .psk = cfg->psk, .aeads = core->cfg.aeads, .env = core->env};
    core->ziglan_context = (struct ziglan_context){.identity = cfg->identity,
                                                   .wanted_name = core->cfg.name,
                                                   .fixed = core->cfg.fixed,
                                                   .fixed_count = core->cfg.fixed_count,
                                                   .store = core->store,
                                                   .env = core->env,
                                                   .relays = &core->relays};
    core->names = (struct names){.own_key = cfg->identity->public_key,
                                 .own = &core->own,
                                 .peers = &core->peers,
                                 .contacts = &core->contacts,
                                 .ziglans = &core->ziglans};
    core->conversations =
        (struct conversations){.env = core->env,
                               .store = core->store,
                               .local = &core->local,
                               .underlay = &core->underlay,
                               .ziglans = &core->ziglans,
                               .relays = &core->relays,
                               .dataplane = &core->dataplane,
                               .lanes = core->cfg.lanes,
                               .frame_size_full = u16_of(tunnel_frame_size(core->cfg.mtu))};
}

static int make_parts(struct host_core *core, struct mono now)
{
    const struct identity *identity = core->local.identity;
    int rc = make_book(core);

    slow_line_init(core);
    dataplane_init(&core->dataplane, core->cfg.mtu, now);
    if (rc == ERR_OK) {
        rc = peer_table_init(&core->peers, core->env, core->store, identity->public_key, &core->own,
                             core->book, &core->blocks);
    }
    if (rc == ERR_OK) {
        rc = conversations_init(&core->conversations, now);
    }
    if (rc == ERR_OK) {
        rc = blocks_init(&core->blocks, core->store);
    }
    if (rc == ERR_OK) {
        rc = contacts_init(&core->contacts, core->store, core->env);
    }
    locating_init(&core->conversations, now);
    revival_init(&core->revivals, &core->conversations, now);
    if (rc == ERR_OK) {
        rc = homing_init(core, now);
    }
    if (rc == ERR_OK) {
        rc = handshake_desk_init(&core->handshakes, &core->conversations, &core->peers, now);
    }
    if (rc == ERR_OK) {
        rc = relay_set_init(&core->relays, identity, core->store, core->env, now);
    }
    if (rc == ERR_OK) {
        rc = pins_init(&core->pins, &core->relays, core->store, core->env);
    }
    return rc == ERR_OK ? guides_init(&core->guides, &core->relays, core->store, core->env) : rc;
}

static int load_peers(struct host_core *core, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(core->env);
    uint64_t used_ms = core->conversations.timestamps.last_ms;
    struct contact *contact;
    struct ziglan *ziglan;
    int rc = ziglan_list_init(&core->ziglans, &core->ziglan_context, now);

    if (rc != ERR_OK) {
        return rc;
    }
    /* A peer keeps the list with the largest number, also over our restart. */
    core->underlay.sequence = (uint32_t)((wall_ms > used_ms ? wall_ms : used_ms) / 1000 + 1);
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        peer_learn_all(&core->peers, ziglan);
    }
    TAILQ_FOREACH(contact, &core->contacts.list, in_list)
    {
        (void)peer_learn_contact(&core->peers, contact);
    }
    pins_keep(&core->pins, now);
    peer_trim(&core->peers); /* not before all are known: each keeps its address */
    return ERR_OK;
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
    set_config(core, cfg);
    core->arena = malloc(sizeof(*core->arena));
    if (core->arena != NULL) {
        rc = make_parts(core, now);
    }
    if (rc == ERR_OK) {
        rc = load_peers(core, now);
    }
    if (rc != ERR_OK) {
        host_core_free(core);
        return rc;
    }
    *out = core;
    return ERR_OK;
}

int host_core_key_check(struct store *store, const uint8_t key[KEY_SIZE], uint8_t other[KEY_SIZE],
                        bool *same)
{
    return ziglan_store_key_check(store, key, other, same);
}

void host_core_free(struct host_core *core)
{
    if (core == NULL) {
        return;
    }
    for (size_t i = 0; i < core->peers.count; i++) {
        life_end(core->peers.list[i] == NULL ? NULL : core->peers.list[i]->conversation);
    }
    peer_table_fini(&core->peers);
    contacts_fini(&core->contacts);
    ziglan_list_fini(&core->ziglans);
    relay_set_fini(&core->relays);
    told_prefixes_fini(&core->prefixes);
    handshake_desk_fini(&core->handshakes);
    conversations_fini(&core->conversations);
    address_book_free(core->book);
    fair_queue_fini(&core->waiting);
    free(core->arena);
    free(core);
}

/* ---- the verbs of the shell ---- */

void host_core_receive(struct host_core *core, const struct dgram *in, struct host_io *io,
                       struct mono now)
{
    if (in->size == 0) {
        return;
    }
    if (core->dataplane.copied) { /* a ping would be answered with a counter used before */
        copied_forget(core, io, now);
    }
    uint8_t first = in->data[0];

    if ((first & FRAME_QUIC_BIT) != 0) {
        link_hub_receive(core->relays.hub, in, now);
        events_drain(core, io, now);
    } else if (first >= FRAME_HOST_FIRST && first <= FRAME_HOST_LAST) {
        struct origin origin = {.local = in->local, .remote = in->remote};

        events_on_frame(core, &origin, in->data, in->size, io, now);
    } else if (first >= FRAME_LANE_FIRST && first <= FRAME_LANE_LAST) {
        events_on_lane(core, in, io, now);
    } else if (!homing_on_stun(core, in, now) && !mapping_on_stun(core, in, now) &&
               !guesswork_on_stun(&core->conversations, in, now)) {
        core->dataplane.counters.foreign_dropped++;
    }
}

void host_core_packets(struct host_core *core, struct packet *packets, size_t count,
                       struct host_io *io, struct mono now)
{
    if (core->dataplane.copied) {
        copied_forget(core, io, now);
    }
    core->dataplane.counters.packets_in += count;
    for (size_t i = 0; i < count; i++) {
        dataplane_send(core, &packets[i], io, now);
    }
}

bool host_core_packets_queue(struct host_core *core, const struct packet *packets, size_t count,
                             bool slow, struct mono now)
{
    return slow_line_queue(core, packets, count, slow, now);
}

void host_core_copied(struct host_core *core)
{
    core->dataplane.copied = true;
}

void host_core_expire(struct host_core *core, struct host_io *io, struct mono now)
{
    struct heap_entry *timer;

    copied_forget(core, io, now);
    link_hub_expire(core->relays.hub, now);
    events_drain(core, io, now);
    seeking_expire(&core->relays, now);
    guides_expire(&core->guides, now);
    lifetimes_look(core, now);
    relay_set_expire(&core->relays, now);
    mapping_expire(core, io->net, now);
    membership_leave_late(core, io, now);
    homing_expire(core, io, now);
    lan_expire(core, now);
    ziglan_list_expire(&core->ziglans, now);
    telling_expire(core, now);
    clock_expire(core, now);
    pings_expire(core, io, now);
    while ((timer = heap_pop_due(&core->conversations.timers, now)) != NULL) {
        life_expire(HEAP_OWNER(timer, struct conversation, timer), io, now);
    }
}

static struct conversation *conversation_of(const struct host_core *core, size_t i)
{
    return core->peers.list[i] == NULL ? NULL : core->peers.list[i]->conversation;
}

/* Say goodbye to the next peers, as many as surely find room, and to the relays after the last. */
static void leave_all(struct host_core *core, struct host_io *io, struct mono now)
{
    enum { PER_TURN = 64 };
    struct leaving *leaving = &core->conversations.leaving;

    for (int told = 0; told < PER_TURN && leaving->next_peer < core->peers.count;) {
        struct conversation *a = conversation_of(core, leaving->next_peer++);

        if (a != NULL) {
            farewell_send(a, io, now);
            told++;
        }
    }
    if (leaving->next_peer == core->peers.count) {
        leaving->wanted = false;
        relay_set_shutdown(&core->relays, now);
    }
}

void host_core_transmit(struct host_core *core, struct host_io *io, struct mono now)
{
    copied_forget(core, io, now);
    slow_line_transmit(core, io, now);
    if (core->conversations.leaving.wanted) {
        leave_all(core, io, now);
    }
    link_hub_transmit(core->relays.hub, io->net, now);
    events_drain(core, io, now);
}

struct mono host_core_deadline(const struct host_core *core)
{
    struct mono at = link_hub_deadline(core->relays.hub);

    at = mono_min(at, mono_min(relay_set_deadline(&core->relays), lan_deadline(core)));
    at = mono_min(at, mono_min(telling_deadline(core), ziglan_list_deadline(&core->ziglans)));
    at = mono_min(at, mono_min(seeking_deadline(&core->relays), guides_deadline(&core->guides)));
    at = mono_min(at, mono_min(homing_deadline(core), mapping_check_deadline(&core->mapping)));
    return mono_min(at,
                    mono_min(slow_line_deadline(core), heap_deadline(&core->conversations.timers)));
}

bool host_core_resolve_wanted(struct host_core *core, struct host_resolve *out, struct mono now)
{
    struct relay_resolve wanted;

    if (!relay_set_resolve_wanted(&core->relays, &wanted, now)) {
        return false;
    }
    out->ticket = wanted.ticket;
    (void)snprintf(out->host, sizeof(out->host), "%s", wanted.host);
    return true;
}

void host_core_resolved(struct host_core *core, uint64_t ticket, const struct endpoint *addrs,
                        size_t count, struct mono now)
{
    const char *failed;
    struct relay_session *relay =
        relay_set_resolved(&core->relays, ticket, addrs, count, &failed, now);
    struct ziglan *ziglan = relay == NULL ? NULL : ziglan_list_of_relay(&core->ziglans, relay);

    if (ziglan != NULL && failed != NULL) {
        ziglan_on_unresolved(ziglan, failed);
    }
}

bool host_core_prefix(struct host_core *core, struct host_prefix *out)
{
    return peer_prefix_next(&core->prefixes, &core->peers, out);
}

bool host_core_prefix_at(const struct host_core *core, size_t *at, struct host_prefix *out)
{
    return peer_prefix_at(&core->peers, at, out);
}

void host_core_prefixes_again(struct host_core *core)
{
    peer_prefixes_again(&core->prefixes, &core->peers);
}

void host_core_set_tun_offload(struct host_core *core, struct packet_offload offload)
{
    core->dataplane.train.offload = offload;
}

void host_core_shutdown(struct host_core *core)
{
    core->conversations.leaving = (struct leaving){.wanted = true};
}

void host_core_addresses(const struct host_core *core, uint8_t v4[4], uint8_t v6[16],
                         uint8_t resolver_v4[4], uint8_t *pool_bits)
{
    memcpy(v4, core->own.v4, sizeof(core->own.v4));
    memcpy(v6, core->own.v6, sizeof(core->own.v6));
    memcpy(resolver_v4, core->resolver_v4, sizeof(core->resolver_v4));
    *pool_bits = core->cfg.pool_bits;
}

/* ---- ziglans and relays ---- */

/* Why joining failed, and what to do. */
static void not_joined(const struct host_core *core, int rc, char *error, size_t error_size)
{
    if (rc == ERR_LIMIT && core->ziglans.count == ZIGLAN_COUNT_MAX) {
        (void)snprintf(error, error_size, "a host can join at most %d ziglans; leave one first",
                       ZIGLAN_COUNT_MAX);
    } else if (rc == ERR_LIMIT) {
        (void)snprintf(error, error_size,
                       "a host has sessions to at most %d relays; leave a ziglan first",
                       RELAY_SET_MAX);
    } else if (rc == ERR_NOMEM) {
        (void)snprintf(error, error_size, "out of memory");
    } else {
        (void)snprintf(error, error_size, "the ziglan could not be stored; is the disk full?");
    }
}

static int join_url(struct host_core *core, const struct url *url, const char *wanted,
                    struct mono now)
{
    struct ziglan *ziglan = ziglan_list_find(&core->ziglans, url->key);
    int rc;

    if (ziglan == NULL) {
        rc = ziglan_list_add(&core->ziglans, url, wanted, now);
        membership_relays_changed(core, now);
        return rc;
    }
    ziglan_want_name(ziglan, wanted);
    return ziglan_rejoin(ziglan, url, now);
}

int host_core_join(struct host_core *core, const char *text, const char *wanted, char *error,
                   size_t error_size, struct mono now)
{
    struct url url;
    char problem[URL_ERROR_SIZE];

    if (url_parse(&url, text, strlen(text), problem) != ERR_OK) {
        (void)snprintf(error, error_size, "%s", problem);
        return ERR_DROP;
    }
    if (url.kind != URL_KIND_ZIGLAN) {
        (void)snprintf(error, error_size,
                       "this is the URL of a relay; to join, use one that begins with ziglan://");
        return ERR_DROP;
    }
    if (!url_is_usable(&url)) {
        (void)snprintf(error, error_size, "%s", KEY_UNUSABLE_TEXT);
        return ERR_DROP;
    }
    int rc = join_url(core, &url, wanted, now);
    if (rc != ERR_OK) {
        not_joined(core, rc, error, error_size);
    }
    return rc;
}

int host_core_leave(struct host_core *core, const char *name_or_key, uint8_t key[KEY_SIZE],
                    struct mono now)
{
    size_t count;
    struct ziglan *ziglan = ziglan_list_find_text(&core->ziglans, name_or_key, &count);
    struct farewell *farewell = farewell_find_text(&core->ziglans.farewells, name_or_key);

    if (count > 1) {
        return ERR_LIMIT;
    }
    if (ziglan == NULL && farewell != NULL) {
        memcpy(key, farewell->record.url.key, KEY_SIZE);
        farewell_end(&core->ziglans.farewells, farewell, now);
        return ERR_OK;
    }
    if (ziglan == NULL) {
        return ERR_DROP;
    }
    memcpy(key, ziglan->record.url.key, KEY_SIZE);
    membership_end(core, ziglan, now);
    ziglan_list_leave(&core->ziglans, ziglan, now);
    pins_keep(&core->pins, now); /* its relay may be one of them */
    return ERR_OK;
}

enum trust_result host_core_trust(struct host_core *core, const char *text,
                                  struct trust_outcome *out)
{
    return trust_name(&core->ziglans, text, out);
}

bool host_core_said_farewell(const struct host_core *core, const uint8_t key[KEY_SIZE])
{
    return farewell_find(&core->ziglans.farewells, key) == NULL;
}

/* True if no address of its entry point is known, nor any relay that could be asked for one. */
static bool is_out_of_reach(const struct host_core *core, const struct ziglan *ziglan)
{
    const struct relay_session *relay = ziglan->entry_point;

    return relay->url.hosts_count == 0 && relay->targets.count == 0 &&
           !guides_any(&core->guides, relay);
}

bool host_core_settled(const struct host_core *core, const uint8_t key[KEY_SIZE])
{
    const struct ziglan *ziglan = ziglan_list_find(&core->ziglans, key);

    return ziglan == NULL || ziglan->state == ZIGLAN_STATE_JOINED ||
           ziglan->state == ZIGLAN_STATE_REFUSED || is_out_of_reach(core, ziglan);
}

int host_core_order(struct host_core *core, const struct ziglan_order *first)
{
    return ziglan_list_order(&core->ziglans, first);
}

uint64_t host_core_add_relay(struct host_core *core, const struct url *url, struct mono now)
{
    struct relay_session *relay = NULL;

    if (!url_is_usable(url)) {
        return 0;
    }
    if (url->kind == URL_KIND_RELAY) {
        relay = relay_set_add(&core->relays, url, now);
    } else {
        struct ziglan *ziglan = ziglan_list_find(&core->ziglans, url->key);

        relay = ziglan == NULL ? NULL : ziglan_add_relay(ziglan, url, now);
    }
    if (relay == NULL) {
        return 0;
    }
    membership_relays_changed(core, now);
    return relay->number;
}

bool host_core_peer_at_relay(struct host_core *core, const uint8_t key[KEY_SIZE], uint64_t number,
                             struct mono now)
{
    struct relay_session *relay = relay_set_find(&core->relays, number);
    struct peer *peer = peer_find(&core->peers, key);

    if (peer == NULL || relay == NULL || ziglan_list_of_relay(&core->ziglans, relay) != NULL) {
        return false;
    }
    struct conversation *a = life_of(peer, &core->conversations, now);

    return a != NULL && path_table_add_relay(&a->paths, relay, CONVERSATION_RANK_LAST, now) != NULL;
}

/* ---- names ---- */

bool host_core_lookup_name(struct host_core *core, const char *name, struct host_name_record *out)
{
    return names_find(&core->names, name, out);
}

bool host_core_knows_ziglan(const struct host_core *core, const char *name)
{
    return names_has_ziglan(&core->names, name);
}

bool host_core_lookup_address(struct host_core *core, const uint8_t *ip, size_t size, char *name,
                              size_t name_size)
{
    return names_of_address(&core->names, ip, size, name, name_size);
}
