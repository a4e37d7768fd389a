/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One UDP socket, driven in batches. It receives with recvmmsg and UDP_GRO, and sends trains
 * (UDP_SEGMENT, also called GSO) with sendmmsg. It knows the local address of each datagram
 * (PKTINFO), and sets "don't fragment". Only udp_batch.c, udp_send.c and udp_share.c know these
 * calls.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct udp_batch;

enum {
    UDP_TRAINS_MAX = 64,   /* messages received in one call; each may be a train */
    UDP_TRAINS_USUAL = 16, /* as many as are good where they are long */
};

struct udp_options {
    struct endpoint local; /* all-zero ip: every address of both families (IPv4 only where the
                              kernel has no IPv6); ::ffff:0.0.0.0: every IPv4 address; else that
                              address. Port 0: the kernel chooses */
    bool v6_only;          /* with an all-zero ip: every IPv6 address only */
    bool no_offload;       /* neither GSO nor GRO (tests, comparison) */
    bool passed;           /* take the socket that the service manager passed for `local`; if there
                              is none it gets ours, to keep it over a restart */
    bool joins;            /* an address that another socket of this user shares (udp_share.h) */
    bool passed_only;      /* such a one that another user made, or ERR_DROP without a fault */
    bool refusals;         /* remember what routers prohibit (udp_batch_prohibited) */
    bool prompt; /* let no more wait in the kernel than leaves in a few ms (udp_limit.h) */
    struct udp_batch *over;          /* bind where this socket of another user is bound, which stays
                                        open as long, and get everything in its place; NULL: no */
    const struct udp_batch *room_of; /* receive into the room of this socket, which stays open as
                                        long, instead of 1.1 MiB of one's own; NULL: no */
};

/** What happened on the socket since it was opened. */
struct udp_counters {
    uint64_t received_datagrams, received_bytes, receive_calls;
    uint64_t sent_datagrams, sent_bytes, send_calls;
    uint64_t too_large;   /* EMSGSIZE: larger than the path allows */
    uint64_t send_errors; /* refused for another reason (no route, source address gone, ...) */
    uint64_t receive_errors;
    uint64_t truncated;          /* received datagrams that did not fit; dropped */
    uint64_t gso_fallback_count; /* trains that had to be sent one by one */
};

/** Open, configure and bind. *out is NULL on error: ERR_SYSTEM or ERR_NOMEM; fault says why and
 * what to do. */
int udp_batch_open(struct udp_batch **out, const struct udp_options *options,
                   struct fault *fault) MUST_CHECK;

/** The same socket for another thread: with a room, a state and counters of its own. `of` stays
 * open as long, is not prompt, and may be used meanwhile. Close it with udp_batch_close, which
 * leaves the socket open. ERR_NOMEM. */
int udp_batch_twin(struct udp_batch **out, const struct udp_batch *of) MUST_CHECK;

/** True if a router answered something that was sent: it is administratively prohibited (ICMP type
 * 3 with code 9, 10 or 13; ICMPv6 type 1 with code 1). Tells it once, and only with `refusals`; to
 * be asked when the socket is readable and has no datagram. */
bool udp_batch_prohibited(struct udp_batch *udp);

/** Close it. NULL is fine. */
void udp_batch_close(struct udp_batch *udp);

/** The descriptor, to wait for. */
int udp_batch_fd(const struct udp_batch *udp);

/** Where the socket is bound, with the port the kernel chose. */
const struct endpoint *udp_batch_local(const struct udp_batch *udp);

/** The socket of another user that this one is bound over; NULL: none. */
struct udp_batch *udp_batch_over(const struct udp_batch *udp);

/** The counters; borrowed, they go on counting. */
const struct udp_counters *udp_batch_counters(const struct udp_batch *udp);

/**
 * Receive what is there, at most one batch, without waiting.
 *
 * Returns the number of datagrams at *items, 0 if there is nothing. They and their data are
 * borrowed until the next call, also of a socket with the same room; `local` has the address each
 * came to and the socket's port.
 */
size_t udp_batch_receive(struct udp_batch *udp, const struct dgram **items);

/** The same without cutting trains: writes at most `most` (1 to UDP_TRAINS_MAX) to `trains`, which
 * may be changed, and returns their number. What they point to is borrowed, and may be written to,
 * until the next call. */
size_t udp_batch_receive_trains(struct udp_batch *udp, struct dgram_train *trains, size_t most);
