/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets that the core wants besides the host's first one. The shell asks after each verb what
 * is to be opened or closed; it receives on all of them, and sends each datagram from the socket
 * whose port is that of its `local`. At most SPARE_SOCKETS_MAX are open at once.
 */
#pragma once

#include "client/core/core.h"

/** One that is to be opened, at any port, or closed. */
struct host_socket_wanted {
    bool open;
    uint16_t port; /* of the one that is to be closed; the core has forgotten it */
};

/** Poll; false: nothing is wanted. After `open`, call host_core_socket_opened before asking again.
 */
bool host_core_socket_wanted(struct host_core *core, struct host_socket_wanted *out);

/** The socket is open, at this port; 0: none can be opened now. */
void host_core_socket_opened(struct host_core *core, uint16_t port, struct mono now);

/** A router answered what left from this socket: such packets are administratively prohibited (ICMP
 * type 3, codes 9, 10 and 13; ICMPv6 type 1, code 1). Nothing more of the kind is sent in this
 * network. */
void host_core_socket_prohibited(struct host_core *core, uint16_t port, struct mono now);

/** Whether ports may be guessed at all. */
void host_core_set_guessing(struct host_core *core, bool allowed);
