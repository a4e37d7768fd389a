/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where others will find the relay that `relayd init` makes: the hosts that its user names, or what
 * a look at the network finds, and the relays that will know where it is.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/router/look.h"
#include "proto/wire/url.h"
#include "relayd/config/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct init_public {
    char hosts[URL_HOSTS_TEXT_SIZE]; /* "HOST[:PORT],..."; empty: it is at home, and found by its
                                        key at the peers */
    struct relay_peers peers;
    uint16_t port;           /* to listen on */
    bool guessed;            /* no host was named */
    bool automatic;          /* --public auto: */
    struct router_look look; /* what was found */
};

/** Take an argument of --public: a host or several with commas between, or `auto`. Returns the exit
 * code, and says what is wrong. */
int init_public_add(struct init_public *place, const char *host);

/** Take an argument of --peer: the URL of a relay. Likewise. */
int init_public_peer(struct init_public *place, const char *url);

/** When all arguments are there: check them, and look at the network if that was asked for.
 * Likewise. */
int init_public_check(struct init_public *place, const struct env *env);

/** Tell what was found, and what is left to others, so that it can be put right. config is the file
 * that will say it. */
void init_public_tell(const struct init_public *place, const char *config);

/** Write the lines `public:` and `peers:` of the configuration. */
void init_public_print(const struct init_public *place, FILE *to);
