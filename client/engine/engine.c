/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts a host together from its parts, the lower ones first: store, core, interface without a
 * device, loop, device, underlay; and threads, if they are wanted. They are closed in reverse
 * order, and a part that was never opened may be closed, too.
 */
#include "client/engine/engine.h"

#include "client/core/mapping.h"
#include "client/core/sockets.h"
#include "client/engine/directions.h"
#include "client/engine/interface.h"
#include "client/engine/lifetime_watch.h"
#include "client/engine/loop.h"
#include "client/engine/nat_watch.h"
#include "client/engine/pool_choice.h"
#include "client/engine/pool_watch.h"
#include "client/engine/rule_watch.h"
#include "client/engine/underlay.h"
#include "client/platform/netused.h"
#include "proto/base/bytes.h"
#include "proto/crypto/aead_speed.h"
#include "proto/host/os_env.h"
#include "proto/link/link.h"
#include "proto/router/mapper.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOODBYE_MS = 200 };

struct engine {
    struct store *store;
    struct host_core *core;
    struct interface interface;
    struct loop loop;
    struct underlay underlay;
    struct directions *directions; /* NULL: the loop carries packets, too */
    bool threads_wanted;
    struct mapper *mapper; /* NULL: there is no interface, or the kernel tells no way to a router */
    struct addrplan_pool pool;
    struct pool_watch pool_watch;
    struct rule_watch rule_watch;
    struct nat_watch nat_watch;
    struct lifetime_watch lifetime_watch;
    uint8_t resolver[4];
};

/* What was joined with another key would be refused by every relay, without a word why. */
static int key_check(const struct engine *e, const struct engine_options *options,
                     struct fault *fault)
{
    const uint8_t *key = options->identity->public_key;
    uint8_t other[KEY_SIZE];
    char text[KEY_SHORT_SIZE];
    char other_text[KEY_SHORT_SIZE];
    bool same = true;
    int rc = host_core_key_check(e->store, key, other, &same);

    if (rc != ERR_OK || same) {
        return rc;
    }
    fault_set(fault, EXIT_CODE_USAGE,
              "this host's key is %s..., but what is in %.150s was joined with the key %s...: put "
              "that key back from a copy; or, to begin as a new host, remove the folder and join "
              "again with an invite",
              key_short(key, text), options->store_path, key_short(other, other_text));
    return ERR_DROP;
}

static void on_used(void *context, const struct netused *used)
{
    pool_choice_strike(context, used);
}

/* At the first start: a pool that hides nothing of this machine. A host of before, which has an
 * address already, keeps the pool of before. */
static struct addrplan_pool pool_first(struct engine *e, const struct engine_options *options)
{
    struct pool_choice choice = {0};
    uint8_t v4[4];
    size_t size = STORE_NONE;
    struct addrplan_pool pool;
    size_t routes;
    int rc = store_read_sized(e->store, STORE_TABLE_ADDRESS_BOOK, options->identity->public_key,
                              KEY_SIZE, v4, sizeof(v4), sizeof(v4), &size);

    if (rc != ERR_OK || size != STORE_NONE) {
        return ADDRPLAN_POOL_DEFAULT;
    }
    if (netused_look("", on_used, &choice, &routes) != ERR_OK) {
        env_trace(options->env, TRACE_LEVEL_WARN, "pool.unknown",
                  "cannot look which IPv4 networks this machine uses");
    }
    (void)pool_choice_take(&choice, &pool); /* if all are in use, pool_watch tells */
    return pool;
}

static int pool_decide(struct engine *e, const struct engine_options *options)
{
    int rc = ERR_OK;

    e->pool = (struct addrplan_pool){.base = be32_read(options->pool),
                                     .prefix_bits = options->pool_prefix};
    if (options->pool_prefix == 0 && !pool_choice_read(e->store, &e->pool, &rc) && rc == ERR_OK) {
        e->pool = pool_first(e, options);
        rc = pool_choice_write(e->store, &e->pool);
    }
    if (options->pool_prefix == 0 && e->pool.base != ADDRPLAN_POOL_DEFAULT.base) {
        char text[ADDRPLAN_POOL_TEXT_SIZE];

        env_trace(options->env, TRACE_LEVEL_INFO, "pool.chosen",
                  "peers have IPv4 addresses of %s here, because 100.64.0.0/10 was in use at the "
                  "first start",
                  addrplan_pool_text(&e->pool, text));
    }
    return rc;
}

