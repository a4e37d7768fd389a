/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of relayd, from its YAML file. The reader is pure: a text goes in; a checked struct
 * comes out, or one sentence that names the place and the remedy. Unknown keys are errors. A text
 * that is refused writes nothing, so a reload reads into a new struct and then assigns it.
 */
#pragma once

#include "proto/base/config_text.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/portmap/portmap.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"
#include "relayd/base/relay_peers.h"
#include "relayd/config/admission.h"
#include "relayd/config/applications.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SETTINGS_TEXT_SIZE_MAX = 65536, /* a configuration file */
    SETTINGS_LISTEN_MAX = 8,
    SETTINGS_PATH_SIZE = 1024,
    SETTINGS_ERROR_SIZE = CONFIG_TEXT_ERROR_SIZE,
    SETTINGS_SOCKET_SIZE = 108,    /* path of a Unix socket and NUL: sun_path of sockaddr_un */
    SETTINGS_NUMBER_MAX = 1000000, /* the largest value of any number */
    SETTINGS_WORKERS_TEXT_SIZE = 16,
    SETTINGS_PORT_DEFAULT = 4433,
    SETTINGS_PORT_SPARE = 443, /* some networks let nothing else out; hosts try it second */
};

/** All settings, as plain values that can be assigned. Relative paths of the file have the
 * file's folder before them here. */
/* tidy-ok: struct-fields one for each key of the file, and what is read with it */
struct relay_settings {
    char name[NAME_TEXT_SIZE]; /* of the ziglan */
    struct endpoint listen[SETTINGS_LISTEN_MAX];
    size_t listen_count;
    bool listen_default; /* the file has no `listen`: SETTINGS_PORT_SPARE, too, if it can be had */
    char public_hosts[URL_HOSTS_TEXT_SIZE]; /* "HOST[:PORT],..." for URLs, may be empty */
    enum portmap_mode portmap;
    struct relay_peers peers; /* other relays, to which it keeps sessions */
    char key_path[SETTINGS_PATH_SIZE];
    char ziglan_key_path[SETTINGS_PATH_SIZE];
    char delegation_path[SETTINGS_PATH_SIZE];  /* empty: none, the relay reads the ziglan's key */
    char certificate_path[SETTINGS_PATH_SIZE]; /* of an authority, for browsers; empty: none */
    char certificate_key_path[SETTINGS_PATH_SIZE]; /* its key; empty likewise */
    char state_path[SETTINGS_PATH_SIZE];           /* LMDB directory */
    char control_path[SETTINGS_SOCKET_SIZE];       /* Unix socket for the verbs */
    bool metrics_on;
    struct endpoint metrics; /* local HTTP address */
    uint32_t session_max;
    uint32_t workers; /* threads that forward on lanes and answer STUN; CONFIG_TEXT_AUTO: as many as
                         there are cores */
    bool open_relay;
    uint64_t bandwidth;      /* bytes a second that may be forwarded; 0: no limit */
    uint64_t lane_bandwidth; /* the same of one lane, each way */
    uint64_t monthly;        /* bytes a month that may be sent and received; 0: no limit */
    uint32_t stun_per_address_per_s;
    uint32_t stun_per_s;
    bool stun_other_address;
    struct relay_applications applications;
    struct admission_config admission;
    struct admission_script admission_script;
    enum trace_level log_level;
    bool sandbox; /* what the process may do is limited to what it needs (proto/sandbox) */
};

/**
 * Read settings from the text of a configuration file.
 *
 * text   size bytes, any content, borrowed; at most SETTINGS_TEXT_SIZE_MAX, or it is refused
 * path   the file's name, for the error and for relative paths
 * out    written only on ERR_OK; keys that are not in the text have their defaults
 * error  one sentence "FILE:LINE: what is wrong; what to do", written only on ERR_DROP
 *
 * Returns ERR_OK, ERR_DROP for a text that is not a valid configuration, ERR_NOMEM.
 * Pure: no file is touched.
 */
int relay_settings_parse(struct relay_settings *out, const char *text, size_t size,
                         const char *path, char error[SETTINGS_ERROR_SIZE]) MUST_CHECK;

/** Print the settings as a configuration file with every key. The caller looks whether
 * `to` had an error. */
void relay_settings_print(const struct relay_settings *settings, FILE *to);
