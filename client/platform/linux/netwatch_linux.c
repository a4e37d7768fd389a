/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two sockets of rtnetlink: one stays open and hears of changes, and a burst of changes counts as
 * one; the other is opened to list the addresses when somebody asks.
 */
#include "client/platform/netwatch.h"

#include "proto/host/netlink.h"

#include <errno.h>
#include <ev.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    BUFFER_SIZE = 32768,
    SETTLE_MS = 200, /* one callback per burst */
    ADDRESSES_SEEN_MAX = 1024,
    LINKS_SEEN_MAX = 1024,
    LAYERS_MAX = 8, /* of interfaces upon each other */
};

struct netwatch {
    struct ev_loop *loop;
    struct mnl_socket *socket;
    struct ev_io io;
    struct ev_timer settle, own_settle;
    unsigned own_index; /* 0: none */
    bool own_up;
    bool default_route; /* one came or went in this burst, or messages were lost */
    struct netwatch_events events;
    _Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_SIZE];
};

/* -- Watching ---------------------------------------------------------------------------------- */

static int on_route_attribute(const struct nlattr *attr, void *context)
{
    unsigned *index = context;

    if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_get_payload_len(attr) == 4) {
        *index = mnl_attr_get_u32(attr);
    }
    return MNL_CB_OK;
}

/* The interface that a notification is about; 0 if it names none. */
static unsigned message_interface(const struct nlmsghdr *message)
{
    unsigned index = 0;

    switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return (unsigned)((const struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_index;
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return ((const struct ifaddrmsg *)mnl_nlmsg_get_payload(message))->ifa_index;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        (void)mnl_attr_parse(message, sizeof(struct rtmsg), on_route_attribute, &index);
        return index;
    default:
        return 0;
    }
}

static bool is_address(const struct nlmsghdr *message)
{
    return message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR;
}

/* Another default route may lead to another NAT, even with the same addresses. */
static bool is_default_route(const struct nlmsghdr *message)
{
    const struct rtmsg *route;

    if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) {
        return false;
    }
    route = mnl_nlmsg_get_payload(message);
    return route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST;
}

static void on_settled(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct netwatch *watch = w->data;
    bool default_route = watch->default_route;

    (void)events;
    ev_timer_stop(loop, w);
    watch->default_route = false;
    watch->events.changed(watch->events.context, default_route);
}

static void on_own_settled(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct netwatch *watch = w->data;

    (void)events;
    ev_timer_stop(loop, w);
    watch->events.own_changed(watch->events.context);
}

/* Counted from the first change of a burst, so that a machine whose network never rests is told of,
 * too. */
static void settle_begin(struct netwatch *watch, struct ev_timer *timer)
{
    if (!ev_is_active(timer)) {
        ev_timer_set(timer, SETTLE_MS / 1000.0, 0.0);
        ev_timer_start(watch->loop, timer);
    }
}

/* True if a message about the own interface counts as a change. Of link messages only those count
 * that set it up or down, because every setting of a link causes one. */
static bool own_changes(struct netwatch *watch, const struct nlmsghdr *message)
{
    const struct ifinfomsg *link;
    bool was_up = watch->own_up;

    if (message->nlmsg_type != RTM_NEWLINK) {
        return message->nlmsg_type != RTM_DELLINK;
    }
    link = mnl_nlmsg_get_payload(message);
    watch->own_up = (link->ifi_flags & IFF_UP) != 0;
    return watch->own_up != was_up;
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct netwatch *watch = w->data;
    ssize_t got = mnl_socket_recvfrom(watch->socket, watch->buffer, BUFFER_SIZE);
    bool foreign = got < 0 && errno == ENOBUFS; /* messages were lost: assume any change */
    bool own = foreign;
    bool begins = foreign;
    int left = (int)got;

    (void)loop;
    (void)events;
    watch->default_route = watch->default_route || foreign;
    if (got > 0) {
        const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)watch->buffer;

        for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
            unsigned index = message_interface(message);
            bool ours = index != 0 && index == watch->own_index;

            foreign = foreign || !ours;
            own = (ours && own_changes(watch, message)) || own;
            watch->default_route = watch->default_route || (!ours && is_default_route(message));
            begins = begins || (!ours && (is_default_route(message) || is_address(message)));
        }
    }
    if (foreign) {
        settle_begin(watch, &watch->settle);
    }
    if (begins && watch->events.begins != NULL) {
        watch->events.begins(watch->events.context);
    }
    if (own && watch->own_index != 0 && watch->events.own_changed != NULL) {
        settle_begin(watch, &watch->own_settle);
    }
}