/* What is offered to peers. The fastest is measured only for a host that will have some. */
static struct aead_list aeads_of(const struct engine_options *options)
{
    struct aead_list list = {.count = 0};

    if (options->cipher != AEAD_NONE && aead_available(options->cipher)) {
        list.ids[list.count++] = (uint8_t)options->cipher;
        if (options->cipher != AEAD_CHACHA20_POLY1305) {
            list.ids[list.count++] = AEAD_CHACHA20_POLY1305; /* that everybody has */
        }
        return list;
    }
    if (options->cipher != AEAD_NONE) {
        env_trace(options->env, TRACE_LEVEL_WARN, "cipher.unavailable",
                  "this CPU or libsodium cannot do %s (cipher in %s), so the fastest is taken",
                  aead_name(options->cipher), options->config_path);
    }
    if (options->interface != NULL) {
        list = aead_list_by_speed(clock_mono);
        env_trace(options->env, TRACE_LEVEL_DEBUG, "cipher.fastest", "cipher=%s",
                  aead_name((enum aead)list.ids[0]));
    }
    return list;
}

static int core_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    struct host_config config = {.identity = options->identity,
                                 .mtu = options->mtu,
                                 .lanes = options->lanes,
                                 .aeads = aeads_of(options)};
    char error[256] = "";
    uint8_t v4[4];
    uint8_t v6[16];
    uint8_t prefix;
    int rc;

    (void)snprintf(config.name, sizeof(config.name), "%s", options->name);
    if (options->fixed_count > 0) { /* else it may be NULL */
        memcpy(config.fixed, options->fixed, options->fixed_count * sizeof(config.fixed[0]));
    }
    config.fixed_count = options->fixed_count;
    rc = store_lmdb_open(&e->store, options->store_path, options->env, error, sizeof(error));
    if (rc != ERR_OK) {
        fault_set(fault, fault_path_code(errno), "%s", error);
        return rc;
    }
    rc = key_check(e, options, fault);
    if (rc == ERR_DROP) {
        return rc;
    }
    rc = pool_decide(e, options);
    be32_write(config.pool, e->pool.base);
    config.pool_bits = e->pool.prefix_bits;
    if (rc == ERR_OK) {
        rc = host_core_new(&e->core, &config, e->store, options->env, clock_mono());
    }
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "cannot start from the state in %s (%s); the log says more", options->store_path,
                  err_name(rc));
        return rc;
    }
    host_core_set_guessing(e->core, !options->no_guesses);
    host_core_addresses(e->core, v4, v6, e->resolver, &prefix);
    if (memcmp(options->resolver, "\0\0\0\0", 4) != 0) {
        memcpy(e->resolver, options->resolver, 4);
    }
    return ERR_OK;
}

static int device_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    struct interface_options interface = {.name = options->interface,
                                          .mtu = options->mtu,
                                          .queues = options->threads > 0 ? options->threads : 1,
                                          .fixed = options->fixed,
                                          .fixed_count = options->fixed_count,
                                          .gone = options->interface_gone,
                                          .context = options->context};

    memcpy(interface.resolver, e->resolver, sizeof(interface.resolver));
    return options->interface == NULL
               ? ERR_OK
               : interface_open(&e->interface, &interface, e->loop.pump, fault);
}

static void on_mapping(void *context)
{
    struct engine *e = context;
    enum portmap_protocol protocol;
    const struct endpoint *external = mapper_external(e->mapper, &protocol);

    host_core_mapped(e->core, external != NULL ? external->port : 0, clock_mono());
    pump_kick(e->loop.pump);
}

/* Without it is fine, too. */
static void mapper_begin(struct engine *e, const struct engine_options *options)
{
    const struct mapper_options mapper = {
        .loop = options->loop,
        .env = options->env,
        .context = e,
        .changed = on_mapping,
        .local = {.port = udp_batch_local(e->loop.udp)->port},
        .identity = options->identity,
        .mode = options->portmap,
    };

    if (options->interface != NULL && mapper_open(&e->mapper, &mapper) != ERR_OK) {
        env_trace(options->env, TRACE_LEVEL_WARN, "portmap.off",
                  "the way to the router is not known: no port is mapped");
    }
}

