/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where everything of one interface lies: configuration, key, store, lock, control socket and log.
 * All paths are below $ZIGLAN_ROOT if that is set.
 */
#pragma once

#include "proto/base/fault.h"

#include <limits.h>
#include <stdbool.h>

#define PLACE_INTERFACE_DEFAULT "zig0"

enum {
    PLACE_PATH_SIZE = PATH_MAX,
    PLACE_FLAG_SIZE = 24,
};

struct place {
    const char *interface;        /* borrowed */
    char flag[PLACE_FLAG_SIZE];   /* " -i IF", empty for the default; for hints */
    bool config_named;            /* the user named the configuration, so it must exist */
    char config[PLACE_PATH_SIZE]; /* /etc/ziglan/IF.yaml, or what the user named */
    char state[PLACE_PATH_SIZE];  /* /var/lib/ziglan/IF */
    char key[PLACE_PATH_SIZE];    /* state/key */
    char store[PLACE_PATH_SIZE];  /* state/store */
    char lock[PLACE_PATH_SIZE];   /* state/lock */
    char run[PLACE_PATH_SIZE];    /* /run/ziglan */
    char socket[PLACE_PATH_SIZE]; /* run/IF.sock */
    char log[PLACE_PATH_SIZE];    /* run/IF.log, of a detached daemon */
};

/** Fill *out for an interface, which is borrowed and outlives it; config_path is what the user
 * named, or NULL. False with fault if a path is too long or the interface's name is none. */
bool place_fill(struct place *out, const char *interface, const char *config_path,
                struct fault *fault);
