/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets between the TUN device and the tunnel, in batches, with what a virtio_net_hdr says
 * about them: a checksum still to be completed, and segmentation still to be done (a super-packet
 * of TCP, or of UDP datagrams of one size, of up to 64 KiB). The platform's TUN device turns them
 * into bytes and back; the core reads and makes them without knowing the device.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_gso {
    PACKET_GSO_NONE,
    PACKET_GSO_TCP4,
    PACKET_GSO_TCP6,
    PACKET_GSO_UDP, /* of either family */
};

/** What a TUN device takes and hands over besides plain packets. */
struct packet_offload {
    bool tcp; /* partial checksums, and TCP super-packets */
    bool udp; /* UDP super-packets, too */
};

enum {
    PACKET_SIZE_MAX = 65535,
};

/** One IP packet, header first. */
struct packet {
    uint8_t *data; /* borrowed */
    size_t size;
    bool checksum_partial;    /* a checksum field holds only the sum of its pseudo-header; whoever
                                 completes it adds data[checksum_start, size) */
    uint16_t checksum_start;  /* offset of the header that it belongs to: the transport's, or one
                                 inside a tunnel */
    uint16_t checksum_offset; /* of the checksum field from checksum_start */
    enum packet_gso gso;
    uint16_t gso_size;    /* payload bytes per segment */
    uint16_t header_size; /* gso: IP and transport header together */
};

/** Complete a partial checksum in the packet itself, where nobody behind us will: in a packet that
 * travels whole, or for a TUN device without offload. Other packets stay as they are. ERR_DROP
 * (nothing changed) for a super-packet, or if the checksum's place is outside the packet. */
int packet_checksum_complete(struct packet *packet) MUST_CHECK;

/** Packets for the TUN device, back to back in one buffer, each with PACKET_BOX_HEADROOM free bytes
 * before it (room for the device's own header, and for an IP header rebuilt in place). */
struct packet_box {
    uint8_t *bytes;
    size_t bytes_capacity, bytes_used;
    struct packet *items; /* data points into bytes */
    size_t items_capacity, items_count;
    uint64_t refused_count;
    uint64_t changes; /* goes up with each packet that is appended, and when it is emptied */
};

enum { PACKET_BOX_HEADROOM = 64 };

/** Memory for an empty box. ERR_NOMEM; packet_box_fini is legal then, too. */
int packet_box_init(struct packet_box *box, size_t bytes_capacity,
                    size_t items_capacity) MUST_CHECK;

/** Free its memory. A box of zeros is fine. */
void packet_box_fini(struct packet_box *box);

/** Room for a packet of at most size_max bytes with PACKET_BOX_HEADROOM writable bytes before the
 * returned pointer; NULL (counted) if full. Nothing is appended until packet_box_commit. */
uint8_t *packet_box_reserve(struct packet_box *box, size_t size_max);

/** Append *packet, whose data lies inside what packet_box_reserve handed out (headroom included).
 */
void packet_box_commit(struct packet_box *box, const struct packet *packet);

/** Empty the box; its memory stays. */
void packet_box_clear(struct packet_box *box);
