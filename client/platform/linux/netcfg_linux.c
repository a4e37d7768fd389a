/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interface settings over rtnetlink. A plan is turned into one list of addresses and routes.
 * Applying adds them all; restoring looks at what is there and adds the rest.
 */
#include "client/platform/netcfg.h"

#include "proto/host/netlink.h"

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
    ADDRESSES_MAX = 8,    /* of a plan */
    RANGES_COUNT = 3,
    ROUTES_MAX = RANGES_COUNT + 2,
};

/* The overlay's ranges, all routed to the device: key-derived, 4in6, fixed. */
static const uint8_t overlay_ranges[RANGES_COUNT][4] = {
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

/* An address with the length of its network, or the destination of a route. */
struct prefix {
    uint8_t ip[16]; /* IPv4: the first four bytes */
    size_t size;    /* 4 or 16 */
    uint8_t bits;
};

/* The addresses and routes of a plan, and which of them the interface has. */
struct settings {
    struct prefix addresses[ADDRESSES_MAX]; /* IPv6 first */
    struct prefix routes[ROUTES_MAX];       /* the pool, its 4in6 form, then overlay_ranges */
    bool has_address[ADDRESSES_MAX], has_route[ROUTES_MAX];
    size_t addresses_count, routes_count;
    unsigned index; /* of the interface */
    bool up;
};

static bool prefix_same(const struct prefix *a, const struct prefix *b)
{
    return a->size == b->size && a->bits == b->bits && memcmp(a->ip, b->ip, a->size) == 0;
}

static void prefix_mask(struct prefix *prefix)
{
    for (size_t bit = prefix->bits; bit < prefix->size * 8; bit++) {
        prefix->ip[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
    }
}

static void address_plan(struct settings *s, const uint8_t *ip, size_t size, uint8_t bits)
{
    struct prefix *address = &s->addresses[s->addresses_count++];

    *address = (struct prefix){.size = size, .bits = bits};
    memcpy(address->ip, ip, size);
}

static void route_plan(struct settings *s, const uint8_t *ip, size_t ip_size, size_t size,
                       uint8_t bits)
{
    struct prefix *route = &s->routes[s->routes_count++];

    *route = (struct prefix){.size = size, .bits = bits};
    memcpy(route->ip, ip, ip_size);
    prefix_mask(route);
}

static struct settings settings_of(const struct netcfg_plan *plan, unsigned index)
{
    struct settings s = {.index = index};

    address_plan(&s, plan->ipv6, 16, 128);
    if (!is_zero(plan->ipv6_4in6, 16)) {
        address_plan(&s, plan->ipv6_4in6, 16, 128);
    }
    for (size_t i = 0; i < plan->ipv6_fixed_count; i++) {
        address_plan(&s, plan->ipv6_fixed[i], 16, 128);
    }
    address_plan(&s, plan->ipv4, 4, plan->ipv4_prefix);
    if (!is_zero(plan->resolver, 4)) {
        address_plan(&s, plan->resolver, 4, 32);
    }
    route_plan(&s, plan->ipv4, 4, 4, plan->ipv4_prefix);
    /* The 4in6 form of this pool alone. It is more specific than the range of all 4in6 addresses,
     * which is in overlay_ranges, so interfaces with different pools do not collide. */
    if (!is_zero(plan->ipv6_4in6, 16)) {
        route_plan(&s, plan->ipv6_4in6, 16, 16, (uint8_t)(96 + plan->ipv4_prefix));
    }
    for (size_t i = 0; i < RANGES_COUNT; i++) {
        route_plan(&s, overlay_ranges[i], 4, 16, 32);
    }
    return s;
}

/* -- Changing ---------------------------------------------------------------------------------- */

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
    mnl_attr_put_str(request, IFLA_IFALIAS, NETLINK_OWN_ALIAS);
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

static int address_add(struct netlink *netlink, unsigned index, const struct prefix *address)
{
    struct nlmsghdr *request = netlink_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->ifa_family = address->size == 4 ? AF_INET : AF_INET6;
    body->ifa_prefixlen = address->bits;
    body->ifa_scope = RT_SCOPE_UNIVERSE;
    body->ifa_index = index;
    mnl_attr_put(request, IFA_LOCAL, address->size, address->ip);
    mnl_attr_put(request, IFA_ADDRESS, address->size, address->ip);
    mnl_attr_put_u32(request, IFA_FLAGS, address->size == 16 ? IFA_F_NODAD : IFA_F_NOPREFIXROUTE);
    return netlink_commit(netlink, request);
}

/* Begin a request for a route to the device itself: to make it if the flags have NLM_F_CREATE, else
 * to take it away. */
static struct nlmsghdr *route_request(struct netlink *netlink, unsigned index,
                                      const struct prefix *to, uint32_t table, uint16_t flags)
{
    bool wanted = (flags & NLM_F_CREATE) != 0;
    struct nlmsghdr *request =
        netlink_request(netlink, wanted ? RTM_NEWROUTE : RTM_DELROUTE, flags);
    struct rtmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->rtm_family = to->size == 4 ? AF_INET : AF_INET6;
    body->rtm_dst_len = to->bits;
    body->rtm_table = RT_TABLE_UNSPEC; /* RTA_TABLE has room for its number */
    body->rtm_protocol = RTPROT_STATIC;
    body->rtm_scope = RT_SCOPE_UNIVERSE;
    body->rtm_type = RTN_UNICAST;
    mnl_attr_put(request, RTA_DST, to->size, to->ip);
    mnl_attr_put_u32(request, RTA_OIF, index);
    mnl_attr_put_u32(request, RTA_TABLE, table);
    return request;
}

static int ipv6_route(struct netlink *netlink, unsigned index, const struct prefix *to,
                      uint32_t table, uint32_t metric, uint16_t flags)
{
    struct nlmsghdr *request = route_request(netlink, index, to, table, flags);

    mnl_attr_put_u32(request, RTA_PRIORITY, metric);
    return netlink_commit(netlink, request);
}

/* Route one of the overlay's ranges. If another interface has the same route already, ours gets a
 * higher metric, and is found by sockets that are bound to this interface. */
static int range_route(struct netlink *netlink, unsigned index, const struct prefix *to,
                       bool *shared)
{
    for (uint32_t i = 0; i < ROUTE_TRIES_MAX; i++) {
        if (ipv6_route(netlink, index, to, RT_TABLE_MAIN,
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

/* A route to IPv4 addresses behind the interface; flags 0 takes it away. Its scope is not that of a
 * link, as it would be if the kernel made it together with the address: no router is to be found
 * there, not even one whose address lies in the pool. */
static int ipv4_route(struct netlink *netlink, unsigned index, const struct prefix *to,
                      uint32_t table, const struct netcfg_plan *plan, uint16_t flags)
{
    struct nlmsghdr *request = route_request(netlink, index, to, table, flags);

    mnl_attr_put(request, RTA_PREFSRC, sizeof(plan->ipv4), plan->ipv4);
    return netlink_commit(netlink, request);
}

/* Make the route to the pool. ERR_LIMIT: it is there, or another interface has the same pool. */
static int pool_route(struct netlink *netlink, unsigned index, const struct prefix *to,
                      const struct netcfg_plan *plan)
{
    if (ipv4_route(netlink, index, to, RT_TABLE_MAIN, plan, NLM_F_CREATE | NLM_F_EXCL) == ERR_OK) {
        return ERR_OK;
    }
    return errno == EEXIST ? ERR_LIMIT : ERR_SYSTEM;
}

/* -- What a plan wants and the interface lacks ------------------------------------------------- */

/* The errors of address_add while IPv6 is disabled on the link. */
static bool ipv6_is_off(int cause)
{
    return cause == EACCES || cause == EOPNOTSUPP || cause == EPERM;
}

static bool ipv6_address_missing(const struct settings *s)
{
    for (size_t i = 0; i < s->addresses_count; i++) {
        if (s->addresses[i].size == 16 && !s->has_address[i]) {
            return true;
        }
    }
    return false;
}

/* False if the kernel has no IPv6 at all, or none on this link. */
static bool ipv6_prepare(struct netlink *netlink, const struct settings *s)
{
    struct nlmsghdr *request = link_request(netlink, s->index);

    addr_gen_none(request);
    return netlink_commit(netlink, request) == ERR_OK;
}

static int addresses_add(struct netlink *netlink, const struct settings *s,
                         struct netcfg_report *report)
{
    report->ipv6_off = ipv6_address_missing(s) && !ipv6_prepare(netlink, s);
    for (size_t i = 0; i < s->addresses_count; i++) {
        bool ipv6 = s->addresses[i].size == 16;

        if (s->has_address[i] || (ipv6 && report->ipv6_off)) {
            continue;
        }
        if (address_add(netlink, s->index, &s->addresses[i]) == ERR_OK) {
            report->made++;
        } else if (ipv6 && ipv6_is_off(errno)) {
            report->ipv6_off = true; /* net.ipv6.conf.*.disable_ipv6 */
        } else {
            return ERR_SYSTEM;
        }
    }
    return ERR_OK;
}

static int routes_add(struct netlink *netlink, const struct settings *s,
                      const struct netcfg_plan *plan, struct netcfg_report *report)
{
    for (size_t i = 0; i < s->routes_count; i++) {
        const struct prefix *to = &s->routes[i];
        int rc;

        if (to->size == 4 && plan->pool_by_hosts) {
            if (s->has_route[i] &&
                ipv4_route(netlink, s->index, to, RT_TABLE_MAIN, plan, 0) != ERR_OK) {
                return ERR_SYSTEM;
            }
            continue;
        }
        if (s->has_route[i] || (to->size == 16 && report->ipv6_off)) {
            continue;
        }
        if (to->size == 4) {
            rc = pool_route(netlink, s->index, to, plan);
        } else if (to->bits > 32) {
            rc = ipv6_route(netlink, s->index, to, RT_TABLE_MAIN, ROUTE_METRIC_FIRST,
                            NLM_F_CREATE | NLM_F_REPLACE);
        } else {
            rc = range_route(netlink, s->index, to, &report->ipv6_route_shared);
        }
        if (rc == ERR_SYSTEM) {
            return ERR_SYSTEM;
        }
        report->made += rc == ERR_OK ? 1 : 0;
    }
    return ERR_OK;
}

/* All steps in order; *step names the one that failed, as part of a sentence. */
static int plan_apply(struct netlink *netlink, const struct settings *s,
                      const struct netcfg_plan *plan, struct netcfg_report *report,
                      const char **step)
{
    *step = "set the MTU of";
    if (link_set(netlink, s->index, plan->mtu, plan->queue_length) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "give addresses to";
    if (addresses_add(netlink, s, report) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "start";
    if (link_up(netlink, s->index) != ERR_OK) {
        return ERR_SYSTEM;
    }
    *step = "route the overlay's addresses to";
    return routes_add(netlink, s, plan, report);
}

int netcfg_apply(const char *interface, const struct netcfg_plan *plan,
                 struct netcfg_report *report, struct fault *fault)
{
    struct settings wanted = settings_of(plan, if_nametoindex(interface));
    struct netlink *netlink = NULL;
    const char *step = "reach the kernel's interface settings for";
    int rc;

    *report = (struct netcfg_report){0};
    if (wanted.index == 0) {
        fault_set_errno(fault, "cannot find the interface %s", interface);
        return ERR_SYSTEM;
    }
    rc = netlink_open(&netlink);
    if (rc == ERR_OK) {
        rc = plan_apply(netlink, &wanted, plan, report, &step);
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot %s %s", step, interface);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}

/* -- Looking ----------------------------------------------------------------------------------- */

static int on_link(const struct nlmsghdr *message, void *context)
{
    const struct ifinfomsg *body = mnl_nlmsg_get_payload(message);
    struct settings *s = context;

    if (message->nlmsg_type == RTM_NEWLINK && (unsigned)body->ifi_index == s->index) {
        s->up = (body->ifi_flags & IFF_UP) != 0;
    }
    return MNL_CB_OK;
}

static void prefix_mark(const struct prefix *list, bool *has, size_t count,
                        const struct prefix *found)
{
    for (size_t i = 0; i < count; i++) {
        has[i] = has[i] || prefix_same(&list[i], found);
    }
}

static int on_address_attribute(const struct nlattr *attr, void *context)
{
    struct prefix *found = context;

    /* IFA_LOCAL would be the same: it differs only on links with a peer address. */
    if (mnl_attr_get_type(attr) == IFA_ADDRESS && mnl_attr_get_payload_len(attr) == found->size) {
        memcpy(found->ip, mnl_attr_get_payload(attr), found->size);
    }
    return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *message, void *context)
{
    const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
    struct settings *s = context;
    struct prefix found = {.size = body->ifa_family == AF_INET ? 4 : 16,
                           .bits = body->ifa_prefixlen};

    if (message->nlmsg_type == RTM_NEWADDR && body->ifa_index == s->index) {
        (void)mnl_attr_parse(message, sizeof(*body), on_address_attribute, &found);
        prefix_mark(s->addresses, s->has_address, s->addresses_count, &found);
    }
    return MNL_CB_OK;
}

/* What an RTM_NEWROUTE message tells. */
struct route_parts {
    struct prefix to;
    unsigned interface;
};

static int on_route_attribute(const struct nlattr *attr, void *context)
{
    struct route_parts *parts = context;
    size_t size = mnl_attr_get_payload_len(attr);

    if (mnl_attr_get_type(attr) == RTA_DST && size == parts->to.size) {
        memcpy(parts->to.ip, mnl_attr_get_payload(attr), size);
    } else if (mnl_attr_get_type(attr) == RTA_OIF && size == 4) {
        parts->interface = mnl_attr_get_u32(attr);
    }
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *body = mnl_nlmsg_get_payload(message);
    struct settings *s = context;
    struct route_parts parts = {
        .to = {.size = body->rtm_family == AF_INET ? 4 : 16, .bits = body->rtm_dst_len}};

    if (message->nlmsg_type == RTM_NEWROUTE && body->rtm_table == RT_TABLE_MAIN &&
        body->rtm_type == RTN_UNICAST) {
        (void)mnl_attr_parse(message, sizeof(*body), on_route_attribute, &parts);
        if (parts.interface == s->index) {
            prefix_mark(s->routes, s->has_route, s->routes_count, &parts.to);
        }
    }
    return MNL_CB_OK;
}

static int settings_look(struct netlink *netlink, struct settings *s)
{
    int rc = netlink_dump(netlink, RTM_GETLINK, AF_UNSPEC, on_link, s);

    if (rc == ERR_OK && s->up) {
        rc = netlink_dump(netlink, RTM_GETADDR, AF_UNSPEC, on_address, s);
    }
    if (rc == ERR_OK && s->up) {
        rc = netlink_dump_routes(netlink, AF_INET, s->index, on_route, s);
    }
    if (rc == ERR_OK && s->up) {
        rc = netlink_dump_routes(netlink, AF_INET6, s->index, on_route, s);
    }
    return rc;
}

int netcfg_restore(const char *interface, const struct netcfg_plan *plan,
                   struct netcfg_report *report, struct fault *fault)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    struct settings s = settings_of(plan, index);
    int rc = ERR_SYSTEM;

    *report = (struct netcfg_report){0};
    for (int i = 0; index != 0 && rc != ERR_OK && i < NETLINK_LOOK_TRIES_MAX; i++) {
        netlink_close(netlink);
        s = settings_of(plan, index);
        rc = netlink_open(&netlink);
        if (rc == ERR_OK) {
            rc = settings_look(netlink, &s);
        }
    }
    if (rc == ERR_OK) {
        report->down = !s.up;
    }
    if (rc == ERR_OK && s.up) {
        rc = addresses_add(netlink, &s, report);
    }
    if (rc == ERR_OK && s.up) {
        rc = routes_add(netlink, &s, plan, report);
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot put addresses and routes back to %s", interface);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}

/* -- Single peers ------------------------------------------------------------------------------ */

static int single_route(struct netlink *netlink, unsigned index, const struct netcfg_plan *plan,
                        const struct netcfg_host *host)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint32_t table = host->own_table ? plan->own_table : RT_TABLE_MAIN;
    uint16_t flags = host->wanted ? NLM_F_CREATE : 0;
    struct prefix to = {.size = 16, .bits = 128};

    if (memcmp(host->ip, mapped, sizeof(mapped)) == 0) {
        to = (struct prefix){.size = 4, .bits = 32};
        memcpy(to.ip, host->ip + 12, 4);
        /* One that is there is ours, or was meant to go elsewhere. */
        flags |= host->wanted ? NLM_F_EXCL : 0;
        return ipv4_route(netlink, index, &to, table, plan, flags) == ERR_OK || errno == EEXIST
                   ? ERR_OK
                   : ERR_SYSTEM;
    }
    flags |= host->wanted ? NLM_F_REPLACE : 0;
    memcpy(to.ip, host->ip, sizeof(to.ip));
    return ipv6_route(netlink, index, &to, table, ROUTE_METRIC_FIRST, flags);
}

int netcfg_route_hosts(const char *interface, const struct netcfg_plan *plan,
                       const struct netcfg_host *hosts, size_t count, struct fault *fault)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    int rc = index == 0 ? ERR_SYSTEM : netlink_open(&netlink);

    for (size_t i = 0; rc == ERR_OK && i < count; i++) {
        rc = single_route(netlink, index, plan, &hosts[i]);
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
