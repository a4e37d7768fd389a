/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Punch probes and their answers on their way out (proto/crypto/punch_probe.h). */
#pragma once

#include "client/libstun2/punch_table.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stdint.h>

/** Ask at this address whether the peer is there; hops: how far it travels, 0: all the way. False
 * if that would be too much for an address that never answered (client/path). */
bool punch_send(struct punch_table *table, struct app_punch *punch, const struct endpoint *to,
                uint8_t hops, struct mono now);

/** Answer what came in. */
void punch_send_answer(struct punch_table *table, const struct app_punch *punch,
                       uint64_t transaction, const struct dgram *in);
