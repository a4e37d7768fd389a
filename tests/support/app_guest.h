/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An application of libstun2 as a guest of a relay_net: behind a NAT of tests/support/nat.h, with
 * the public interface and nothing else. What it was told is kept for the test to look at. A
 * failure aborts.
 */
#pragma once

#include "client/stun2/stun2.h"
#include "tests/support/nat.h"
#include "tests/support/relay_net.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the sockets of one purpose begin: the application's own, of a report, of lifetimes. */
enum {
    APP_GUEST_OWN,
    APP_GUEST_REPORT,
    APP_GUEST_LIFETIME = APP_GUEST_REPORT + STUN2_REPORT_SOCKETS,
    APP_GUEST_SOCKETS = APP_GUEST_LIFETIME + STUN2_LIFETIME_SOCKETS,
};

enum { APP_GUEST_EVENTS_MAX = 64, APP_GUEST_GOT_MAX = 16, APP_GUEST_DATA_SIZE = 256 };

/** A datagram that was the application's. */
struct app_guest_got {
    struct stun2_address from;
    size_t size;
    uint8_t data[APP_GUEST_DATA_SIZE];
};

struct app_guest {
    struct relay_net *net;
    struct relay_net_guest guest;
    struct nat nat;
    struct stun2 *agent;
    struct stun2_address local[APP_GUEST_SOCKETS]; /* by APP_GUEST_* */
    uint64_t relay;                                /* that it was told of first */
    bool says_yes;                                 /* to all who ask */
    bool blocked;                                  /* nothing passes in or out */
    bool lan; /* it is in the LAN 192.168.0.0/16, with all others that are */
    size_t sent, bytes;
    struct stun2_event events[APP_GUEST_EVENTS_MAX];
    size_t events_count;
    struct app_guest_got got[APP_GUEST_GOT_MAX];
    size_t got_count;
};

/** A net with so many open relays that know each other and have the pool "chat", 20 s old; and the
 * library started on its randomness. */
struct relay_net *app_net_new(size_t relays, uint64_t seed);
void app_net_free(struct relay_net *net);

/** Application number `number` (from 1) in the net, behind a NAT of this kind. Its memory must not
 * move. */
void app_guest_init(struct app_guest *app, struct relay_net *net, uint8_t number,
                    const struct nat_kind *kind);
void app_guest_fini(struct app_guest *app);

/** A session to relay i of the net. */
void app_guest_relay(struct app_guest *app, size_t i);

/** Measure the NAT; 4 s pass. */
void app_guest_measure(struct app_guest *app);

/** Send the application's own bytes. */
void app_guest_send(struct app_guest *app, const struct stun2_address *to, const char *text);

/** After a call of the library by the test: send what it wants, and look at events. */
void app_guest_settle(struct app_guest *app);

/** The last event of this type; NULL: there was none. And how many there were. */
const struct stun2_event *app_guest_event(const struct app_guest *app, enum stun2_event_type type);
size_t app_guest_count(const struct app_guest *app, enum stun2_event_type type);

/** Forget what was told and what came. */
void app_guest_forget(struct app_guest *app);

/** True if this text came from that address as the application's. */
bool app_guest_has(const struct app_guest *app, const struct stun2_address *from, const char *text);

/** Now, as the library wants it. */
uint64_t app_guest_now(const struct app_guest *app);
