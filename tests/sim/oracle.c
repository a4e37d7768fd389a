/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three cases: both sides keep their port whoever they talk to, one side does, or none does. A side
 * that does not is called a wanderer here. */
#include "tests/sim/oracle.h"

/* Whether everybody sees this side at the address at which the relay sees it. */
static bool is_stable(const struct nat_side *side)
{
    return !side->has_nat || !side->kind.translates ||
           side->kind.mapping == NAT_ENDPOINT_INDEPENDENT || side->kind.port_preserving;
}

static enum nat_rule filtering(const struct nat_side *side)
{
    return side->has_nat ? side->kind.filtering : NAT_ENDPOINT_INDEPENDENT;
}

/* A wanderer sends to the address at which the relay saw the stable side. The stable side lets that
 * in if its filter does not look at ports: it has itself sent to the wanderer's address, if only to
 * another port. Its answer then goes exactly to the port from which the wanderer sent. */
static bool wanderer_reaches(const struct nat_side *stable)
{
    return filtering(stable) != NAT_ADDRESS_AND_PORT_DEPENDENT;
}

/* Two wanderers: the mapping of `open` towards the relay must let strangers in, because nobody
 * knows any other mapping of it. It answers from a second port, which `other` lets in unless its
 * filter looks at ports. */
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
    /* If both use another port for every port they talk to, each answer comes from a new port, to
     * which the other side answers from a new port again, and so on without end. */
    if (a->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT &&
        b->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT) {
        return false;
    }
    return wanderers_meet(a, b) || wanderers_meet(b, a);
}
