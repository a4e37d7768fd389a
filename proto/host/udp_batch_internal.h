/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a UDP socket, for the files that receive from it and send by it. */
#pragma once

#include "proto/host/udp_batch.h"
#include "proto/net/send_limit.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    UDP_ROOM_MESSAGE_SIZE = 65536,
    UDP_ROOM_DGRAMS_MAX = 2048, /* after splitting; a train has at most 128 segments */
    UDP_ANCILLARY_SIZE = 128,
};

/** Where a batch is received. */
struct udp_room {
    struct dgram dgrams[UDP_ROOM_DGRAMS_MAX];
    uint8_t bytes[UDP_TRAINS_MAX][UDP_ROOM_MESSAGE_SIZE]; /* what is not used takes no memory */
};

struct udp_batch {
    int fd;
    int family;
    struct endpoint local;
    bool gso, refusals;
    bool prompt;             /* the fields below are used: */
    struct send_limit limit; /* what may wait in the kernel */
    size_t sent_unseen;      /* bytes sent since nothing waited there */
    bool bound;              /* as the service manager passed it */
    struct udp_batch *over;  /* borrowed; may be NULL */
    struct udp_counters counters;
    struct udp_room *room;
    bool owns_room, owns_fd;
};

/** Storage of one message to or from the kernel. */
struct udp_message_store {
    struct sockaddr_in6 name; /* large enough for both families */
    struct iovec iov;         /* of what is received */
    _Alignas(struct cmsghdr) uint8_t ancillary[UDP_ANCILLARY_SIZE];
};

/** True for the address that means: any. */
bool udp_ip_is_zero(const uint8_t ip[16]);
