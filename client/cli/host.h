/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host of this process: configuration, identity, lock, loop and engine of one interface, opened
 * in that order. `up` runs it as the daemon, `join` for a moment without an interface.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/engine.h"
#include "proto/host/os_env.h"

struct ev_loop;

struct cli_host {
    const struct os_env_saying *sayings;   /* for a person's terminal, NULL: none */
    void (*interface_gone)(void *context); /* the device was removed; for `up` */
    void *context;
    const struct cli *cli;
    struct os_env *os;
    struct client_config *config;
    struct identity identity;
    int lock;
    struct ev_loop *loop;
    struct engine *engine;
};

/** Open everything; *host is zero except for sayings, interface_gone and context. Always follow by
 * cli_host_close, also after an error. */
int cli_host_open(struct cli_host *host, const struct cli *cli, bool with_interface,
                  struct fault *fault) MUST_CHECK;
void cli_host_close(struct cli_host *host);
