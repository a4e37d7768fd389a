/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of mynetwork and of hyprspace, from which it comes: JSON with `privateKey` and
 * `peers`, each with `name`, `id` and `routes`. Keys are libp2p's. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MYNETWORK_SIZE_MAX = 1 << 20,
    MYNETWORK_PEERS_MAX = 10000,
    MYNETWORK_ROUTES_MAX = 64, /* of one peer */
    MYNETWORK_LEFT_MAX = 32,   /* sentences of what does not carry over */
    MYNETWORK_LEFT_SIZE = 160,
};

/** What carries over. */
struct mynetwork {
    bool has_seed;
    uint8_t seed[IDENTITY_SEED_SIZE];
    char *peers; /* the value of `peers:` in a configuration of ziglan, one line for each; "" */
    size_t peers_count, routes_count;
    char left[MYNETWORK_LEFT_MAX][MYNETWORK_LEFT_SIZE]; /* what does not, and why */
    size_t left_count; /* of all; those beyond MYNETWORK_LEFT_MAX are only counted */
};

/**
 * Read size bytes of text, any content. `path` is only for messages. libsodium must be ready. *out
 * is given: mynetwork_free. On error it is NULL: ERR_DROP with fault (EXIT_CODE_USAGE: no such
 * JSON, or a private key of another kind, with which the machine could not stay who it is), or
 * ERR_NOMEM with fault.
 */
int mynetwork_read(struct mynetwork **out, const char *path, const char *text, size_t size,
                   struct fault *fault) MUST_CHECK;

/** Free it, and wipe the seed. NULL is fine. */
void mynetwork_free(struct mynetwork *mynetwork);
