/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether policy rules of another VPN (ip rule) take the addresses of peers before the main table
 * is asked. As long as there are such rules, a rule of ours goes before them, to a table that holds
 * the peers of this interface; so the rest of what they take stays theirs.
 */
#pragma once

#include "client/engine/interface.h"
#include "proto/base/env.h"

#include <stdbool.h>
#include <stddef.h>

enum { RULE_ADVICE_SIZE = 240 };

struct rule_watch {
    const struct env *env;
    struct interface *interface;
    bool own[2];   /* IPv4, IPv6: a rule of ours is there */
    bool stuck[2]; /* one is needed and cannot be made, and the log said so */
    size_t at;     /* the peer whose addresses are looked at next */
    char advice[RULE_ADVICE_SIZE];
};

/** Begin, and take away what a crash left behind. Everything is borrowed and outlives it. */
void rule_watch_open(struct rule_watch *watch, const struct env *env, struct interface *interface);

/** Something of the machine's network may have changed: look. */
void rule_watch_look(struct rule_watch *watch);

/** Take away our rules. A watch of zeros is fine. */
void rule_watch_close(struct rule_watch *watch);
