/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three cases: both sides keep their port whoever they talk to, one side does, or none does. A side
 * that does not is called a wanderer here. */
#include "tests/sim/oracle.h"

/* Whether each new mapping may have another address. */
static bool changes_address(const struct nat_side *side)
{
    return side->has_nat && side->kind.translates &&
           side->kind.mapping != NAT_ENDPOINT_INDEPENDENT && side->kind.addresses > 1 &&
           !side->kind.paired;
}

/* Whether everybody sees this side at the address at which the relay sees it. */
static bool is_stable(const struct nat_side *side)
{
    return !side->has_nat || !side->kind.translates ||
           side->kind.mapping == NAT_ENDPOINT_INDEPENDENT ||
           (side->kind.port_preserving && !changes_address(side));
}

static enum nat_rule filtering(const struct nat_side *side)
{
    return side->has_nat ? side->kind.filtering : NAT_ENDPOINT_INDEPENDENT;
}

/* A wanderer sends to the address at which the relay saw the stable side. The stable side lets that
 * in if its filter does not look at ports: it has itself sent to the wanderer's address, if only to
 * another port. Its answer then goes exactly to the port from which the wanderer sent. */
static bool wanderer_reaches(const struct nat_side *stable, const struct nat_side *wanderer)
{
    return filtering(stable) == NAT_ENDPOINT_INDEPENDENT ||
           (filtering(stable) == NAT_ADDRESS_DEPENDENT && !changes_address(wanderer));
}

/* Two wanderers: the mapping of `open` towards the relay must let strangers in, because nobody
 * knows any other mapping of it. It answers from a second port, which `other` lets in unless its
 * filter looks at ports. */
static bool wanderers_meet(const struct nat_side *open, const struct nat_side *other)
{
    return filtering(open) == NAT_ENDPOINT_INDEPENDENT && wanderer_reaches(other, open);
}

bool nat_direct_possible(const struct nat_side *a, const struct nat_side *b)
{
    if (is_stable(a) && is_stable(b)) {
        return true; /* both send to each other, and both filters are open */
    }
    if (is_stable(a)) {
        return wanderer_reaches(a, b);
    }
    if (is_stable(b)) {
        return wanderer_reaches(b, a);
    }
    /* If both use another port for every port they talk to, each answer comes from a new port, to
     * which the other side answers from a new port again, and so on without end. */
    if (a->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT &&
        b->kind.mapping == NAT_ADDRESS_AND_PORT_DEPENDENT) {
        return false;
    }
    return wanderers_meet(a, b) || wanderers_meet(b, a);
}

/* The next ports of this side follow from those that were seen. */
static bool is_incremental(const struct nat_side *side)
{
    return !is_stable(side) && side->kind.step >= 1 && side->kind.step <= ORACLE_STEP_MAX;
}

enum nat_way nat_way_possible(const struct nat_side *a, const struct nat_side *b)
{
    const struct nat_side *wanderer = is_stable(a) ? b : a;

    if (nat_direct_possible(a, b)) {
        return NAT_WAY_PLAIN;
    }
    if (changes_address(a) || changes_address(b)) {
        return is_stable(a) || is_stable(b) ? NAT_WAY_CHANCE : NAT_WAY_NONE;
    }
    if (is_stable(a) || is_stable(b)) {
        return is_incremental(wanderer) ? NAT_WAY_PREDICTION : NAT_WAY_BIRTHDAY;
    }
    return is_incremental(a) && is_incremental(b) ? NAT_WAY_PREDICTION : NAT_WAY_NONE;
}

enum nat_way nat_way_at_one(const struct nat_side *side)
{
    return side->kind.hairpin ? nat_way_possible(side, side) : NAT_WAY_NONE;
}
