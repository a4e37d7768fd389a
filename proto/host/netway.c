/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to rtnetlink for each way: the same look-up as for a packet. */
#include "proto/host/netway.h"

#include "proto/host/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t zero[16];

enum { DEFAULT_BITS_MAX = 3 }; /* 0/0, 0/1, 2000::/3 */

struct netway {
    struct netlink *netlink;
};

int netway_open(struct netway **out, struct fault *fault)
{
    struct netway *netway = calloc(1, sizeof(*netway));

    *out = NULL;
    if (netway == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    if (netlink_open(&netway->netlink) != ERR_OK) {
        fault_set_errno(fault, "cannot ask the kernel for routes");
        free(netway);
        return ERR_SYSTEM;
    }
    *out = netway;
    return ERR_OK;
}

void netway_close(struct netway *netway)
{
    if (netway != NULL) {
        netlink_close(netway->netlink);
        free(netway);
    }
}

/* True if the kernel was asked and answered with this error: mostly, it knows no way. */
static bool is_answer(int error)
{
    return error != EAGAIN && error != ENOBUFS && error != ENOMEM && error != EPROTO &&
           error != EMFILE && error != ENFILE;
}

/* Unlike for IPv4, the kernel finds a route from an IPv6 address that it has not. errno tells why
 * not. */
static bool has_ipv6(const uint8_t source[16])
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has;

    memcpy(&address.sin6_addr, source, 16);
    has = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        int cause = errno;

        (void)close(fd);
        errno = cause;
    }
    return has;
}

struct way_answer {
    struct netway_found found;
    size_t size; /* of an address */
};

static void address_copy(uint8_t out[16], const struct nlattr *attr, size_t size)
{
    if (mnl_attr_get_payload_len(attr) != size) {
        return;
    }
    if (size == 4) {
        memcpy(out, mapped, sizeof(mapped));
        memcpy(out + 12, mnl_attr_get_payload(attr), 4);
    } else {
        memcpy(out, mnl_attr_get_payload(attr), 16);
    }
}

static int on_attribute(const struct nlattr *attr, void *context)
{
    struct way_answer *answer = context;
    const struct rtvia *via = mnl_attr_get_payload(attr);

    switch (mnl_attr_get_type(attr)) {
    case RTA_OIF:
        if (mnl_attr_get_payload_len(attr) == 4) {
            answer->found.interface = mnl_attr_get_u32(attr);
        }
        break;
    case RTA_PREFSRC:
        address_copy(answer->found.source, attr, answer->size);
        break;
    case RTA_GATEWAY:
        address_copy(answer->found.next_hop, attr, answer->size);
        break;
    case RTA_VIA: /* an IPv4 route by an IPv6 next hop */
        if (mnl_attr_get_payload_len(attr) == sizeof(*via) + 16) {
            memcpy(answer->found.next_hop, via->rtvia_addr, 16);
        }
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);

    if (message->nlmsg_type == RTM_NEWROUTE &&
        (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL)) {
        (void)mnl_attr_parse(message, sizeof(*route), on_attribute, context);
    }
    return MNL_CB_OK;
}

bool netway_find(struct netway *netway, const uint8_t source[16], const uint8_t to[16],
                 struct netway_found *out)
{
    bool v4 = memcmp(to, mapped, sizeof(mapped)) == 0;
    struct way_answer answer = {.size = v4 ? 4 : 16};
    bool any = memcmp(source, zero, sizeof(zero)) == 0;
    struct nlmsghdr *request;
    struct rtmsg *body;

    *out = (struct netway_found){0};
    if (!v4 && !any && !has_ipv6(source)) {
        return is_answer(errno);
    }
    request = netlink_request(netway->netlink, RTM_GETROUTE, 0);
    body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->rtm_family = v4 ? AF_INET : AF_INET6;
    body->rtm_dst_len = (uint8_t)(answer.size * 8);
    mnl_attr_put(request, RTA_DST, answer.size, v4 ? to + 12 : to);
    if (!any) {
        body->rtm_src_len = (uint8_t)(answer.size * 8);
        mnl_attr_put(request, RTA_SRC, answer.size, v4 ? source + 12 : source);
    }
    if (netlink_ask(netway->netlink, request, on_route, &answer) != ERR_OK) {
        return is_answer(errno);
    }
    *out = answer.found;
    return true;
}

/* The prefix that a route matched. */
struct route_match {
    uint8_t bits;
    bool found;
};

static int on_match(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct route_match *match = context;

    if (message->nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_UNICAST) {
        *match = (struct route_match){.bits = route->rtm_dst_len, .found = true};
    }
    return MNL_CB_OK;
}

static bool is_default(struct netway *netway, unsigned interface, int family, const uint8_t *ip,
                       size_t size)
{
    struct nlmsghdr *request = netlink_request(netway->netlink, RTM_GETROUTE, 0);
    struct rtmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    struct route_match match = {0};

    body->rtm_family = (uint8_t)family;
    body->rtm_dst_len = (uint8_t)(size * 8);
    body->rtm_flags = RTM_F_FIB_MATCH; /* the route itself, not what was made of it */
    mnl_attr_put(request, RTA_DST, size, ip);
    mnl_attr_put_u32(request, RTA_OIF, interface);
    return netlink_ask(netway->netlink, request, on_match, &match) == ERR_OK && match.found &&
           match.bits <= DEFAULT_BITS_MAX;
}

bool netway_is_default(struct netway *netway, unsigned interface)
{
    /* Any addresses of the internet: nothing is sent to them. */
    static const uint8_t v4[4] = {8, 0, 0, 1};
    static const uint8_t v6[16] = {0x26, 0x00, [15] = 1};

    return is_default(netway, interface, AF_INET, v4, sizeof(v4)) ||
           is_default(netway, interface, AF_INET6, v6, sizeof(v6));
}
