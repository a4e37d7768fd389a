/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The signed records of docs/protocol.md, section 5, as bytes. A record is a header, the same for
 * every type, and a body, different for each type. Behind a signed record stands the 64-byte
 * Ed25519 signature of the key in its header. Records are kept and passed on as the bytes they came
 * in. This file has the codecs only; proto/crypto/signed.h signs and verifies.
 *
 * Header: type(1) version(1) key(32) sequence(8) created_ms(8) lifetime_s(4). In a body, a text is
 * length(1) and its characters, a list is count(1) and its elements.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/addrplan.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_type {
    RECORD_TYPE_NODE = 1,          /* key: the relay */
    RECORD_TYPE_DELEGATION = 2,    /* key: the ziglan; names an entry relay */
    RECORD_TYPE_MEMBER = 3,        /* key: the member, which describes itself */
    RECORD_TYPE_ADMISSION = 4,     /* key: an entry relay; names a member */
    RECORD_TYPE_REVOCATION = 5,    /* key: an entry relay; names a member */
    RECORD_TYPE_ATTACHMENT = 6,    /* key: the host; names a relay */
    RECORD_TYPE_ADMINISTRATOR = 7, /* key: the ziglan; names an administrator */
    RECORD_TYPE_ATTESTATION = 8,   /* key: a relay, which reached another one at an address */
};

enum {
    RECORD_VERSION = 1,
    RECORD_HEADER_SIZE = 54,
    RECORD_KEY_OFFSET = 2,         /* of the key in it */
    RECORD_SIZE_MAX = 512,         /* without the signature */
    RECORD_MEMBER_SIZE_MAX = 1024, /* the member part alone may be longer */
    RECORD_SIGNED_SIZE_MIN = RECORD_HEADER_SIZE + SIGNATURE_SIZE,
    RECORD_SIGNED_SIZE_MAX = RECORD_MEMBER_SIZE_MAX + SIGNATURE_SIZE, /* of a member part */
    RECORD_OTHER_SIGNED_SIZE_MAX = RECORD_SIZE_MAX + SIGNATURE_SIZE,  /* of any other record */
    RECORD_ADDRESSES_MAX = 8,
    RECORD_APPS_MAX = 8,
    RECORD_APP_SIZE = 32, /* 31 characters and NUL, as of the next ones */
    RECORD_NODE_SERVICE_SIZE = 32,
    RECORD_REWARDS_MAX = 4,
    RECORD_CHAIN_SIZE = 16,
    RECORD_REWARD_SIZE = 96,
    RECORD_IDENTITY_SIZE = 64,
    RECORD_EXTRA_SIZE_MAX = 32,
    RECORD_NODE_LIFETIME_S = 24 * 3600, /* of a node record and an attestation, at most */
    RECORD_RELAYS_MAX = 4,
    RECORD_SERVICES_MAX = 16,
    RECORD_GROUPS_MAX = 8,
    RECORD_CLOCK_SKEW_MS = 600000, /* tolerated difference of wall clocks */
};

/** How long a revocation is told and remembered. An admission that was signed before it is over by
 * then. */
#define RECORD_REVOCATION_MS (UINT64_C(8) * 24 * 3600 * 1000)

struct record_header {
    uint8_t type;          /* enum record_type; an encoder writes its own, whatever stands here */
    uint8_t key[KEY_SIZE]; /* who signs */
    uint64_t sequence;     /* of two records about the same thing the larger one wins */
    uint64_t created_ms;   /* wall clock, ms since 1970 UTC */
    uint32_t lifetime_s;
};

enum {
    RECORD_PROTOCOL_QUIC_FLAG = 1,
    RECORD_PROTOCOL_HTTP2_FLAG = 2,
    RECORD_PROTOCOL_WORD_FLAG = 4, /* answers words at its first address: proto/crypto/word.h */
    RECORD_PROTOCOL_FRAME_WORD_FLAG = 8, /* takes frames there: proto/crypto/frame_word.h */
};

