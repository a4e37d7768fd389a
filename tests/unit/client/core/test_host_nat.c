/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which relays a host asks what its NAT is, and how it knows that it is in another network. */
#include "client/core/core_internal.h"
#include "client/core/nat.h"

#include "tests/support/host_fixture.h"

static void a_relay_is_asked_once_and_by_its_own_family(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct endpoint relays[NETCHECK_RELAYS_MAX];

    (void)state;
    assert_int_equal(host_core_nat_relays(core, true, relays), 1);
    assert_true(endpoint_equal(&relays[0], &lab->relay.address));
    assert_int_equal(host_core_nat_relays(core, false, relays), 0);
    lab_free(lab);
}

static void another_public_address_or_source_is_another_place(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct relay_session *relay = ziglan_at(lab, 0)->entry_point;
    uint64_t here;

    (void)state;
    relay->way = (struct way){.interface = 1};
    assert_int_equal(host_core_nat_place(core, lab->now), 0); /* the way there is not known */
    relay->way.known = true;
    here = host_core_nat_place(core, lab->now);
    assert_int_not_equal(here, 0);
    relay->observed.port++; /* the NAT forgot the port: it is the same one */
    assert_int_equal(host_core_nat_place(core, lab->now), here);
    relay->observed.ip[15]++;
    assert_int_not_equal(host_core_nat_place(core, lab->now), here);
    relay->observed.ip[15]--;
    relay->way.source[15]++;
    assert_int_not_equal(host_core_nat_place(core, lab->now), here);
    relay->way.source[15]--;
    relay->way.next_hop[15]++;
    assert_int_not_equal(host_core_nat_place(core, lab->now), here);
    relay->way.next_hop[15]--;
    relay->moved_at = lab->now; /* it has not said since where it sees this host */
    assert_int_equal(host_core_nat_place(core, lab->now), 0);
    assert_int_equal(host_core_nat_place(core, mono_add_ms(lab->now, NAT_SETTLE_MS)), here);
    relay->moved_at = MONO_NEVER;
    assert_int_equal(host_core_nat_place(core, lab->now), here);
    relay->open = false; /* nobody says where it is */
    assert_int_equal(host_core_nat_place(core, lab->now), 0);
    relay->open = true;
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_is_asked_once_and_by_its_own_family),
        cmocka_unit_test(another_public_address_or_source_is_another_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
