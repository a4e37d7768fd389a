/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose words a relay answers, and how many: real cores, and datagrams made by hand. */
#include "relayd/service/presence_words.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FLOOD = PRESENCE_WORDS_NET_BURST + 500 };

static struct relay_net *net_of_two(void)
{
    struct relay_net *net = relay_net_new(2, 5);

    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 30000);
    assert_true(mesh_has_ip(net->nodes[0].core->mesh.mesh, &net->nodes[1].address));
    assert_false(mesh_has_ip(net->nodes[0].core->mesh.mesh, &net->nodes[0].address));
    return net;
}

static struct relay_counters *counters(struct relay_net *net, size_t i)
{
    return &net->nodes[i].core->base.counters;
}

/* Relay 0 gets this from an address, and what it sends is lost. */
static void receive(struct relay_net *net, const struct endpoint *from, uint8_t *data, size_t size)
{
    struct dgram in = {.local = net->nodes[0].address, .remote = *from, .data = data, .size = size};

    relay_core_receive(net->nodes[0].core, &in, net->now);
    outbox_clear(&net->nodes[0].core->presence.words.out);
}

static void question_of(struct relay_net *net, uint8_t out[WORD_SIZE], struct word *word)
{
    uint8_t random[WORD_RANDOM_SIZE] = {3}, key[KEY_SIZE] = {9};

    assert_int_equal(word_ask(out, word, relay_net_key(net, 0), key, random), ERR_OK);
}

static void only_at_the_address_of_a_relay_that_is_known_words_are_answered(void **state)
{
    struct relay_net *net = net_of_two();
    uint8_t question[WORD_SIZE], stranger_ip[4] = {11, 200, 0, 1};
    struct endpoint stranger = endpoint_v4(stranger_ip, 4433);
    struct word word;

    (void)state;
    question_of(net, question, &word);
    receive(net, &stranger, question, sizeof(question));
    assert_int_equal(counters(net, 0)->words_answered, 0);
    assert_int_equal(counters(net, 0)->words_bad, 1);
    receive(net, &net->nodes[1].address, question, sizeof(question));
    assert_int_equal(counters(net, 0)->words_answered, 1);
    receive(net, &net->nodes[1].address, question, sizeof(question) - 1);
    question[100] ^= 1;
    receive(net, &net->nodes[1].address, question, sizeof(question));
    assert_int_equal(counters(net, 0)->words_answered, 1);
    assert_int_equal(counters(net, 0)->words_bad, 3);
    relay_net_free(net);
}

static void a_flood_of_words_from_one_network_is_cut(void **state)
{
    struct relay_net *net = net_of_two();
    uint8_t question[WORD_SIZE];
    struct word word;

    (void)state;
    question_of(net, question, &word);
    for (int i = 0; i < FLOOD; i++) {
        receive(net, &net->nodes[1].address, question, sizeof(question));
    }
    assert_int_equal(counters(net, 0)->words_answered, PRESENCE_WORDS_NET_BURST);
    assert_int_equal(counters(net, 0)->words_limit, FLOOD - PRESENCE_WORDS_NET_BURST);
    relay_net_free(net);
}

static void an_answer_counts_for_our_question_from_where_it_was_asked_and_once(void **state)
{
    struct relay_net *net = net_of_two();
    struct presence_words *words = &net->nodes[0].core->presence.words;
    struct locate_output question = {.type = LOCATE_OUTPUT_ASK, .request_id = LOCATE_ID_FLAG | 7};
    uint8_t key[KEY_SIZE], answer[WORD_SIZE], body[1] = {0};
    struct endpoint elsewhere = net->nodes[1].address;
    struct presence_word over;
    struct word theirs;

    (void)state;
    memcpy(question.to, relay_net_key(net, 1), KEY_SIZE);
    assert_true(presence_words_ask(words, &question, net->now));
    assert_int_equal(words->out.items_count, 1);
    assert_int_equal(word_asked(&theirs, key, net->nodes[1].core->base.cfg.identity,
                                words->out.bytes, WORD_SIZE),
                     ERR_OK);
    size_t size = word_answer(answer, &theirs, body, sizeof(body));
    elsewhere.port++;
    receive(net, &elsewhere, answer, size);
    answer[size - 1] ^= 1;
    receive(net, &net->nodes[1].address, answer, size);
    answer[size - 1] ^= 1;
    assert_int_equal(counters(net, 0)->words_bad, 2);
    receive(net, &net->nodes[1].address, answer, size);
    assert_int_equal(counters(net, 0)->words_told, 1);
    receive(net, &net->nodes[1].address, answer, size);
    assert_int_equal(counters(net, 0)->words_bad, 3);
    assert_false(presence_words_over(words, &over, mono_add_ms(net->now, PRESENCE_WORD_MS)));
    relay_net_free(net);
}

static void so_many_words_wait_and_each_is_given_up_in_time(void **state)
{
    struct relay_net *net = net_of_two();
    struct presence_words *words = &net->nodes[0].core->presence.words;
    struct locate_output question = {.type = LOCATE_OUTPUT_ASK};
    struct mono later = mono_add_ms(net->now, PRESENCE_WORD_MS);
    struct presence_word over;

    (void)state;
    memcpy(question.to, relay_net_key(net, 0), KEY_SIZE);
    assert_false(presence_words_ask(words, &question, net->now)); /* we do not ask ourselves */
    question.to[0] ^= 1;
    assert_false(presence_words_ask(words, &question, net->now)); /* nobody knows where it is */
    memcpy(question.to, relay_net_key(net, 1), KEY_SIZE);
    for (uint32_t i = 0; i < PRESENCE_WORDS_MAX; i++) {
        question.request_id = i;
        assert_true(presence_words_ask(words, &question, net->now));
    }
    assert_false(presence_words_ask(words, &question, net->now));
    outbox_clear(&words->out);
    assert_true(presence_words_deadline(words).ns == later.ns);
    assert_false(presence_words_over(words, &over, net->now));
    for (uint32_t i = 0; i < PRESENCE_WORDS_MAX; i++) {
        assert_true(presence_words_over(words, &over, later));
        assert_int_equal(over.request_id, i);
    }
    assert_false(presence_words_over(words, &over, later));
    assert_true(presence_words_deadline(words).ns == MONO_NEVER.ns);
    assert_true(presence_words_ask(words, &question, later));
    relay_net_free(net);
}

/* Its question may have opened a NAT for that one. */
static void who_was_asked_by_a_word_was_met(void **state)
{
    struct relay_net *net = net_of_two();
    struct relay_core *core = net->nodes[0].core;
    struct locate_output question = {.request_id = 1};

    (void)state;
    memcpy(question.to, relay_net_key(net, 1), KEY_SIZE);
    core->reach.watch.met.count = 0;
    assert_true(presence_words_ask(&core->presence.words, &question, net->now));
    assert_true(reach_met_has(&core->reach.watch.met, question.to, net->now));
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_at_the_address_of_a_relay_that_is_known_words_are_answered),
        cmocka_unit_test(a_flood_of_words_from_one_network_is_cut),
        cmocka_unit_test(an_answer_counts_for_our_question_from_where_it_was_asked_and_once),
        cmocka_unit_test(so_many_words_wait_and_each_is_given_up_in_time),
        cmocka_unit_test(who_was_asked_by_a_word_was_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
