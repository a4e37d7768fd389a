/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server is opened before the system's resolver is told, and closed after it was told again, so
 * that the system never asks where nobody answers.
 */
#include "client/daemon/magic_dns.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DNS_PORT = 53 };

static bool on_name(void *context, const char *name, struct dns_addresses *out)
{
    const struct magic_dns *dns = context;
    struct host_name_record record;

    if (!host_core_lookup_name(engine_core(dns->host->engine), name, &record)) {
        return false;
    }
    *out = (struct dns_addresses){.has_ipv4 = record.has_v4, .has_ipv6 = record.has_v6};
    memcpy(out->ipv4, record.v4, sizeof(out->ipv4));
    memcpy(out->ipv6, record.v6, sizeof(out->ipv6));
    return true;
}

static bool on_address(void *context, const uint8_t *ip, size_t size, char name[DNS_HOST_SIZE])
{
    const struct magic_dns *dns = context;

    return host_core_lookup_address(engine_core(dns->host->engine), ip, size, name, DNS_HOST_SIZE);
}

static bool is_ziglan(void *context, const char *name)
{
    const struct magic_dns *dns = context;

    return host_core_knows_ziglan(engine_core(dns->host->engine), name);
}

/* -- The system's resolver --------------------------------------------------------------------- */

static const struct env *env_of(const struct magic_dns *dns)
{
    return os_env_port(dns->host->os);
}

/* Trace how it stands if that changed. */
static void standing_tell(const struct magic_dns *dns, const struct dnscfg_result *before)
{
    const struct dnscfg_result *now = &dns->system;

    if (now->state == before->state && strcmp(now->advice, before->advice) == 0) {
        if (now->changed && now->state == DNSCFG_STATE_WIRED) {
            env_trace(env_of(dns), TRACE_LEVEL_INFO, "dns.restored",
                      "somebody took our settings from systemd-resolved; they are back");
        }
        return;
    }
    if (now->advice[0] != '\0') {
        env_trace(env_of(dns), TRACE_LEVEL_WARN, "dns.manual", "%s", now->advice);
    } else if (before->state != DNSCFG_STATE_OFF) {
        env_trace(env_of(dns), TRACE_LEVEL_INFO, "dns.wired", "names work again");
    }
}

static void on_looked(void *context, const struct dnscfg_result *result)
{
    struct magic_dns *dns = context;
    struct dnscfg_result before = dns->system;

    dns->system = *result;
    dns->system.linked = result->linked || before.linked; /* to be taken back at the end */
    standing_tell(dns, &before);
}

static void system_resolver_wire(struct magic_dns *dns, const struct dns_config *config)
{
    struct dnscfg_result nothing = {.state = DNSCFG_STATE_OFF};

    dns->link = (struct dnscfg_link){.interface = dns->host->place->interface,
                                     .search = dns->host->config->dns_search,
                                     .zones = dns->zone_names};
    memcpy(dns->link.resolver, config->resolver, sizeof(dns->link.resolver));
    dns->zones = calloc(DNS_ZONES_MAX, sizeof(*dns->zones));
    if (dns->zones != NULL) {
        dns->link.zones_count = dns_reverse_zones(config, dns->zones, DNS_ZONES_MAX);
    }
    for (size_t i = 0; i < dns->link.zones_count; i++) {
        dns->zone_names[i] = dns->zones[i];
    }
    dnscfg_apply(&dns->system, &dns->link);
    standing_tell(dns, &nothing);
    if (dns_watch_new(&dns->watch, dns->host->loop, &dns->link, on_looked, dns) != ERR_OK) {
        env_trace(env_of(dns), TRACE_LEVEL_WARN, "dns.failed",
                  "out of memory: changes of the system's resolver will not be noticed");
    }
}

/* -- Start and stop ---------------------------------------------------------------------------- */

void magic_dns_start(struct magic_dns *dns, struct host *host)
{
    const struct client_config *cfg = host->config;
    const struct engine_facts facts = engine_facts(host->engine);
    struct dns_config config = {
        .pool_prefix = facts.pool.prefix_bits,
        .lookup = {
            .context = dns, .by_name = on_name, .by_address = on_address, .is_ziglan = is_ziglan}};
    struct endpoint listen = endpoint_v4(facts.resolver, DNS_PORT);
    struct fault fault = {0};

    *dns = (struct magic_dns){.host = host};
    if (!cfg->dns_enabled) {
        return;
    }
    be32_write(config.pool, facts.pool.base);
    memcpy(config.resolver, facts.resolver, sizeof(config.resolver));
    if (dns_server_open(&dns->server, host->loop, &listen, &config, &fault) != ERR_OK) {
        (void)snprintf(dns->system.advice, sizeof(dns->system.advice), "%.180s; %s", fault.text,
                       fault.exit_code == EXIT_CODE_PERMISSION
                           ? "that wants root or CAP_NET_BIND_SERVICE"
                           : "if another interface has the same pool, give this one its own "
                             "`pool:` in its configuration");
        env_trace(os_env_port(host->os), TRACE_LEVEL_WARN, "dns.failed", "%s", dns->system.advice);
        return;
    }
    system_resolver_wire(dns, &config);
}

void magic_dns_stop(struct magic_dns *dns)
{
    dns_watch_free(dns->watch);
    if (dns->system.linked) {
        dnscfg_revert(dns->host->place->interface);
    }
    dns_server_close(dns->server);
    free(dns->zones);
    *dns = (struct magic_dns){0};
}
