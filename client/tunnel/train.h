/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plaintexts of one flow that come one behind the other become a super-packet again, so that the
 * kernel handles up to 64 KiB at a time: TCP segments (TSO) and UDP datagrams of one size (USO).
 * Only the first one is read as a packet. Of each further one the first bytes, its head and
 * transport header, must be those of the first under a mask; then its payload is appended. Only for
 * a TUN device that takes super-packets (packet_offload). Pure.
 *
 * TCP: only segments with the flags ACK, or ACK and PSH, which ends the train, and only those that
 * continue the sequence. IPv4 needs DF, because otherwise its identification means something. A
 * shorter segment ends the train, a larger one begins another. Checksums are right or partial. Of
 * UDP at most 64 datagrams become one packet.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAIN_PREFIX_SIZE_MAX = PLAIN_HEADER_SIZE_MAX + TCP_HEADER_SIZE_MAX };

/** The last packet of a box, as long as it may grow. Zeroed, but for the first two fields: there is
 * none. */
struct packet_train {
    struct packet_offload offload; /* what the TUN device takes; without any, packets stay alone and
                                      get their checksums */
    uint16_t next_id;              /* for tunnel_rebuild */
    bool open;
    bool right;                   /* the first one's checksum is known to be right */
    const struct packet_box *box; /* that it is in, and how it left it; if that changed, or another
                                     one is filled, the train is over */
    uint64_t box_changes;
    uint64_t source;
    size_t head_size, prefix_size; /* of a plaintext; the prefix has the transport header, too */
    size_t segment_size;           /* payload bytes of all but the last one */
    uint32_t sequence;             /* TCP: of the next one */
    uint8_t prefix[TRAIN_PREFIX_SIZE_MAX]; /* of the first plaintext */
    uint8_t mask[TRAIN_PREFIX_SIZE_MAX];   /* the bits of it that must not differ */
};

/**
 * Put the packet of a plaintext into the box: behind the payload of the last packet, or by
 * tunnel_rebuild and packet_box_commit as a packet of its own.
 *
 * source       tells sessions apart: what has one source came from one peer, with the same pair
 * plain        as for tunnel_rebuild, inside what packet_box_reserve handed out
 * packet_size  bytes of the packet by itself, IP header included; written only on ERR_OK
 *
 * ERR_DROP: as tunnel_rebuild; the box is as before.
 */
int train_put(struct packet_train *train, struct packet_box *box, const struct tunnel_pair *pair,
              uint64_t source, uint8_t *plain, size_t size, size_t *packet_size) MUST_CHECK;
