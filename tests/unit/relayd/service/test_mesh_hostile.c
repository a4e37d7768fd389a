/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One relay of a subnet is hostile: whom the others send to, what they believe, and what is left
 * for those who are not. */
#include "relayd/service/mesh.h"

#include "proto/crypto/signed.h"
#include "tests/support/identities.h"
#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6, LIAR = 1 };

static struct relay_net *net_of(uint64_t seed, uint64_t run_ms)
{
    struct relay_net *net = relay_net_new(COUNT, seed);

    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, run_ms);
    return net;
}

/* What arrives at an address where no relay is. */
struct bystander {
    struct relay_net_guest guest;
    size_t datagrams, largest;
};

static void hear(void *context, struct dgram *in)
{
    struct bystander *b = context;

    b->datagrams++;
    b->largest = in->size > b->largest ? in->size : b->largest;
}

static void bystander_add(struct relay_net *net, struct bystander *b)
{
    static const uint8_t ip[4] = {203, 0, 113, 77};

    *b = (struct bystander){.datagrams = 0};
    b->guest =
        (struct relay_net_guest){.context = b, .address = endpoint_v4(ip, 4433), .receive = hear};
    relay_net_guest_add(net, &b->guest);
}

/* A relay signs a record that names its own address, and one of somebody else behind it. */
static size_t record_of_two(const struct relay_net *net, size_t i, const struct endpoint *other,
                            uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    struct record_node record = {
        .header = {.created_ms = env_wall_ms(&net->ports.env),
                   .lifetime_s = RECORD_NODE_LIFETIME_S},
        .service = RECORD_NODE_SERVICE,
        .addresses = {net->nodes[i].address, *other},
        .addresses_count = 2,
        .protocols = RECORD_PROTOCOL_QUIC_FLAG,
    };
    uint8_t plain[RECORD_SIZE_MAX];
    size_t size;

    record.header.sequence = record.header.created_ms + 1000;
    memcpy(record.header.key, relay_net_key(net, i), KEY_SIZE);
    assert_int_equal(record_node_encode(plain, &size, &record), ERR_OK);
    assert_int_equal(
        signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, &size, &net->nodes[i].identity, plain, size),
        ERR_OK);
    return size;
}

static void only_the_proven_address_of_a_record_is_dialled(void **state)
{
    struct relay_net *net = net_of(31, 60000);
    struct neighbour_table *table = relay_net_neighbours(net, 0);
    struct mesh *mesh = net->nodes[0].core->mesh.mesh;
    struct neighbour *neighbour = neighbour_of_key(table, relay_net_key(net, LIAR));
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT, *entries[] = {&entry};
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct bystander bystander;
    struct node_found found;

    (void)state;
    bystander_add(net, &bystander);
    entry.record =
        control_bytes(record, record_of_two(net, LIAR, &bystander.guest.address, record));
    nodes.n_entries = 1;
    nodes.entries = entries;
    message.body_case = ZIGLAN__CONTROL__BODY_NODES;
    message.nodes = &nodes;
    assert_true(mesh_on_control(mesh, relay_net_key(net, LIAR), &message, net->now));
    relay_net_run(net, 10000);
    assert_true(mesh_find(mesh, relay_net_key(net, LIAR), &found));
    assert_int_equal(found.record_size, entry.record.len); /* that record is believed */
    /* Its relay is gone, and somebody wants it. */
    relay_node_stop(&net->nodes[LIAR]);
    if (neighbour != NULL) {
        neighbour_end(table, neighbour, net->now);
    }
    relay_net_run(net, 100);
    (void)neighbour_want(table, relay_net_key(net, LIAR), net->now);
    relay_net_run(net, 10000);
    assert_int_equal(bystander.datagrams, 0);
    relay_net_free(net);
}

static void job_of(struct relay_net *net, size_t at, size_t from, uint64_t id,
                   const struct endpoint *target)
{
    struct relay_core *core = net->nodes[at].core;
    Ziglan__ReachJob body = ZIGLAN__REACH_JOB__INIT;
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    uint8_t nobody[KEY_SIZE] = {9};

    nobody[1] = (uint8_t)id;
    address.ip = control_ip(target);
    address.port = target->port;
    body.id = id;
    body.subject = control_bytes(nobody, KEY_SIZE);
    body.address = &address;
    reach_jobs_on_job(&core->reach.jobs,
                      neighbour_of_key(&core->base.neighbours, relay_net_key(net, from))->client,
                      &body, net->now);
}

static void a_bystander_hears_three_small_requests(void **state)
{
    struct relay_net *net = net_of(6, 3000);
    struct bystander bystander;

    (void)state;
    bystander_add(net, &bystander);
    job_of(net, 1, 0, 77, &bystander.guest.address);
    relay_net_run(net, 10000);
    assert_int_equal(bystander.datagrams, REACH_DIAL_TRIES);
    assert_int_equal(bystander.largest, STUN_REQUEST_SIZE);
    relay_net_free(net);
}

