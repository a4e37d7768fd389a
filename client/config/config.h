/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of one interface, read from YAML by libcyaml. JSON is YAML, so the file of the
 * older program mynetwork (peers and privateKey, as JSON) is read as well. Every key is optional;
 * an unknown key is an error. The reader is pure: text in, a struct or one sentence with file and
 * line out. What the keys mean stands in docs/operations.md.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/net/endpoint.h"
#include "proto/portmap/portmap.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIENT_CONFIG_SIZE_MAX = 1 << 20,
    CLIENT_CONFIG_PEERS_MAX = 10000,
    CLIENT_CONFIG_ZIGLANS_MAX = 64,
    CLIENT_CONFIG_RELAYS_MAX = 8,
    CLIENT_CONFIG_VIA_MAX = 3,
    CLIENT_CONFIG_THREADS_MAX = 16,
    CLIENT_CONFIG_GROUP_SIZE = 33, /* with NUL */
    CLIENT_CONFIG_WARNINGS_MAX = 8,
    CLIENT_CONFIG_WARNING_SIZE = 200,
};

/** A peer that is let in without a common ziglan. */
struct client_config_peer {
    char name[NAME_TEXT_SIZE]; /* lower case, one DNS label; may be empty */
    uint8_t key[KEY_SIZE];
    uint8_t via[CLIENT_CONFIG_VIA_MAX]
               [KEY_SIZE]; /* via_count relays that frames to it shall pass */
    uint8_t via_count;
};

/** What the file says, or the defaults. Strings and lists belong to it. */
/* tidy-ok: struct-fields one for each key of the file */
struct client_config {
    char *key_path; /* NULL: the default, key in the state directory */
    bool has_seed;  /* the key itself stood in the file (privateKey) */
    uint8_t seed[IDENTITY_SEED_SIZE];
    enum portmap_mode portmap;
    bool lan;                                      /* look for peers on the LAN */
    uint16_t listen_port;                          /* 0: the kernel chooses */
    uint8_t pool[4];                               /* first address; host bits cleared */
    uint8_t pool_prefix;                           /* 8 to 28; 0: the user named none */
    uint16_t mtu;                                  /* INNER_MTU_MIN to INNER_MTU_MAX */
    char operator_group[CLIENT_CONFIG_GROUP_SIZE]; /* who may look; empty: ziglan if it exists */
    char name[NAME_TEXT_SIZE];                     /* wanted name; empty: the machine's host name */
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* EUI-64s of fixed addresses */
    size_t fixed_count;
    char **ziglans; /* URLs */
    size_t ziglans_count;
    char **relays; /* URLs, relay://, or keys */
    size_t relays_count;
    bool guess_ports; /* of NATs that give each destination another one */
    bool fair_queue;  /* packets wait in a queue for each flow where the own line is slow */
    uint32_t threads; /* that read from the device beside the loop; CONFIG_TEXT_AUTO: by the cores;
                         0 where packets wait in a fair order */
    bool lanes; /* relayed frames as bare datagrams, where the relay and the peer do so, too */
    enum aead cipher; /* the preferred one; AEAD_NONE: the fastest */
    bool home_relays; /* look for two that work well, besides those */
    struct client_config_peer *peers;
    size_t peers_count;
    bool metrics_on;
    struct endpoint metrics; /* local HTTP address */
    bool dns_enabled, dns_search;
    uint8_t dns_address[4]; /* outside the pool; all zero: the core's choice in the pool */
    enum trace_level log_level;
    bool sandbox; /* what the process may do is limited to what it needs (proto/sandbox) */
    /* Sentences for the log: what is valid, but not taken as it is written. */
    char warnings[CLIENT_CONFIG_WARNINGS_MAX][CLIENT_CONFIG_WARNING_SIZE];
    size_t warnings_count;
};

/**
 * Parse size bytes of text, any content. `path` is only for messages. *out is given:
 * client_config_free. On error it is NULL: ERR_DROP with fault (EXIT_CODE_USAGE,
 * "path:line: what; remedy"), or ERR_NOMEM with fault.
 */
int client_config_parse(struct client_config **out, const char *path, const uint8_t *text,
                        size_t size, struct fault *fault) MUST_CHECK;

/** Free it, and wipe the seed. NULL is fine. */
void client_config_free(struct client_config *config);
