/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hosts at different relays of a net of open relays that know each other. A failure aborts.
 */
#pragma once

#include "tests/support/net_host.h"
#include "tests/support/relay_net.h"

enum { FAR_FRAME_SIZE = 1000 };

struct far_hosts {
    struct relay_net *net;
    struct net_host a, b; /* at relay 0, and at the last one */
    const uint8_t *a_key, *b_key;
};

/** So many relays, and the hosts, with sessions. */
void far_hosts_init(struct far_hosts *town, size_t relays);
void far_hosts_fini(struct far_hosts *town);

/** What relay i counted. */
const struct relay_counters *far_hosts_counters(const struct far_hosts *town, size_t i);

/** The host names the relays of its way to dst. */
void far_hosts_name_way(struct net_host *from, const uint8_t *dst, const size_t *relays,
                        size_t count);

/** True if its last request was answered by Done. */
bool net_host_done(const struct net_host *host);

/** Both send each other a frame every 100 ms. */
void far_hosts_talk(struct far_hosts *town, int rounds);
