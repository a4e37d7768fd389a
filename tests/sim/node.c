/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays and hosts on the underlay. Each host has a clock of its own. */
#include "tests/sim/node.h"

#include "client/core/contacting.h"
#include "client/core/nat.h"
#include "client/core/pinning.h"
#include "proto/base/bytes.h"
#include "relayd/service/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what every core gets ---- */

static void env_note(void *context, enum trace_level level, const char *event, const char *text)
{
    const struct node_env *env = context;

    journal_line(env->journal, "%-5s %d %s %s", env->name, (int)level, event, text);
}

void node_env_init(struct node_env *env, const char *name, uint64_t seed, struct journal *journal)
{
    test_env_init(&env->ports, 0);
    env->ports.rng = rng_stream(seed, name);
    env->ports.clock = &journal->now;
    env->ports.note = env_note;
    env->ports.note_context = env;
    env->name = name;
    env->journal = journal;
}

void node_env_step_wall(struct node_env *env, int64_t wrong_by_ms)
{
    env->ports.wall_ms = TEST_WALL_MS + (uint64_t)wrong_by_ms;
}

static struct identity draw_identity(struct rng *rng)
{
    struct identity identity;
    uint8_t seed[IDENTITY_SEED_SIZE];

    rng_fill(rng, seed, sizeof(seed));
    identity_from_seed(&identity, seed);
    return identity;
}

static void send_all(struct underlay *net, int attachment, const struct endpoint *own,
                     const struct outbox *box)
{
    for (size_t i = 0; i < box->items_count; i++) {
        const struct outbox_item *item = &box->items[i];
        struct endpoint from = *own;

        from.port = item->local.port != 0 ? item->local.port : own->port;
        underlay_send_hops(net, attachment, &from, &item->remote, box->bytes + item->offset,
                           item->size, item->hops, net->journal->now);
    }
}

/* ---- the relay ---- */

static struct relay_watched *watched_find(struct sim_relay *relay, const struct endpoint *address)
{
    for (size_t i = 0; i < relay->watched_count; i++) {
        if (endpoint_equal(&relay->watched[i].address, address)) {
            return &relay->watched[i];
        }
    }
    CHECK(relay->watched_count < RELAY_WATCHED_MAX);
    struct relay_watched *w = &relay->watched[relay->watched_count++];
    *w = (struct relay_watched){.address = *address, .reached_at = MONO_NEVER};
    return w;
}

/* Whom a relay dials has sent it nothing before, and relays of a subnet dial each other. */
static bool is_of_relay(const struct underlay *net, const struct endpoint *address)
{
    for (size_t i = 0; i < net->attachments_count; i++) {
        if (net->attachments[i].relay && endpoint_same_ip(&net->attachments[i].address, address)) {
            return true;
        }
    }
    return false;
}

static void relay_sends(void *context, const struct relay_node *node)
{
    struct sim_relay *relay = context;
    const struct outbox *box = &node->box;

    for (size_t i = 0; i < box->items_count; i++) {
        if (is_of_relay(relay->net, &box->items[i].remote)) {
            continue;
        }
        struct relay_watched *w = watched_find(relay, &box->items[i].remote);

        w->out_bytes += box->items[i].size;
        if (!w->proved && w->out_bytes > 3 * w->in_bytes) {
            relay->amplified += w->out_bytes - 3 * w->in_bytes;
        }
    }
    send_all(relay->net, relay->attachment, &relay->node.address, box);
}

void sim_relay_init(struct sim_relay *relay, struct underlay *net, int attachment,
                    const struct relay_setup *setup, uint64_t seed)
{
    struct endpoint address = net->attachments[attachment].address;
    struct identity identity, ziglan_identity;

    memset(relay, 0, sizeof(*relay));
    node_env_init(&relay->env, setup->name, seed, net->journal);
    relay->net = net;
    relay->attachment = attachment;
    address.port = RELAY_PORT;
    identity = draw_identity(&relay->env.ports.rng);
    ziglan_identity = setup->ziglan != NULL ? *setup->ziglan : draw_identity(&relay->env.ports.rng);
    relay_node_init(&relay->node, &relay->env.ports.env, &identity, &ziglan_identity, &address);
    if (setup->open) {
        relay_node_set_open(&relay->node);
    }
    if (setup->subnet) {
        relay->node.cfg.open_relay = true;
        relay->subnet = true;
    }
    relay->node.send = relay_sends;
    relay->node.context = relay;
}

