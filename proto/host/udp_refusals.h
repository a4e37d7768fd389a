/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What routers answer by ICMP to the datagrams of one UDP socket. Part of udp_batch.h. */
#pragma once

#include <stdbool.h>

/** Let the kernel remember it. False if it cannot. v6: the socket is one of AF_INET6. */
bool udp_refusals_on(int fd, bool v6);

/** Forget what is remembered. True if something of it says "administratively prohibited". */
bool udp_refusals_prohibited(int fd);
