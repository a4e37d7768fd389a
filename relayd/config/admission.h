/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of who may join: `admission`, `allow` and `admission_script`. They are read and
 * printed as a part of relayd/config/config.h.
 */
#pragma once

#include "proto/base/config_text.h"
#include "relayd/base/admission_config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    ADMISSION_SCRIPT_PATH_SIZE = 1024,
    ADMISSION_SCRIPT_TIMEOUT_S_MAX = 30, /* a session waits for a minute */
    ADMISSION_SCRIPT_AT_ONCE_MAX = 16,
};

/** The program that admits; its cache_s is in struct admission_config. */
struct admission_script {
    char path[ADMISSION_SCRIPT_PATH_SIZE]; /* absolute; empty: none */
    uint32_t timeout_s, at_once;
};

/** As libcyaml reads them. An absent key leaves NULL or 0. */
struct raw_allowed {
    char *member, *name, *note;
    char **groups;
    unsigned groups_count;
};
struct raw_admission_script {
    char *path;
    uint32_t *timeout_s, *at_once, *cache_s;
};
struct raw_admission {
    int mode; /* enum admission_mode */
    struct raw_allowed *allowed;
    unsigned allowed_count;
    struct raw_admission_script script;
};

/** Take them; what is absent has its default. False, and the sentence is written: one breaks a
 * rule. */
bool admission_set(struct config_text *in, struct admission_config *out,
                   struct admission_script *script, const struct raw_admission *raw);

/** Print the three keys of a configuration file. */
void admission_print(const struct admission_config *admission,
                     const struct admission_script *script, FILE *to);

/** True if those who are allowed are the same. */
bool admission_allowed_equal(const struct admission_config *a, const struct admission_config *b);
