/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three cases: both sides keep their port whoever they talk to, one does, or none does. */
#include "tests/sim/oracle.h"

/* The relay sees the address that everybody sees. */
static bool is_stable(const struct nat_side *side)
{
    return !side->has_nat || !side->kind.translates ||
           side->kind.mapping == NAT_ENDPOINT_INDEPENDENT || side->kind.port_preserving;
}

static enum nat_rule filtering(const struct nat_side *side)
{
    return side->has_nat ? side->kind.filtering : NAT_ENDPOINT_INDEPENDENT;
}

/* A wanderer (its port depends on whom it talks to) sends to where the relay saw the other side.
   That is let in if the other asks for no port: it filters not at all, or by address only, having
   sent to the wanderer's address itself. The answer goes exactly where the wanderer sent from. */
static bool wanderer_reaches(const struct nat_side *stable)
{
    return filtering(stable) != NAT_ADDRESS_AND_PORT_DEPENDENT;
}

/* Two wanderers: `open`'s mapping towards the relay must let strangers in, for nobody knows another
   one. It answers from a second port, which the other lets in unless it filters by port. */
static bool wanderers_meet(const struct nat_side *open, const struct nat_side *other)
{
    return filtering(open) == NAT_ENDPOINT_INDEPENDENT &&
           filtering(other) != NAT_ADDRESS_AND_PORT_DEPENDENT;
}

bool nat_direct_possible(const struct nat_side *a, const struct nat_side *b)
{
    if (is_stable(a) && is_stable(b)) {
        return true; /* both send to each other, and both filters are open */
    }
    if (is_stable(a)) {
        return wanderer_reaches(a);
    }
    if (is_stable(b)) {
        return wanderer_reaches(b);
    }
    /* If both change their port with every port they talk to, each answer comes from yet another
       one, and no question ever meets its answer. */
    if (a->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT &&
        b->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT) {
        return false;
    }
    return wanderers_meet(a, b) || wanderers_meet(b, a);
}
