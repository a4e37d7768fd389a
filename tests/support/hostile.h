/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay or a member that means harm sends to host 0 of the fixture (anna). */
#pragma once

#include "tests/support/host_fixture.h"

/** A PunchGo about nas, as the entry point of this ziglan might send it: nas is seen at this
 * IPv4 address. */
void hostile_punch_go_of(struct lab *lab, struct ziglan *ziglan, const uint8_t ip[4],
                         uint32_t port);

/** The same from the entry point of the ziglan of both. */
void hostile_punch_go(struct lab *lab, const uint8_t ip[4], uint32_t port);

/** Nas seals a ping and sends it with this source address, whosever that is. */
void hostile_ping(struct lab *lab, const struct endpoint *from);
