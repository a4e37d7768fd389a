/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server is opened before the system's resolver is told, and closed after it was told again, so
 * that the system never asks where nobody answers.
 */
#include "client/daemon/magic_dns.h"

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

static void system_resolver_wire(struct magic_dns *dns, const struct dns_config *config)
{
    char(*zones)[DNS_ZONE_SIZE] = calloc(DNS_ZONES_MAX, sizeof(*zones));
    const char *names[DNS_ZONES_MAX];
    size_t count = 0;

    if (zones != NULL) {
        count = dns_reverse_zones(config, zones, DNS_ZONES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = zones[i];
    }
    dnscfg_apply(&dns->system, dns->host->place->interface, config->resolver, names, count);
    if (dns->system.advice[0] != '\0') {
        env_trace(os_env_port(dns->host->os), TRACE_LEVEL_WARN, "dns.manual", "%s",
                  dns->system.advice);
    }
    free(zones);
}

void magic_dns_start(struct magic_dns *dns, struct host *host)
{
    const struct client_config *cfg = host->config;
    const struct engine_facts facts = engine_facts(host->engine);
    struct dns_config config = {
        .pool_prefix = cfg->pool_prefix,
        .lookup = {.context = dns, .by_name = on_name, .by_address = on_address}};
    struct endpoint listen = endpoint_v4(facts.resolver, DNS_PORT);
    struct fault fault = {0};

    *dns = (struct magic_dns){.host = host};
    if (!cfg->dns_enabled) {
        return;
    }
    memcpy(config.pool, cfg->pool, sizeof(config.pool));
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
    if (dns->system.state == DNSCFG_STATE_WIRED) {
        dnscfg_revert(dns->host->place->interface);
    }
    dns_server_close(dns->server);
    *dns = (struct magic_dns){0};
}
