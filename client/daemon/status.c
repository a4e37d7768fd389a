/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fields of `ziglan status --json` (docs/operations.md) about the interface and its
 * surroundings.
 */
#include "client/daemon/status.h"

#include "client/admin/netcheck_words.h"
#include "client/engine/nat_watch.h"
#include "proto/host/os_env.h"
#include "ziglan_version.h"

#include <arpa/inet.h>
#include <unistd.h>

/* What relays are told of this host's NAT. */
static json_t *nat_json(const struct nat_watch *watch)
{
    struct nat_state state = nat_watch_state(watch);

    return json_pack("{s:s, s:i, s:o, s:i}", "name", netcheck_name_word(state.name), "nat_kind",
                     (int)state.name, "measured_s",
                     state.measured ? json_integer((json_int_t)(state.age_ms / 1000)) : json_null(),
                     "networks", (int)state.networks_count);
}

void status_complete(json_t *status, const struct host *host, const struct magic_dns *dns)
{
    const struct engine_facts facts = engine_facts(host->engine);
    char resolver[INET_ADDRSTRLEN] = "";
    char pool[ADDRPLAN_POOL_TEXT_SIZE];
    json_t *counters = json_object_get(status, "counters");

    (void)json_object_set_new(counters, "interface_in_errors",
                              json_integer((json_int_t)facts.tun.receive_errors));
    (void)json_object_set_new(counters, "interface_out_errors",
                              json_integer((json_int_t)facts.tun.send_errors));
    (void)inet_ntop(AF_INET, facts.resolver, resolver, sizeof(resolver));
    (void)json_object_set_new(status, "pool", json_string(addrplan_pool_text(&facts.pool, pool)));
    (void)json_object_set_new(status, "pool_advice", json_string(facts.pool_advice));
    (void)json_object_set_new(status, "rule_advice", json_string(facts.rule_advice));
    (void)json_object_set_new(status, "interface", json_string(host->place->interface));
    (void)json_object_set_new(status, "resolver", json_string(resolver));
    (void)json_object_set_new(status, "dns_state",
                              json_string(dnscfg_state_text(dns->system.state)));
    (void)json_object_set_new(status, "dns_advice", json_string(dns->system.advice));
    (void)json_object_set_new(status, "port", json_integer(facts.port));
    (void)json_object_set_new(status, "portmap", json_string(facts.portmap));
    (void)json_object_set_new(status, "portmap_proven", json_boolean(facts.portmap_proven));
    (void)json_object_set_new(status, "nat", nat_json(engine_nat(host->engine)));
    (void)json_object_set_new(status, "ipv6", json_boolean(!facts.ipv6_off));
    (void)json_object_set_new(status, "interface_down", json_boolean(facts.interface_down));
    (void)json_object_set_new(status, "version", json_string(ZIGLAN_VERSION));
    (void)json_object_set_new(
        status, "uptime_ms",
        json_integer((json_int_t)mono_ms_between(host->opened_at, clock_mono())));
    (void)json_object_set_new(status, "pid", json_integer(getpid()));
}
