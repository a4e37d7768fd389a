/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a core puts what is to leave, in every call that takes one. The shell empties both boxes
 * after each call (or each small batch of calls).
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/net/dgram.h"

struct host_io {
    struct outbox *net;     /* UDP payloads */
    struct packet_box *tun; /* IP packets for the TUN device */
};
