/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tunnel's files share among themselves (see tunnel.h): IP headers as they are read, the
 * plaintext's head, the kinds of addresses, and the quotes of ICMP errors. Not for others.
 */
#pragma once

#include "client/tunnel/tunnel.h"
#include "proto/base/rbuf.h"

enum {
    IP4_HEADER_SIZE = 20,
    IP6_HEADER_SIZE = 40,
    IP4_DF_FLAG = 0x4000,
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_ICMP6 = 58,
    TCP_HEADER_SIZE = 20,
    TCP_SEQUENCE_AT = 4,
    TCP_OFFSET_AT = 12, /* header size in words, high nibble */
    TCP_FLAGS_AT = 13,
    TCP_CHECKSUM_AT = 16,
    ICMP_HEADER_SIZE = 8, /* and where an error's quote begins */
    ICMP_CHECKSUM_AT = 2,
};

/** What an IP header says. */
struct tunnel_ip {
    bool v6;
    bool plain;     /* no option, extension header, fragment or reserved flag */
    bool fragment;  /* one of several */
    bool transport; /* the transport header begins at payload_at: no later fragment */
    bool df;
    uint8_t traffic_class, hop_limit;
    uint8_t protocol;    /* of the transport header, behind extension headers */
    size_t size;         /* of the packet by its own length, a quote's: what is there of it */
    size_t payload_at;   /* behind header, options and extension headers */
    size_t address_size; /* 4 or 16 */
    size_t source_at, destination_at;
};

/**
 * Read the IP header of size bytes of any content. A `quoted` packet may be cut off behind its
 * fixed header. ERR_DROP (out untouched): malformed, too short, or with a source route.
 */
int tunnel_ip_parse(struct tunnel_ip *out, const uint8_t *data, size_t size,
                    bool quoted) MUST_CHECK;

/** Where a transport's checksum stands, and what it covers. */
struct tunnel_transport {
    size_t checksum_at;
    size_t header_size; /* its fixed part */
    bool pseudo;        /* the checksum covers a pseudo-header */
};

/** The rules of a protocol's checksum; false if it has none that we know. */
bool tunnel_transport_of(struct tunnel_transport *out, bool v6, uint8_t protocol);

/** True for the protocols that travel without IP header. */
bool tunnel_protocol_plain(bool v6, uint8_t protocol);

/** The pseudo-header sum (0 for ICMP of IPv4). */
uint32_t tunnel_pseudo(bool v6, const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                       size_t size);

/** The head of a plaintext. */
struct tunnel_head {
    uint8_t protocol, traffic_class, hop_limit;
    bool v6, df;
    enum plain_kind source, destination;
    enum plain_checksum checksum;
    uint8_t source_middle[PLAIN_FIXED_SIZE], destination_middle[PLAIN_FIXED_SIZE];
};

/** Bytes of a plaintext before its payload. */
size_t tunnel_head_size(const struct tunnel_head *head);

/** Write tunnel_head_size bytes. */
void tunnel_head_write(uint8_t *out, const struct tunnel_head *head);

/** Read a head; ERR_DROP (out undefined) for what tunnel_head_write does not make. */
int tunnel_head_read(struct tunnel_head *out, struct rbuf *r) MUST_CHECK;

/** The kind of an address if it is the host's, else PLAIN_KIND_REAL. middle is written for
 * PLAIN_KIND_FIXED only. */
enum plain_kind tunnel_kind_of(const struct tunnel_host *host, bool v6, const uint8_t *ip,
                               uint8_t middle[PLAIN_FIXED_SIZE]);

/** Write the host's address of a kind (not PLAIN_KIND_REAL); false if it has none. */
bool tunnel_address_of(const struct tunnel_host *host, bool v6, enum plain_kind kind,
                       const uint8_t middle[PLAIN_FIXED_SIZE], uint8_t *ip);

/** May this address travel as a real one? Fixed addresses of `host` may. */
bool tunnel_real_allowed(const struct tunnel_pair *pair, const struct tunnel_host *host,
                         enum tunnel_real_use use, bool v6, const uint8_t *ip);

/** An ICMP message that means something on one link only. size bytes of transport. */
bool tunnel_icmp_link_only(bool v6, uint8_t protocol, const uint8_t *transport, size_t size);

/** An ICMP message that quotes a packet. */
bool tunnel_icmp_is_error(bool v6, uint8_t protocol, const uint8_t *transport, size_t size);

enum tunnel_quote_way {
    TUNNEL_QUOTE_STRIP,   /* take the addresses out of an error that we send */
    TUNNEL_QUOTE_REBUILD, /* put them into one that came */
};

/**
 * Translate the pair's addresses in the packet that an ICMP error of `size` bytes quotes. The
 * quote's checksums follow, and the error's own if `complete`. ERR_DROP: the quote is not of this
 * pair or not readable; the message is then as before.
 */
int tunnel_quote(enum tunnel_quote_way way, const struct tunnel_pair *pair, bool v6, uint8_t *icmp,
                 size_t size, bool complete) MUST_CHECK;

/** Where in a packet stands the checksum that covers its addresses. NULL: no transport header here,
 * none that we know, or UDP without checksum. */
uint8_t *tunnel_checksum_field(uint8_t *data, const struct tunnel_ip *ip);

/** A checksum field after a change of what it covers. UDP's zero stays zero, and a UDP checksum
 * that comes out as zero is written as 0xffff. */
void tunnel_checksum_change(uint8_t *field, uint8_t protocol, uint32_t removed, uint32_t added);

/** tunnel_strip for a packet with gso. */
int tunnel_segment_strip(uint8_t *out, size_t capacity, size_t *size,
                         const struct tunnel_pair *pair, const struct packet *packet,
                         size_t segment) MUST_CHECK;

/** Kinds and middle bits of a packet's addresses, as sent by us to the peer. ERR_DROP if a real
 * one is not allowed. */
int tunnel_head_addresses(struct tunnel_head *head, const struct tunnel_pair *pair,
                          const struct tunnel_ip *ip, const uint8_t *data) MUST_CHECK;
