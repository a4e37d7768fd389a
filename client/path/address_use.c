/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interfaces are known by the kind that the kernel tells, and by names that programs give. */
#include "client/path/address_use.h"

#include <string.h>

static bool begins_with_any(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(text, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return false;
}

#define BEGINS(text, words) begins_with_any(text, words, sizeof(words) / sizeof((words)[0]))

enum address_use address_use_of(const char *name, const char *kind, bool outward)
{
    static const char *const meshes[] = {"tailscale", "zt", "nebula", "netbird", "wt0", "nm-"};
    static const char *const tunnels[] = {"wg", "tun", "tap", "l2tp", "flannel", "cali", "weave"};
    static const char *const tunnel_kinds[] = {"wireguard", "tun",    "ipip",   "sit",     "gre",
                                               "ip6tnl",    "ip6gre", "vti",    "xfrm",    "gtp",
                                               "vxlan",     "geneve", "erspan", "bareudp", "fou"};
    static const char *const inners[] = {"docker", "br-",   "virbr",    "vnet",   "lxc",
                                         "lxd",    "incus", "cni",      "podman", "vbox",
                                         "vmnet",  "kube",  "nodelocal"};
    static const char *const inner_kinds[] = {"bridge", "veth", "dummy", "ifb"};

    if (BEGINS(name, meshes)) {
        return ADDRESS_USE_NEVER;
    }
    if (BEGINS(name, tunnels) || BEGINS(kind, tunnel_kinds)) {
        return outward ? ADDRESS_USE_TUNNEL : ADDRESS_USE_NEVER;
    }
    if (outward) {
        return ADDRESS_USE_OUTWARD;
    }
    return BEGINS(name, inners) || BEGINS(kind, inner_kinds) ? ADDRESS_USE_INNER : ADDRESS_USE_LINK;
}

bool address_has_in_prefix(const struct host_local_addr *addr, const uint8_t ip[16])
{
    size_t bytes = addr->prefix_bits / 8;
    unsigned rest = addr->prefix_bits % 8;

    return memcmp(addr->ip, ip, bytes) == 0 &&
           (rest == 0 || (addr->ip[bytes] ^ ip[bytes]) >> (8 - rest) == 0);
}

static bool is_v4(const struct host_local_addr *addr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    return memcmp(addr->ip, mapped, sizeof(mapped)) == 0;
}

/* Where an address stands among all; smaller comes first. */
struct standing {
    unsigned use; /* twice its use; one more if no peer is in its prefix */
    size_t turn;  /* how many of its interface and family come before it */
    const uint8_t *ip;
};

static struct standing standing_of(const struct host_local_addr *addrs, const bool *peers,
                                   size_t count, size_t index)
{
    const struct host_local_addr *addr = &addrs[index];
    struct standing standing = {.use = 2U * (unsigned)addr->use, .ip = addr->ip};

    standing.use += peers != NULL && peers[index] ? 0 : 1;
    for (size_t i = 0; i < count; i++) {
        standing.turn += addrs[i].interface == addr->interface && is_v4(&addrs[i]) == is_v4(addr) &&
                                 memcmp(addrs[i].ip, addr->ip, sizeof(addr->ip)) < 0
                             ? 1
                             : 0;
    }
    return standing;
}

static bool comes_before(const struct standing *a, const struct standing *b)
{
    if (a->use != b->use) {
        return a->use < b->use;
    }
    return a->turn != b->turn ? a->turn < b->turn : memcmp(a->ip, b->ip, 16) < 0;
}

static void insert_sorted(struct host_local_addr *out, size_t count,
                          const struct host_local_addr *addr)
{
    while (count > 0 && memcmp(addr->ip, out[count - 1].ip, sizeof(addr->ip)) < 0) {
        out[count] = out[count - 1];
        count--;
    }
    out[count] = *addr;
}

/* An address is chosen if fewer than `capacity` others come before it. */
size_t address_choose(struct host_local_addr *out, size_t capacity,
                      const struct host_local_addr *addrs, const bool *peers, size_t count)
{
    struct standing standings[ADDRESS_CHOICE_MAX];
    size_t chosen = 0;

    count = count < ADDRESS_CHOICE_MAX ? count : ADDRESS_CHOICE_MAX;
    for (size_t i = 0; i < count; i++) {
        standings[i] = standing_of(addrs, peers, count, i);
    }
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;

        if (addrs[i].use == ADDRESS_USE_NEVER) {
            continue;
        }
        for (size_t k = 0; k < count && before < capacity; k++) {
            before += comes_before(&standings[k], &standings[i]) ? 1 : 0;
        }
        if (before < capacity && chosen < capacity) {
            insert_sorted(out, chosen, &addrs[i]);
            chosen++;
        }
    }
    return chosen;
}
