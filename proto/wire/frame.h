/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layouts and limits of what hosts and relays exchange, on one page (docs/protocol.md, sections 1,
 * 3, 6, 9, 10 and 18). Numbers only: the codecs are elsewhere. Offsets count from the first byte of
 * the frame, which is that of the UDP payload or stands inside an HTTP datagram.
 */
#pragma once

/* The first byte of a UDP payload tells what it is (RFC 9443). */
enum frame_first_byte {
    FRAME_STUN_FIRST = 0x00,
    FRAME_STUN_LAST = 0x03,
    FRAME_HOST_FIRST = 0x80,
    FRAME_HOST_LAST = 0x8f,
    FRAME_LANE_FIRST = 0x90,
    FRAME_LANE_LAST = 0x9f,
    FRAME_TYPE_LANE_DATA = FRAME_LANE_FIRST, /* proto/crypto/lane_frame.h, as the next three */
    FRAME_TYPE_LANE_BIND = 0x91,
    FRAME_TYPE_LANE_CHALLENGE = 0x92,
    FRAME_TYPE_LANE_BOUND = 0x93,
    FRAME_TYPE_WORD = 0xa0, /* relay to relay, without a session: proto/crypto/word.h */
    FRAME_TYPE_WORD_ANSWER = 0xa1,
    FRAME_TYPE_FRAME_WORD = 0xa2, /* with a frame of a host: proto/crypto/frame_word.h */
    FRAME_TYPE_RECEIPT = 0xa3,
    FRAME_QUIC_BIT = 0x40, /* set in every QUIC first byte; grease_quic_bit is never offered */
};

/* Host-to-host frame types. */
enum frame_type {
    FRAME_TYPE_INITIATION = 0x80,
    FRAME_TYPE_RESPONSE = 0x81,
    FRAME_TYPE_COOKIE_REPLY = 0x82,
    FRAME_TYPE_DATA = 0x83,
    FRAME_TYPE_PING = 0x84,
    FRAME_TYPE_PUNCH = 0x85,
};

/* 0x83 and 0x84: type(1) channel(1) reserved(2) receiver index(4) counter(8) ciphertext tag(16, or
 * 32 with AEGIS-128L). The 16 header bytes are the associated data. */
enum {
    FRAME_HEADER_SIZE = 16,
    FRAME_CHANNEL_AT = 1,
    FRAME_INDEX_AT = 4,
    FRAME_COUNTER_AT = 8,
    FRAME_TAG_SIZE_MIN = 16,
    FRAME_TAG_SIZE_MAX = 32,
    FRAME_OVERHEAD_MIN = FRAME_HEADER_SIZE + FRAME_TAG_SIZE_MIN,
    FRAME_OVERHEAD_MAX = FRAME_HEADER_SIZE + FRAME_TAG_SIZE_MAX,
    FRAME_CHANNEL_CONTROL = 0, /* path pings, keepalive, in-tunnel control */
    FRAME_CHANNEL_DATA = 1,    /* the first channel for data, and the one that we send on */
    FRAME_CHANNEL_COUNT = 16,
};

/* Plaintext of a data frame: protocol(1) traffic class(1) hop limit(1) plain flags(1), then 4 bytes
 * per fixed address, then the payload. */
enum {
    PLAIN_HEADER_SIZE = 4,
    PLAIN_FIXED_SIZE = 4, /* per fixed address */
    PLAIN_HEADER_SIZE_MAX = PLAIN_HEADER_SIZE + 2 * PLAIN_FIXED_SIZE,
};

/* The protocol byte of a data plaintext: IP protocol numbers and our own. */
enum plain_protocol {
    PLAIN_PROTOCOL_KEEPALIVE = 0,
    PLAIN_PROTOCOL_ICMP = 1,
    PLAIN_PROTOCOL_IP4 = 4, /* a whole IPv4 packet */
    PLAIN_PROTOCOL_TCP = 6,
    PLAIN_PROTOCOL_UDP = 17,
    PLAIN_PROTOCOL_IP6 = 41, /* a whole IPv6 packet */
    PLAIN_PROTOCOL_ICMP6 = 58,
    PLAIN_PROTOCOL_FRAGMENT = 250,
    PLAIN_PROTOCOL_CONTROL = 254,
};

