/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules over rtnetlink. Ours are known by their protocol and their table, whose number comes from
 * the interface's name.
 */
#include "client/platform/netrule.h"

#include "proto/host/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

enum {
    OWN_PROTOCOL = 122,      /* 'z': nobody registered it */
    OWN_TABLES = 0x7a690000, /* and 16 bits of the interface's name */
    OWN_TABLES_MASK = 0x7fff0000,
    MAIN_PRIORITY = 32766, /* of the rule that leads to the main table */
    OWN_RULES_MAX = 16,    /* that one call takes away; it is never more than one */
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* The ranges of all overlay addresses, as netcfg routes them, have this prefix in common. */
static const uint8_t overlay_prefix[16] = {0xfd, 0xd9, 0xf8};
enum { OVERLAY_BITS = 24 };

static bool is_own_table(uint32_t table)
{
    return (table & OWN_TABLES_MASK) == OWN_TABLES;
}

uint32_t netrule_table(const char *interface)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (const char *c = interface; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619U;
    }
    return OWN_TABLES | ((hash ^ hash >> 16) & 0xffff);
}

/* -- Looking ----------------------------------------------------------------------------------- */

/* What an RTM_NEWRULE message tells. */
struct rule_parts {
    uint32_t priority, table;
    uint8_t protocol;
    bool by_device; /* VRFs: packets of such a device only */
};

struct look {
    uint32_t own_table;
    struct netrule_found found;
};