/** What a relay says of its NAT: of the kinds in docs/protocol.md, section 13, those with which it
 * can serve. */
enum record_node_nat {
    RECORD_NODE_NAT_PUBLIC = 1,
    RECORD_NODE_NAT_FULL_CONE = 3,
};

/** What every relay of the subnet is. Records of other services may come to stand beside it. */
#define RECORD_NODE_SERVICE "stun2-service"

/** Where a relay may be rewarded, in one chain. All are printable ASCII. */
struct record_reward {
    char chain[RECORD_CHAIN_SIZE];       /* "sol", "eth", ...; "any" is the general one */
    char address[RECORD_REWARD_SIZE];    /* never empty */
    char identity[RECORD_IDENTITY_SIZE]; /* may be empty */
};

struct record_node {
    struct record_header header;
    char service[RECORD_NODE_SERVICE_SIZE]; /* printable ASCII */
    struct endpoint addresses[RECORD_ADDRESSES_MAX];
    size_t addresses_count;
    uint8_t protocols; /* RECORD_PROTOCOL_* */
    uint8_t spki_sha256[32];
    uint8_t nat_kind; /* enum record_node_nat, or any other: then it is not known */
    char apps[RECORD_APPS_MAX][RECORD_APP_SIZE]; /* app types it helps, printable ASCII */
    size_t apps_count;
    struct record_reward rewards[RECORD_REWARDS_MAX];
    size_t rewards_count;
    uint8_t extra[RECORD_EXTRA_SIZE_MAX]; /* for later versions; kept as it is */
    size_t extra_size;
};

enum {
    RECORD_RIGHT_ADMIT_FLAG = 1,  /* may sign admissions */
    RECORD_RIGHT_REVOKE_FLAG = 2, /* may sign revocations */
    RECORD_RIGHT_INVITE_FLAG = 4, /* may make invites */
};

struct record_delegation {
    struct record_header header; /* key: the ziglan's */
    uint8_t entry_key[KEY_SIZE];
    uint32_t rights; /* RECORD_RIGHT_* */
    uint64_t expires_ms;
};

struct record_service {
    char name[NAME_TEXT_SIZE]; /* a label */
    uint8_t protocol;          /* IP protocol number */
    uint16_t port;
};

struct record_member {
    struct record_header header;      /* key: the member's */
    char wanted_name[NAME_TEXT_SIZE]; /* a label; empty: any */
    uint8_t relays[RECORD_RELAYS_MAX][KEY_SIZE];
    size_t relays_count;
    struct record_service services[RECORD_SERVICES_MAX];
    size_t services_count;
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* EUI-64s whose fixed addresses it claims */
    size_t fixed_count;
};

struct record_admission {
    struct record_header header;  /* key: the entry relay's */
    uint8_t ziglan_key[KEY_SIZE]; /* the ziglan that the member is admitted to */
    uint8_t member_key[KEY_SIZE];
    char granted_name[NAME_TEXT_SIZE]; /* a label, never empty */
    char groups[RECORD_GROUPS_MAX][NAME_TEXT_SIZE];
    size_t groups_count;
    uint64_t expires_ms;
};

struct record_revocation {
    struct record_header header; /* key: the entry relay's */
    uint8_t ziglan_key[KEY_SIZE];
    uint8_t member_key[KEY_SIZE];
    uint8_t reason; /* 0 not told, 1 revoked, 2 left */
};

struct record_attachment {
    struct record_header header; /* key: the host's */
    uint8_t relay_key[KEY_SIZE];
    uint64_t expires_ms;
};

struct record_administrator {
    struct record_header header; /* key: the ziglan's */
    uint8_t admin_key[KEY_SIZE];
    uint32_t rights; /* RECORD_RIGHT_* */
    uint64_t expires_ms;
};

struct record_attestation {
    struct record_header header; /* key: the attester's */
    uint8_t subject_key[KEY_SIZE];
    uint64_t subject_sequence; /* of the node record that the subject had then */
    struct endpoint address;   /* where the subject proved its key to the attester */
    bool fresh;                /* reached from an address to which it had never sent */
};

