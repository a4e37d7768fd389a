/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sending by a UDP socket in batches: sendmmsg, and trains (UDP_SEGMENT) of what has the same ends
 * and size.
 */
#pragma once

#include "proto/host/udp_batch.h"
#include "proto/net/dgram.h"

#include <stddef.h>

/** Send trains of at most DGRAM_TRAIN_MAX datagrams and DGRAM_TRAIN_SIZE_MAX bytes. Returns how
 * many were taken, as udp_batch_send does; of the next one, what was taken is cut off. */
size_t udp_batch_send_trains(struct udp_batch *udp, struct dgram_train *trains, size_t count);

/**
 * Send items [first, first + count) of the box.
 *
 * Returns how many were taken, counted from `first`: fewer than count only if the socket's buffer
 * is full (wait until it is writable, then go on). A taken item was sent, or was refused by the
 * kernel and counted; like any loss that is left to the protocol above.
 */
size_t udp_batch_send(struct udp_batch *udp, const struct outbox *box, size_t first, size_t count);
