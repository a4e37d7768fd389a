/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of what a relay is to applications: `apps`, `pool_max` and `reward`. They are read
 * and printed as a part of relayd/config/config.h.
 */
#pragma once

#include "proto/base/config_text.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    APPLICATIONS_POOL_MAX = 10000, /* the largest pool_max */
    APPLICATIONS_TEXT_MAX = 320,   /* of all types and rewards, for which a node record has room */
};

struct relay_applications {
    char apps[RECORD_APPS_MAX][RECORD_APP_SIZE]; /* types it has pools for, distinct */
    size_t apps_count;
    uint32_t pool_max;                                /* applications in one pool */
    struct record_reward rewards[RECORD_REWARDS_MAX]; /* of distinct chains */
    size_t rewards_count;
};

/** One reward as libcyaml reads it. An absent key leaves NULL. */
struct raw_reward {
    char *chain, *address, *identity;
};

/** The three keys likewise. */
struct raw_applications {
    char **apps;
    unsigned apps_count;
    struct raw_reward *rewards;
    unsigned rewards_count;
    uint32_t *pool_max;
};

/** Take them; what is absent has its default. False, and the sentence is written: one breaks a
 * rule. */
bool applications_set(struct config_text *in, struct relay_applications *out,
                      const struct raw_applications *raw);

/** Print the three keys of a configuration file. */
void applications_print(const struct relay_applications *applications, FILE *to);

/** True if the types, or the rewards, are the same. */
bool applications_apps_equal(const struct relay_applications *a,
                             const struct relay_applications *b);
bool applications_rewards_equal(const struct relay_applications *a,
                                const struct relay_applications *b);
