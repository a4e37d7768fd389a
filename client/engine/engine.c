/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts a host together from its parts, the lower ones first: store, core, interface without a
 * device, loop, device, underlay. They are closed in reverse order, and a part that was never
 * opened may be closed, too.
 */
#include "client/engine/engine.h"

#include "client/engine/interface.h"
#include "client/engine/loop.h"
#include "client/engine/underlay.h"
#include "proto/host/os_env.h"
#include "proto/link/link.h"
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

static int core_open(struct engine *e, const struct engine_options *options, struct fault *fault)
{
    struct host_config config = {
        .identity = options->identity, .pool_bits = options->pool_prefix, .mtu = options->mtu};
    char error[256] = "";
    uint8_t v4[4];
    uint8_t v6[16];
    uint8_t prefix;
    int rc;

    (void)snprintf(config.name, sizeof(config.name), "%s", options->name);
    memcpy(config.pool, options->pool, sizeof(config.pool));
    memcpy(config.fixed, options->fixed, options->fixed_count * sizeof(config.fixed[0]));
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
    rc = host_core_new(&e->core, &config, e->store, options->env, clock_mono());
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "cannot start from the state in %s (%s); the log says more", options->store_path,
                  err_name(rc));
        return rc;
    }
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
                                          .fixed = options->fixed,
                                          .fixed_count = options->fixed_count,
                                          .gone = options->interface_gone,
                                          .context = options->context};

    memcpy(interface.resolver, e->resolver, sizeof(interface.resolver));
    return options->interface == NULL
               ? ERR_OK
               : interface_open(&e->interface, &interface, e->loop.pump, fault);
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
    rc = loop_open(&e->loop, options->loop, e->core, &e->interface, options->listen_port, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = device_open(e, options, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    return underlay_open(&e->underlay, options->loop, options->env, &e->loop, fault);
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
    *out = e;
    return ERR_OK;
}

void engine_close(struct engine *e)
{
    if (e == NULL) {
        return;
    }
    if (e->core != NULL && e->loop.pump != NULL) {
        host_core_shutdown(e->core, clock_mono());
        pump_drain(e->loop.pump, GOODBYE_MS);
    }
    underlay_close(&e->underlay);
    loop_close(&e->loop);
    interface_close(&e->interface);
    host_core_free(e->core);
    store_close(e->store);
    link_library_fini();
    free(e);
}

struct host_core *engine_core(struct engine *engine)
{
    return engine->core;
}

void engine_kick(struct engine *engine)
{
    pump_kick(engine->loop.pump);
}

struct engine_facts engine_facts(const struct engine *e)
{
    struct engine_facts facts = {.port = udp_batch_local(e->loop.udp)->port,
                                 .ipv6_off = e->interface.ipv6_off,
                                 .interface_down = e->interface.down};

    memcpy(facts.resolver, e->resolver, sizeof(facts.resolver));
    if (e->interface.tun != NULL) {
        facts.tun = *tun_counters(e->interface.tun);
    }
    return facts;
}
