/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts at different relays find each other by key: real relay cores, real sessions. */
#include "relayd/service/attaching.h"
#include "tests/support/net_host.h"
#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { RELAYS = 8 };

#define HOUR_MS (3600 * 1000)

/* Open relays of which all but the first know the first when they start, and that then come to know
 * each other. */
static struct relay_net *net_of(size_t count)
{
    struct relay_net *net = relay_net_new(count, 5);

    net->ports.wall_ms += 12 * HOUR_MS; /* noon: at midnight the winners of two days are told */
    for (size_t i = 0; i < count; i++) {
        relay_node_set_open(&net->nodes[i]);
    }
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 60000);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            struct node_found found;

            assert_true(mesh_find(net->nodes[i].core->mesh.mesh, relay_net_key(net, k), &found));
        }
    }
    return net;
}

static struct presence_service *presence(struct relay_net *net, size_t i)
{
    return &net->nodes[i].core->presence;
}

/* The relay that the nth record of the answer names; RELAYS: none of the net. */
static size_t located_at(const struct net_host *host, size_t n)
{
    const ProtobufCBinaryData *bytes = &host->answer->located->records[n];
    struct presence_record record;
    size_t i = 0;

    assert_int_equal(presence_record_read(&record, bytes->data, bytes->len), ERR_OK);
    while (i < RELAYS && memcmp(relay_net_key(host->net, i), record.relay, KEY_SIZE) != 0) {
        i++;
    }
    return i;
}

/* How many relays keep a record of the key for others. */
static size_t keepers(struct relay_net *net, const uint8_t key[KEY_SIZE])
{
    struct presence_record records[PRESENCE_PER_KEY_MAX];
    size_t count = 0;

    for (size_t i = 0; i < net->count; i++) {
        count += net->nodes[i].core != NULL &&
                         presence_table_find(presence(net, i)->table, key,
                                             env_wall_ms(&net->ports.env), net->now, records) > 0
                     ? 1
                     : 0;
    }
    return count;
}

