/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The head of a plaintext: what stands before the transport or the whole packet
 * (docs/protocol.md, section 9):
 *
 *   protocol(1) traffic class(1) hop limit(1) plain flags(1) [4 per fixed address]
 *
 * Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/rbuf.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tunnel_head {
    uint8_t protocol, traffic_class, hop_limit;
    bool v6, df;
    enum plain_kind source, destination;
    enum plain_checksum checksum;
    uint8_t source_middle[PLAIN_FIXED_SIZE], destination_middle[PLAIN_FIXED_SIZE];
};

/** Bytes of a plaintext before its payload, at most PLAIN_HEADER_SIZE_MAX. */
size_t tunnel_head_size(const struct tunnel_head *head);

/** Write tunnel_head_size bytes. */
void tunnel_head_write(uint8_t *out, const struct tunnel_head *head);

/** Read a head, and leave r behind it. ERR_DROP (out undefined) if it is too short, or is one that
 * tunnel_head_write does not make. */
int tunnel_head_read(struct tunnel_head *out, struct rbuf *r) MUST_CHECK;
