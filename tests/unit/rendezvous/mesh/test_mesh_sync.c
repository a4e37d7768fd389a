/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exchange of many records between two relays (rendezvous/mesh/mesh_sync.h), and what they
 * cost. Relays 0 and 1 believe the attesters 2, 3 and 4; relay 0 knows many relays that these
 * attest.
 */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/subnet.h"

#include <malloc.h>

#ifdef __SANITIZE_ADDRESS__
/* Debian's gcc comes without sanitizer/allocator_interface.h. */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

enum { RELAYS = 5, MEMORY_MAX = 1024 };

static uint64_t memory_used(void)
{
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

/* Tell relay `to` of relay n, which exists nowhere else, attested by three. */
static void tell(struct subnet *subnet, uint32_t to, uint32_t n)
{
    struct identity identity = node_of(n);
    struct endpoint address = subnet_address(n);
    struct part record = subnet_record(subnet, &identity, &address, 1);
    struct part attestations[3];

    for (uint32_t i = 0; i < 3; i++) {
        attestations[i] = subnet_attestation(subnet, &subnet->relays[2 + i].identity,
                                             identity.public_key, &address);
    }
    subnet_tell(subnet, to, &subnet->relays[2].identity, &record, attestations, 3);
}

/* Two relays that know three attesters, and relay 0 knows `count` relays more. */
static struct subnet *filled(uint32_t count)
{
    struct subnet *subnet = subnet_new(RELAYS);

    for (uint32_t i = 0; i < RELAYS; i++) {
        subnet_announce(subnet, i);
    }
    for (uint32_t i = 2; i < RELAYS; i++) {
        subnet_connect(subnet, 0, i);
        subnet_connect(subnet, 1, i);
    }
    subnet_run(subnet, 30000);
    subnet->relays[1].island = 1; /* it hears nothing of what follows */
    subnet_cut(subnet);
    for (uint32_t i = 0; i < count; i++) {
        if (i % 16 == 0) {
            subnet->now = mono_add_ms(subnet->now, 1000);
        }
        tell(subnet, 0, 100 + i);
    }
    subnet->relays[1].island = 0;
    for (uint32_t i = 2; i < RELAYS; i++) {
        subnet_kill(subnet, i); /* they take no part in the rest */
    }
    return subnet;
}

static uint32_t nodes_of(struct subnet *subnet, uint32_t n)
{
    return mesh_stats(subnet->relays[n].mesh)->nodes;
}

/* Let relay 1 get all that relay 0 knows; returns the ms that it took. */
static uint32_t sync_all(struct subnet *subnet, uint32_t want)
{
    uint32_t ms = 0;

    subnet->relays[0].sent = subnet->relays[1].sent = 0;
    subnet->relays[0].sent_bytes = subnet->relays[1].sent_bytes = 0;
    subnet_connect(subnet, 1, 0);
    while (nodes_of(subnet, 1) < want && ms < 1200000) {
        subnet_run(subnet, 1000);
        ms += 1000;
    }
    print_message("%u records: %u s, %u + %u messages, %u + %u bytes\n", want, ms / 1000,
                  (unsigned)subnet->relays[0].sent, (unsigned)subnet->relays[1].sent,
                  (unsigned)subnet->relays[0].sent_bytes, (unsigned)subnet->relays[1].sent_bytes);
    return ms;
}

static void three_hundred_records_are_exchanged_at_once(void **state)
{
    struct subnet *subnet = filled(300);

    (void)state;
    assert_int_equal(nodes_of(subnet, 0), 300 + RELAYS);
    assert_in_range(sync_all(subnet, 300 + RELAYS), 0, 5000);
    assert_in_range(subnet->relays[0].sent, 10, 60);
    subnet_free(subnet);
}

static void ten_thousand_records_are_exchanged_within_the_bounds(void **state)
{
    uint64_t before = memory_used();
    struct subnet *subnet = filled(10000);
    uint64_t each = (memory_used() - before) / (10000 + RELAYS);

    (void)state;
    print_message("%u bytes for each record\n", (unsigned)each);
    assert_in_range(each, 100, MEMORY_MAX);
    assert_int_equal(nodes_of(subnet, 0), 10000 + RELAYS);
    assert_in_range(sync_all(subnet, 10000 + RELAYS), 300000, 900000);
    assert_int_equal(mesh_stats(subnet->relays[1].mesh)->unproven, 0);
    subnet_free(subnet);
}

/* Both have what the other lacks, and some are newer here, some there. */
static void both_sides_get_what_they_lack(void **state)
{
    struct subnet *subnet = filled(60);
    struct node_found found;

    (void)state;
    assert_true(sync_all(subnet, 60 + RELAYS) < 5000);
    subnet->relays[1].island = 1;
    subnet_cut(subnet);
    subnet->relays[1].island = 0;
    for (uint32_t i = 0; i < 2; i++) {
        struct mesh_session session = {.address = subnet_address(2)};

        memcpy(session.key, subnet->relays[2].identity.public_key, KEY_SIZE);
        assert_int_equal(mesh_on_up(subnet->relays[i].mesh, &session, subnet->now), ERR_OK);
        for (uint32_t n = 0; n < 30; n++) {
            struct identity identity = node_of(100 + 30 * i + n);
            struct endpoint address = subnet_address(100 + 30 * i + n);
            struct part record = subnet_record(subnet, &identity, &address, 2);

            subnet_tell(subnet, i, &subnet->relays[2].identity, &record, NULL, 0);
            tell(subnet, i, 1000 + 40 * i + n);
        }
        mesh_on_down(subnet->relays[i].mesh, session.key, subnet->now);
    }
    assert_int_equal(nodes_of(subnet, 0), 90 + RELAYS);
    assert_true(sync_all(subnet, 120 + RELAYS) < 5000);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(nodes_of(subnet, i), 120 + RELAYS);
        for (uint32_t n = 0; n < 60; n++) {
            struct identity identity = node_of(100 + n);

            assert_true(mesh_find(subnet->relays[i].mesh, identity.public_key, &found));
            assert_int_equal(found.sequence, 2);
        }
    }
    subnet_free(subnet);
}

/* A neighbour that sends summaries without end makes us work within a bound. */
static void summaries_are_bounded(void **state)
{
    struct subnet *subnet = filled(10);
    struct mesh_session session = {.address = subnet_address(2)};
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__NodeSummary summary = ZIGLAN__NODE_SUMMARY__INIT;
    uint8_t buckets[NODE_BUCKETS / 8] = {0};
    const struct mesh_stats *stats = mesh_stats(subnet->relays[0].mesh);

    (void)state;
    memcpy(session.key, subnet->relays[2].identity.public_key, KEY_SIZE);
    assert_int_equal(mesh_on_up(subnet->relays[0].mesh, &session, subnet->now), ERR_OK);
    summary.buckets = control_bytes(buckets, sizeof(buckets));
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_SUMMARY;
    control.node_summary = &summary;
    for (int i = 0; i < 1000; i++) {
        assert_true(mesh_on_control(subnet->relays[0].mesh, session.key, &control, subnet->now));
    }
    assert_int_equal(stats->limit_told, 700);
    subnet_free(subnet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hundred_records_are_exchanged_at_once),
        cmocka_unit_test(ten_thousand_records_are_exchanged_within_the_bounds),
        cmocka_unit_test(both_sides_get_what_they_lack),
        cmocka_unit_test(summaries_are_bounded),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