static void two_hosts_that_know_only_each_others_keys_find_each_other(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_attach(&b, 1, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    /* all, or the others besides the own relay */
    assert_in_range(keepers(net, a.identity.public_key), HRW_KEEPERS - 1, HRW_KEEPERS);
    uint64_t first_ms = net_host_locate(&b, a.identity.public_key);
    assert_int_equal(net_host_located(&b), 1);
    assert_int_equal(located_at(&b, 0), 0);
    assert_memory_equal(b.answer->located->records[0].data, a.attachment.bytes, a.attachment.size);
    struct record_header header; /* and where that relay is */
    assert_int_equal(b.answer->located->n_nodes, 1);
    assert_int_equal(record_header_peek(&header, b.answer->located->nodes[0]->record.data,
                                        b.answer->located->nodes[0]->record.len),
                     ERR_OK);
    assert_int_equal(header.type, RECORD_TYPE_NODE);
    assert_memory_equal(header.key, relay_net_key(net, 0), KEY_SIZE);
    assert_true(first_ms <= 100); /* with the handshakes: five round trips of 20 ms */
    assert_true(net_host_locate(&a, b.identity.public_key) <= 100);
    assert_int_equal(located_at(&a, 0), 1);
    assert_true(net_host_locate(&b, a.identity.public_key) <= 20); /* it is remembered */
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void over_open_sessions_a_look_up_takes_two_round_trips(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000); /* all are neighbours of each other, as there are so few */
    assert_true(net_host_locate(&b, a.identity.public_key) <= 40);
    assert_int_equal(net_host_located(&b), 1);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

/* A host at relay 0 whose keepers are no neighbours of relay 1, at which another one is. */
static void strangers_meet(struct relay_net *net, struct net_host *a, struct net_host *b)
{
    uint8_t ranks[HRW_WINNERS][KEY_SIZE];
    bool strange = false;

    net_host_init(b, net, 0);
    net_host_dial(b, 1);
    presence_seats_keep(&presence(net, 1)->seats, net->now);
    for (uint8_t n = 1; !strange; n++) {
        assert_true(n < 200);
        net_host_init(a, net, n);
        (void)hrw_winners(presence(net, 1)->seats.hrw, hrw_day(env_wall_ms(&net->ports.env)),
                          a->identity.public_key, ranks, HRW_WINNERS);
        strange = true;
        for (size_t i = 0; i < HRW_WINNERS; i++) {
            strange = strange && neighbour_of_key(relay_net_neighbours(net, 1), ranks[i]) == NULL &&
                      memcmp(ranks[i], relay_net_key(net, 0), KEY_SIZE) != 0 &&
                      memcmp(ranks[i], relay_net_key(net, 1), KEY_SIZE) != 0;
        }
        if (!strange) {
            net->guests_count--;
            net_host_fini(a);
        }
    }
    net_host_attach(a, 0, 7);
    net_host_dial(a, 0);
    relay_net_run(net, 1000);
}

enum { MANY = 24 };

static void without_sessions_a_look_up_takes_two_round_trips_too(void **state)
{
    struct relay_net *net = net_of(MANY);
    struct net_host a, b;

    (void)state;
    strangers_meet(net, &a, &b);
    const struct relay_counters *counters = &net->nodes[1].core->base.counters;
    uint64_t asked = counters->words_asked, told = counters->words_told;
    uint32_t neighbours = relay_net_neighbours(net, 1)->count;
    assert_true(net_host_locate(&b, a.identity.public_key) <= 40);
    assert_int_equal(net_host_located(&b), 1);
    assert_int_equal(located_at(&b, 0), 0);
    assert_int_equal(counters->words_asked - asked, 3);
    assert_in_range(counters->words_told - told, 1, 3);
    assert_int_equal(relay_net_neighbours(net, 1)->count, neighbours);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static bool is_no_word(void *context, struct wire_packet *packet)
{
    (void)context;
    return packet->data[0] != FRAME_TYPE_WORD;
}

static void where_no_word_comes_through_sessions_are_made(void **state)
{
    struct relay_net *net = net_of(MANY);
    struct net_host a, b;

    (void)state;
    strangers_meet(net, &a, &b);
    net->wire.hook = is_no_word;
    assert_in_range(net_host_locate(&b, a.identity.public_key), PRESENCE_WORD_MS,
                    PRESENCE_WORD_MS + 100);
    assert_int_equal(net_host_located(&b), 1);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void a_host_that_moved_is_found_at_its_new_relay(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    net_host_attach(&a, 2, 8);
    net_host_dial(&a, 2);
    relay_net_run(net, 1000);
    (void)net_host_locate(&b, a.identity.public_key);
    assert_true(net_host_located(&b) >= 1);
    assert_int_equal(located_at(&b, 0), 2);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void its_relay_says_at_once_that_a_host_left_and_the_others_within_the_hour(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    net_host_leave(&a);
    relay_net_run(net, 1000);
    assert_null(announcer_find(presence(net, 0)->announcer, a.identity.public_key));
    (void)net_host_locate(&b, a.identity.public_key);
    assert_int_equal(net_host_located(&b), 1);
    relay_net_run(net, HOUR_MS);
    (void)net_host_locate(&b, a.identity.public_key);
    assert_int_equal(net_host_located(&b), 0);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void a_host_is_found_while_one_of_the_winners_lives(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    uint8_t winners[HRW_WINNERS][KEY_SIZE];
    struct net_host a, b;
    size_t stopped = 0;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    presence_seats_keep(&presence(net, 1)->seats, net->now);
    (void)hrw_winners(presence(net, 1)->seats.hrw, hrw_day(env_wall_ms(&net->ports.env)),
                      a.identity.public_key, winners, HRW_WINNERS);
    for (size_t i = 2; i < RELAYS && stopped < 2; i++) { /* not those of the hosts */
        for (size_t w = 0; w < HRW_WINNERS; w++) {
            if (memcmp(winners[w], relay_net_key(net, i), KEY_SIZE) == 0) {
                relay_node_stop(&net->nodes[i]);
                stopped++;
                break;
            }
        }
    }
    assert_int_equal(stopped, 2);
    uint64_t took_ms = net_host_locate(&b, a.identity.public_key);
    assert_int_equal(net_host_located(&b), 1);
    assert_true(took_ms <= 100); /* it is told when one answers */
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

/* All who keep a host's attachment die, and nobody forgets that they were there. */
static void others_keep_a_key_when_all_who_kept_it_are_dead(void **state)
{
    struct relay_net *net = net_of(MANY);
    uint8_t ranks[HRW_KEEPERS][KEY_SIZE];
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    presence_seats_keep(&presence(net, 1)->seats, net->now);
    (void)hrw_winners(presence(net, 1)->seats.hrw, hrw_day(env_wall_ms(&net->ports.env)),
                      a.identity.public_key, ranks, HRW_KEEPERS);
    for (size_t i = 2; i < MANY; i++) { /* not those of the hosts */
        for (size_t r = 0; r < HRW_KEEPERS; r++) {
            if (memcmp(ranks[r], relay_net_key(net, i), KEY_SIZE) == 0) {
                relay_node_stop(&net->nodes[i]);
                break;
            }
        }
    }
    assert_int_equal(keepers(net, a.identity.public_key), 0);
    relay_net_run(net, ANNOUNCE_EVERY_MS + 2 * NEIGHBOUR_DIAL_MS);
    assert_in_range(keepers(net, a.identity.public_key), HRW_KEEPERS - 1, HRW_KEEPERS);
    uint64_t took_ms = net_host_locate(&b, a.identity.public_key);
    assert_int_equal(net_host_located(&b), 1);
    assert_true(took_ms <= LOCATE_STEP_MS * 2 + 100);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void a_restarted_winner_learns_again_within_ten_minutes(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    relay_net_run(net, 1000);
    size_t before = keepers(net, a.identity.public_key);
    for (size_t i = 1; i < RELAYS; i++) {
        relay_node_stop(&net->nodes[i]);
        relay_node_start(&net->nodes[i], net->now);
    }
    assert_int_equal(keepers(net, a.identity.public_key), 0);
    relay_net_run(net, ANNOUNCE_EVERY_MS + 2000);
    assert_int_equal(keepers(net, a.identity.public_key), before);
    net_host_fini(&a);
    relay_net_free(net);
}

/* What forwarding between relays asks for the frames of a client. */
/* Everybody else knows it, but it has not counted whom it knows since it knew few. */
static void a_host_of_a_relay_that_is_new_is_found_at_once(void **state)
{
    enum { NEW = 2 * RELAYS };
    struct relay_net *net = relay_net_new(NEW + 1, 5);
    struct net_host a, b;
    struct node_found found;

    (void)state;
    net->ports.wall_ms += 12 * HOUR_MS;
    for (size_t i = 0; i <= NEW; i++) {
        relay_node_set_open(&net->nodes[i]);
    }
    relay_net_peers(net);
    for (size_t i = 0; i < NEW; i++) {
        relay_net_start_one(net, i);
    }
    relay_net_run(net, 60000);
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&b, NEW, 7);
    net_host_dial(&a, 1);
    relay_net_start_one(net, NEW);
    while (!mesh_find(net->nodes[1].core->mesh.mesh, relay_net_key(net, NEW), &found)) {
        relay_net_run(net, 10);
    }
    net_host_dial(&b, NEW);
    relay_net_run(net, 5000);
    (void)net_host_locate(&a, b.identity.public_key);
    assert_int_equal(net_host_located(&a), 1);
    assert_in_range(keepers(net, b.identity.public_key), HRW_KEEPERS, 2 * HRW_KEEPERS);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void frames_for_a_host_elsewhere_find_its_relay(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct presence_answer answer;
    uint8_t attachment[PRESENCE_SIGNED_SIZE_MAX];
    struct net_host a, b;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    net_host_dial(&b, 1);
    relay_net_run(net, 1000);
    struct relay_client *client =
        session_table_of_key(&net->nodes[1].core->base.sessions, b.identity.public_key);
    const uint8_t *key = a.identity.public_key;
    struct presence_service *service = presence(net, 1);
    /* Until the answer is there, more frames begin no other look-up. */
    if (presence_find(service, client, key, &answer, net->now) == PRESENCE_FIND_SOUGHT) {
        assert_int_equal(presence_find(service, client, key, &answer, net->now),
                         PRESENCE_FIND_SOUGHT);
        assert_false(presence_answer_next(service, &answer));
        relay_net_run(net, 200);
        assert_int_equal(presence_find(service, client, key, &answer, net->now),
                         PRESENCE_FIND_KNOWN);
    }
    assert_memory_equal(answer.key, key, KEY_SIZE);
    assert_int_equal(answer.count, 1);
    assert_memory_equal(answer.relays[0], relay_net_key(net, 0), KEY_SIZE);
    assert_int_equal(presence_find(service, client, key, &answer, net->now), PRESENCE_FIND_KNOWN);
    assert_int_equal(answer.count, 1);
    presence_on_absent(service, key, relay_net_key(net, 0), net->now);
    /* The relay says no: the winners are asked once more, and know nothing newer. */
    if (presence_find(service, client, key, &answer, net->now) == PRESENCE_FIND_SOUGHT) {
        relay_net_run(net, 200);
        assert_int_equal(presence_find(service, client, key, &answer, net->now),
                         PRESENCE_FIND_KNOWN);
    }
    assert_int_equal(answer.count, 0);
    assert_int_equal(attaching_record(presence(net, 0), key, attachment), a.attachment.size);
    assert_memory_equal(attachment, a.attachment.bytes, a.attachment.size);
    assert_int_equal(attaching_record(presence(net, 1), key, attachment), 0);
    for (uint8_t i = 0; i < LOCATE_BURST; i++) { /* look-ups have a bound, known answers none */
        const uint8_t nobody[KEY_SIZE] = {i};
        (void)presence_find(service, client, nobody, &answer, net->now);
    }
    const uint8_t another[KEY_SIZE] = {0xff};
    assert_int_equal(presence_find(service, client, another, &answer, net->now),
                     PRESENCE_FIND_BUSY);
    assert_int_equal(presence_find(service, client, key, &answer, net->now), PRESENCE_FIND_KNOWN);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

/* Relay i learns what the attachment of a host says, as if it had not heard of it since. */
static void learn(struct relay_net *net, size_t i, const struct net_host *host, size_t relay)
{
    struct presence_teller teller = {.address = net->nodes[relay].address};

    memcpy(teller.key, relay_net_key(net, relay), KEY_SIZE);
    for (size_t k = 0; k < net->count; k++) {
        presence_table_absent(presence(net, i)->table, host->identity.public_key,
                              relay_net_key(net, k));
    }
    assert_int_equal(presence_table_tell(presence(net, i)->table, &teller, host->attachment.bytes,
                                         host->attachment.size, env_wall_ms(&net->ports.env),
                                         net->now),
                     VERDICT_OK);
}

static void a_relay_that_knows_of_a_dead_relay_only_asks_others_before_it_says_gone(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a, b, before;

    (void)state;
    net_host_init(&a, net, 1);
    net_host_init(&b, net, 2);
    net_host_attach(&b, 1, 7);
    before = b; /* with its attachment to the dead one */
    net_host_attach(&a, 0, 7);
    net_host_attach(&b, 2, 9);
    net_host_dial(&a, 0);
    net_host_dial(&b, 2);
    relay_net_run(net, 1000);
    learn(net, 0, &before, 1);
    forward_relay_unreachable(&net->nodes[0].core->forward, relay_net_key(net, 1), net->now);
    net_host_frame(&a, b.identity.public_key, 9, 100);
    relay_net_run(net, 1000);
    assert_int_equal(a.gones, 0);
    assert_int_equal(b.frames, 1);
    net_host_leave(&b); /* now it is nowhere, and the other answer is remembered */
    relay_net_run(net, 200);
    forward_relay_unreachable(&net->nodes[0].core->forward, relay_net_key(net, 2), net->now);
    net_host_frame(&a, b.identity.public_key, 9, 100);
    relay_net_run(net, 3000);
    assert_int_equal(a.gones, 1);
    net_host_fini(&a);
    net_host_fini(&b);
    relay_net_free(net);
}

static void a_relay_that_others_do_not_know_announces_nothing(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host a;

    (void)state;
    assert_int_equal(mesh_own_set(net->nodes[0].core->mesh.mesh, NULL, 0, net->now), ERR_OK);
    net_host_init(&a, net, 1);
    net_host_attach(&a, 0, 7);
    net_host_dial(&a, 0);
    relay_net_run(net, 5000);
    assert_int_equal(keepers(net, a.identity.public_key), 0);
    net_host_fini(&a);
    relay_net_free(net);
}

static void a_flood_of_questions_of_one_relay_is_refused(void **state)
{
    struct relay_net *net = net_of(3);
    const struct relay_counters *counters = &net->nodes[0].core->base.counters;
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    assert_non_null(neighbour_want(relay_net_neighbours(net, 1), relay_net_key(net, 0), net->now));
    relay_net_run(net, 1000);
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    for (uint32_t i = 0; i < 6000; i++) { /* 1,000 a second for 6 s: the session's own limit */
        memcpy(key, &i, sizeof(i));
        body.key = control_bytes(key, sizeof(key));
        assert_int_equal(neighbour_send_to(relay_net_neighbours(net, 1), relay_net_key(net, 0),
                                           &message, net->now),
                         ERR_OK);
        if (i % 10 == 0) {
            relay_net_run(net, 10);
        }
    }
    assert_in_range(counters->locates_of_relays, NEIGHBOUR_CONTROL_BURST,
                    NEIGHBOUR_CONTROL_BURST + 7 * NEIGHBOUR_CONTROL_PER_S);
    assert_true(counters->control_rate > 3000);
    relay_net_free(net);
}

static void a_ziglan_is_found_by_its_key_alone(void **state)
{
    struct relay_net *net = net_of(RELAYS);
    struct net_host b;

    (void)state;
    relay_node_stop(&net->nodes[0]);
    net->nodes[0].cfg.ziglan_identity = &net->nodes[0].ziglan_identity;
    relay_node_start(&net->nodes[0], net->now); /* now it serves a ziglan */
    net_host_init(&b, net, 2);
    net_host_dial(&b, 1);
    relay_net_run(net, ANNOUNCE_EVERY_MS + 2000);
    (void)net_host_locate(&b, net->nodes[0].ziglan_identity.public_key);
    assert_int_equal(net_host_located(&b), 1);
    assert_int_equal(located_at(&b, 0), 0);
    net_host_fini(&b);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hosts_that_know_only_each_others_keys_find_each_other),
        cmocka_unit_test(over_open_sessions_a_look_up_takes_two_round_trips),
        cmocka_unit_test(without_sessions_a_look_up_takes_two_round_trips_too),
        cmocka_unit_test(where_no_word_comes_through_sessions_are_made),
        cmocka_unit_test(a_host_that_moved_is_found_at_its_new_relay),
        cmocka_unit_test(its_relay_says_at_once_that_a_host_left_and_the_others_within_the_hour),
        cmocka_unit_test(a_host_is_found_while_one_of_the_winners_lives),
        cmocka_unit_test(others_keep_a_key_when_all_who_kept_it_are_dead),
        cmocka_unit_test(a_restarted_winner_learns_again_within_ten_minutes),
        cmocka_unit_test(a_host_of_a_relay_that_is_new_is_found_at_once),
        cmocka_unit_test(frames_for_a_host_elsewhere_find_its_relay),
        cmocka_unit_test(a_relay_that_knows_of_a_dead_relay_only_asks_others_before_it_says_gone),
        cmocka_unit_test(a_relay_that_others_do_not_know_announces_nothing),
        cmocka_unit_test(a_flood_of_questions_of_one_relay_is_refused),
        cmocka_unit_test(a_ziglan_is_found_by_its_key_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
