/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay believes of what it is told, and what it refuses (rendezvous/mesh/mesh_learn.h). The
 * relay under test is number 0; relays 1 to 3 are its neighbours, which it dialled.
 */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/subnet.h"

#include "rendezvous/mesh/node_unproven.h"

enum { RELAYS = 4, STRANGER = 100 };

static struct subnet *subnet;
static const struct mesh_stats *stats;

static int set_up(void **state)
{
    (void)state;
    subnet = subnet_new(RELAYS);
    for (uint32_t i = 0; i < RELAYS; i++) {
        subnet_announce(subnet, i);
    }
    for (uint32_t i = 1; i < RELAYS; i++) {
        subnet_connect(subnet, 0, i);
    }
    subnet_run(subnet, 10000);
    stats = mesh_stats(subnet->relays[0].mesh);
    return stats->nodes == RELAYS ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    subnet_free(subnet);
    return 0;
}

static const struct identity *neighbour(uint32_t n)
{
    return &subnet->relays[n].identity;
}

/* The stranger's record at its address. */
static struct part stranger_record(uint64_t sequence)
{
    struct identity identity = node_of(STRANGER);
    struct endpoint address = subnet_address(STRANGER);

    return subnet_record(subnet, &identity, &address, sequence);
}

/* Relay 0 hears of the stranger, attested by these identities. */
static void tell_attested(const struct identity *attesters, size_t count)
{
    struct identity identity = node_of(STRANGER);
    struct endpoint address = subnet_address(STRANGER);
    struct part record = stranger_record(1), attestations[3];

    for (size_t i = 0; i < count; i++) {
        attestations[i] = subnet_attestation(subnet, &attesters[i], identity.public_key, &address);
    }
    subnet_tell(subnet, 0, neighbour(1), &record, attestations, count);
}

static bool believed(uint32_t n)
{
    struct identity identity = node_of(n);
    struct node_found found;

    return mesh_find(subnet->relays[0].mesh, identity.public_key, &found);
}

static void three_attesters_of_three_networks_are_believed(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), *neighbour(3)};
    uint64_t dials = stats->dials;

    (void)state;
    tell_attested(attesters, 3);
    assert_true(believed(STRANGER));
    subnet_run(subnet, 5000);
    assert_true(mesh_stats(subnet->relays[0].mesh)->dials == dials);
}

static void two_attesters_are_not_enough(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), *neighbour(2)};

    (void)state;
    tell_attested(attesters, 3);
    assert_false(believed(STRANGER));
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 1);
}

/* The third one comes later, with the same record. */
static void attestations_of_several_neighbours_add_up(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), *neighbour(3)};

    (void)state;
    tell_attested(attesters, 2);
    assert_false(believed(STRANGER));
    tell_attested(attesters + 2, 1);
    assert_true(believed(STRANGER));
}

static void attesters_that_are_not_believed_do_not_count(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), node_of(55)};

    (void)state;
    tell_attested(attesters, 3);
    assert_false(believed(STRANGER));
}

/* And when one of them is believed, what it attested is. */
static void an_attester_that_becomes_believed_counts(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), node_of(55)};
    struct endpoint address = subnet_address(55);
    struct part record = subnet_record(subnet, &attesters[2], &address, 1);
    struct mesh_dialled dialled = {.address = address, .proved = true};

    (void)state;
    tell_attested(attesters, 3);
    subnet_tell(subnet, 0, neighbour(2), &record, NULL, 0);
    assert_false(believed(STRANGER));
    memcpy(dialled.key, attesters[2].public_key, KEY_SIZE);
    mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
    assert_true(believed(55));
    assert_true(believed(STRANGER));
}

static void attesters_of_one_large_network_count_once(void **state)
{
    struct identity attesters[] = {*neighbour(1), node_of(60), node_of(61)};

    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t ip[4] = {16 + 1, 0, (uint8_t)(7 + i), 1}; /* the /16 of relay 1 */
        struct mesh_dialled dialled = {.address = endpoint_v4(ip, 1), .proved = true};
        struct part record = subnet_record(subnet, &attesters[1 + i], &dialled.address, 1);

        subnet_tell(subnet, 0, neighbour(2), &record, NULL, 0);
        memcpy(dialled.key, attesters[1 + i].public_key, KEY_SIZE);
        mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
        assert_true(believed(60 + i));
    }
    tell_attested(attesters, 3);
    assert_false(believed(STRANGER));
}

