/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A socket that is prompt (udp_options): before and after sending it looks what waits in the kernel
 * below it, and its send buffer is as large as send_limit.h says. So the kernel itself refuses what
 * is too much, and tells when half of it is gone. Where nothing waits, that costs one call in
 * 16 KiB.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/host/udp_batch.h"

#include <stdbool.h>
#include <stddef.h>

/** Whether the socket is prompt. */
bool udp_limit_applies(const struct udp_batch *udp);

/** Before sending. Returns the bytes that a train may have, 1 or more. */
size_t udp_limit_before(struct udp_batch *udp);

/** Bytes that had better be sealed and handed over at once, since the way is slow; 0: it is not, or
 * the socket is not prompt. */
size_t udp_limit_portion(const struct udp_batch *udp, struct mono now);

/** After sending `sent` bytes; `full`: the socket refused the rest. */
void udp_limit_after(struct udp_batch *udp, size_t sent, bool full);