void sim_relay_fini(struct sim_relay *relay)
{
    sim_relay_stop(relay);
    relay_node_fini(&relay->node);
}

void sim_relay_know(struct sim_relay *relay, const struct sim_relay *known,
                    struct relay_peers *peers)
{
    struct url_relay *peer = &peers->list[0];

    peers->count = 1;
    memcpy(peer->key, known->node.identity.public_key, KEY_SIZE);
    (void)endpoint_ip_text(&known->node.address, peer->host.name);
    peer->host.port = known->node.address.port;
    peer->host.numeric = true;
    if (relay != known) {
        relay->node.cfg.peers = peers;
    }
}

void sim_relay_start(struct sim_relay *relay, struct mono now)
{
    static const uint16_t ports[] = {443, RELAY_THIRD_PORT};

    relay_node_start(&relay->node, now);
    if (relay->subnet) { /* it measures others, and is measured */
        relay_core_second_port(relay->node.core, RELAY_SECOND_PORT);
        relay_core_ports(relay->node.core, ports, 2);
    }
    relay->net->attachments[relay->attachment].up = true;
}

void sim_relay_stop(struct sim_relay *relay)
{
    relay_node_stop(&relay->node);
    relay->net->attachments[relay->attachment].up = false;
}

void sim_relay_shutdown(struct sim_relay *relay, uint32_t reconnect_in_ms, struct mono now)
{
    relay_core_shutdown(relay->node.core, reconnect_in_ms, false, now);
    (void)relay_node_pump(&relay->node, now);
}

void sim_relay_announce(struct sim_relay *relay, const struct endpoint *address, struct mono now)
{
    struct relay_config cfg = relay->node.cfg;
    struct endpoint next = *address;
    char text[ENDPOINT_TEXT_SIZE];
    char hosts[2 * ENDPOINT_TEXT_SIZE];

    next.port = RELAY_PORT;
    (void)snprintf(hosts, sizeof(hosts), "%s,%s", endpoint_text(&next, text),
                   relay->node.public_host);
    cfg.public_hosts = hosts;
    relay_core_reload(relay->node.core, &cfg, now);
    (void)relay_node_pump(&relay->node, now);
}

void sim_relay_move(struct sim_relay *relay, const struct endpoint *address)
{
    memcpy(relay->node.address.ip, address->ip, sizeof(address->ip));
    memcpy(relay->net->attachments[relay->attachment].address.ip, address->ip, sizeof(address->ip));
    (void)endpoint_text(&relay->node.address, relay->node.public_host);
}

bool sim_relay_invite(struct sim_relay *relay, const struct directory_terms *terms,
                      char url[NODE_URL_SIZE])
{
    struct directory_terms kept = *terms;

    return operator_invite(relay_core_operator(relay->node.core), &kept, url) == VERDICT_OK;
}

void sim_relay_reached(struct sim_relay *relay, const struct endpoint *address, struct mono now)
{
    struct relay_watched *w = watched_find(relay, address);

    w->reached_at = mono_min(w->reached_at, now);
}

void sim_relay_receive(struct sim_relay *relay, struct underlay_flying *flying, struct mono now)
{
    struct dgram in = wire_packet_dgram(&flying->packet);
    struct relay_watched *w = watched_find(relay, &flying->packet.from);

    w->in_bytes += flying->packet.size;
    w->proved = w->proved ||
                (w->reached_at.ns != MONO_NEVER.ns && !mono_before(flying->sent_at, w->reached_at));
    if (relay->initial_size == 0 && flying->packet.size >= 1200 &&
        (flying->packet.data[0] & 0xf0) == 0xc0) {
        relay->initial_size = flying->packet.size;
        memcpy(relay->initial, flying->packet.data, flying->packet.size);
    }
    relay_core_receive(relay->node.core, &in, now);
    (void)relay_node_pump(&relay->node, now);
}

static unsigned idle_after(unsigned idle_steps, size_t sent, struct mono deadline, struct mono now)
{
    return sent == 0 && mono_due(deadline, now) ? idle_steps + 1 : 0;
}

void sim_relay_expire(struct sim_relay *relay, struct mono now)
{
    relay_core_expire(relay->node.core, now);
    size_t sent = relay_node_pump(&relay->node, now);
    relay->idle_steps = idle_after(relay->idle_steps, sent, sim_relay_deadline(relay), now);
}

struct mono sim_relay_deadline(const struct sim_relay *relay)
{
    return relay_node_deadline(&relay->node);
}

