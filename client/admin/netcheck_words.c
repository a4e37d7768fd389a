/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of sentences, by the name of the NAT. */
#include "client/admin/netcheck_words.h"

/* Who is reached only when ports were guessed (docs/protocol.md, section 13) is told apart: it
 * takes a while, and both must want it. */
#define GUESSED "after some seconds in which ports are guessed"
#define DIRECT_NARROW                                                                              \
    "hosts that are public or behind a FullC, RC or P-RC NAT, and those behind a firewall; "       \
    "those behind a symmetric NAT, too, " GUESSED
#define RELAYED_NARROW                                                                             \
    "hosts behind a symmetric NAT that guess no ports, or whose NAT has several addresses"
#define DIRECT_SYM                                                                                 \
    "hosts that are public, or behind a FullC or RC NAT; those behind a P-RC NAT or a firewall, "  \
    "too, " GUESSED
#define RELAYED_SYM "hosts behind a symmetric NAT, and those that guess no ports"
#define DIRECT_STEP                                                                                \
    "hosts that are public, or behind a FullC or RC NAT; those behind a P-RC NAT, a firewall or "  \
    "a symmetric NAT that goes by steps, too, " GUESSED
#define RELAYED_STEP "hosts behind a symmetric NAT without steps, and those that guess no ports"
#define DIRECT_SEVERAL "hosts that are public, or behind a FullC NAT"
#define RELAYED_SEVERAL "most others, because this NAT sends each flow from any of its addresses"
#define WHAT_SYM "a symmetric NAT: each peer sees this host at another port"
#define ADVICE_FORWARD                                                                             \
    "forward one UDP port of the router to this host, and set listen_port to it; then everybody "  \
    "reaches it directly"

const char *netcheck_name_word(enum nat_name name)
{
    static const char *const words[] = {
        [NAT_NAME_UNKNOWN] = "unknown",
        [NAT_NAME_PUBLIC] = "Public",
        [NAT_NAME_PUBLIC_FW] = "Public-FW",
        [NAT_NAME_FULL_CONE] = "FullC",
        [NAT_NAME_RC] = "RC",
        [NAT_NAME_P_RC] = "P-RC",
        [NAT_NAME_SYM] = "Sym",
        [NAT_NAME_SYM_STEP] = "Sym",
        [NAT_NAME_SYM_RANGE] = "Sym",
        [NAT_NAME_BLOCKED] = "Blocked",
    };

    return words[name];
}

const char *netcheck_depends_word(enum nat_depends depends)
{
    static const char *const words[] = {
        [NAT_DEPENDS_UNKNOWN] = "unknown",
        [NAT_DEPENDS_ON_NOTHING] = "endpoint-independent",
        [NAT_DEPENDS_ON_ADDRESS] = "address-dependent",
        [NAT_DEPENDS_ON_ADDRESS_AND_PORT] = "address-and-port-dependent",
        [NAT_DEPENDS_NOT_ON_PORT] = "endpoint-independent or address-dependent",
        [NAT_DEPENDS_ON_SOMETHING] = "address-dependent or address-and-port-dependent",
    };

    return words[depends];
}

const char *netcheck_ports_word(enum nat_ports ports)
{
    static const char *const words[] = {
        [NAT_PORTS_UNKNOWN] = "unknown", [NAT_PORTS_ONE] = "one",       [NAT_PORTS_STEP] = "step",
        [NAT_PORTS_RANGE] = "range",     [NAT_PORTS_RANDOM] = "random",
    };

    return words[ports];
}

/* True if peers are sent to from another address than relays see (RFC 4787, section 4.1). */
static bool draws_addresses(const struct nat_facts *facts)
{
    return facts->addresses > 1 && facts->mapping != NAT_DEPENDS_ON_NOTHING;
}

static const char *not_known(const struct netcheck_found *found)
{
    enum nat_depends filtering = found->facts.filtering, mapping = found->facts.mapping;

    if (!found->facts.answered) {
        return "";
    }
    if (filtering == NAT_DEPENDS_UNKNOWN) {
        return "no relay could send from another port or address, so what is let in is not known";
    }
    if (mapping == NAT_DEPENDS_UNKNOWN && found->facts.addresses > 1) {
        return "this NAT has several addresses and keeps the port; too few relays answered to tell "
               "whether all peers see the same address";
    }
    if (found->one_address && mapping != NAT_DEPENDS_ON_ADDRESS_AND_PORT) {
        return "only one relay's address answered; what depends on the address shows with a second "
               "relay only";
    }
    /* Whoever came in was lent, whether the relay had the time to say so or not. */
    if (!found->lent && filtering != NAT_DEPENDS_ON_ADDRESS_AND_PORT &&
        filtering != NAT_DEPENDS_ON_NOTHING) {
        return "no other relay lent its address, so whether strangers are let in is not known";
    }
    return "";
}

struct netcheck_words netcheck_words_of(const struct netcheck_found *found)
{
    static const struct netcheck_words words[] = {
        [NAT_NAME_UNKNOWN] = {"a NAT or firewall of which too little is known", "", "",
                              "a second relay in another place would show more", ""},
        [NAT_NAME_PUBLIC] = {"no NAT and no firewall", "everybody", "", "", ""},
        [NAT_NAME_PUBLIC_FW] = {"no NAT, but a firewall that lets in only answers", DIRECT_NARROW,
                                RELAYED_NARROW,
                                "let one UDP port in at the firewall, and set listen_port to it; "
                                "then everybody reaches this host directly",
                                ""},
        [NAT_NAME_FULL_CONE] = {"a NAT that lets everybody in (full cone)", "everybody", "", "",
                                ""},
        [NAT_NAME_RC] = {"a NAT that lets in whom this host has sent to", "everybody", "", "", ""},
        [NAT_NAME_P_RC] = {"a NAT that lets in only answers, and gives this host one port",
                           DIRECT_NARROW, RELAYED_NARROW, ADVICE_FORWARD, ""},
        [NAT_NAME_SYM] = {WHAT_SYM ", a random one", DIRECT_SYM, RELAYED_SYM, ADVICE_FORWARD, ""},
        [NAT_NAME_SYM_STEP] = {WHAT_SYM ", by steps", DIRECT_STEP, RELAYED_STEP, ADVICE_FORWARD,
                               ""},
        [NAT_NAME_SYM_RANGE] = {WHAT_SYM " of a small range", DIRECT_SYM, RELAYED_SYM,
                                ADVICE_FORWARD, ""},
        [NAT_NAME_BLOCKED] = {"no UDP passes, or no relay answers", "nobody", "",
                              "ask who runs this network to let UDP out to the relay's port, 4433 "
                              "or 443; without it there is no way to the relay",
                              ""},
    };
    struct netcheck_words out = words[found->facts.name];

    if (draws_addresses(&found->facts) && out.direct[0] != '\0') {
        out.direct = DIRECT_SEVERAL;
        out.relayed = RELAYED_SEVERAL;
    }
    out.not_known = not_known(found);
    return out;
}
