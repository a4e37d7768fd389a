/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a hostile relay or a hostile member sends to host 0 (anna) of host_fixture.h. */
#pragma once

#include "tests/support/host_fixture.h"

/** anna gets a PunchGo from the entry point of this ziglan. It says that nas was seen at this IPv4
 * address and port. */
void hostile_punch_go_of(struct lab *lab, struct ziglan *ziglan, const uint8_t ip[4],
                         uint32_t port);

/** The same from the entry point of anna's first ziglan, where both hosts are members. */
void hostile_punch_go(struct lab *lab, const uint8_t ip[4], uint32_t port);

/** nas seals a path ping and sends it to anna with a source address that may be somebody else's. */
void hostile_ping(struct lab *lab, const struct endpoint *from);
