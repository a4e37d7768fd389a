/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One object for each family, or null. */
#include "client/admin/netcheck_report.h"

#include "client/admin/netcheck_verdict.h"
#include "client/admin/netcheck_words.h"

enum { SCHEMA = 1 };

static json_t *address_json(const struct endpoint *address)
{
    char text[ENDPOINT_TEXT_SIZE];

    return endpoint_is_none(address) ? json_null() : json_string(endpoint_text(address, text));
}

static json_t *relays_json(const struct netcheck_found *found)
{
    json_t *list = json_array();

    for (size_t i = 0; i < found->relays_count; i++) {
        const struct netcheck_relay *relay = &found->relays[i];

        (void)json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:I}", "address", address_json(&relay->address),
                            "sent", (json_int_t)relay->sent, "answered",
                            (json_int_t)relay->answered, "rtt_us", (json_int_t)relay->rtt_us));
    }
    return list;
}

static json_t *hairpin_json(const struct netcheck_found *found)
{
    return found->hairpin == NETCHECK_HAIRPIN_NOT_ASKED
               ? json_null()
               : json_boolean(found->hairpin == NETCHECK_HAIRPIN_YES);
}

static json_t *family_json(const struct netcheck_family *family)
{
    const struct netcheck_found *found = &family->found;
    const struct nat_facts *facts = &found->facts;
    struct netcheck_words words = netcheck_words_of(found);

    if (!family->tried) {
        return json_null();
    }
    return json_pack(
        "{s:s, s:i, s:b, s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:i, s:o, s:o, s:o, s:i, s:o, s:s, "
        "s:s, "
        "s:s, s:s, s:s}",
        "name", netcheck_name_word(facts->name), "nat_kind", (int)facts->name, "translated",
        (int)facts->translated, "mapping", netcheck_depends_word(facts->mapping), "filtering",
        netcheck_depends_word(facts->filtering), "ports", netcheck_ports_word(facts->ports),
        "port_step", (int)facts->step, "port_low", (int)facts->port_low, "port_high",
        (int)facts->port_high, "port_preserving", (int)facts->preserving, "addresses",
        (int)facts->addresses, "local", address_json(&facts->local), "mapped",
        address_json(&facts->mapped), "hairpin", hairpin_json(found), "mtu", (int)found->mtu,
        "relays", relays_json(found), "what", words.what, "direct", words.direct, "relayed",
        words.relayed, "advice", words.advice, "not_known", words.not_known);
}

static json_t *router_json(const struct netcheck_result *result)
{
    static const char *const labels[] = {"pcp", "natpmp", "upnp"};
    const struct router_facts *router = &result->router;
    enum router_nats nats = router_facts_nats(router, &result->families[NETCHECK_IPV4].found.facts);
    char address[ENDPOINT_TEXT_SIZE], outside[ENDPOINT_TEXT_SIZE];
    json_t *out;

    if (!router->asked) {
        return json_null();
    }
    out = json_pack("{s:s, s:o, s:b, s:b, s:o}", "address",
                    endpoint_ip_text(&router->router, address), "outside",
                    endpoint_is_none(&router->outside)
                        ? json_null()
                        : json_string(endpoint_ip_text(&router->outside, outside)),
                    "mapped", (int)router->mapped, "proven", (int)router->proven, "double_nat",
                    nats == ROUTER_NATS_UNKNOWN ? json_null()
                                                : json_boolean(nats == ROUTER_NATS_TWO));
    for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
        (void)json_object_set_new(out, labels[i],
                                  json_string(netcheck_state_word(router->states[i])));
    }
    return out;
}

json_t *netcheck_report(const struct netcheck_result *result, unsigned progress)
{
    struct netcheck_verdict verdict;

    netcheck_verdict_read(result, &verdict);
    return json_pack(
        "{s:i, s:b, s:i, s:s, s:i, s:o, s:o, s:o, s:s, s:s, s:s, s:n}", "schema", SCHEMA, "pending",
        (int)(progress < 100), "progress", (int)progress, "name",
        netcheck_name_word(netcheck_result_name(result)), "nat_kind",
        (int)netcheck_result_name(result), "ipv4", family_json(&result->families[NETCHECK_IPV4]),
        "ipv6", family_json(&result->families[NETCHECK_IPV6]), "router", router_json(result),
        "direct", verdict.direct, "relayed", verdict.relayed, "change", verdict.change, "lifetime");
}