static int on_rule_attribute(const struct nlattr *attr, void *context)
{
    struct rule_parts *parts = context;
    size_t size = mnl_attr_get_payload_len(attr);

    switch (mnl_attr_get_type(attr)) {
    case FRA_PRIORITY:
        parts->priority = size == 4 ? mnl_attr_get_u32(attr) : parts->priority;
        break;
    case FRA_TABLE:
        parts->table = size == 4 ? mnl_attr_get_u32(attr) : parts->table;
        break;
    case FRA_PROTOCOL:
        parts->protocol = size == 1 ? mnl_attr_get_u8(attr) : parts->protocol;
        break;
    case FRA_L3MDEV:
        parts->by_device = true;
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int on_rule(const struct nlmsghdr *message, void *context)
{
    const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
    struct look *look = context;
    struct rule_parts parts = {.table = rule->table};

    if (message->nlmsg_type != RTM_NEWRULE) {
        return MNL_CB_OK;
    }
    (void)mnl_attr_parse(message, sizeof(*rule), on_rule_attribute, &parts);
    if (parts.protocol == OWN_PROTOCOL && is_own_table(parts.table)) {
        if (parts.table == look->own_table) {
            look->found.own = true;
            look->found.own_priority = parts.priority;
        }
        return MNL_CB_OK;
    }
    if (rule->action == FR_ACT_TO_TBL && parts.table != RT_TABLE_MAIN &&
        parts.table != RT_TABLE_LOCAL && !parts.by_device && parts.priority < MAIN_PRIORITY &&
        (!look->found.foreign || parts.priority < look->found.first)) {
        look->found.foreign = true;
        look->found.first = parts.priority;
    }
    return MNL_CB_OK;
}

int netrule_look(const char *interface, bool ipv6, struct netrule_found *out)
{
    struct look look = {.own_table = netrule_table(interface)};
    int rc = ERR_SYSTEM;

    for (int i = 0; rc != ERR_OK && i < NETLINK_LOOK_TRIES_MAX; i++) {
        struct netlink *netlink = NULL;

        look.found = (struct netrule_found){0};
        rc = netlink_open(&netlink);
        if (rc == ERR_OK) {
            rc = netlink_dump(netlink, RTM_GETRULE, ipv6 ? AF_INET6 : AF_INET, on_rule, &look);
        }
        netlink_close(netlink);
    }
    *out = look.found;
    return rc;
}

/* Where the kernel leads an address. */
struct lead {
    uint32_t table, interface;
};

static int on_route_attribute(const struct nlattr *attr, void *context)
{
    struct lead *lead = context;

    if (mnl_attr_get_payload_len(attr) == 4) {
        if (mnl_attr_get_type(attr) == RTA_TABLE) {
            lead->table = mnl_attr_get_u32(attr);
        } else if (mnl_attr_get_type(attr) == RTA_OIF) {
            lead->interface = mnl_attr_get_u32(attr);
        }
    }
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct lead *lead = context;

    if (message->nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_UNICAST) {
        lead->table = route->rtm_table;
        (void)mnl_attr_parse(message, sizeof(*route), on_route_attribute, lead);
    }
    return MNL_CB_OK;
}

static bool is_taken(struct netlink *netlink, unsigned own_index, const uint8_t to[16])
{
    bool v4 = memcmp(to, mapped, sizeof(mapped)) == 0;
    struct nlmsghdr *request = netlink_request(netlink, RTM_GETROUTE, 0);
    struct rtmsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    struct lead lead = {.table = RT_TABLE_MAIN};

    body->rtm_family = v4 ? AF_INET : AF_INET6;
    body->rtm_dst_len = v4 ? 32 : 128;
    body->rtm_flags = RTM_F_LOOKUP_TABLE; /* tell the table in which it was found */
    mnl_attr_put(request, RTA_DST, v4 ? 4 : 16, v4 ? to + 12 : to);
    return netlink_ask(netlink, request, on_route, &lead) == ERR_OK && lead.interface != 0 &&
           lead.interface != own_index && lead.table != RT_TABLE_MAIN &&
           lead.table != RT_TABLE_LOCAL && !is_own_table(lead.table);
}

bool netrule_takes(const char *interface, const uint8_t (*addresses)[16], size_t count)
{
    unsigned index = if_nametoindex(interface);
    struct netlink *netlink = NULL;
    bool taken = false;

    if (index != 0 && netlink_open(&netlink) == ERR_OK) {
        for (size_t i = 0; !taken && i < count; i++) {
            taken = is_taken(netlink, index, addresses[i]);
        }
    }
    netlink_close(netlink);
    return taken;
}

/* -- Changing ---------------------------------------------------------------------------------- */

static struct nlmsghdr *rule_request(struct netlink *netlink, uint16_t type, uint16_t flags,
                                     const char *interface, bool ipv6)
{
    struct nlmsghdr *request = netlink_request(netlink, type, flags);
    struct fib_rule_hdr *rule = mnl_nlmsg_put_extra_header(request, sizeof(*rule));

    rule->family = ipv6 ? AF_INET6 : AF_INET;
    rule->action = FR_ACT_TO_TBL;
    mnl_attr_put_u32(request, FRA_TABLE, netrule_table(interface));
    mnl_attr_put_u8(request, FRA_PROTOCOL, OWN_PROTOCOL);
    return request;
}

int netrule_add(const char *interface, const struct netcfg_plan *plan, bool ipv6, uint32_t priority,
                struct fault *fault)
{
    struct netlink *netlink = NULL;
    int rc = netlink_open(&netlink);

    if (rc == ERR_OK) {
        struct nlmsghdr *request =
            rule_request(netlink, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, interface, ipv6);
        struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(request);
        uint8_t to[16];
        size_t size = ipv6 ? 16 : 4;

        rule->dst_len = ipv6 ? OVERLAY_BITS : plan->ipv4_prefix;
        memcpy(to, ipv6 ? overlay_prefix : plan->ipv4, size);
        for (size_t bit = rule->dst_len; bit < size * 8; bit++) {
            to[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
        }
        mnl_attr_put(request, FRA_DST, size, to);
        mnl_attr_put_u32(request, FRA_PRIORITY, priority);
        rc = netlink_commit(netlink, request);
    }
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot add a rule for %s", interface);
        rc = ERR_SYSTEM;
    }
    netlink_close(netlink);
    return rc;
}

void netrule_clear(const char *interface, bool ipv6)
{
    struct netlink *netlink = NULL;
    int rc = netlink_open(&netlink);

    for (int i = 0; rc == ERR_OK && i < OWN_RULES_MAX; i++) {
        rc = netlink_commit(netlink, rule_request(netlink, RTM_DELRULE, 0, interface, ipv6));
    }
    netlink_close(netlink);
}
