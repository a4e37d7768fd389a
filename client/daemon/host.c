/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lock is taken before anything is changed, and let go after device and store are closed. So
 * whoever gets it finds both free.
 */
#include "client/daemon/host.h"

#include "client/core/contacting.h"
#include "client/core/homing.h"
#include "client/core/pinning.h"
#include "client/daemon/setup.h"
#include "proto/base/config_text.h"
#include "proto/host/file.h"
#include "proto/host/log_forms.h"
#include "proto/host/process.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS_AUTO_MAX = 4,
    FILES_MIN = 18, /* 13 all the time, 2 for metrics, and some for look-ups and for clients */
};

/* Threads carry more where cores are free, above all both ways at once, and cost a tenth more where
 * none is (docs/benchmarks.md). Below four the programs that talk need them. */
static unsigned threads_count(const struct client_config *config)
{
    unsigned cores = process_cores();

    if (config->threads != CONFIG_TEXT_AUTO) {
        return config->threads;
    }
    return cores / 4 < THREADS_AUTO_MAX ? cores / 4 : THREADS_AUTO_MAX;
}

static int lock_take(struct host *host, struct fault *fault)
{
    const struct place *place = host->place;
    int rc = file_dir_create(place->state, 0700, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = file_lock(&host->lock, place->lock, fault);
    if (rc == ERR_LIMIT) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the interface %s is up already, or another command is at work on it; see: sudo "
                  "ziglan status%s",
                  place->interface, place->flag);
    }
    return rc;
}

static int engine_start(struct host *host, const struct host_options *options, struct fault *fault)
{
    const struct client_config *config = host->config;
    char name[NAME_TEXT_SIZE];
    struct engine_options engine = {.loop = host->loop,
                                    .env = os_env_port(host->os),
                                    .identity = &host->identity,
                                    .name = name,
                                    .fixed = config->fixed,
                                    .fixed_count = config->fixed_count,
                                    .pool_prefix = config->pool_prefix,
                                    .mtu = config->mtu,
                                    .listen_port = config->listen_port,
                                    .portmap = config->portmap,
                                    .lan = config->lan,
                                    .lanes = config->lanes,
                                    .fair_queue = config->fair_queue,
                                    .threads = threads_count(config),
                                    .cipher = config->cipher,
                                    .no_guesses = !config->guess_ports,
                                    .store_path = host->place->store,
                                    .config_path = host->place->config,
                                    .interface =
                                        options->with_interface ? host->place->interface : NULL,
                                    .interface_gone = options->interface_gone,
                                    .context = options->context};

    setup_wanted_name(name, options->name, config);
    memcpy(engine.pool, config->pool, sizeof(engine.pool));
    memcpy(engine.resolver, config->dns_address, sizeof(engine.resolver));
    return engine_open(&host->engine, &engine, fault);
}

static void warnings_tell(const struct host *host)
{
    const struct client_config *config = host->config;

    for (size_t i = 0; i < config->warnings_count; i++) {
        env_trace(os_env_port(host->os), TRACE_LEVEL_WARN, "config", "%s", config->warnings[i]);
    }
}

/* Configuration, log, lock and identity. */
static int state_open(struct host *host, const struct host_options *options, struct fault *fault)
{
    int rc = setup_config_load(&host->config, host->place, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    fault_set(fault, EXIT_CODE_FAILURE, "out of memory"); /* unless a later step says more */
    rc = os_env_new(&host->os, host->config->log_level);
    if (rc != ERR_OK) {
        return rc;
    }
    os_env_set_sayings(host->os, options->sayings);
    os_env_set_forms(host->os, &log_forms, false);
    warnings_tell(host);
    if (!options->with_interface && host->config->log_level != TRACE_LEVEL_DEBUG) {
        os_env_set_level(host->os, TRACE_LEVEL_ERROR); /* the verb itself tells what happened */
    }
    rc = files_check(FILES_MIN + threads_count(host->config), fault);
    if (rc == ERR_OK) {
        rc = lock_take(host, fault);
    }
    if (rc == ERR_OK) {
        rc = setup_identity_load(&host->identity, host->place, host->config, os_env_port(host->os),
                                 true, fault);
    }
    return rc;
}

int host_subnet_configure(struct host *host)
{
    const struct client_config *config = host->config;
    struct named_peer *peers = calloc(config->peers_count + 1, sizeof(*peers));

    if (peers == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < config->peers_count; i++) {
        memcpy(peers[i].key, config->peers[i].key, KEY_SIZE);
        memcpy(peers[i].name, config->peers[i].name, sizeof(peers[i].name));
        memcpy(peers[i].via, config->peers[i].via, sizeof(peers[i].via));
        peers[i].via_count = config->peers[i].via_count;
    }
    contacting_configure(engine_core(host->engine), peers, config->peers_count, clock_mono());
    pinning_configure(engine_core(host->engine), config->relays, config->relays_count,
                      clock_mono());
    homing_use(engine_core(host->engine), config->home_relays, clock_mono());
    engine_kick(host->engine);
    free(peers);
    return ERR_OK;
}

int host_open(struct host *host, const struct host_options *options, struct fault *fault)
{
    int rc;

    *host = (struct host){.place = options->place, .lock = -1, .opened_at = clock_mono()};
    rc = state_open(host, options, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    host->loop = ev_loop_new(EVFLAG_AUTO);
    if (host->loop == NULL) {
        fault_set_errno(fault, "cannot make an event loop");
        return ERR_SYSTEM;
    }
    rc = engine_start(host, options, fault);
    if (rc == ERR_OK && host_subnet_configure(host) != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        rc = ERR_NOMEM;
    }
    return rc;
}

void host_close(struct host *host)
{
    engine_close(host->engine);
    if (host->loop != NULL) {
        ev_loop_destroy(host->loop);
    }
    identity_wipe(&host->identity);
    if (host->lock >= 0) {
        (void)close(host->lock);
    }
    client_config_free(host->config);
    os_env_free(host->os);
}
