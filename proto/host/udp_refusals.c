/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error queue of a socket. */
#include "proto/host/udp_refusals.h"

#include <time.h> /* the next one needs it */

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ANCILLARY_SIZE = 512 };

bool udp_refusals_on(int fd, bool v6)
{
    const int on = 1;
    bool ok = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) == 0;

    return (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) == 0) || ok;
}

static bool is_prohibited(const struct sock_extended_err *e)
{
    if (e->ee_origin == SO_EE_ORIGIN_ICMP6) {
        return e->ee_type == ICMPV6_DEST_UNREACH && e->ee_code == ICMPV6_ADM_PROHIBITED;
    }
    return e->ee_origin == SO_EE_ORIGIN_ICMP && e->ee_type == ICMP_DEST_UNREACH &&
           (e->ee_code == ICMP_NET_ANO || e->ee_code == ICMP_HOST_ANO ||
            e->ee_code == ICMP_PKT_FILTERED);
}

static bool has_prohibited(struct msghdr *header)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        struct sock_extended_err e;

        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            memcpy(&e, CMSG_DATA(c), sizeof(e));
            if (is_prohibited(&e)) {
                return true;
            }
        }
    }
    return false;
}

bool udp_refusals_prohibited(int fd)
{
    bool prohibited = false;

    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_in6 name; /* large enough for both families */
        _Alignas(struct cmsghdr) char ancillary[ANCILLARY_SIZE];
        struct msghdr header = {.msg_name = &name,
                                .msg_namelen = sizeof(name),
                                .msg_control = ancillary,
                                .msg_controllen = sizeof(ancillary)};

        if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            break;
        }
        prohibited = has_prohibited(&header) || prohibited;
    }
    return prohibited;
}
