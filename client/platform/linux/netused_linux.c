/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One dump of the IPv4 routes of all tables, and the files in which DNS servers are listed. */
#include "client/platform/netused.h"

#include "proto/host/netlink.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { NETWORK_BITS_MIN = 8, LINE_SIZE = 256, LINES_MAX = 200 };

struct look {
    void (*each)(void *context, const struct netused *used);
    void *context;
    unsigned own_index; /* 0: none */
    size_t routes;
};

static void tell(const struct look *look, enum netused_kind kind, const uint8_t ip[4], uint8_t bits)
{
    struct netused used = {.kind = kind, .bits = bits};

    memcpy(used.ip, ip, sizeof(used.ip));
    look->each(look->context, &used);
}

/* -- Routes ------------------------------------------------------------------------------------ */

/* The pointers are borrowed from the message. */
struct route_told {
    const uint8_t *to, *router;
    unsigned interface;
};

static int on_attribute(const struct nlattr *attr, void *context)
{
    struct route_told *told = context;

    if (mnl_attr_get_payload_len(attr) != 4) {
        return MNL_CB_OK;
    }
    switch (mnl_attr_get_type(attr)) {
    case RTA_DST:
        told->to = mnl_attr_get_payload(attr);
        break;
    case RTA_GATEWAY:
        told->router = mnl_attr_get_payload(attr);
        break;
    case RTA_OIF:
        told->interface = mnl_attr_get_u32(attr);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct look *look = context;
    struct route_told told = {0};

    if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET) {
        return MNL_CB_OK;
    }
    look->routes++;
    (void)mnl_attr_parse(message, sizeof(*route), on_attribute, &told);
    if (look->own_index != 0 && told.interface == look->own_index) {
        return MNL_CB_OK;
    }
    if (told.router != NULL) {
        tell(look, NETUSED_ROUTER, told.router, 32);
    }
    if (told.to != NULL && told.to[0] != 127 && route->rtm_dst_len >= NETWORK_BITS_MIN &&
        (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL)) {
        tell(look, route->rtm_type == RTN_LOCAL ? NETUSED_ADDRESS : NETUSED_NETWORK, told.to,
             route->rtm_dst_len);
    }
    return MNL_CB_OK;
}

static int routes_look(struct look *look)
{
    struct netlink *netlink = NULL;
    int rc = netlink_open(&netlink);

    if (rc == ERR_OK) {
        rc = netlink_dump(netlink, RTM_GETROUTE, AF_INET, on_route, look);
    }
    netlink_close(netlink);
    return rc;
}

/* -- DNS servers ------------------------------------------------------------------------------- */

/* Lines "nameserver ADDRESS"; a file that is not there lists none. */
static void resolvers_look(const struct look *look, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE];

    for (int i = 0; file != NULL && i < LINES_MAX && fgets(line, sizeof(line), file) != NULL; i++) {
        char *rest;
        const char *word = strtok_r(line, " \t\n", &rest);
        const char *address = word == NULL ? NULL : strtok_r(NULL, " \t\n", &rest);
        uint8_t ip[4];

        if (address != NULL && strcmp(word, "nameserver") == 0 &&
            inet_pton(AF_INET, address, ip) == 1 && ip[0] != 127) {
            tell(look, NETUSED_RESOLVER, ip, 32);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

int netused_look(const char *interface, void (*each)(void *context, const struct netused *used),
                 void *context, size_t *routes)
{
    static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf",
                                        "/run/NetworkManager/no-stub-resolv.conf"};
    struct look look = {.each = each, .context = context};
    int rc = ERR_SYSTEM;

    look.own_index = interface[0] == '\0' ? 0 : if_nametoindex(interface);
    for (int i = 0; rc == ERR_SYSTEM && i < NETLINK_LOOK_TRIES_MAX; i++) {
        look.routes = 0;
        rc = routes_look(&look);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        resolvers_look(&look, files[i]);
    }
    *routes = look.routes;
    return rc;
}