static void an_attestation_of_another_address_or_relay_is_refused(void **state)
{
    struct identity identity = node_of(STRANGER), other = node_of(STRANGER + 1);
    struct endpoint address = subnet_address(STRANGER), elsewhere = subnet_address(7);
    struct part record = stranger_record(1);
    struct part attestations[3] = {
        subnet_attestation(subnet, neighbour(1), identity.public_key, &elsewhere),
        subnet_attestation(subnet, neighbour(2), other.public_key, &address),
        subnet_attestation(subnet, neighbour(3), identity.public_key, &address),
    };

    (void)state;
    attestations[2].bytes[attestations[2].size - 1] ^= 1; /* forged */
    subnet_tell(subnet, 0, neighbour(1), &record, attestations, 3);
    assert_false(believed(STRANGER));
    assert_int_equal(stats->attestations_bad, 3);
}

static void nobody_attests_itself(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), node_of(STRANGER)};

    (void)state;
    tell_attested(attesters, 3);
    assert_false(believed(STRANGER));
    assert_int_equal(stats->attestations_bad, 1);
}

/* Relay 0 is told of the stranger, which answers or not. */
static void a_relay_is_believed_when_it_was_reached(void **state)
{
    struct part record = stranger_record(1);
    struct identity identity = node_of(STRANGER);
    struct mesh_output out;
    struct mesh_dialled dialled = {.proved = true};

    (void)state;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_false(believed(STRANGER));
    assert_false(mesh_output(subnet->relays[0].mesh, &out, &subnet->message, subnet->now));
    subnet->now = mono_add_ms(subnet->now, 2 * NODE_DIAL_WAIT_MS);
    assert_true(mesh_output(subnet->relays[0].mesh, &out, &subnet->message, subnet->now));
    assert_int_equal(out.type, MESH_OUTPUT_REACH);
    assert_memory_equal(out.key, identity.public_key, KEY_SIZE);
    memcpy(dialled.key, out.key, KEY_SIZE);
    dialled.address = subnet_address(STRANGER + 1); /* not where the record says */
    mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
    assert_false(believed(STRANGER));
    dialled.address = out.address;
    mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
    assert_true(believed(STRANGER));
    subnet_pump(subnet);
    assert_true(mesh_stats(subnet->relays[2].mesh)->unproven == 1); /* it was told at once */
}

static void a_relay_that_nobody_reaches_is_given_up(void **state)
{
    struct part record = stranger_record(1);

    (void)state;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    subnet_run(subnet, 120000);
    assert_false(believed(STRANGER));
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 0);
    assert_int_equal(stats->unreached, 1);
}

static void forged_records_change_nothing(void **state)
{
    struct part record = stranger_record(1);

    (void)state;
    record.bytes[record.size - 1] ^= 1;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->forged, 1);
    record = stranger_record(1);
    record.bytes[RECORD_HEADER_SIZE + 20] ^= 1; /* the signature is that of other bytes */
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->forged + stats->malformed, 2);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 0);
}

static void what_is_no_node_record_changes_nothing(void **state)
{
    struct identity identity = node_of(STRANGER);
    struct endpoint address = subnet_address(STRANGER);
    struct part record = subnet_attestation(subnet, neighbour(1), identity.public_key, &address);

    (void)state;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->malformed, 1);
    record = stranger_record(1);
    for (size_t cut = 0; cut < record.size; cut++) {
        struct part shorter = record;

        shorter.size = cut;
        subnet_tell(subnet, 0, neighbour(1), &shorter, NULL, 0);
    }
    assert_int_equal(stats->malformed, 1 + record.size);
    record.size = RECORD_OTHER_SIGNED_SIZE_MAX + 1; /* oversized */
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->malformed,
                     2 + record.size - RECORD_OTHER_SIGNED_SIZE_MAX - 1 + stranger_record(1).size);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 0);
}

