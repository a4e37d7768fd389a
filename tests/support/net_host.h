/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host among the relays of a relay_net: a real hub of the link with a session to one relay, and
 * what the relay answered last. A failure aborts.
 */
#pragma once

#include "proto/crypto/lane.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "tests/support/parts.h"
#include "tests/support/relay_net.h"

struct net_host {
    struct relay_net *net;
    struct relay_net_guest guest;
    struct identity identity;
    struct endpoint address, relay; /* relay: which it dialled last */
    struct link_hub *hub;
    struct handle handle;
    bool open, dialling;
    struct outbox box;
    struct part attachment; /* in its Hellos; size 0: none */
    uint32_t request_next;
    struct control_arena arena;
    Ziglan__Control *answer; /* to the last request; NULL: none yet */
    struct mono answered_at;
    const uint8_t *friend_key; /* or NULL; and frames that came from it */
    size_t friend_frames;
    size_t frames; /* that came from other hosts; the last one follows */
    uint8_t frame_src[KEY_SIZE];
    uint8_t frame[FRAME_SIZE_MAX];
    size_t frame_size;
    struct mono frame_at;
    bool answers; /* each frame at once by one of the same size, unless it is an answer itself */
    size_t gones; /* Gone messages; the last one's reason follows */
    uint32_t gone_reason;
    uint8_t gone_relay[KEY_SIZE]; /* zeros: it names none */
    struct net_host_punch {
        size_t offers, goes;
        uint64_t id; /* of the last offer or go, and what a go said: */
        uint8_t peer[KEY_SIZE], probe_key[PUNCH_PROBE_KEY_SIZE];
        struct endpoint peer_at;
        bool listen;
        size_t updates, results; /* of the other side; the last one came at told_at */
        bool direct;             /* what the last result says */
        struct mono told_at;
    } punch;
    struct net_host_lane {
        size_t opened, incoming, closed; /* messages of its relay; the last one follows */
        uint8_t peer[KEY_SIZE];
        struct lane end; /* bound by itself, unless `binds_not` */
        bool binds_not;
        size_t frames; /* that came by it; the last one's mark follows */
        uint8_t mark;
    } lane;
};

/** Make host number n (from 0), which has no session yet, in a network of its own. It must not move
 * in memory. */
void net_host_init(struct net_host *host, struct relay_net *net, uint8_t n);

/** The same at this address. */
void net_host_init_at(struct net_host *host, struct relay_net *net, uint8_t n,
                      const struct endpoint *address);
void net_host_fini(struct net_host *host);

/** Attach it to relay i for an hour, from its next Hello on. */
void net_host_attach(struct net_host *host, size_t i, uint64_t sequence);

/** Dial relay i, and let 200 ms pass, or more until there is a session; the session before is
 * closed. */
void net_host_dial(struct net_host *host, size_t i);

/** Begin to dial relay i, as a host or as a relay (LINK_ROLE_...). */
void net_host_dial_begin(struct net_host *host, size_t i, uint32_t roles);

/** Close its session. */
void net_host_leave(struct net_host *host);

/** Its NAT gives it another port, which the relay sees with the next packet; that is sent at once.
 */
void net_host_move(struct net_host *host, uint16_t port);

/** Send a request; its answer comes to host->answer. */
void net_host_send(struct net_host *host, Ziglan__Control *message);

/** Put bytes into its stream that need not be a capsule. Nothing happens without a session. */
void net_host_send_raw(struct net_host *host, const uint8_t *head, size_t head_size,
                       const uint8_t *body, size_t body_size);

/** Send an HTTP datagram of any content. */
void net_host_datagram(struct net_host *host, const uint8_t *head, size_t head_size,
                       const uint8_t *body, size_t body_size);

/** Send a data frame of `size` bytes with a mark to the host of this key. */
void net_host_frame(struct net_host *host, const uint8_t dst[KEY_SIZE], uint8_t mark, size_t size);

/** Ask where a key is, and wait for the answer for 2 s at most. Returns the milliseconds that it
 * took, or 2000. */
uint64_t net_host_locate(struct net_host *host, const uint8_t key[KEY_SIZE]);

/** The number of records in the answer to a Locate: 0 for NOT_FOUND. -1 for any other answer. */
int net_host_located(const struct net_host *host);

/** Ask for a lane to a host. */
void net_host_lane_ask(struct net_host *host, const uint8_t dst[KEY_SIZE]);

/** Bind its end of the last lane, without a cookie. */
void net_host_lane_bind(struct net_host *host);

/** Send a data frame of `size` bytes with a mark by its last lane. */
void net_host_lane_frame(struct net_host *host, uint8_t mark, size_t size);
