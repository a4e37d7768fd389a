/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/node.h"

#include "proto/base/bytes.h"

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

static void send_all(struct underlay *net, int attachment, const struct endpoint *from,
                     struct outbox *box, struct mono now)
{
    for (size_t i = 0; i < box->items_count; i++) {
        const struct outbox_item *item = &box->items[i];

        underlay_send(net, attachment, from, &item->remote, box->bytes + item->offset, item->size,
                      now);
    }
    outbox_clear(box);
}

static void draw_identity(struct identity *identity, struct rng *rng)
{
    uint8_t seed[IDENTITY_SEED_SIZE];

    rng_fill(rng, seed, sizeof(seed));
    identity_from_seed(identity, seed);
}

/* ---- the relay ---- */

void relay_node_init(struct relay_node *relay, struct underlay *net, int attachment, uint64_t seed)
{
    memset(relay, 0, sizeof(*relay));
    node_env_init(&relay->env, "relay", seed, net->journal);
    relay->net = net;
    relay->attachment = attachment;
    relay->address = net->attachments[attachment].address;
    relay->address.port = RELAY_PORT;
    draw_identity(&relay->identity, &relay->env.ports.rng);
    draw_identity(&relay->ziglan_identity, &relay->env.ports.rng);
    (void)endpoint_text(&relay->address, relay->public_host);
    relay->cfg = (struct relay_config){
        .identity = &relay->identity,
        .ziglan_identity = &relay->ziglan_identity,
        .ziglan_name = "home",
        .public_hosts = relay->public_host,
    };
    CHECK(store_memory_new(&relay->store) == ERR_OK);
    CHECK(outbox_init(&relay->box, 1 << 20, 1024) == ERR_OK);
}

void relay_node_fini(struct relay_node *relay)
{
    relay_node_stop(relay);
    store_close(relay->store);
    outbox_fini(&relay->box);
    identity_wipe(&relay->identity);
    identity_wipe(&relay->ziglan_identity);
}

void relay_node_start(struct relay_node *relay, struct mono now)
{
    CHECK(relay_core_new(&relay->core, &relay->cfg, relay->store, &relay->env.ports.env, now) ==
          ERR_OK);
    relay->net->attachments[relay->attachment].up = true;
}

void relay_node_stop(struct relay_node *relay)
{
    relay_core_free(relay->core);
    relay->core = NULL;
    relay->net->attachments[relay->attachment].up = false;
}

static struct relay_watched *watched_find(struct relay_node *relay, const struct endpoint *address)
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

static size_t relay_pump(struct relay_node *relay, struct mono now)
{
    size_t total = 0;
    size_t count;

    do {
        relay_core_transmit(relay->core, &relay->box, now);
        count = relay->box.items_count;
        for (size_t i = 0; i < count; i++) {
            struct relay_watched *w = watched_find(relay, &relay->box.items[i].remote);

            w->out_bytes += relay->box.items[i].size;
            if (!w->proved && w->out_bytes > 3 * w->in_bytes) {
                relay->amplified += w->out_bytes - 3 * w->in_bytes;
            }
        }
        total += count;
        send_all(relay->net, relay->attachment, &relay->address, &relay->box, now);
    } while (count > 0);
    return total;
}

void relay_node_reached(struct relay_node *relay, const struct endpoint *address, struct mono now)
{
    struct relay_watched *w = watched_find(relay, address);

    w->reached_at = mono_min(w->reached_at, now);
}

void relay_node_receive(struct relay_node *relay, struct underlay_flying *flying, struct mono now)
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
    relay_core_receive(relay->core, &in, now);
    (void)relay_pump(relay, now);
}

static unsigned idle_after(unsigned idle_steps, size_t sent, struct mono deadline, struct mono now)
{
    return sent == 0 && mono_due(deadline, now) ? idle_steps + 1 : 0;
}

void relay_node_expire(struct relay_node *relay, struct mono now)
{
    relay_core_expire(relay->core, now);
    size_t sent = relay_pump(relay, now);
    relay->idle_steps = idle_after(relay->idle_steps, sent, relay_node_deadline(relay), now);
}

