/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host in this process: configuration, lock, identity, loop and engine of one interface, opened
 * in that order. The daemon runs one. A verb that finds no daemon runs one for a moment, without a
 * device.
 */
#pragma once

#include "client/config/config.h"
#include "client/daemon/place.h"
#include "client/engine/engine.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "proto/host/os_env.h"

#include <stdbool.h>

struct ev_loop;

/** Everything is borrowed and outlives the host. */
struct host_options {
    const struct place *place;
    const char *name;                      /* wanted name, NULL: the configuration's */
    bool with_interface;                   /* false: no device, and only errors are logged */
    const struct os_env_saying *sayings;   /* for a person's terminal, NULL: none */
    void (*interface_gone)(void *context); /* the device was removed */
    void *context;
};

struct host {
    const struct place *place;
    struct os_env *os;
    struct client_config *config; /* as read last; the daemon reads it again at SIGHUP */
    struct identity identity;
    struct mono opened_at;
    int lock; /* descriptor of the lock file; -1: not taken */
    struct ev_loop *loop;
    struct engine *engine;
};

/** Open everything. host_close must follow, also after an error. ERR_LIMIT if another process has
 * this interface, ERR_DROP if the configuration is wrong, ERR_SYSTEM, ERR_NOMEM; fault says why. */
int host_open(struct host *host, const struct host_options *options,
              struct fault *fault) MUST_CHECK;

/** Tell the core which peers and relays the configuration names; host_open has done so. Call it
 * again for another configuration. ERR_NOMEM. */
int host_subnet_configure(struct host *host) MUST_CHECK;

/** Close what host_open opened, and wipe the identity. */
void host_close(struct host *host);
