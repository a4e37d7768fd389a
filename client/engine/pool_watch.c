/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that the machine uses of IPv4, compared with the pool. */
#include "client/engine/pool_watch.h"

#include "client/engine/pool_choice.h"
#include "client/peer/address_book.h"
#include "proto/base/bytes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
    EVERY_MS = 1000,
    ROUTES_MANY = 20000,
    MANY_EVERY_MS = 60000,
};

/* One look. */
struct look {
    const struct addrplan_pool *pool;
    struct netused found;      /* the widest, so that it is the same one each time */
    struct pool_choice choice; /* what could be taken instead */
    struct interface_kept kept;
};

static void on_used(void *context, const struct netused *used)
{
    struct look *look = context;
    bool own = used->kind == NETUSED_RESOLVER &&
               be32_read(used->ip) == look->pool->base + ADDRESS_BOOK_RESOLVER_OFFSET;

    pool_choice_strike(&look->choice, used);
    if (own || !addrplan_pool_overlaps(look->pool, used->ip, used->bits)) {
        return;
    }
    if (used->bits == 32) { /* a router comes with each route that leads to it */
        interface_kept_add(&look->kept, used->ip);
    }
    if (look->found.bits == 0 || used->bits < look->found.bits) {
        look->found = *used;
    }
}

static const char *kind_text(enum netused_kind kind)
{
    static const char *const texts[] = {[NETUSED_ADDRESS] = "address",
                                        [NETUSED_NETWORK] = "network",
                                        [NETUSED_ROUTER] = "router",
                                        [NETUSED_RESOLVER] = "DNS server"};

    return texts[kind];
}

static void advise(struct pool_watch *watch, const struct look *look)
{
    struct addrplan_pool other;
    char own[ADDRPLAN_POOL_TEXT_SIZE];
    char text[ADDRPLAN_POOL_TEXT_SIZE];
    char better[64] = "`pool:` to a range that nothing here uses,";
    char ip[INET_ADDRSTRLEN] = "";

    if (pool_choice_take(&look->choice, &other)) {
        (void)snprintf(better, sizeof(better), "`pool: %s`", addrplan_pool_text(&other, text));
    }
    (void)inet_ntop(AF_INET, look->found.ip, ip, sizeof(ip));
    (void)snprintf(
        watch->advice, sizeof(watch->advice),
        "the pool %s overlaps with this machine's %s %s/%u: of it only the peers' addresses are "
        "routed to %s now; to keep them apart, set %s in %.80s and start again",
        addrplan_pool_text(&watch->pool, own), kind_text(look->found.kind), ip,
        (unsigned)look->found.bits, watch->interface->name, better, watch->config_path);
}

void pool_watch_init(struct pool_watch *watch, const struct env *env, struct interface *interface,
                     const struct addrplan_pool *pool, const char *config_path)
{
    *watch = (struct pool_watch){
        .env = env, .interface = interface, .config_path = config_path, .pool = *pool, .due = true};
}

void pool_watch_look(struct pool_watch *watch, struct mono now)
{
    struct look look = {.pool = &watch->pool};
    bool before = watch->found.bits != 0;
    uint64_t pause_ms = watch->routes > ROUTES_MANY ? MANY_EVERY_MS : EVERY_MS;
    bool soon = watch->looked && mono_ms_between(watch->looked_at, now) < pause_ms;

    if (!watch->due || soon || watch->interface->tun == NULL ||
        netused_look(watch->interface->name, on_used, &look, &watch->routes) != ERR_OK) {
        return;
    }
    watch->due = false;
    watch->looked = true;
    watch->looked_at = now;
    watch->found = look.found;
    watch->advice[0] = '\0';
    if (look.found.bits != 0) {
        advise(watch, &look);
    }
    interface_pool_share(watch->interface, look.found.bits != 0, &look.kept);
    if (!before && look.found.bits != 0) {
        env_trace(watch->env, TRACE_LEVEL_WARN, "pool.overlap", "%s", watch->advice);
    } else if (before && look.found.bits == 0) {
        env_trace(watch->env, TRACE_LEVEL_INFO, "pool.apart",
                  "the pool overlaps with nothing of this machine any more");
    }
}

void pool_watch_changed(struct pool_watch *watch, struct mono now)
{
    watch->due = true;
    pool_watch_look(watch, now);
}
