/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host of this process: configuration, lock, identity, loop and engine of one interface, opened
 * in that order. The daemon runs it, a verb without a daemon for a moment and without a device.
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
    bool with_interface;                   /* else errors are all that is logged */
    const struct os_env_saying *sayings;   /* for a person's terminal, NULL: none */
    void (*interface_gone)(void *context); /* the device was removed */
    void *context;
};

struct host {
    const struct place *place;
    struct os_env *os;
    struct client_config *config;
    struct identity identity;
    int lock;
    struct ev_loop *loop;
    struct engine *engine;
};

/** Open everything. Always follow by host_close, also after an error. ERR_LIMIT if another process
 * has this interface, ERR_DROP, ERR_SYSTEM, ERR_NOMEM; fault says why. */
int host_open(struct host *host, const struct host_options *options,
              struct fault *fault) MUST_CHECK;
void host_close(struct host *host);