static void replayed_records_change_nothing(void **state)
{
    struct part older = stranger_record(4), record = stranger_record(5);
    uint64_t known = stats->known;

    (void)state;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    subnet_tell(subnet, 0, neighbour(2), &record, NULL, 0);
    assert_int_equal(stats->known, known + 1);
    subnet_tell(subnet, 0, neighbour(2), &older, NULL, 0);
    assert_int_equal(stats->older, 1);
}

static void records_of_the_future_and_of_the_past_are_refused(void **state)
{
    struct part record;

    (void)state;
    subnet->ports.wall_ms += RECORD_CLOCK_SKEW_MS + 1000;
    record = stranger_record(1);
    subnet->ports.wall_ms -= RECORD_CLOCK_SKEW_MS + 1000;
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->future, 1);
    record = stranger_record(1);
    subnet->ports.wall_ms += RECORD_NODE_LIFETIME_S * UINT64_C(1000);
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(stats->over, 1);
}

static void special_addresses_are_refused_unless_we_have_such(void **state)
{
    static const char *const bad[] = {"127.0.0.1:1", "10.0.0.1:1", "224.0.0.1:1", "[fe80::1]:1",
                                      "[2002:a00:1::1]:1"};
    struct identity identity = node_of(STRANGER);
    struct endpoint address, own;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(endpoint_parse(&address, bad[i], 0));
        struct part record = subnet_record(subnet, &identity, &address, 1);

        subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
        assert_int_equal(stats->bad_address, i + 1);
    }
    address = subnet->relays[0].address; /* our own */
    struct part ours = subnet_record(subnet, &identity, &address, 1);

    subnet_tell(subnet, 0, neighbour(2), &ours, NULL, 0);
    assert_int_equal(stats->bad_address, sizeof(bad) / sizeof(bad[0]) + 1);
    assert_true(endpoint_parse(&own, "10.9.9.9:1", 0));
    mesh_own_addresses(subnet->relays[0].mesh, &own, 1);
    assert_true(endpoint_parse(&address, "10.0.0.1:1", 0));
    struct part record = subnet_record(subnet, &identity, &address, 1);

    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 1);
}

/* One neighbour invents relays. */
static void a_flood_of_one_neighbour_is_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        struct identity identity = node_of(1000 + i % 300);
        struct endpoint address = subnet_address(1000 + i);
        struct part record = subnet_record(subnet, &identity, &address, 1 + i);

        subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    }
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, MESH_UNPROVEN_PER_MIN);
    assert_in_range(stats->limit_believed, 3000 - MESH_BELIEVED_PER_MIN - 20, 3000);
    assert_true(stats->limit_unproven > 0);
    /* The others' records are taken all the same. */
    struct part record = stranger_record(1);

    subnet_tell(subnet, 0, neighbour(2), &record, NULL, 0);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, MESH_UNPROVEN_PER_MIN + 1);
}

static void neighbours_of_one_network_share_a_bound(void **state)
{
    struct mesh_session session = {.address = subnet_address(1)};
    struct identity twin = node_of(70);
    uint32_t before = mesh_stats(subnet->relays[0].mesh)->unproven;

    (void)state;
    session.address.port = 99;
    memcpy(session.key, twin.public_key, KEY_SIZE);
    assert_int_equal(mesh_on_up(subnet->relays[0].mesh, &session, subnet->now), ERR_OK);
    for (uint32_t i = 0; i < 40; i++) {
        struct identity identity = node_of(1000 + i);
        struct endpoint address = subnet_address(1000 + i);
        struct part record = subnet_record(subnet, &identity, &address, 1);

        subnet_tell(subnet, 0, i % 2 == 0 ? neighbour(1) : &twin, &record, NULL, 0);
    }
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, before + MESH_UNPROVEN_PER_MIN);
}