int netwatch_open(struct netwatch **out, struct ev_loop *loop, const char *own_interface,
                  const struct netwatch_events *events, struct fault *fault)
{
    static const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                   RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |
                                   1U << (RTNLGRP_IPV6_RULE - 1);
    struct netwatch *watch = calloc(1, sizeof(*watch));

    *out = NULL;
    if (watch == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    watch->loop = loop;
    watch->events = *events;
    watch->own_index = if_nametoindex(own_interface);
    watch->own_up = true;
    ev_init(&watch->io, on_readable);
    ev_init(&watch->settle, on_settled);
    ev_init(&watch->own_settle, on_own_settled);
    watch->io.data = watch;
    watch->settle.data = watch;
    watch->own_settle.data = watch;
    watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (watch->socket == NULL || mnl_socket_bind(watch->socket, groups, MNL_SOCKET_AUTOPID) < 0) {
        fault_set_errno(fault, "cannot watch the network");
        netwatch_close(watch);
        return ERR_SYSTEM;
    }
    ev_io_set(&watch->io, mnl_socket_get_fd(watch->socket), EV_READ);
    ev_io_start(loop, &watch->io);
    *out = watch;
    return ERR_OK;
}

void netwatch_close(struct netwatch *watch)
{
    if (watch == NULL) {
        return;
    }
    ev_io_stop(watch->loop, &watch->io);
    ev_timer_stop(watch->loop, &watch->settle);
    ev_timer_stop(watch->loop, &watch->own_settle);
    if (watch->socket != NULL) {
        (void)mnl_socket_close(watch->socket);
    }
    free(watch);
}

/* -- Addresses --------------------------------------------------------------------------------- */

struct link_seen {
    unsigned index;
    unsigned master;      /* the bridge or bond of which it is a port; 0: none */
    unsigned below;       /* the interface that it was made over; 0: none here */
    bool below_elsewhere; /* that one is in another network namespace, with an index of there */
    uint8_t outer[2][16]; /* VXLAN: between these addresses, as far as they are known; else zero */
    bool unfit;           /* it is down, loopback, or ours */
    bool own;
    bool over_own; /* it is ours, or its packets leave through ours */
    char name[NETWATCH_TEXT_SIZE], kind[NETWATCH_TEXT_SIZE];
};

/* The kind of our own interfaces, and so of all that lies over them. */
#define OWN_KIND "tun"

/* All addresses of the machine, and its interfaces. */
struct address_list {
    struct netwatch_address seen[ADDRESSES_SEEN_MAX];
    struct link_seen links[LINKS_SEEN_MAX];
    size_t seen_count, links_count;
};

static const struct link_seen *link_of(const struct address_list *list, unsigned index)
{
    static const struct link_seen unknown;

    for (size_t i = 0; i < list->links_count; i++) {
        if (list->links[i].index == index) {
            return &list->links[i];
        }
    }
    return &unknown;
}

/* True for addresses at which nobody elsewhere reaches this host: loopback, link-local, multicast
 * and unspecified ones. */
static bool ip_is_useless(const uint8_t ip[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t zero[15];

    if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
        return ip[12] == 127 || ip[12] == 0 || (ip[12] == 169 && ip[13] == 254) || ip[12] >= 224;
    }
    return (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || ip[0] == 0xff ||
           memcmp(ip, zero, sizeof(zero)) == 0;
}

/* A text comes with or without its NUL. */
static void text_copy(char out[NETWATCH_TEXT_SIZE], const struct nlattr *attr)
{
    (void)snprintf(out, NETWATCH_TEXT_SIZE, "%.*s", (int)mnl_attr_get_payload_len(attr),
                   mnl_attr_get_str(attr));
}

static void outer_copy(uint8_t out[16], const struct nlattr *attr)
{
    if (mnl_attr_get_payload_len(attr) == 4) {
        out[10] = 0xff;
        out[11] = 0xff;
        memcpy(out + 12, mnl_attr_get_payload(attr), 4);
    } else if (mnl_attr_get_payload_len(attr) == 16) {
        memcpy(out, mnl_attr_get_payload(attr), 16);
    }
}

static int on_vxlan(const struct nlattr *attr, void *context)
{
    struct link_seen *link = context;

    switch (mnl_attr_get_type(attr)) {
    case IFLA_VXLAN_LINK:
        if (mnl_attr_get_payload_len(attr) == 4 && mnl_attr_get_u32(attr) != 0) {
            link->below = mnl_attr_get_u32(attr);
        }
        break;
    case IFLA_VXLAN_LOCAL:
    case IFLA_VXLAN_LOCAL6:
        outer_copy(link->outer[0], attr);
        break;
    case IFLA_VXLAN_GROUP:
    case IFLA_VXLAN_GROUP6:
        outer_copy(link->outer[1], attr);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

/* The kind comes before its data. */
static int on_kind(const struct nlattr *attr, void *context)
{
    struct link_seen *link = context;

    if (mnl_attr_get_type(attr) == IFLA_INFO_KIND) {
        text_copy(link->kind, attr);
    } else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && strcmp(link->kind, "vxlan") == 0) {
        (void)mnl_attr_parse_nested(attr, on_vxlan, link);
    }
    return MNL_CB_OK;
}

static int on_link_attribute(const struct nlattr *attr, void *context)
{
    struct link_seen *link = context;
    char alias[NETWATCH_TEXT_SIZE];

    switch (mnl_attr_get_type(attr)) {
    case IFLA_IFALIAS:
        text_copy(alias, attr);
        link->own = strcmp(alias, NETLINK_OWN_ALIAS) == 0;
        link->over_own = link->own;
        link->unfit = link->unfit || link->own;
        break;
    case IFLA_MASTER:
    case IFLA_LINK:
        if (mnl_attr_get_payload_len(attr) == 4) {
            *(mnl_attr_get_type(attr) == IFLA_MASTER ? &link->master : &link->below) =
                mnl_attr_get_u32(attr);
        }
        break;
    case IFLA_LINK_NETNSID: /* as the other end of the veth by which a container is connected */
        link->below_elsewhere = true;
        break;
    case IFLA_IFNAME:
        text_copy(link->name, attr);
        break;
    case IFLA_LINKINFO:
        (void)mnl_attr_parse_nested(attr, on_kind, link);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *message, void *context)
{
    const struct ifinfomsg *body = mnl_nlmsg_get_payload(message);
    struct address_list *list = context;
    struct link_seen *link = &list->links[list->links_count];

    if (message->nlmsg_type != RTM_NEWLINK || list->links_count == LINKS_SEEN_MAX) {
        return MNL_CB_OK;
    }
    list->links_count++;
    link->index = (unsigned)body->ifi_index;
    link->unfit = (body->ifi_flags & IFF_UP) == 0 || (body->ifi_flags & IFF_LOOPBACK) != 0;
    (void)mnl_attr_parse(message, sizeof(*body), on_link_attribute, link);
    if (link->below_elsewhere) {
        link->below = 0;
    }
    return MNL_CB_OK;
}

/* Attributes of an RTM_NEWADDR message; the pointers are borrowed from it. */
struct address_parts {
    size_t size; /* of an address of its family */
    const uint8_t *local, *address;
    uint32_t flags;
};

static int on_address_attribute(const struct nlattr *attr, void *context)
{
    struct address_parts *parts = context;
    size_t size = mnl_attr_get_payload_len(attr);

    if (mnl_attr_get_type(attr) == IFA_LOCAL && size == parts->size) {
        parts->local = mnl_attr_get_payload(attr);
    } else if (mnl_attr_get_type(attr) == IFA_ADDRESS && size == parts->size) {
        parts->address = mnl_attr_get_payload(attr);
    } else if (mnl_attr_get_type(attr) == IFA_FLAGS && size == 4) {
        parts->flags = mnl_attr_get_u32(attr);
    }
    return MNL_CB_OK;
}

/* The address of an RTM_NEWADDR message and its flags; false if there is none. IFA_LOCAL is
 * preferred, because on point-to-point links IFA_ADDRESS is the other end. */
static bool address_read(const struct nlmsghdr *message, struct netwatch_address *out,
                         uint32_t *flags)
{
    const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
    struct address_parts parts = {.size = body->ifa_family == AF_INET ? 4 : 16,
                                  .flags = body->ifa_flags};
    const uint8_t *local;

    (void)mnl_attr_parse(message, sizeof(*body), on_address_attribute, &parts);
    *flags = parts.flags;
    local = parts.local != NULL ? parts.local : parts.address;
    if (local == NULL || (body->ifa_family != AF_INET && body->ifa_family != AF_INET6)) {
        return false;
    }
    *out =
        (struct netwatch_address){.prefix_bits = body->ifa_prefixlen, .interface = body->ifa_index};
    if (parts.size == 4) {
        out->ip[10] = 0xff;
        out->ip[11] = 0xff;
        memcpy(out->ip + 12, local, 4);
        out->prefix_bits = (uint8_t)(out->prefix_bits + 96);
    } else {
        memcpy(out->ip, local, 16);
    }
    return true;
}

static int on_address(const struct nlmsghdr *message, void *context)
{
    struct address_list *list = context;
    struct netwatch_address address;
    uint32_t flags;

    if (message->nlmsg_type != RTM_NEWADDR || !address_read(message, &address, &flags)) {
        return MNL_CB_OK;
    }
    if ((flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) == 0 &&
        !ip_is_useless(address.ip) && list->seen_count < ADDRESSES_SEEN_MAX) {
        list->seen[list->seen_count] = address;
        list->seen_count++;
    }
    return MNL_CB_OK;
}

static int address_order(const void *a, const void *b)
{
    return memcmp(((const struct netwatch_address *)a)->ip,
                  ((const struct netwatch_address *)b)->ip, 16);
}

static int list_fill(struct address_list *list)
{
    struct netlink *netlink = NULL;
    int rc = netlink_open(&netlink);

    memset(list, 0, sizeof(*list));
    if (rc == ERR_OK) {
        rc = netlink_dump(netlink, RTM_GETLINK, AF_UNSPEC, on_link, list);
    }
    if (rc == ERR_OK) {
        rc = netlink_dump(netlink, RTM_GETADDR, AF_UNSPEC, on_address, list);
    }
    netlink_close(netlink);
    return rc;
}

/* -- What lies over our own interfaces --------------------------------------------------------- */

/* True if one of our own interfaces has a network with this address in it. */
static bool is_of_own(const struct address_list *list, const uint8_t ip[16])
{
    static const uint8_t overlay[3] = {0xfd, 0xd9, 0xf8};

    for (size_t i = 0; i < list->seen_count; i++) {
        const struct netwatch_address *own = &list->seen[i];
        size_t bytes = own->prefix_bits / 8;
        unsigned rest = own->prefix_bits % 8;

        if (link_of(list, own->interface)->own && memcmp(ip, own->ip, bytes) == 0 &&
            (rest == 0 || (ip[bytes] ^ own->ip[bytes]) >> (8 - rest) == 0)) {
            return true;
        }
    }
    return memcmp(ip, overlay, sizeof(overlay)) == 0;
}

/* True if an interface was found to be over ours that was not known to be. */
static bool layer_find(struct address_list *list)
{
    bool found = false;

    for (size_t i = 0; i < list->links_count; i++) {
        struct link_seen *link = &list->links[i];

        if (!link->over_own &&
            (link_of(list, link->below)->over_own || is_of_own(list, link->outer[0]) ||
             is_of_own(list, link->outer[1]))) {
            link->over_own = true;
            found = true;
        }
        for (size_t k = 0; link->over_own && link->master != 0 && k < list->links_count; k++) {
            struct link_seen *master = &list->links[k];

            if (master->index == link->master && !master->over_own) {
                master->over_own = true;
                found = true;
            }
        }
    }
    return found;
}

static void layers_find(struct address_list *list)
{
    for (int i = 0; i < LAYERS_MAX && layer_find(list); i++) {
    }
}

size_t netwatch_addresses(struct netwatch_address *out, size_t capacity)
{
    struct address_list *list = calloc(1, sizeof(*list));
    int rc = list == NULL ? ERR_NOMEM : ERR_SYSTEM;
    size_t count = 0;

    for (int i = 0; rc == ERR_SYSTEM && i < NETLINK_LOOK_TRIES_MAX; i++) {
        rc = list_fill(list);
    }
    if (rc == ERR_OK) {
        layers_find(list);
    }
    for (size_t i = 0; rc == ERR_OK && i < list->seen_count && count < capacity; i++) {
        const struct link_seen *link = link_of(list, list->seen[i].interface);

        if (!link->unfit) {
            out[count] = list->seen[i];
            memcpy(out[count].name, link->name, sizeof(link->name));
            (void)snprintf(out[count].kind, sizeof(out[count].kind), "%s",
                           link->over_own ? OWN_KIND : link->kind);
            count++;
        }
    }
    qsort(out, count, sizeof(*out), address_order);
    free(list);
    return count;
}