/* Open the parts, each after those that it needs. What was opened before an error stays open. */
static int parts_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    int rc = core_open(e, options, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = interface_init(&e->interface, options->loop, options->env, e->core);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    rc = loop_open(&e->loop, options->loop, e->core, &e->interface, options->listen_port,
                   options->fair_queue, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = device_open(e, options, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    if (options->interface != NULL && options->lan) {
        lan_link_open(&e->loop.lan, options->loop, options->env, e->core, e->loop.pump);
    }
    pool_watch_init(&e->pool_watch, options->env, &e->interface, &e->pool, options->config_path);
    rule_watch_open(&e->rule_watch, options->env, &e->interface);
    rc = underlay_open(&e->underlay, options->loop, options->env, &e->loop, &e->pool_watch,
                       &e->rule_watch, fault);
    if (rc == ERR_OK && options->interface != NULL) {
        nat_watch_open(&e->nat_watch, options->loop, options->env, e->core);
        lifetime_watch_open(&e->lifetime_watch, options->loop, options->env, e->core, e->loop.pump);
    }
    return rc;
}

int engine_open(struct engine **out, const struct engine_options *options, struct fault *fault)
{
    struct engine *e = calloc(1, sizeof(*e));
    int rc;

    *out = NULL;
    if (e == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    rc = link_library_init(options->env);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the TLS library failed its self-test; rebuild it with deploy/setup --fresh");
        free(e);
        return rc;
    }
    rc = parts_open(e, options, fault);
    if (rc != ERR_OK) {
        engine_close(e);
        return rc;
    }
    e->threads_wanted = options->threads > 0;
    mapper_begin(e, options);
    nat_watch_use_mapper(&e->nat_watch, e->mapper, options->portmap == PORTMAP_MODE_OFF);
    *out = e;
    return ERR_OK;
}

int engine_threads_start(struct engine *e, int first_fd, struct fault *fault)
{
    const struct directions_options options = {.loop = e->interface.loop,
                                               .core = e->core,
                                               .interface = &e->interface,
                                               .pump = e->loop.pump,
                                               .udp = e->loop.udp,
                                               .first_fd = first_fd};

    return e->interface.tun == NULL || !e->threads_wanted
               ? ERR_OK
               : directions_start(&e->directions, &options, fault);
}

void engine_close(struct engine *e)
{
    if (e == NULL) {
        return;
    }
    directions_stop(e->directions);
    if (e->core != NULL && e->loop.pump != NULL) {
        host_core_shutdown(e->core);
        pump_drain(e->loop.pump, GOODBYE_MS);
    }
    lifetime_watch_close(&e->lifetime_watch);
    nat_watch_close(&e->nat_watch);
    mapper_close(e->mapper);
    underlay_close(&e->underlay);
    rule_watch_close(&e->rule_watch);
    loop_close(&e->loop);
    interface_close(&e->interface);
    host_core_free(e->core);
    store_close(e->store);
    link_library_fini();
    free(e);
}

struct store *engine_store(const struct engine *engine)
{
    return engine->store;
}

struct host_core *engine_core(struct engine *engine)
{
    return engine->core;
}

struct nat_watch *engine_nat(struct engine *engine)
{
    return &engine->nat_watch;
}

struct lifetime_watch *engine_lifetime(struct engine *engine)
{
    return &engine->lifetime_watch;
}

void engine_kick(struct engine *engine)
{
    pump_kick(engine->loop.pump);
}

struct engine_facts engine_facts(const struct engine *e)
{
    struct engine_facts facts = {.port = udp_batch_local(e->loop.udp)->port,
                                 .ipv6_off = e->interface.ipv6_off,
                                 .interface_down = e->interface.down,
                                 .pool = e->pool,
                                 .pool_advice = e->pool_watch.advice,
                                 .rule_advice = e->rule_watch.advice};

    if (e->mapper != NULL) {
        (void)mapper_text(e->mapper, facts.portmap);
        facts.portmap_proven = host_core_mapped_is_proven(e->core);
    }
    memcpy(facts.resolver, e->resolver, sizeof(facts.resolver));
    if (e->interface.tun != NULL) {
        facts.tun = tun_counters(e->interface.tun);
    }
    return facts;
}
