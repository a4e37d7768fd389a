/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libmnl reads and writes the bytes. The socket has a time limit, so that the loop does not wait
 * forever for an answer that was lost.
 */
#include "proto/host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    BUFFER_SIZE = 32768,
    ANSWER_TIMEOUT_S = 2, /* the kernel answers at once, unless the answer is lost */
};

struct netlink {
    struct mnl_socket *socket;
    uint32_t sequence;
    _Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_SIZE];
};

int netlink_open(struct netlink **out)
{
    struct netlink *netlink = calloc(1, sizeof(*netlink));
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};

    *out = NULL;
    if (netlink == NULL) {
        return ERR_NOMEM;
    }
    netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (netlink->socket == NULL || mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(netlink->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                   sizeof(timeout)) != 0) {
        int cause = errno;

        netlink_close(netlink);
        errno = cause;
        return ERR_SYSTEM;
    }
    *out = netlink;
    return ERR_OK;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink == NULL) {
        return;
    }
    if (netlink->socket != NULL) {
        (void)mnl_socket_close(netlink->socket);
    }
    free(netlink);
}

struct nlmsghdr *netlink_request(struct netlink *netlink, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(netlink->buffer);

    netlink->sequence++;
    request->nlmsg_type = type;
    request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    request->nlmsg_seq = netlink->sequence;
    return request;
}

/* True if the message of this size belongs to a question before the present one, whose answer was
 * given up: it was late, or some of it was lost. */
static bool is_stale(const struct netlink *netlink, ssize_t size)
{
    const struct nlmsghdr *first = (const struct nlmsghdr *)(const void *)netlink->buffer;

    return mnl_nlmsg_ok(first, (int)size) && first->nlmsg_seq != netlink->sequence;
}

/* Receive until the kernel's acknowledgement or error, or the end of a dump. */
static int answer_read(struct netlink *netlink, int (*each)(const struct nlmsghdr *, void *),
                       void *context)
{
    unsigned port = mnl_socket_get_portid(netlink->socket);
    int verdict = MNL_CB_OK;

    while (verdict > MNL_CB_STOP) {
        ssize_t got = mnl_socket_recvfrom(netlink->socket, netlink->buffer, BUFFER_SIZE);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return ERR_SYSTEM;
        }
        if (is_stale(netlink, got)) {
            continue;
        }
        verdict = mnl_cb_run(netlink->buffer, (size_t)got, netlink->sequence, port, each, context);
    }
    return verdict < 0 ? ERR_SYSTEM : ERR_OK;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
                int (*each)(const struct nlmsghdr *message, void *context), void *context)
{
    if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0) {
        return ERR_SYSTEM;
    }
    return answer_read(netlink, each, context);
}

int netlink_commit(struct netlink *netlink, struct nlmsghdr *request)
{
    return netlink_ask(netlink, request, NULL, NULL);
}

int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family,
                 int (*each)(const struct nlmsghdr *message, void *context), void *context)
{
    struct nlmsghdr *request = netlink_request(netlink, type, NLM_F_DUMP);
    struct rtgenmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));

    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    body->rtgen_family = family;
    if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0) {
        return ERR_SYSTEM;
    }
    return answer_read(netlink, each, context);
}

/* With strict checking (Linux 4.20) the kernel tells only the routes of the interface in the
 * request. Otherwise a router with a million routes would send them all. */
int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned interface,
                        int (*each)(const struct nlmsghdr *message, void *context), void *context)
{
    struct nlmsghdr *request = netlink_request(netlink, RTM_GETROUTE, 0);
    struct rtmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    int on = 1;
    int off = 0;
    int rc;

    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    body->rtm_family = family;
    mnl_attr_put_u32(request, RTA_OIF, interface);
    (void)mnl_socket_setsockopt(netlink->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    rc = mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0
             ? ERR_SYSTEM
             : answer_read(netlink, each, context);
    (void)mnl_socket_setsockopt(netlink->socket, NETLINK_GET_STRICT_CHK, &off, sizeof(off));
    return rc;
}
