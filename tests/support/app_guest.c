/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets of memory, a NAT, and the loop that stun2.h describes. */
#include "tests/support/app_guest.h"

#include "proto/base/bytes.h"
#include "proto/crypto/key_form.h"

#include <stdio.h>
#include <string.h>

enum { PORT = 50000 };

/* ---- the net ---- */

static void draw(void *context, void *bytes, size_t size)
{
    const struct test_env *ports = context;

    ports->env.random(ports->env.context, bytes, size);
}

static uint64_t wall_ms(void *context)
{
    return test_env_wall_ms(context);
}

static void note(void *context, enum stun2_log_level level, const char *event, const char *text)
{
    const struct test_env *ports = context;

    ports->env.trace(ports->env.context, (enum trace_level)level, event, text);
}

struct relay_net *app_net_new(size_t relays, uint64_t seed)
{
    struct relay_net *net = relay_net_new(relays, seed);
    const struct stun2_ports ports = {.size = sizeof(ports),
                                      .context = &net->ports,
                                      .random = draw,
                                      .wall_ms = wall_ms,
                                      .log = note};

    CHECK(stun2_init(&ports) == STUN2_OK);
    if (relays > 1) {
        relay_net_peers(net);
    }
    for (size_t i = 0; i < relays; i++) {
        struct relay_config *cfg = &net->nodes[i].cfg;

        relay_node_set_open(&net->nodes[i]);
        cfg->pools.apps_count = 1;
        cfg->pools.limit = 500;
        (void)snprintf(cfg->pools.apps[0], sizeof(cfg->pools.apps[0]), "chat");
    }
    relay_net_start(net);
    relay_net_run(net, 20000);
    return net;
}

void app_net_free(struct relay_net *net)
{
    stun2_fini();
    relay_net_free(net);
}

/* ---- the wire ---- */

uint64_t app_guest_now(const struct app_guest *app)
{
    return app->net->now.ns;
}

static struct endpoint endpoint_of(const struct stun2_address *address)
{
    return endpoint_v6(address->ip, address->port);
}

static struct stun2_address address_of(const struct endpoint *endpoint)
{
    struct stun2_address address = {.port = endpoint->port};

    memcpy(address.ip, endpoint->ip, sizeof(address.ip));
    return address;
}

static bool is_in_lan(const struct endpoint *address)
{
    return endpoint_is_v4(address) && address->ip[12] == 192 && address->ip[13] == 168;
}

static void send_out(struct app_guest *app, uint16_t port, const struct stun2_address *to,
                     const uint8_t *data, size_t size, uint8_t hops)
{
    struct stun2_address inside = app->local[0];
    struct endpoint from, remote = endpoint_of(to);

    inside.port = port == 0 ? app->local[0].port : port;
    from = endpoint_of(&inside);
    app->sent++;
    app->bytes += size;
    if (app->lan && is_in_lan(&remote) && !app->blocked) {
        wire_send(&app->net->wire, &from, &remote, data, size, app->net->now);
    } else if (!app->blocked &&
               nat_outbound(&app->nat, &from, &remote, &from, app->net->now) == NAT_PASSED &&
               hops == 0) {
        wire_send(&app->net->wire, &from, &remote, data, size, app->net->now);
    }
}

void app_guest_settle(struct app_guest *app)
{
    struct stun2_datagram out;
    struct stun2_event event;

    while (stun2_transmit(app->agent, &out, app_guest_now(app)) == 1) {
        send_out(app, out.local.port, &out.remote, out.data, out.size, out.hops);
    }
    while (stun2_event(app->agent, &event, sizeof(event)) == 1) {
        CHECK(app->events_count < APP_GUEST_EVENTS_MAX);
        app->events[app->events_count++] = event;
        if (event.type == STUN2_EVENT_ASKED && app->says_yes) {
            CHECK(stun2_answer(app->agent, event.punch, 1, app_guest_now(app)) == STUN2_OK);
            app_guest_settle(app);
        }
    }
}

static bool owns(void *context, const struct endpoint *to)
{
    const struct app_guest *app = context;
    struct endpoint own = endpoint_of(&app->local[0]);

    return endpoint_same_ip(to, app->nat.kind.translates ? &app->nat.address : &own) ||
           (app->lan && endpoint_same_ip(to, &own));
}

static void keep(struct app_guest *app, const struct stun2_datagram *in)
{
    struct app_guest_got *got = &app->got[app->got_count];

    if (app->got_count < APP_GUEST_GOT_MAX && in->size <= APP_GUEST_DATA_SIZE) {
        got->from = in->remote;
        got->size = in->size;
        memcpy(got->data, in->data, in->size);
        app->got_count++;
    }
}

