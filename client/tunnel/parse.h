/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading IP headers: IPv4 with options (RFC 791), IPv6 with extension headers (RFC 8200). Packets
 * come from the TUN device or, whole, from a peer, so any content is handled. Pure.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IP4_HEADER_SIZE = 20,
    IP6_HEADER_SIZE = 40,
    IP4_DF_FLAG = 0x4000,
};

/** What an IP header says. Sizes and places are in bytes from the beginning of the packet. */
struct tunnel_ip {
    bool v6;
    bool plain;     /* no option, extension header, fragment or reserved flag */
    bool fragment;  /* one of several */
    bool transport; /* the transport header begins at payload_at: no later fragment */
    bool df;
    uint8_t traffic_class, hop_limit;
    uint8_t protocol;    /* of the transport header, behind extension headers */
    size_t size;         /* of the packet, by its header; of a quoted one as much as is there */
    size_t payload_at;   /* behind header, options and extension headers */
    size_t address_size; /* 4 or 16 */
    size_t source_at, destination_at;
};

/**
 * Read the IP header of size bytes of any content. A `quoted` packet may be cut off behind its
 * fixed header. ERR_DROP (out untouched): malformed, too short, with a source route or a home
 * address.
 */
int tunnel_ip_parse(struct tunnel_ip *out, const uint8_t *data, size_t size,
                    bool quoted) MUST_CHECK;
