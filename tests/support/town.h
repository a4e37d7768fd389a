/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hosts, anna and nas, with sessions to four relays each: two entry points of their ziglan, and
 * two relays of no ziglan, which are open to strangers. In virtual time. For cmocka tests.
 */
#pragma once

#include "client/core/core.h"
#include "client/ziglan/ziglan.h"
#include "proto/wire/url.h"
#include "tests/support/env.h"
#include "tests/support/host_node.h"
#include "tests/support/relay_node.h"
#include "tests/support/street.h"
#include "tests/support/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOWN_HOSTS = 2,
    TOWN_RELAYS = 4,
    TOWN_ENTRY_POINTS = 2, /* the first ones; the others are of no ziglan */
};

/** Anna is the first host, nas the second. */
struct town {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relays[TOWN_RELAYS];
    struct host_node hosts[TOWN_HOSTS];
    struct street street;                      /* all of them on their wire */
    uint64_t numbers[TOWN_HOSTS][TOWN_RELAYS]; /* of the sessions to all relays but the first */
    bool nas_is_cut_off;                       /* from the first relay */
};

/** Make all, and wait until each host has a session to each relay: to the first entry point by
 * joining, to the second by an invite of its own, to the others by their keys. The caller frees it
 * with town_free. */
struct town *town_new(void);
void town_free(struct town *town);

/** An invite of an entry point, for one host: as text, and read. */
void town_invite(struct town *town, size_t relay, struct url *url, char text[URL_SIZE_MAX]);

/** The URL that leads to a relay by its own key. */
void town_relay_url(const struct town *town, size_t relay, struct url *url);

/** Host i gets the relays of no ziglan, as town_new does it. */
void town_add_open_relays(struct town *town, size_t i);

/** How many relays serve a host now. */
size_t town_sessions_open(const struct host_core *core);

/** Anna sends an IPv4 ICMP echo request to nas. */
void town_ping(struct town *town);

/** She does so for at most `s` seconds, until a packet arrives at nas. */
bool town_passes_within(struct town *town, unsigned s);

/** Whose path anna uses now: the number of a relay, TOWN_RELAYS: none of them. */
size_t town_relay_in_use(struct town *town);

/** The first ziglan of a host. */
struct ziglan *town_ziglan(struct town *town, size_t host);

/** Both hosts are told that the other is at the relays of no ziglan. */
void town_peers_are_at_the_open_relays(struct town *town);