/* ---- hosts ---- */

/* What the host's own clock says. */
static struct mono own_time(const struct sim_host *host, struct mono now)
{
    return (struct mono){now.ns - host->behind_ns};
}

void sim_host_restart(struct sim_host *host, struct mono now)
{
    host_node_start(&host->node, own_time(host, now));
}

void sim_host_kill(struct sim_host *host)
{
    sim_host_suspend(host); /* its core, which does nothing from now on, is freed by the start */
}

void sim_host_end(struct sim_host *host, struct mono now)
{
    host_core_shutdown(host->node.core);
    (void)host_node_pump(&host->node, own_time(host, now));
    sim_host_kill(host);
}

void sim_host_start(struct sim_host *host, uint16_t port, struct mono now)
{
    host->asleep = false;
    host->net->attachments[host->attachment].up = true;
    host->node.address.port = port;
    sim_host_restart(host, now);
}

void sim_host_suspend(struct sim_host *host)
{
    host->asleep = true;
    host->net->attachments[host->attachment].up = false;
}

void sim_host_resume(struct sim_host *host, uint64_t asleep_ms, bool counted, uint64_t late_ms,
                     struct mono now)
{
    host->asleep = false;
    host->net->attachments[host->attachment].up = true;
    if (counted) {
        host->timer_at = mono_add_ms(now, late_ms);
    } else {
        host->behind_ns += asleep_ms * NS_PER_MS;
    }
}

void sim_host_move(struct sim_host *host, const struct endpoint *address, struct mono now)
{
    memcpy(host->node.address.ip, address->ip, sizeof(address->ip));
    memcpy(host->net->attachments[host->attachment].address.ip, address->ip, sizeof(address->ip));
    host_node_tell_network(&host->node, own_time(host, now));
}

static void host_sends(void *context, const struct host_node *node)
{
    struct sim_host *host = context;

    send_all(host->net, host->attachment, &node->address, &node->box);
}

static void host_arrived(void *context, const struct packet *packet)
{
    struct sim_host *host = context;
    struct journal *journal = host->net->journal;
    const char *wrong = NULL;

    if (traffic_is_too_big(packet, &host->view)) {
        host->too_big++;
    } else if (traffic_is_refusal(packet, &host->view)) {
        host->refused++;
    } else {
        wrong = traffic_arrived(host->traffic, host->index, &host->view, packet, journal->now);
        host->owed++;
    }

    journal_bytes(journal, "inner", &host->node.address, &host->node.address, packet->data,
                  packet->size);
    host->wrong = host->wrong == NULL ? wrong : host->wrong;
}

void sim_host_init(struct sim_host *host, struct underlay *net, int attachment,
                   const struct host_setup *setup, struct traffic *traffic, uint64_t seed,
                   struct mono now)
{
    struct endpoint address = net->attachments[attachment].address;
    struct identity identity;

    memset(host, 0, sizeof(*host));
    node_env_init(&host->env, setup->name, seed, net->journal);
    host->net = net;
    host->attachment = attachment;
    host->index = setup->index;
    host->name = setup->name;
    host->peer_name = setup->peer_name;
    host->traffic = traffic;
    address.port = setup->port;
    identity = draw_identity(&host->env.ports.rng);
    host_node_init(&host->node, &host->env.ports.env, &identity, &address);
    host->node.prefix_bits = setup->prefix_bits;
    host->node.cfg.mtu = setup->mtu;
    (void)snprintf(host->node.cfg.name, sizeof(host->node.cfg.name), "%s", setup->name);
    host->node.send = host_sends;
    host->node.arrived = host_arrived;
    host->node.context = host;
    host_node_start(&host->node, own_time(host, now));
}

void sim_host_fini(struct sim_host *host)
{
    host_node_fini(&host->node);
}

void sim_host_receive(struct sim_host *host, struct underlay_flying *flying, struct mono now)
{
    struct dgram in = wire_packet_dgram(&flying->packet);

    if (!host_node_has_socket(&host->node, in.local.port)) {
        return; /* a socket that is closed, or of the program before */
    }
    (void)host_node_receive(&host->node, &in, own_time(host, now));
}

void sim_host_expire(struct sim_host *host, struct mono now)
{
    size_t sent;

    if (host->timer_at.ns != 0) { /* the shell has noticed that the machine was asleep */
        host->timer_at.ns = 0;
        host_node_tell_network(&host->node, own_time(host, now));
    }
    sent = host_node_expire(&host->node, own_time(host, now));
    host->idle_steps = idle_after(host->idle_steps, sent, sim_host_deadline(host), now);
}

