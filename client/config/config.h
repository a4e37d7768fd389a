/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of one interface: YAML by libcyaml (JSON is YAML, so the mynetwork form parses
 * as well). Every key is optional; an unknown key is an error. The reader is pure: text in,
 * struct or one sentence with file and line out.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIENT_CONFIG_SIZE_MAX = 1 << 20,
    CLIENT_CONFIG_PEERS_MAX = 10000,
    CLIENT_CONFIG_ZIGLANS_MAX = 64,
    CLIENT_CONFIG_WARNINGS_MAX = 8,
    CLIENT_CONFIG_WARNING_SIZE = 200,
};

struct client_config_peer {
    char name[NAME_TEXT_SIZE]; /* lower case, one DNS label; may be empty */
    uint8_t key[KEY_SIZE];
};

struct client_config {
    char *key_path; /* NULL: <state>/key */
    bool has_seed;  /* privateKey stood in the file (mynetwork form) */
    uint8_t seed[IDENTITY_SEED_SIZE];
    uint16_t listen_port;                          /* 0: the kernel chooses */
    uint8_t pool[4];                               /* first address; host bits cleared */
    uint8_t pool_prefix;                           /* 8 to 28 */
    uint16_t mtu;                                  /* INNER_MTU_MIN to INNER_MTU_MAX */
    char name[NAME_TEXT_SIZE];                     /* wanted name; empty: the machine's host name */
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* EUI-64s of fixed addresses */
    size_t fixed_count;
    char **ziglans; /* URLs */
    size_t ziglans_count;
    struct client_config_peer *peers;
    size_t peers_count;
    bool dns_enabled;
    uint8_t dns_address[4]; /* outside the pool; all zero: pool + 53 */
    enum trace_level log_level;
    char warnings[CLIENT_CONFIG_WARNINGS_MAX][CLIENT_CONFIG_WARNING_SIZE];
    size_t warnings_count;
};

/**
 * Parse size bytes of text. `path` is only for messages. *out is given: client_config_free.
 * ERR_DROP with fault (EXIT_CODE_USAGE, "path:line: what; remedy"), or ERR_NOMEM.
 */
int client_config_parse(struct client_config **out, const char *path, const uint8_t *text,
                        size_t size, struct fault *fault) MUST_CHECK;

/** Wipes the seed. */
void client_config_free(struct client_config *config);
