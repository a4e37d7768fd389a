/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules are few, and some peers at a time are asked about: a look costs next to nothing. */
#include "client/engine/rule_watch.h"

#include "client/platform/netrule.h"
#include "proto/net/endpoint.h"

#include <stdio.h>
#include <string.h>

enum { LOOKED_AT_MAX = 16 }; /* at one look */

static const char *const families[2] = {"IPv4", "IPv6"};

/* Addresses of some peers; returns how many. */
static size_t addresses_next(struct rule_watch *watch, uint8_t v4[LOOKED_AT_MAX][16],
                             uint8_t v6[LOOKED_AT_MAX][16])
{
    struct host_prefix prefix;
    size_t count = 0;

    while (count < LOOKED_AT_MAX &&
           host_core_prefix_at(watch->interface->core, &watch->at, &prefix)) {
        struct endpoint e = endpoint_v4(prefix.v4, 0);

        if (interface_leads(watch->interface, prefix.v4)) {
            memcpy(v4[count], e.ip, sizeof(e.ip));
            memcpy(v6[count], prefix.v6, sizeof(prefix.v6));
            count++;
        }
    }
    return count;
}

static void stuck(struct rule_watch *watch, size_t family, const char *why)
{
    if (!watch->stuck[family]) {
        env_trace(watch->env, TRACE_LEVEL_WARN, "rule.stuck",
                  "rules of this machine (ip rule) take the peers' %s addresses, and no rule of %s "
                  "can go before them: %s",
                  families[family], watch->interface->name, why);
    }
    watch->stuck[family] = true;
}

/* Put a rule of ours before all those of others. */
static void set(struct rule_watch *watch, size_t family, const struct netrule_found *found)
{
    struct interface *f = watch->interface;
    struct fault fault = {0};

    netrule_clear(f->name, family == 1);
    watch->own[family] = false;
    if (found->first <= 1) {
        stuck(watch, family, "they are the very first");
    } else if (netrule_add(f->name, &f->plan, family == 1, found->first - 1, &fault) != ERR_OK) {
        stuck(watch, family, fault.text);
    } else {
        watch->own[family] = true;
        watch->stuck[family] = false;
        env_trace(watch->env, TRACE_LEVEL_INFO, "rule.set",
                  "rules of this machine (ip rule), mostly of another VPN, took the peers' %s "
                  "addresses; rule %u of %s goes before them now",
                  families[family], (unsigned)found->first - 1, f->name);
    }
}

static void clear(struct rule_watch *watch, size_t family)
{
    if (watch->own[family]) {
        netrule_clear(watch->interface->name, family == 1);
        env_trace(watch->env, TRACE_LEVEL_INFO, "rule.cleared",
                  "no rule of others comes before the main table any more; that of %s for %s is "
                  "gone",
                  watch->interface->name, families[family]);
    }
    watch->own[family] = false;
    watch->stuck[family] = false;
}

static void family_look(struct rule_watch *watch, size_t family, const uint8_t (*addresses)[16],
                        size_t count)
{
    struct netrule_found found;

    if (netrule_look(watch->interface->name, family == 1, &found) != ERR_OK) {
        return;
    }
    if (!found.foreign) {
        clear(watch, family);
    } else if ((!found.own || found.own_priority >= found.first) &&
               netrule_takes(watch->interface->name, addresses, count)) {
        set(watch, family, &found);
    }
}

static void advise(struct rule_watch *watch)
{
    bool both = watch->own[0] && watch->own[1];
    bool any = watch->own[0] || watch->own[1];

    watch->advice[0] = '\0';
    if (watch->stuck[0] || watch->stuck[1]) {
        (void)snprintf(watch->advice, sizeof(watch->advice),
                       "rules of this machine (ip rule) take the peers' %s addresses, and no rule "
                       "of %s can go before them; the log says why",
                       families[watch->stuck[0] ? 0 : 1], watch->interface->name);
    } else if (any) {
        (void)snprintf(watch->advice, sizeof(watch->advice),
                       "rules of this machine (ip rule) take the peers' %s addresses; a rule of %s "
                       "goes before them",
                       both ? "IPv4 and IPv6" : families[watch->own[0] ? 0 : 1],
                       watch->interface->name);
    }
}

void rule_watch_open(struct rule_watch *watch, const struct env *env, struct interface *interface)
{
    *watch = (struct rule_watch){.env = env, .interface = interface};
    for (size_t family = 0; interface->tun != NULL && family < 2; family++) {
        netrule_clear(interface->name, family == 1);
    }
}

void rule_watch_look(struct rule_watch *watch)
{
    uint8_t v4[LOOKED_AT_MAX][16];
    uint8_t v6[LOOKED_AT_MAX][16];
    size_t count;

    if (watch->interface->tun == NULL || watch->interface->down) {
        return;
    }
    count = addresses_next(watch, v4, v6);
    family_look(watch, 0, (const uint8_t(*)[16])v4, count);
    family_look(watch, 1, (const uint8_t(*)[16])v6, watch->interface->ipv6_off ? 0 : count);
    interface_table_use(watch->interface, watch->own[0] || watch->own[1]);
    advise(watch);
}

void rule_watch_close(struct rule_watch *watch)
{
    for (size_t family = 0; family < 2; family++) {
        if (watch->own[family]) {
            netrule_clear(watch->interface->name, family == 1);
        }
        watch->own[family] = false;
    }
}