/* The plain flags: family(1 bit, 1 = IPv6) source kind(2) destination kind(2) checksum form(2)
 * DF(1), from the most significant bit down. */
enum {
    PLAIN_FAMILY6_FLAG = 0x80,
    PLAIN_SOURCE_SHIFT = 5,
    PLAIN_DESTINATION_SHIFT = 3,
    PLAIN_KIND_MASK = 0x03,
    PLAIN_CHECKSUM_SHIFT = 1,
    PLAIN_CHECKSUM_MASK = 0x03,
    PLAIN_DF_FLAG = 0x01,
};

enum plain_kind {
    PLAIN_KIND_OWN = 0,   /* the host's own address of the family: pool IPv4 or key IPv6 */
    PLAIN_KIND_4IN6 = 1,  /* fdd9:f8f4::a.b.c.d of its own pool IPv4 */
    PLAIN_KIND_FIXED = 2, /* a fixed address of its first EUI-64: the 32 middle bits follow */
    PLAIN_KIND_REAL = 3,  /* an address outside the overlay, only with protocols 4 and 41 */
};

enum plain_checksum {
    PLAIN_CHECKSUM_COMPLETE = 0, /* overlay addresses, length and protocol taken out (RFC 1624) */
    PLAIN_CHECKSUM_NONE = 1,     /* UDP without checksum; a whole packet with none to change */
    PLAIN_CHECKSUM_PARTIAL = 2,  /* the receiver completes it */
};

/* A fragment (protocol 250): after the 4 plaintext header bytes (traffic class, hop limit and plain
 * flags zero) id(4) index(1) count(1), then the fragment of the inner plaintext. */
enum {
    FRAGMENT_HEADER_SIZE = 6,
    FRAGMENT_COUNT_MAX = 4,
    FRAGMENT_PENDING_MAX = 64,  /* plaintexts per peer of which fragments are missing */
    FRAGMENT_TIMEOUT_MS = 1000, /* so long they wait for them */
};

/* Payload kinds of an HTTP datagram of a session. */
enum session_dgram_kind {
    SESSION_DGRAM_TO = 1,    /* dst(32) frame: host to relay */
    SESSION_DGRAM_FROM = 2,  /* src(32) frame: relay to host */
    SESSION_DGRAM_RELAY = 3, /* relay to relay: proto/wire/relayed.h */
};

/* What control messages between relays may hold. */
enum {
    NODE_ATTESTATIONS_MAX = 3, /* that travel with a node record */
    NODE_BUCKETS = 256,        /* of a digest, by the first byte of the key */
    NODES_MAX = 24,            /* in one message */
    NODE_REFS_MAX = 320,
    NODE_WANT_MAX = 24,
    REACH_HOPS_MAX = 4,
    LOCATED_MAX = 4,
    RELAYED_VIA_MAX = 3, /* relays that a sender may name between its relay and the receiver's */
    FIND_COUNT_MAX = 24,
    FIND_HOPS_MAX = 4,
    FIND_NAT_KINDS_MAX = 8,
};

enum {
    KEY_SIZE = 32,
    KEY_TEXT_SIZE = 53, /* 52 base32 characters and NUL */
    SIGNATURE_SIZE = 64,
    PUNCH_TOKEN_SIZE = 16,     /* random; tells the sides of a punch apart */
    PUNCH_PROBE_KEY_SIZE = 32, /* key of the MAC of punch probes */
    LANE_SECRET_SIZE = 32,     /* key of the MAC of binds: proto/crypto/lane_frame.h */
    SESSION_DGRAM_HEADER_SIZE = 1 + KEY_SIZE,
    CONTROL_SIZE_MAX = 16384, /* one protobuf Control */
    CONTROL_CAPSULE_TYPE = 0x5354,
    DATAGRAM_CAPSULE_TYPE = 0x00, /* RFC 9297 */
    INNER_MTU_MIN = 1280,         /* IPv6 demands it (RFC 8200, section 5) */
    INNER_MTU_DEFAULT = 1420,     /* with our headers it passes Ethernet, by IPv4 and IPv6 */
    INNER_MTU_MAX = 9000,
    FRAME_SIZE_MAX = INNER_MTU_MAX + PLAIN_HEADER_SIZE_MAX + FRAME_OVERHEAD_MAX,
};