static size_t dials_used(const struct relay_net *net, size_t at)
{
    const struct reach_dials *dials = &net->nodes[at].core->mesh.dials;
    size_t used = 0;

    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        used += dials->list[i].used ? 1 : 0;
    }
    return used;
}

static void jobs_leave_dials_for_others_and_for_the_relay_itself(void **state)
{
    struct relay_net *net = net_of(32, 60000);
    uint8_t ip[4] = {203, 0, 113, 0};
    uint64_t id = 1000;

    (void)state;
    assert_int_equal(dials_used(net, 0), 0);
    for (size_t from = 1; from < COUNT; from++) {
        size_t before = dials_used(net, 0);

        for (size_t i = 0; i < REACH_DIALS_OF_NEIGHBOUR_MAX + 4; i++, id++) {
            struct endpoint target;

            ip[3]++;
            target = endpoint_v4(ip, 4433);
            job_of(net, 0, from, id, &target);
        }
        assert_true(dials_used(net, 0) <= before + REACH_DIALS_OF_NEIGHBOUR_MAX);
    }
    assert_int_equal(dials_used(net, 0), REACH_DIALS_OF_JOBS_MAX);
    relay_net_run(net, 5000); /* they are over */
    assert_int_equal(dials_used(net, 0), 0);
    relay_net_free(net);
}

static void who_has_many_jobs_done_leaves_measurements_for_others(void **state)
{
    static const uint8_t nowhere_ip[4] = {127, 0, 0, 1}, ip[4] = {203, 0, 113, 9};
    const struct endpoint nowhere = endpoint_v4(nowhere_ip, 1), target = endpoint_v4(ip, 4433);
    struct relay_net *net = net_of(37, 60000);
    uint64_t refused = net->nodes[0].core->base.counters.reach_jobs_refused;

    (void)state;
    for (uint64_t id = 1; id <= 2 * REACH_JOBS_PER_MIN; id++) {
        job_of(net, 0, LIAR, id, &nowhere); /* each ends at once */
    }
    assert_true(net->nodes[0].core->base.counters.reach_jobs_refused - refused >
                REACH_JOBS_PER_MIN);
    assert_int_equal(dials_used(net, 0), 0);
    job_of(net, 0, LIAR + 1, 1000, &target);
    assert_int_equal(dials_used(net, 0), 1);
    relay_net_free(net);
}

static void many_jobs_about_one_address_make_one_dial(void **state)
{
    struct relay_net *net = net_of(33, 60000);
    struct bystander bystander;

    (void)state;
    bystander_add(net, &bystander);
    for (size_t i = 0; i < 20; i++) {
        job_of(net, 0, 1 + i % (COUNT - 1), 2000 + i, &bystander.guest.address);
    }
    relay_net_run(net, 10000);
    assert_int_equal(bystander.datagrams, REACH_DIAL_TRIES);
    relay_net_free(net);
}

/* A neighbour says that somebody of its making reached relay 0 at an address. */
static void claim_reached(struct relay_net *net, const struct relay_client *from,
                          const struct endpoint *address, uint32_t invented_number)
{
    struct record_attestation attestation = {
        .header = {.sequence = 1, .lifetime_s = 3600},
        .address = *address,
    };
    struct identity invented = node_of(invented_number);
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    Ziglan__ReachResult body = ZIGLAN__REACH_RESULT__INIT;
    size_t size = 0;

    memcpy(attestation.header.key, invented.public_key, KEY_SIZE);
    memcpy(attestation.subject_key, relay_net_key(net, 0), KEY_SIZE);
    attestation.header.created_ms = env_wall_ms(&net->ports.env);
    assert_int_equal(record_attestation_encode(record, &size, &attestation), ERR_OK);
    assert_int_equal(signed_make(record, sizeof(record), &size, &invented, record, size), ERR_OK);
    body.id = 1;
    body.outcome = 1;
    body.attestation = control_bytes(record, size);
    reach_on_result(&net->nodes[0].core->reach, from, &body, net->now);
}

static void only_who_was_asked_says_once_that_a_relay_is_reached(void **state)
{
    struct relay_net *net = net_of(5, 3000);
    struct relay_core *core = net->nodes[0].core;
    struct neighbour *neighbour;
    uint32_t strangers = 0, asked = 0, before;

    (void)state;
    core->reach.next_at = net->now;
    reach_expire(&core->reach, net->now);
    assert_int_equal(core->reach.asked, REACH_ASKED_MAX);
    for (neighbour = neighbour_next(&core->base.neighbours, NULL); neighbour != NULL;
         neighbour = neighbour_next(&core->base.neighbours, neighbour)) {
        bool is_asked = false;

        for (uint32_t i = 0; i < core->reach.asked; i++) {
            is_asked |= memcmp(core->reach.neighbours[i].key, neighbour->key, KEY_SIZE) == 0;
        }
        if (neighbour->client == NULL) {
            continue;
        }
        before = core->reach.answered;
        claim_reached(net, neighbour->client, &net->nodes[0].address, 4711);
        claim_reached(net, neighbour->client, &net->nodes[0].address, 4711);
        assert_true(core->reach.answered - before <= (is_asked ? 1 : 0));
        asked += is_asked ? 1 : 0;
        strangers += is_asked ? 0 : 1;
    }
    assert_true(strangers > 0 && asked > 0);
    assert_true(core->reach.answered > 0);
    relay_net_free(net);
}

