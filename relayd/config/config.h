/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of relayd as its YAML file gives them. The reader is pure: text in, a checked
 * struct or one sentence out that names the place and the remedy. Unknown keys are errors, and a
 * file that does not parse changes nothing, so a reload is: read into a new struct, then swap.
 */
#pragma once

#include "proto/base/config_text.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SETTINGS_TEXT_SIZE_MAX = 65536, /* a configuration file */
    SETTINGS_LISTEN_MAX = 8,
    SETTINGS_PATH_SIZE = 1024,
    SETTINGS_ERROR_SIZE = CONFIG_TEXT_ERROR_SIZE,
    SETTINGS_SESSION_MAX = 1000000, /* the largest value `session_max` may have */
    SETTINGS_PORT_DEFAULT = 4433,
    SETTINGS_PORT_SPARE = 443, /* what networks that block the rest let out; hosts try it second */
};

/** All settings; plain values, so that a reload is an assignment. Paths are complete: relative
 * ones in the file count from the file's own folder. */
struct relay_settings {
    char name[NAME_TEXT_SIZE]; /* of the ziglan */
    struct endpoint listen[SETTINGS_LISTEN_MAX];
    size_t listen_count;
    bool listen_default; /* none was named: SETTINGS_PORT_SPARE as well, where it can be had */
    char public_hosts[URL_HOSTS_TEXT_SIZE]; /* "HOST[:PORT],..." for URLs, may be empty */
    char key_path[SETTINGS_PATH_SIZE];
    char ziglan_key_path[SETTINGS_PATH_SIZE];
    char delegation_path[SETTINGS_PATH_SIZE]; /* empty: none, the ziglan's key is at hand */
    char state_path[SETTINGS_PATH_SIZE];      /* LMDB directory */
    char control_path[SETTINGS_PATH_SIZE];    /* Unix socket for the verbs */
    bool metrics_on;
    struct endpoint metrics; /* local HTTP address */
    uint32_t session_max;
    bool open_relay;
    uint32_t stun_per_address_per_s;
    uint32_t stun_per_s;
    enum trace_level log_level;
};

/**
 * Read settings from the text of a configuration file.
 *
 * text   size bytes, any content, borrowed
 * path   the file's name, for messages and for relative paths in it
 * out    written only on ERR_OK; keys that are not in the text have their defaults
 * error  one sentence "FILE:LINE: what is wrong; what to do", written only on ERR_DROP
 *
 * Returns ERR_OK, ERR_DROP for a text that is not a valid configuration, ERR_NOMEM.
 * Pure: no file is touched.
 */
int relay_settings_parse(struct relay_settings *out, const char *text, size_t size,
                         const char *path, char error[SETTINGS_ERROR_SIZE]) MUST_CHECK;

/** Print the settings as a complete configuration file with every key. */
void relay_settings_print(const struct relay_settings *settings, FILE *to);

/** Names of the settings that differ between the two and only count after a restart, separated
 * by ", "; empty if none. Returns text. */
const char *relay_settings_restart_keys(const struct relay_settings *before,
                                        const struct relay_settings *after, char *text,
                                        size_t size);