struct mono sim_host_deadline(const struct sim_host *host)
{
    struct mono at = host_core_deadline(host->node.core);

    if (host->asleep || at.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    at = mono_add_ns(at, host->behind_ns);
    return mono_before(at, host->timer_at) ? host->timer_at : at;
}

const char *sim_host_join(struct sim_host *host, const char *url, struct mono now)
{
    static char error[URL_ERROR_SIZE];

    return host_core_join(host->node.core, url, NULL, error, sizeof(error), own_time(host, now)) ==
                   ERR_OK
               ? NULL
               : error;
}

uint64_t sim_host_add_relay(struct sim_host *host, const struct url *url, struct mono now)
{
    return host_core_add_relay(host->node.core, url, own_time(host, now));
}

const char *sim_host_pin(struct sim_host *host, const struct sim_relay *relay, struct mono now)
{
    static char error[URL_ERROR_SIZE];
    char text[NODE_URL_SIZE], key[KEY_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "relay://%s@%s",
                   key_text(relay->node.identity.public_key, key), relay->node.public_host);
    return pinning_add(host->node.core, text, error, sizeof(error), own_time(host, now)) == ERR_OK
               ? NULL
               : error;
}

void sim_host_name_peer(struct sim_host *host, const struct sim_host *peer, struct mono now)
{
    char key[KEY_TEXT_SIZE], error[URL_ERROR_SIZE];

    CHECK(contacting_add(host->node.core, key_text(peer->node.identity.public_key, key), peer->name,
                         error, sizeof(error), own_time(host, now)) == ERR_OK);
}

bool sim_host_is_home(struct sim_host *host, const struct sim_relay *relay, bool connected,
                      struct mono now)
{
    return host_node_is_home(&host->node, relay->node.identity.public_key, connected,
                             own_time(host, now));
}

void sim_host_peer_at_relay(struct sim_host *host, const struct sim_host *peer, uint64_t number,
                            struct mono now)
{
    (void)host_core_peer_at_relay(host->node.core, peer->node.identity.public_key, number,
                                  own_time(host, now));
}

bool sim_host_is_at(struct sim_host *host, const struct sim_relay *relay, struct mono now)
{
    return host_node_is_at(&host->node, relay->node.public_host, own_time(host, now));
}

bool sim_host_knows(struct sim_host *host, const char *name)
{
    struct host_name_record found;

    return host_core_lookup_name(host->node.core, name, &found);
}

bool sim_host_knows_peer(struct sim_host *host)
{
    struct host_name_record peer;
    struct traffic_view *view = &host->view;
    uint8_t resolver[4];
    uint8_t bits;

    if (!host_core_lookup_name(host->node.core, host->peer_name, &peer) || !peer.has_v4 ||
        !peer.has_v6) {
        return false;
    }
    host_core_addresses(host->node.core, view->own_v4, view->own_v6, resolver, &bits);
    memcpy(view->peer_v4, peer.v4, sizeof(view->peer_v4));
    memcpy(view->peer_v6, peer.v6, sizeof(view->peer_v6));
    host->view_known = true;
    return true;
}

void sim_host_send(struct sim_host *host, size_t mtu, struct rng *rng, struct mono now)
{
    uint8_t bytes[TRAFFIC_PACKET_SIZE_MAX];
    struct packet packet = {.data = bytes};

    packet.size = traffic_make(host->traffic, bytes, host->index, &host->view, mtu, rng, now);
    (void)host_node_packet(&host->node, &packet, own_time(host, now));
}

void sim_host_set_nat(struct sim_host *host, enum nat_name name, const struct guess_ports *ports,
                      struct mono now)
{
    host_core_set_nat(host->node.core, name, ports, own_time(host, now));
}

enum host_path sim_host_path(struct sim_host *host, struct mono now)
{
    const char *state;

    if (host->asleep) {
        return HOST_PATH_NONE;
    }
    state = host_node_path(&host->node, host->peer_name, own_time(host, now));
    if (strcmp(state, "direct") == 0) {
        return HOST_PATH_DIRECT;
    }
    return strcmp(state, "relayed") == 0 ? HOST_PATH_RELAYED : HOST_PATH_NONE;
}

void sim_host_describe(struct sim_host *host, struct mono now)
{
    host_node_describe(&host->node, own_time(host, now));
}
