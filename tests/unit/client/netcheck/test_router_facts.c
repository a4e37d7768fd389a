/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the router has the address at which relays see this host. */
#include "client/netcheck/router_facts.h"

#include "tests/support/fixture.h"

static struct endpoint address(const char *text)
{
    struct endpoint out = {.port = 0};

    assert_true(endpoint_parse_ip(&out, text, 0));
    return out;
}

static void a_router_with_another_address_than_relays_see_is_behind_a_second_nat(void **state)
{
    static const struct {
        const char *outside, *mapped;
        uint32_t addresses;
        enum router_nats want;
    } rows[] = {
        {"203.0.113.7", "203.0.113.7", 1, ROUTER_NATS_ONE},
        {"100.64.0.9", "203.0.113.7", 1, ROUTER_NATS_TWO},
        {"192.168.0.2", "203.0.113.7", 1, ROUTER_NATS_TWO},
        {"203.0.113.9", "203.0.113.7", 1, ROUTER_NATS_TWO},
        {"203.0.113.9", "203.0.113.7", 2, ROUTER_NATS_UNKNOWN}, /* one of its pool, perhaps */
        {"10.0.0.9", "203.0.113.7", 2, ROUTER_NATS_TWO},
    };
    struct router_facts router = {.asked = true};
    struct nat_facts facts = {.answered = true};

    (void)state;
    assert_int_equal(router_facts_nats(&router, &facts), ROUTER_NATS_UNKNOWN);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        router.outside = address(rows[i].outside);
        facts.mapped = address(rows[i].mapped);
        facts.mapped.port = 40000;
        facts.addresses = rows[i].addresses;
        assert_int_equal(router_facts_nats(&router, &facts), rows[i].want);
    }
    router.outside = (struct endpoint){.port = 0};
    router.lacks_outside = true;
    assert_int_equal(router_facts_nats(&router, &facts), ROUTER_NATS_TWO);
    facts.answered = false;
    assert_int_equal(router_facts_nats(&router, &facts), ROUTER_NATS_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_router_with_another_address_than_relays_see_is_behind_a_second_nat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