/**
 * Encode a record without its signature into out, which has room for RECORD_SIZE_MAX bytes (for a
 * member part RECORD_MEMBER_SIZE_MAX), and write its length to *size.
 *
 * ERR_LIMIT if the record is too long for that, a list is longer than its cap, or a text has no
 * NUL; ERR_DROP if the decoder would refuse a value (a name that is no label). *size is then
 * untouched and out undefined.
 */
int record_delegation_encode(uint8_t *out, size_t *size,
                             const struct record_delegation *record) MUST_CHECK;
int record_member_encode(uint8_t *out, size_t *size, const struct record_member *record) MUST_CHECK;
int record_admission_encode(uint8_t *out, size_t *size,
                            const struct record_admission *record) MUST_CHECK;
int record_revocation_encode(uint8_t *out, size_t *size,
                             const struct record_revocation *record) MUST_CHECK;

/**
 * Decode a record without its signature (size bytes, borrowed, any content). ERR_DROP, with out
 * untouched, unless it is of this type and version, whole, and keeps every rule. The signature, the
 * right of its key to sign, and the record's time are not judged.
 */
int record_delegation_decode(struct record_delegation *out, const uint8_t *data,
                             size_t size) MUST_CHECK;
int record_member_decode(struct record_member *out, const uint8_t *data, size_t size) MUST_CHECK;
int record_admission_decode(struct record_admission *out, const uint8_t *data,
                            size_t size) MUST_CHECK;
int record_revocation_decode(struct record_revocation *out, const uint8_t *data,
                             size_t size) MUST_CHECK;

/** The same for what relays tell each other. Later: rendezvous/mesh uses them. */
int record_node_encode(uint8_t *out, size_t *size, const struct record_node *record) MUST_CHECK;
int record_attestation_encode(uint8_t *out, size_t *size,
                              const struct record_attestation *record) MUST_CHECK;
int record_node_decode(struct record_node *out, const uint8_t *data, size_t size) MUST_CHECK;
int record_attestation_decode(struct record_attestation *out, const uint8_t *data,
                              size_t size) MUST_CHECK;

/** The same for records that nobody makes yet. Later: a host's attachment to a relay (STUN2
 * subnet), administrators (large ziglans). */
int record_attachment_encode(uint8_t *out, size_t *size,
                             const struct record_attachment *record) MUST_CHECK;
int record_administrator_encode(uint8_t *out, size_t *size,
                                const struct record_administrator *record) MUST_CHECK;
int record_attachment_decode(struct record_attachment *out, const uint8_t *data,
                             size_t size) MUST_CHECK;
int record_administrator_decode(struct record_administrator *out, const uint8_t *data,
                                size_t size) MUST_CHECK;

/** Read the header alone. ERR_DROP, with out untouched, if it is too short, of another version, or
 * of an unknown type. */
int record_header_peek(struct record_header *out, const uint8_t *data, size_t size) MUST_CHECK;

/** True if by this wall clock (ms since 1970 UTC) the record was created already, give or take
 * RECORD_CLOCK_SKEW_MS, and its lifetime is not over. */
bool record_live(const struct record_header *header, uint64_t wall_ms);

/** True if by this wall clock `expires_ms` is not more than RECORD_CLOCK_SKEW_MS ago. Both are ms
 * since 1970 UTC. */
bool record_unexpired(uint64_t expires_ms, uint64_t wall_ms);

/** A signed record taken apart; pointers borrowed from the bytes given to record_split. */
struct record_parts {
    const uint8_t *record;
    size_t record_size;
    const uint8_t *signature; /* SIGNATURE_SIZE bytes */
};

/** Split record || signature. ERR_DROP, with out untouched, if size is not that of a signed record.
 * Nothing else is checked. */
int record_split(struct record_parts *out, const uint8_t *data, size_t size) MUST_CHECK;