/* Each was reached, so all are genuine; but they share a network. */
static void relays_of_one_network_are_few(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 8; i++) {
        struct identity identity = node_of(1000 + i);
        uint8_t ip[4] = {99, 0, 0, (uint8_t)(1 + i)};
        struct mesh_dialled dialled = {.address = endpoint_v4(ip, 1), .proved = true};
        struct part record = subnet_record(subnet, &identity, &dialled.address, 1);

        subnet_tell(subnet, 0, neighbour(1 + i % 3), &record, NULL, 0);
        memcpy(dialled.key, identity.public_key, KEY_SIZE);
        mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
    }
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->nodes, RELAYS + NODE_PER_V4_MAX);
    assert_int_equal(stats->limit_prefix, 8 - NODE_PER_V4_MAX);
}

/* Nobody makes us knock at doors too often: all are told to dial, few are dialled. */
static void dials_are_few_and_one_to_a_network(void **state)
{
    struct mesh_output out;
    uint32_t dials = 0;

    (void)state;
    for (uint32_t i = 0; i < 9; i++) {
        struct identity identity = node_of(1000 + i);
        uint8_t ip[4] = {99, 0, (uint8_t)(i < 6 ? 0 : i), (uint8_t)(1 + i)};
        struct endpoint address = endpoint_v4(ip, 1);
        struct part record = subnet_record(subnet, &identity, &address, 1);

        subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    }
    subnet->now = mono_add_ms(subnet->now, 2 * NODE_DIAL_WAIT_MS);
    while (mesh_output(subnet->relays[0].mesh, &out, &subnet->message, subnet->now)) {
        dials += out.type == MESH_OUTPUT_REACH;
    }
    assert_int_equal(dials, 4); /* one of the network of six, and the three others */
    /* An hour of a subnet that tells of relays that are not there. */
    for (uint32_t s = 0; s < 3600; s++) {
        subnet->now = mono_add_ms(subnet->now, 1000);
        mesh_expire(subnet->relays[0].mesh, subnet->now);
        for (uint32_t n = 1; n < RELAYS && s % 6 == 0; n++) {
            struct identity identity = node_of(2000 + s * RELAYS + n);
            struct endpoint address = subnet_address(2000 + s * RELAYS + n);
            struct part record = subnet_record(subnet, &identity, &address, 1);

            subnet_tell(subnet, 0, neighbour(n), &record, NULL, 0);
        }
        while (mesh_output(subnet->relays[0].mesh, &out, &subnet->message, subnet->now)) {
            if (out.type == MESH_OUTPUT_REACH) {
                struct mesh_dialled dialled = {.address = out.address};

                memcpy(dialled.key, out.key, KEY_SIZE);
                mesh_on_dialled(subnet->relays[0].mesh, &dialled, subnet->now);
                dials++;
            }
        }
        assert_true(mesh_stats(subnet->relays[0].mesh)->unproven <= NODE_UNPROVEN_MAX);
    }
    assert_in_range(dials, 1000, 3600 + 8);
}

static void who_tells_of_us_gives_only_our_sequence_back(void **state)
{
    struct subnet_relay *own = &subnet->relays[0];
    uint64_t sequence = mesh_own_sequence(own->mesh);
    struct part record = subnet_record(subnet, &own->identity, &own->address, sequence + 5);
    struct part forged = subnet_record(subnet, &own->identity, &own->address, sequence + 9);
    struct node_found found;

    (void)state;
    forged.bytes[forged.size - 1] ^= 1;
    subnet_tell(subnet, 0, neighbour(1), &forged, NULL, 0);
    assert_true(mesh_own_sequence(own->mesh) == sequence);
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_true(mesh_own_sequence(own->mesh) == sequence + 5);
    assert_true(mesh_find(own->mesh, own->identity.public_key, &found));
    assert_true(found.sequence == sequence && found.own);
    assert_int_equal(mesh_own_set(own->mesh, record.bytes, record.size, subnet->now), ERR_DROP);
}

static void a_stranger_is_not_listened_to(void **state)
{
    struct identity stranger = node_of(STRANGER);
    struct part record = stranger_record(1);
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__NodeDigest digest = ZIGLAN__NODE_DIGEST__INIT;

    (void)state;
    subnet_tell(subnet, 0, &stranger, &record, NULL, 0);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->unproven, 0);
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_DIGEST;
    control.node_digest = &digest;
    assert_false(
        mesh_on_control(subnet->relays[0].mesh, stranger.public_key, &control, subnet->now));
    control.body_case = ZIGLAN__CONTROL__BODY__NOT_SET;
    assert_false(
        mesh_on_control(subnet->relays[0].mesh, neighbour(1)->public_key, &control, subnet->now));
}

