/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of the Port Control Protocol (RFC 6887): what a client asks, and what a router answers.
 * Pure; pcp_mapping.h decides when to ask.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCP_VERSION = 2,
    PCP_SERVER_PORT = 5351,
    PCP_CLIENT_PORT = 5350, /* multicast announcements come here (section 14.1) */
    PCP_NONCE_SIZE = 12,
    PCP_HEADER_SIZE = 24,
    PCP_MAP_SIZE = PCP_HEADER_SIZE + 36,
    PCP_ANSWER_SIZE_MAX = 1100, /* section 7 */
    PCP_PROTOCOL_UDP = 17,
};

enum pcp_opcode { PCP_OPCODE_ANNOUNCE = 0, PCP_OPCODE_MAP = 1 };

/** Result codes (section 7.4) that make a difference to us. */
enum pcp_result {
    PCP_RESULT_SUCCESS = 0,
    PCP_RESULT_UNSUPPORTED_VERSION = 1, /* the router speaks NAT-PMP, perhaps */
    PCP_RESULT_NOT_AUTHORIZED = 2,
    PCP_RESULT_NO_RESOURCES = 8,
    PCP_RESULT_CANNOT_PROVIDE_EXTERNAL = 11,
    PCP_RESULT_ADDRESS_MISMATCH = 12, /* another NAT is between us and this router */
};

/** A request to map a UDP port of ours. */
struct pcp_map_request {
    struct endpoint internal; /* our address as we know it, and the port */
    struct endpoint external; /* wanted; an address or a port that is zero: any */
    uint8_t nonce[PCP_NONCE_SIZE];
    uint32_t lifetime_s; /* 0: end the mapping */
};

/** Encode it. */
void pcp_map_encode(uint8_t out[PCP_MAP_SIZE], const struct pcp_map_request *request);

/** Encode a request for an announcement, by which a client hears how long the router has kept its
 * mappings (section 14.1.2). client is its own address. */
void pcp_announce_encode(uint8_t out[PCP_HEADER_SIZE], const struct endpoint *client);

/** An answer, or an announcement. */
struct pcp_answer {
    enum pcp_opcode opcode;
    uint8_t result;      /* enum pcp_result, or another */
    uint32_t lifetime_s; /* of the mapping; of an error: how long it lasts */
    uint32_t epoch_s;    /* how long the router has kept its mappings */
    /* MAP only: */
    uint8_t nonce[PCP_NONCE_SIZE];
    uint16_t internal_port;
    struct endpoint external;
};

/** Decode an answer (size bytes of any content). ERR_DROP, with out untouched, unless it is a whole
 * answer of version 2 to MAP of a UDP port, or to ANNOUNCE. Options are not looked at. */
int pcp_answer_decode(struct pcp_answer *out, const uint8_t *data, size_t size) MUST_CHECK;

/** True if this is the answer of a router that speaks only NAT-PMP (RFC 6886, section 3.5): version
 * 0 and "unsupported version". */
bool pcp_is_natpmp(const uint8_t *data, size_t size);

/** True if this is what a router that speaks NAT-PMP tells everybody when it starts or its address
 * changes (RFC 6886, section 3.2.1). */
bool pcp_is_natpmp_broadcast(const uint8_t *data, size_t size);
