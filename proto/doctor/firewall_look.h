/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the firewalls of this machine let packets in that nobody asked for: the rules of
 * nftables, to which ufw, firewalld and iptables-nft write, and those of iptables-legacy, which the
 * kernel keeps apart. They are only read, and no module of the kernel's is loaded for it.
 */
#pragma once

#include "proto/doctor/findings.h"

#include <stdint.h>

/** `firewall`: for each of these UDP ports whether new packets that come by the interface ("": not
 * known) get in, and the command that lets them in. */
void firewall_look(struct findings *findings, const char *interface, const uint16_t *ports,
                   size_t count);
