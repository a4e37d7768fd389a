/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of networks is remembered over restarts, for some of them, and only as it was
 * written. */
#include "client/core/networks.h"

#include "client/core/core_internal.h"
#include "client/core/lifetimes.h"
#include "client/core/nat.h"
#include "tests/support/host_fixture.h"

static const struct guess_ports ports = {.step = 3, .low = 20000, .high = 20511};
static const struct lifetime_found found = {.quiet = {.alive_ms = 19000, .dead_ms = 21000},
                                            .kept = {.alive_ms = 29000, .dead_ms = 31000},
                                            .answered = LIFETIME_ANSWERED_AS_KEPT,
                                            .inbound = LIFETIME_INBOUND_NO};

static struct host_core *core_of(struct lab *lab)
{
    return lab->hosts[0].core;
}

/* Both measurements are made. */
static struct lab *lab_measured(void)
{
    struct lab *lab = lab_joined();

    assert_null(host_core_nat_known(core_of(lab)));
    host_core_nat_measured(core_of(lab), NAT_NAME_SYM_STEP, &ports, lab->now);
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    return lab;
}

/* Where the first relay sees host 0. */
static void see_at(struct lab *lab, uint8_t last)
{
    TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15] = last;
    lifetimes_look(core_of(lab), lab->now);
}

static void both_facts_are_known_in_their_network_alone_also_after_a_restart(void **state)
{
    struct lab *lab = lab_measured();

    (void)state;
    lab_restart(lab, 0);
    run_ms(lab, 10000);
    assert_non_null(host_core_nat_known(core_of(lab)));
    assert_int_equal(host_core_nat_known(core_of(lab))->name, NAT_NAME_SYM_STEP);
    assert_memory_equal(&host_core_nat_known(core_of(lab))->ports, &ports, sizeof(ports));
    assert_non_null(host_core_lifetime(core_of(lab)));
    assert_memory_equal(&host_core_lifetime(core_of(lab))->found, &found, sizeof(found));
    assert_int_equal(host_core_networks_count(core_of(lab)), 1);
    see_at(lab, 99);
    assert_null(host_core_nat_known(core_of(lab)));
    assert_null(host_core_lifetime(core_of(lab)));
    lab_free(lab);
}

static void one_fact_does_not_displace_the_other(void **state)
{
    struct lab *lab = lab_measured();

    (void)state;
    host_core_nat_measured(core_of(lab), NAT_NAME_P_RC, &ports, lab->now);
    assert_non_null(host_core_lifetime(core_of(lab)));
    host_core_lifetime_measured(core_of(lab), &found, lab->now);
    assert_int_equal(host_core_nat_known(core_of(lab))->name, NAT_NAME_P_RC);
    host_core_nat_measured(core_of(lab), NAT_NAME_UNKNOWN, &ports, lab->now); /* says nothing */
    assert_int_equal(host_core_nat_known(core_of(lab))->name, NAT_NAME_P_RC);
    lab_free(lab);
}

static void the_network_that_was_entered_first_makes_room(void **state)
{
    struct lab *lab = lab_measured();
    uint8_t first = TAILQ_FIRST(&core_of(lab)->relays.list)->observed.ip[15];

    (void)state;
    for (uint8_t i = 0; i < NETWORKS_MAX - 1; i++) {
        see_at(lab, (uint8_t)(100 + i));
        host_core_nat_measured(core_of(lab), NAT_NAME_P_RC, &ports, lab->now);
    }
    see_at(lab, first);
    assert_non_null(host_core_nat_known(core_of(lab)));
    host_core_nat_measured(core_of(lab), NAT_NAME_RC, &ports, lab->now); /* now it is the last */
    see_at(lab, 200);
    host_core_nat_measured(core_of(lab), NAT_NAME_P_RC, &ports, lab->now);
    assert_int_equal(host_core_networks_count(core_of(lab)), NETWORKS_MAX);
    see_at(lab, 100);
    assert_null(host_core_nat_known(core_of(lab)));
    see_at(lab, first);
    assert_int_equal(host_core_nat_known(core_of(lab))->name, NAT_NAME_RC);
    lab_free(lab);
}

/* Bytes of the value, and what they are changed to; a cut, too. Then nothing is known, and all can
 * be measured anew. */
static void what_is_damaged_is_not_believed(void **state)
{
    static const struct {
        size_t at, size;
        uint8_t value;
    } rows[] = {
        {0, 54, 2},  /* another version */
        {9, 54, 10}, /* no such NAT */
        {40, 54, 4}, /* no such answer */
        {41, 54, 3}, /* nor that */
        {53, 53, 0}, /* cut */
        {54, 55, 0}, /* too long */
    };
    static const char row[] = "networks";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lab *lab = lab_measured();
        struct store *store = core_of(lab)->store;
        uint8_t bytes[64] = {0};
        size_t size;

        assert_int_equal(
            store_read(store, STORE_TABLE_META, row, sizeof(row) - 1, bytes, sizeof(bytes), &size),
            ERR_OK);
        assert_int_equal(size, 54);
        bytes[rows[i].at] = rows[i].value;
        assert_int_equal(
            store_write(store, STORE_TABLE_META, row, sizeof(row) - 1, bytes, rows[i].size),
            ERR_OK);
        lab_restart(lab, 0);
        run_ms(lab, 10000);
        assert_null(host_core_nat_known(core_of(lab)));
        assert_null(host_core_lifetime(core_of(lab)));
        assert_int_equal(host_core_networks_count(core_of(lab)), 0);
        host_core_nat_measured(core_of(lab), NAT_NAME_P_RC, &ports, lab->now);
        assert_int_equal(host_core_networks_count(core_of(lab)), 1);
        lab_free(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_facts_are_known_in_their_network_alone_also_after_a_restart),
        cmocka_unit_test(one_fact_does_not_displace_the_other),
        cmocka_unit_test(the_network_that_was_entered_first_makes_room),
        cmocka_unit_test(what_is_damaged_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
