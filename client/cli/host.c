/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/cli/host.h"

#include "proto/host/file.h"
#include "proto/link/link.h"

#include <ev.h>
#include <string.h>
#include <unistd.h>

enum {
    FILES_MIN = 16, /* 13 for good, and some for look-ups and for who asks by the control socket */
};

static int lock_take(struct cli_host *host, struct fault *fault)
{
    const struct cli_paths *paths = &host->cli->paths;
    int rc = file_dir_create(paths->state, 0700, fault);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = file_lock(&host->lock, paths->lock, fault);
    if (rc == ERR_LIMIT) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the interface %s is up already; see: sudo ziglan status%s", host->cli->interface,
                  host->cli->interface_flag);
    }
    return rc;
}

static int engine_start(struct cli_host *host, bool with_interface, struct fault *fault)
{
    const struct client_config *config = host->config;
    char name[NAME_TEXT_SIZE];
    struct engine_options options = {.loop = host->loop,
                                     .env = os_env_port(host->os),
                                     .identity = &host->identity,
                                     .name = name,
                                     .fixed = config->fixed,
                                     .fixed_count = config->fixed_count,
                                     .pool_prefix = config->pool_prefix,
                                     .mtu = config->mtu,
                                     .listen_port = config->listen_port,
                                     .store_path = host->cli->paths.store,
                                     .interface = with_interface ? host->cli->interface : NULL,
                                     .interface_gone = host->interface_gone,
                                     .context = host->context};

    cli_wanted_name(name, host->cli, config);
    memcpy(options.pool, config->pool, sizeof(options.pool));
    memcpy(options.resolver, config->dns_address, sizeof(options.resolver));
    return engine_open(&host->engine, &options, fault);
}

static void warnings_tell(const struct cli_host *host)
{
    const struct client_config *config = host->config;

    for (size_t i = 0; i < config->warnings_count; i++) {
        env_trace(os_env_port(host->os), TRACE_LEVEL_WARN, "config", "%s", config->warnings[i]);
    }
    if (config->peers_count > 0) {
        env_trace(os_env_port(host->os), TRACE_LEVEL_WARN, "config",
                  "%zu peers of the configuration are not used: peers are found through ziglans",
                  config->peers_count);
    }
}

int cli_host_open(struct cli_host *host, const struct cli *cli, bool with_interface,
                  struct fault *fault)
{
    int rc;

    host->cli = cli;
    host->lock = -1;
    rc = cli_config_load(&host->config, cli, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    rc = os_env_new(&host->os, host->config->log_level);
    if (rc != ERR_OK) {
        return rc;
    }
    os_env_set_sayings(host->os, host->sayings);
    warnings_tell(host);
    if (!with_interface && host->config->log_level != TRACE_LEVEL_DEBUG) {
        os_env_set_level(host->os, TRACE_LEVEL_ERROR); /* the verb itself tells what happened */
    }
    rc = files_check(FILES_MIN, fault);
    if (rc == ERR_OK) {
        rc = lock_take(host, fault);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    rc = cli_identity_load(&host->identity, cli, host->config, os_env_port(host->os), true, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    host->loop = ev_loop_new(EVFLAG_AUTO);
    if (host->loop == NULL) {
        fault_set_errno(fault, "cannot make an event loop");
        return ERR_SYSTEM;
    }
    return engine_start(host, with_interface, fault);
}

void cli_host_close(struct cli_host *host)
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