struct mono relay_node_deadline(const struct relay_node *relay)
{
    return relay->core == NULL ? MONO_NEVER : relay_core_deadline(relay->core);
}

/* ---- hosts ---- */

/* What the host's own clock says. */
static struct mono own_time(const struct host_node *host, struct mono now)
{
    return (struct mono){now.ns - host->behind_ns};
}

static void tell_network(struct host_node *host, struct mono now)
{
    struct host_local_addr addr = {.prefix_bits = host->setup.prefix_bits};

    memcpy(addr.ip, host->address.ip, sizeof(addr.ip));
    host_core_network(host->core, &addr, 1, host->address.port, own_time(host, now));
}

static void host_start(struct host_node *host, struct mono now)
{
    struct host_config cfg = {.identity = &host->identity, .mtu = host->setup.mtu};

    (void)snprintf(cfg.name, sizeof(cfg.name), "%s", host->name);
    CHECK(host_core_new(&host->core, &cfg, host->store, &host->env.ports.env,
                        own_time(host, now)) == ERR_OK);
    tell_network(host, now);
}

void host_node_restart(struct host_node *host, struct mono now)
{
    host_core_free(host->core);
    host_start(host, now);
}

void host_node_suspend(struct host_node *host)
{
    host->asleep = true;
    host->net->attachments[host->attachment].up = false;
}