/* What a neighbour may demand: it asks for all again and again. */
static void what_a_neighbour_wants_is_bounded(void **state)
{
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__NodeWant want = ZIGLAN__NODE_WANT__INIT;
    ProtobufCBinaryData keys[3];
    struct mesh_output out;
    uint64_t told = stats->told;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        keys[i] = control_bytes(neighbour(i + 1)->public_key, KEY_SIZE);
    }
    want.keys = keys;
    want.n_keys = 3;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_WANT;
    control.node_want = &want;
    for (uint32_t i = 0; i < 5000; i++) {
        assert_true(mesh_on_control(subnet->relays[0].mesh, neighbour(1)->public_key, &control,
                                    subnet->now));
        while (mesh_output(subnet->relays[0].mesh, &out, &subnet->message, subnet->now)) {
        }
    }
    assert_in_range(stats->told - told, 1, MESH_TOLD_PER_MIN);
    assert_true(stats->limit_told > 0);
}

static void neighbours_have_a_bound(void **state)
{
    int rc = ERR_OK;

    (void)state;
    for (uint32_t i = RELAYS; i < MESH_NEIGHBOURS_MAX + 2; i++) {
        struct mesh_session session = {.address = subnet_address(i)};
        struct identity identity = node_of(i);

        memcpy(session.key, identity.public_key, KEY_SIZE);
        rc = mesh_on_up(subnet->relays[0].mesh, &session, subnet->now);
    }
    assert_int_equal(rc, ERR_LIMIT);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->neighbours, MESH_NEIGHBOURS_MAX);
}

/* Attestations last for a day; a relay that is attested no longer is reached before it is believed
 * again. */
static void belief_ends_with_its_attestations(void **state)
{
    struct identity attesters[] = {*neighbour(1), *neighbour(2), *neighbour(3)};
    struct part record;

    (void)state;
    tell_attested(attesters, 3);
    subnet->ports.wall_ms += 20 * 3600 * UINT64_C(1000);
    record = stranger_record(2);
    subnet_tell(subnet, 0, neighbour(1), &record, NULL, 0);
    assert_true(believed(STRANGER));
    for (uint32_t i = 0; i < RELAYS; i++) {
        subnet_announce(subnet, i);
    }
    subnet_run(subnet, 1000);
    subnet->ports.wall_ms += 5 * 3600 * UINT64_C(1000);
    subnet_run(subnet, 15 * 60000);
    assert_false(believed(STRANGER));
    assert_int_equal(stats->unreached, 1);
    assert_true(believed(1) && believed(2) && believed(3)); /* which answered */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(three_attesters_of_three_networks_are_believed),
        CASE(two_attesters_are_not_enough),
        CASE(attestations_of_several_neighbours_add_up),
        CASE(attesters_that_are_not_believed_do_not_count),
        CASE(an_attester_that_becomes_believed_counts),
        CASE(attesters_of_one_large_network_count_once),
        CASE(an_attestation_of_another_address_or_relay_is_refused),
        CASE(nobody_attests_itself),
        CASE(a_relay_is_believed_when_it_was_reached),
        CASE(a_relay_that_nobody_reaches_is_given_up),
        CASE(forged_records_change_nothing),
        CASE(what_is_no_node_record_changes_nothing),
        CASE(replayed_records_change_nothing),
        CASE(records_of_the_future_and_of_the_past_are_refused),
        CASE(special_addresses_are_refused_unless_we_have_such),
        CASE(a_flood_of_one_neighbour_is_bounded),
        CASE(neighbours_of_one_network_share_a_bound),
        CASE(relays_of_one_network_are_few),
        CASE(dials_are_few_and_one_to_a_network),
        CASE(who_tells_of_us_gives_only_our_sequence_back),
        CASE(a_stranger_is_not_listened_to),
        CASE(what_a_neighbour_wants_is_bounded),
        CASE(neighbours_have_a_bound),
        CASE(belief_ends_with_its_attestations),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
