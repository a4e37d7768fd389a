/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where everything of one interface lies: configuration, key, store, lock, control socket and log.
 * If $ZIGLAN_ROOT is set, all paths are below it, but for a configuration that the user named.
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

/** The paths of the interface IF. */
struct place {
    const char *interface;        /* IF; borrowed */
    char flag[PLACE_FLAG_SIZE];   /* for commands in messages: " -i IF", empty for the default */
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

/** Fill in *out for an interface, whose name is borrowed and outlives it. config_path is the
 * configuration that the user named, or NULL. False with fault if a path is too long, or the name
 * is not one that an interface may have. */
bool place_fill(struct place *out, const char *interface, const char *config_path,
                struct fault *fault);
