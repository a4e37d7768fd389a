/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By IPv6 there is no NAT, so two hosts that have it reach each other through their firewalls. */
#include "client/admin/netcheck_verdict.h"

#include "client/admin/netcheck_words.h"

#include <stdio.h>
#include <string.h>

#define FORWARD "forward one UDP port of it to this host and set listen_port to that port"
#define BY_IPV6 "all who have IPv6"

const char *netcheck_state_word(enum portmap_state state)
{
    static const char *const words[] = {
        [PORTMAP_STATE_OFF] = "off",         [PORTMAP_STATE_ASKING] = "asking",
        [PORTMAP_STATE_SILENT] = "silent",   [PORTMAP_STATE_FOUND] = "found",
        [PORTMAP_STATE_MAPPING] = "mapping", [PORTMAP_STATE_MAPPED] = "mapped",
        [PORTMAP_STATE_REFUSED] = "refused",
    };

    return words[state];
}

static bool is_open(const struct netcheck_family *family)
{
    return family->tried && (family->found.facts.name == NAT_NAME_PUBLIC ||
                             family->found.facts.name == NAT_NAME_FULL_CONE);
}

static bool passes(const struct netcheck_family *family)
{
    return family->tried && family->found.facts.answered;
}

/* The family of which the verdict is, if one alone counts: that by which relays are reached. */
static const struct netcheck_family *main_family(const struct netcheck_result *result)
{
    const struct netcheck_family *v4 = &result->families[NETCHECK_IPV4];
    const struct netcheck_family *v6 = &result->families[NETCHECK_IPV6];

    return passes(v4) || !v6->tried ? v4 : v6;
}

static void people_say(const struct netcheck_result *result, struct netcheck_verdict *out)
{
    const struct netcheck_family *v4 = &result->families[NETCHECK_IPV4];
    const struct netcheck_family *v6 = &result->families[NETCHECK_IPV6];
    const struct netcheck_family *family = main_family(result);
    struct netcheck_words words = netcheck_words_of(&family->found);
    bool mapped = result->router.mapped && result->router.proven;
    bool both = passes(v4) && passes(v6);

    if (is_open(v4) || mapped) {
        (void)snprintf(out->direct, sizeof(out->direct), "everybody%s",
                       is_open(v4) ? "" : ", by the port that the router lets in");
        return;
    }
    if (words.direct[0] == '\0' || !both) {
        (void)snprintf(out->direct, sizeof(out->direct), "%s", words.direct);
        (void)snprintf(out->relayed, sizeof(out->relayed), "%s", words.relayed);
        return;
    }
    (void)snprintf(out->direct, sizeof(out->direct), BY_IPV6 "; by IPv4 %s", words.direct);
    if (words.relayed[0] != '\0') {
        (void)snprintf(out->relayed, sizeof(out->relayed), "of those who have only IPv4, %s",
                       words.relayed);
    }
}

/* ---- the one change ---- */

/* The first three bytes of a provider's shared addresses (RFC 6598) are 100.64 to 100.127. */
static bool is_shared(const struct endpoint *outside)
{
    return outside->ip[12] == 100 && (outside->ip[13] & 0xc0) == 64;
}

static void two_nats_say(const struct netcheck_result *result, char *text)
{
    const struct router_facts *router = &result->router;
    char address[ENDPOINT_TEXT_SIZE] = "none of the internet";

    if (!endpoint_is_none(&router->outside)) {
        (void)endpoint_ip_text(&router->outside, address);
    }
    if (!endpoint_is_none(&router->outside) && is_shared(&router->outside)) {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                       "the provider shares one IPv4 address among customers, and the router has "
                       "only %s: ask the provider for an IPv4 address of your own%s",
                       address,
                       passes(&result->families[NETCHECK_IPV6])
                           ? ""
                           : ", or for IPv6, by which no such thing is needed");
        return;
    }
    (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                   "a second NAT is behind the router, whose own address outside is %s: let the "
                   "outer device pass everything on (\"bridge\" or \"exposed host\"), or forward "
                   "one UDP port at both, and set listen_port to it",
                   address);
}

static void router_say(const struct netcheck_result *result, char *text)
{
    const struct router_facts *router = &result->router;
    enum portmap_protocol speaks = router_facts_speaks(router);
    char address[ENDPOINT_TEXT_SIZE];

    (void)endpoint_ip_text(&router->router, address);
    if (!router->asked) {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE, "%s" FORWARD,
                       router->unwanted ? "set portmap to auto, so that the router may map a port; "
                                          "or without that, in the router, "
                                        : "in the router, ");
    } else if (speaks == PORTMAP_PROTOCOLS) {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                       "switch on UPnP, NAT-PMP or PCP in your router at %s, and ziglan does the "
                       "rest; or " FORWARD,
                       address);
    } else if (router->states[speaks] == PORTMAP_STATE_REFUSED) {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                       "the router at %s speaks %s, and refuses: let it map ports for this host; "
                       "or " FORWARD,
                       address, portmap_protocol_name(speaks));
    } else if (router->mapped) {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                       "the router at %s says that it lets a port in, but nobody got through so "
                       "far: " FORWARD,
                       address);
    } else {
        (void)snprintf(text, NETCHECK_SENTENCE_SIZE,
                       "the router at %s speaks %s: while `ziglan up` runs it lets a port in by "
                       "itself, and then everybody reaches this host directly (portmap: auto)",
                       address, portmap_protocol_name(speaks));
    }
}

static void change_say(const struct netcheck_result *result, char *text)
{
    const struct netcheck_family *v4 = &result->families[NETCHECK_IPV4];
    const struct netcheck_family *family = main_family(result);
    enum nat_name name = family->found.facts.name;

    text[0] = '\0';
    if (is_open(family) || (result->router.mapped && result->router.proven) ||
        name == NAT_NAME_RC) {
        return; /* everybody gets through */
    }
    if (family == v4 && passes(v4) && v4->found.facts.translated && name != NAT_NAME_UNKNOWN) {
        if (router_facts_nats(&result->router, &v4->found.facts) == ROUTER_NATS_TWO) {
            two_nats_say(result, text);
        } else {
            router_say(result, text);
        }
        return;
    }
    (void)snprintf(text, NETCHECK_SENTENCE_SIZE, "%s", netcheck_words_of(&family->found).advice);
}

void netcheck_verdict_read(const struct netcheck_result *result, struct netcheck_verdict *out)
{
    *out = (struct netcheck_verdict){.direct = ""};
    if (result->early ||
        (!result->families[NETCHECK_IPV4].tried && !result->families[NETCHECK_IPV6].tried)) {
        return;
    }
    people_say(result, out);
    change_say(result, out->change);
}