static void a_liar_that_answers_first_does_not_say_where_a_relay_is(void **state)
{
    struct relay_net *net = net_of(34, 3000);
    struct reach_service *reach = &net->nodes[0].core->reach;
    const struct neighbour_table *table = relay_net_neighbours(net, 0);
    static const uint8_t ip[4] = {203, 0, 113, 77};
    const struct endpoint victim = endpoint_v4(ip, 4433);

    (void)state;
    reach->next_at = net->now;
    reach_expire(reach, net->now);
    assert_int_equal(reach->asked, REACH_ASKED_MAX);
    for (uint32_t i = 0; i < REACH_ASKED_MAX; i++) {
        struct neighbour *neighbour = neighbour_of_key(table, reach->neighbours[i].key);

        assert_non_null(neighbour);
        claim_reached(net, neighbour->client, i == 0 ? &victim : &net->nodes[0].address, 4711 + i);
        assert_false(endpoint_equal(&net->nodes[0].core->mesh.own.address, &victim));
    }
    assert_true(endpoint_equal(&reach->address, &net->nodes[0].address));
    assert_true(endpoint_equal(&net->nodes[0].core->mesh.own.address, &net->nodes[0].address));
    assert_int_equal(reach->state, REACH_STATE_PUBLIC);
    relay_net_free(net);
}

/* A neighbour says that it sees relay `at` at another port than last time. */
static void claim_seen(struct relay_net *net, size_t at)
{
    struct relay_core *core = net->nodes[at].core;
    struct neighbour *liar = neighbour_of_key(&core->base.neighbours, relay_net_key(net, LIAR));
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__ObservedAddress body = ZIGLAN__OBSERVED_ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    static const uint8_t ip[4] = {203, 0, 113, 77};
    static uint16_t port = 1000;
    struct endpoint seen = endpoint_v4(ip, ++port);

    assert_non_null(liar);
    body.address = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS;
    message.observed_address = &body;
    address.ip = control_ip(&seen);
    address.port = seen.port;
    reach_on_observed(&core->reach, liar->client, &message, net->now);
}

static void a_neighbour_that_sees_ever_other_addresses_starts_no_measurement(void **state)
{
    struct relay_net *net = net_of(35, 60000);
    struct reach_service *reach = &net->nodes[0].core->reach;
    struct mono checked_at = reach->checked_at;
    uint64_t sent = net->sent[0].bytes;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        claim_seen(net, 0);
        relay_net_run(net, 200);
    }
    sent = (net->sent[0].bytes - sent) / 60;
    print_message("%u bytes a second\n", (unsigned)sent);
    assert_int_equal(reach->checked_at.ns, checked_at.ns);
    assert_true(sent < 500); /* the others are asked whether they see it, too, once in 5 s */
    relay_net_free(net);
}

static bool nobody_measures_the_last(struct relay_net *net, const struct endpoint *from,
                                     const struct endpoint *to)
{
    return from->port != RELAY_NET_SECOND_PORT ||
           !endpoint_same_ip(to, &net->nodes[COUNT - 1].address);
}

static void a_liar_does_not_keep_an_unreached_relay_measuring(void **state)
{
    struct relay_net *net = relay_net_new(COUNT, 36);
    const struct reach_service *reach;
    unsigned checking = 0;

    (void)state;
    net->lets = nobody_measures_the_last;
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 60000);
    reach = &net->nodes[COUNT - 1].core->reach;
    assert_int_equal(reach->state, REACH_STATE_NOT_REACHABLE);
    for (unsigned i = 0; i < 600; i++) {
        claim_seen(net, COUNT - 1);
        relay_net_run(net, 1000);
        checking += reach->state == REACH_STATE_CHECKING ? 1 : 0;
    }
    print_message("it is measured in %u of 600 s\n", checking);
    assert_true(checking < 40);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bystander_hears_three_small_requests),
        cmocka_unit_test(only_who_was_asked_says_once_that_a_relay_is_reached),
        cmocka_unit_test(only_the_proven_address_of_a_record_is_dialled),
        cmocka_unit_test(jobs_leave_dials_for_others_and_for_the_relay_itself),
        cmocka_unit_test(who_has_many_jobs_done_leaves_measurements_for_others),
        cmocka_unit_test(many_jobs_about_one_address_make_one_dial),
        cmocka_unit_test(a_liar_that_answers_first_does_not_say_where_a_relay_is),
        cmocka_unit_test(a_neighbour_that_sees_ever_other_addresses_starts_no_measurement),
        cmocka_unit_test(a_liar_does_not_keep_an_unreached_relay_measuring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