void host_node_resume(struct host_node *host, uint64_t asleep_ms, bool counted, uint64_t late_ms,
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

void host_node_move(struct host_node *host, const struct endpoint *address, struct mono now)
{
    memcpy(host->address.ip, address->ip, sizeof(host->address.ip));
    memcpy(host->net->attachments[host->attachment].address.ip, address->ip, sizeof(address->ip));
    tell_network(host, now);
}

void host_node_init(struct host_node *host, struct underlay *net, int attachment,
                    const struct host_setup *setup, struct traffic *traffic, uint64_t seed,
                    struct mono now)
{
    memset(host, 0, sizeof(*host));
    node_env_init(&host->env, setup->name, seed, net->journal);
    host->net = net;
    host->attachment = attachment;
    host->setup = *setup;
    host->index = setup->index;
    host->name = setup->name;
    host->peer_name = setup->peer_name;
    host->traffic = traffic;
    host->address = net->attachments[attachment].address;
    host->address.port = setup->port;
    draw_identity(&host->identity, &host->env.ports.rng);
    CHECK(outbox_init(&host->box, 1 << 20, 1024) == ERR_OK);
    CHECK(packet_box_init(&host->tun, 1 << 20, 1024) == ERR_OK);
    CHECK(store_memory_new(&host->store) == ERR_OK);
    host_start(host, now);
}

void host_node_fini(struct host_node *host)
{
    host_core_free(host->core);
    store_close(host->store);
    outbox_fini(&host->box);
    packet_box_fini(&host->tun);
    identity_wipe(&host->identity);
}

static size_t tun_flush(struct host_node *host, struct mono now)
{
    size_t count = host->tun.items_count;

    for (size_t i = 0; i < count; i++) {
        const struct packet *p = &host->tun.items[i];
        const char *wrong = traffic_arrived(host->traffic, host->index, &host->view, p, now);

        journal_bytes(host->net->journal, "inner", &host->address, &host->address, p->data,
                      p->size);
        host->wrong = host->wrong == NULL ? wrong : host->wrong;
    }
    packet_box_clear(&host->tun);
    return count;
}

/* What a call has appended leaves first, then what the sessions want to send. */
static size_t host_pump(struct host_node *host, struct mono now)
{
    struct host_io io = {&host->box, &host->tun};
    size_t total = tun_flush(host, now);
    size_t count;

    do {
        count = host->box.items_count;
        total += count;
        send_all(host->net, host->attachment, &host->address, &host->box, now);
        host_core_transmit(host->core, &io, own_time(host, now));
        total += tun_flush(host, now);
    } while (host->box.items_count > 0);
    return total;
}

void host_node_receive(struct host_node *host, struct underlay_flying *flying, struct mono now)
{
    struct host_io io = {&host->box, &host->tun};
    struct dgram in = wire_packet_dgram(&flying->packet);

    host_core_receive(host->core, &in, &io, own_time(host, now));
    (void)host_pump(host, now);
}

void host_node_expire(struct host_node *host, struct mono now)
{
    struct host_io io = {&host->box, &host->tun};

    if (host->timer_at.ns != 0) { /* the shell has noticed that the machine was asleep */
        host->timer_at.ns = 0;
        tell_network(host, now);
    }
    host_core_expire(host->core, &io, own_time(host, now));
    size_t sent = host_pump(host, now);
    host->idle_steps = idle_after(host->idle_steps, sent, host_node_deadline(host), now);
}

struct mono host_node_deadline(const struct host_node *host)
{
    struct mono at = host_core_deadline(host->core);

    if (host->asleep || at.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    at = mono_add_ns(at, host->behind_ns);
    return mono_before(at, host->timer_at) ? host->timer_at : at;
}

const char *host_node_join(struct host_node *host, const char *url, struct mono now)
{
    static char error[URL_ERROR_SIZE];

    return host_core_join(host->core, url, NULL, error, sizeof(error), own_time(host, now)) ==
                   ERR_OK
               ? NULL
               : error;
}

bool host_node_knows(struct host_node *host, const char *name)
{
    struct host_name_record found;

    return host_core_lookup_name(host->core, name, &found);
}

bool host_node_knows_peer(struct host_node *host)
{
    struct host_name_record peer;
    struct traffic_view *view = &host->view;
    uint8_t resolver[4];
    uint8_t bits;

    if (!host_core_lookup_name(host->core, host->peer_name, &peer) || !peer.has_v4 ||
        !peer.has_v6) {
        return false;
    }
    host_core_addresses(host->core, view->own_v4, view->own_v6, resolver, &bits);
    memcpy(view->peer_v4, peer.v4, sizeof(view->peer_v4));
    memcpy(view->peer_v6, peer.v6, sizeof(view->peer_v6));
    host->view_known = true;
    return true;
}

void host_node_send(struct host_node *host, size_t mtu, struct rng *rng, struct mono now)
{
    uint8_t bytes[TRAFFIC_PACKET_SIZE_MAX];
    struct host_io io = {&host->box, &host->tun};
    struct packet packet = {.data = bytes};

    packet.size = traffic_make(host->traffic, bytes, host->index, &host->view, mtu, rng, now);
    host_core_packets(host->core, &packet, 1, &io, own_time(host, now));
    (void)host_pump(host, now);
}

static json_t *ask(struct host_node *host, struct mono now)
{
    json_t *request = json_pack("{s:s}", "do", "peers");
    json_t *answer = host_core_admin(host->core, request, own_time(host, now));

    json_decref(request);
    return answer;
}

enum host_path host_node_path(struct host_node *host, struct mono now)
{
    enum host_path path = HOST_PATH_NONE;
    json_t *answer;
    json_t *peer;
    size_t i;

    if (host->asleep) {
        return path;
    }
    answer = ask(host, now);
    json_array_foreach(json_object_get(answer, "peers"), i, peer)
    {
        const char *name = json_string_value(json_object_get(peer, "name"));
        const char *state = json_string_value(json_object_get(peer, "state"));

        if (name == NULL || state == NULL || strcmp(name, host->peer_name) != 0) {
            continue;
        }
        if (strcmp(state, "direct") == 0) {
            path = HOST_PATH_DIRECT;
        } else if (strcmp(state, "relayed") == 0) {
            path = HOST_PATH_RELAYED;
        }
    }
    json_decref(answer);
    return path;
}

void host_node_describe(struct host_node *host, struct mono now)
{
    json_t *answer = ask(host, now);
    char *text = json_dumps(answer, JSON_COMPACT);

    fprintf(stderr, "  %s: %s\n", host->name, text == NULL ? "" : text);
    free(text);
    json_decref(answer);
}
