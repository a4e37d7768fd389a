/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two boxes into which the host's core writes what is to leave. The shell hands them to each
 * verb of the core, and empties them after each call or small batch of calls.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/net/dgram.h"

#include <stddef.h>

/** The boxes are borrowed for the call. */
struct host_io {
    struct outbox *net;     /* UDP payloads */
    struct packet_box *tun; /* IP packets for the TUN device */
    size_t portion;         /* to host_core_transmit: bytes of packets that waited, to be sent now;
                               0: all of them */
};