static void receive(void *context, struct dgram *in)
{
    struct app_guest *app = context;
    struct endpoint at = in->local;
    struct stun2_datagram dgram;

    if (app->agent == NULL || app->blocked ||
        (!is_in_lan(&at) &&
         nat_inbound(&app->nat, &at, &in->remote, &at, app->net->now) != NAT_PASSED)) {
        return;
    }
    dgram = (struct stun2_datagram){.local = address_of(&at),
                                    .remote = address_of(&in->remote),
                                    .data = in->data,
                                    .size = in->size};
    if (stun2_receive(app->agent, &dgram, app_guest_now(app)) == 0) {
        keep(app, &dgram);
    }
    app_guest_settle(app);
}

static struct mono deadline(void *context)
{
    const struct app_guest *app = context;

    return app->agent == NULL ? MONO_NEVER : (struct mono){stun2_deadline(app->agent)};
}

static void turn(void *context)
{
    struct app_guest *app = context;

    stun2_expire(app->agent, app_guest_now(app));
    app_guest_settle(app);
}

/* ---- the application ---- */

void app_guest_init(struct app_guest *app, struct relay_net *net, uint8_t number,
                    const struct nat_kind *kind)
{
    const uint8_t seed[STUN2_SEED_SIZE] = {77, number};
    const uint8_t outside_ip[4] = {203, 0, number, 10}, inside_ip[4] = {192, 168, number, 2};
    const struct endpoint outside = endpoint_v4(outside_ip, 0);
    const struct endpoint inside = endpoint_v4(kind->translates ? inside_ip : outside_ip, PORT);
    const struct stun2_options options = {.size = sizeof(options), .seed = seed};

    memset(app, 0, sizeof(*app));
    app->net = net;
    nat_init(&app->nat, kind, &outside, &net->ports.rng);
    for (size_t i = 0; i < APP_GUEST_SOCKETS; i++) {
        app->local[i] = address_of(&inside);
        app->local[i].port = (uint16_t)(app->local[i].port + i);
    }
    CHECK(stun2_new(&app->agent, &options, app_guest_now(app)) == STUN2_OK);
    app->guest = (struct relay_net_guest){
        .context = app, .owns = owns, .receive = receive, .deadline = deadline, .turn = turn};
    relay_net_guest_add(net, &app->guest);
}

void app_guest_fini(struct app_guest *app)
{
    stun2_free(app->agent);
    app->agent = NULL;
}

void app_guest_relay(struct app_guest *app, size_t i)
{
    char url[STUN2_TEXT_SIZE], key[KEY_TEXT_SIZE], at[ENDPOINT_TEXT_SIZE];
    uint64_t relay;

    (void)snprintf(url, sizeof(url), "relay://%s@%s", key_text(relay_net_key(app->net, i), key),
                   endpoint_text(&app->net->nodes[i].address, at));
    CHECK(stun2_relay_add(app->agent, url, &relay, NULL, app_guest_now(app)) == STUN2_OK);
    app->relay = app->relay == 0 ? relay : app->relay;
    app_guest_settle(app);
}

void app_guest_measure(struct app_guest *app)
{
    const struct stun2_report_options options = {.size = sizeof(options),
                                                 .ip4 = &app->local[APP_GUEST_REPORT]};

    CHECK(stun2_report_begin(app->agent, &options, app_guest_now(app)) == STUN2_OK);
    app_guest_settle(app);
    relay_net_run(app->net, 4000);
}

void app_guest_send(struct app_guest *app, const struct stun2_address *to, const char *text)
{
    send_out(app, 0, to, (const uint8_t *)text, strlen(text), 0);
}

/* ---- what it was told ---- */

const struct stun2_event *app_guest_event(const struct app_guest *app, enum stun2_event_type type)
{
    for (size_t i = app->events_count; i > 0; i--) {
        if (app->events[i - 1].type == type) {
            return &app->events[i - 1];
        }
    }
    return NULL;
}

size_t app_guest_count(const struct app_guest *app, enum stun2_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < app->events_count; i++) {
        count += app->events[i].type == type ? 1 : 0;
    }
    return count;
}

void app_guest_forget(struct app_guest *app)
{
    app->events_count = 0;
    app->got_count = 0;
}

bool app_guest_has(const struct app_guest *app, const struct stun2_address *from, const char *text)
{
    for (size_t i = 0; i < app->got_count; i++) {
        const struct app_guest_got *got = &app->got[i];

        if (got->size == strlen(text) && memcmp(got->data, text, got->size) == 0 &&
            got->from.port == from->port && memcmp(got->from.ip, from->ip, 16) == 0) {
            return true;
        }
    }
    return false;
}
