/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tunnel must do with a packet of tunnel_packets.h; for cmocka tests. */
#pragma once

#include "tests/support/tunnel_packets.h"

/** What the host that sends this packet, and the one that receives it, knows of both. */
const struct tunnel_pair *sender(const struct two_hosts *two, const struct spec *spec);
const struct tunnel_pair *receiver(const struct two_hosts *two, const struct spec *spec);

/** The packet must be carried, and be the one to the byte that its receiver should get. */
void expect_carried(const struct two_hosts *two, const struct spec *spec);

/** What strip_one says to the packet. */
int strip_result(const struct two_hosts *two, const struct spec *spec);
