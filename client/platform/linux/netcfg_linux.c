/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/platform/netcfg.h"

#include "client/platform/linux/netlink_linux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

enum {
    ROUTE_METRIC_FIRST = 256,
    ROUTE_METRIC_STEP = 16,
    ROUTE_TRIES_MAX = 16, /* interfaces with overlay routes on one machine */
};

/* The overlay's ranges, all routed to the device: key-derived, 4in6, fixed. */
static const uint8_t overlay_ranges[3][4] = {
    {0xfd, 0xd9, 0xf8, 0x00}, {0xfd, 0xd9, 0xf8, 0xf4}, {0xfd, 0xd9, 0xf8, 0xff}};

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* No automatic link-local address: nothing on this link would answer its router solicitations. */
static void addr_gen_none(struct nlmsghdr *request)
{
    struct nlattr *spec = mnl_attr_nest_start(request, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(request, AF_INET6);

    mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(request, inet6);
    mnl_attr_nest_end(request, spec);
}

static struct nlmsghdr *link_request(struct netlink *netlink, unsigned index)
{
    struct nlmsghdr *request = netlink_request(netlink, RTM_NEWLINK, 0);
    struct ifinfomsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->ifi_family = AF_UNSPEC;
    body->ifi_index = (int)index;
    return request;
}

static int link_set(struct netlink *netlink, unsigned index, uint16_t mtu, uint32_t queue_length)
{
    struct nlmsghdr *request = link_request(netlink, index);

    mnl_attr_put_u32(request, IFLA_MTU, mtu);
    if (queue_length != 0) {
        mnl_attr_put_u32(request, IFLA_TXQLEN, queue_length);
    }
    return netlink_commit(netlink, request);
}

static int link_up(struct netlink *netlink, unsigned index)
{
    struct nlmsghdr *request = link_request(netlink, index);
    struct ifinfomsg *body = mnl_nlmsg_get_payload(request);

    body->ifi_flags = IFF_UP;
    body->ifi_change = IFF_UP;
    return netlink_commit(netlink, request);
}

static int address_add(struct netlink *netlink, unsigned index, const uint8_t *ip, size_t size,
                       uint8_t prefix)
{
    struct nlmsghdr *request = netlink_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->ifa_family = size == 4 ? AF_INET : AF_INET6;
    body->ifa_prefixlen = prefix;
    body->ifa_scope = RT_SCOPE_UNIVERSE;
    body->ifa_index = index;
    mnl_attr_put(request, IFA_LOCAL, size, ip);
    mnl_attr_put(request, IFA_ADDRESS, size, ip);
    if (size == 16) {
        mnl_attr_put_u32(request, IFA_FLAGS, IFA_F_NODAD);
    }
    return netlink_commit(netlink, request);
}

static int route_request(struct netlink *netlink, unsigned index, const uint8_t destination[16],
                         uint8_t prefix, uint32_t metric, uint16_t flags)
{
    bool wanted = (flags & NLM_F_CREATE) != 0;
    struct nlmsghdr *request =
        netlink_request(netlink, wanted ? RTM_NEWROUTE : RTM_DELROUTE, flags);
    struct rtmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->rtm_family = AF_INET6;
    body->rtm_dst_len = prefix;
    body->rtm_table = RT_TABLE_MAIN;
    body->rtm_protocol = RTPROT_STATIC;
    body->rtm_scope = RT_SCOPE_UNIVERSE;
    body->rtm_type = RTN_UNICAST;
    mnl_attr_put(request, RTA_DST, 16, destination);
    mnl_attr_put_u32(request, RTA_OIF, index);
    mnl_attr_put_u32(request, RTA_PRIORITY, metric);
    return netlink_commit(netlink, request);
}

/* One IPv6 route to the device. Where another interface has the same route already, ours goes
 * behind it: what is bound to this interface still finds it. */
static int route_add(struct netlink *netlink, unsigned index, const uint8_t range[4], bool *shared)
{
    uint8_t destination[16] = {range[0], range[1], range[2], range[3]};

    for (uint32_t i = 0; i < ROUTE_TRIES_MAX; i++) {
        if (route_request(netlink, index, destination, 32,
                          ROUTE_METRIC_FIRST + i * ROUTE_METRIC_STEP,
                          NLM_F_CREATE | NLM_F_EXCL) == ERR_OK) {
            return ERR_OK;
        }
        if (errno != EEXIST) {
            return ERR_SYSTEM;
        }
        *shared = true;
    }
    return ERR_SYSTEM;
}

static int ipv4_apply(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan)
{
    int rc = address_add(netlink, index, plan->ipv4, 4, plan->ipv4_prefix);

    if (rc == ERR_OK && !is_zero(plan->resolver, 4)) {
        rc = address_add(netlink, index, plan->resolver, 4, 32);
    }
    return rc;
}

static int ipv6_apply(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan,
                      struct netcfg_report *report)
{
    struct nlmsghdr *request = link_request(netlink, index);
    int rc;

    addr_gen_none(request);
    rc = netlink_commit(netlink, request);
    if (rc != ERR_OK) {
        /* The kernel has no IPv6 at all, or none on this link. */
        report->ipv6_off = true;
        return ERR_OK;
    }
    rc = address_add(netlink, index, plan->ipv6, 16, 128);
    if (rc != ERR_OK && (errno == EACCES || errno == EOPNOTSUPP || errno == EPERM)) {
        report->ipv6_off = true; /* net.ipv6.conf.*.disable_ipv6 */
        return ERR_OK;
    }
    if (rc == ERR_OK && !is_zero(plan->ipv6_4in6, 16)) {
        rc = address_add(netlink, index, plan->ipv6_4in6, 16, 128);
    }
    for (size_t i = 0; rc == ERR_OK && i < plan->ipv6_fixed_count; i++) {
        rc = address_add(netlink, index, plan->ipv6_fixed[i], 16, 128);
    }
    return rc;
}

/* The 4in6 form of the pool is narrower than the range of all pools, so that interfaces with
 * pools of their own do not get in each other's way. */
static int pool_route(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan)
{
    uint8_t destination[16];
    unsigned host_bits = 32U - plan->ipv4_prefix;

    memcpy(destination, plan->ipv6_4in6, sizeof(destination));
    for (unsigned bit = 0; bit < host_bits; bit++) {
        destination[15 - bit / 8] &= (uint8_t)~(1U << bit % 8);
    }
    return route_request(netlink, index, destination, (uint8_t)(96 + plan->ipv4_prefix),
                         ROUTE_METRIC_FIRST, NLM_F_CREATE | NLM_F_REPLACE);
}

static int ipv6_routes(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan,
                       struct netcfg_report *report)
{
    if (!is_zero(plan->ipv6_4in6, 16) && pool_route(netlink, index, plan) != ERR_OK) {
        return ERR_SYSTEM;
    }
    for (size_t i = 0; i < 3; i++) {
        if (route_add(netlink, index, overlay_ranges[i], &report->ipv6_route_shared) != ERR_OK) {
            return ERR_SYSTEM;
        }
    }
    return ERR_OK;
}

/* All steps in order; *step names the one that failed. */
static int plan_apply(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan,
                      struct netcfg_report *report, const char **step)
{
    *step = "set the MTU of";
    if (link_set(netlink, index, plan->mtu, plan->queue_length) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "give IPv6 addresses to";
    if (ipv6_apply(netlink, index, plan, report) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "give IPv4 addresses to";
    if (ipv4_apply(netlink, index, plan) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "start";
    if (link_up(netlink, index) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "route fdd9:f800::/24 to";
    return report->ipv6_off ? ERR_OK : ipv6_routes(netlink, index, plan, report);
}

int netcfg_apply(const char *interface, const struct netcfg_plan *plan,
                 struct netcfg_report *report, struct fault *fault)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    const char *step = "reach the kernel's interface settings for";
    int rc;

    *report = (struct netcfg_report){0};
    if (index == 0) {
        fault_set_errno(fault, "cannot find the interface %s", interface);
        return ERR_SYSTEM;
    }
    rc = netlink_open(&netlink);
    if (rc == ERR_OK) {
        rc = plan_apply(netlink, index, plan, report, &step);
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot %s %s", step, interface);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}

int netcfg_route_hosts(const char *interface, const struct netcfg_host *hosts, size_t count,
                       struct fault *fault)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    int rc = index == 0 ? ERR_SYSTEM : netlink_open(&netlink);

    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        rc = route_request(netlink, index, hosts[i].ip, 128, ROUTE_METRIC_FIRST,
                           hosts[i].wanted ? NLM_F_CREATE | NLM_F_REPLACE : 0);
        if (rc != ERR_OK && !hosts[i].wanted && errno == ESRCH) {
            rc = ERR_OK;
        }
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot change the route to a peer through %s", interface);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}

int netcfg_set_mtu(const char *interface, uint16_t mtu, struct fault *fault)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    int rc = ERR_SYSTEM;

    if (index != 0 && netlink_open(&netlink) == ERR_OK) {
        rc = link_set(netlink, index, mtu, 0);
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot set the MTU of %s to %u", interface, mtu);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}
