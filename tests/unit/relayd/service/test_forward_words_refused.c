/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words with frames that are refused, and how many there may be: real relay cores, and words that
 * hostile relays make. */
#include "relayd/service/forward_words.h"

#include "proto/crypto/attachment.h"
#include "tests/support/far_hosts.h"
#include "tests/support/word_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SIZE = 184, /* the first frame of a conversation */
    ONE_WAY_MS = 10,
    FLOOD = FORWARD_WORDS_NET_BURST + 100,
};

/* All sessions between relays end. */
static void parted(struct far_hosts *town)
{
    far_hosts_init(town, 2);
    for (size_t i = 0; i < 2; i++) {
        struct neighbour_table *table = relay_net_neighbours(town->net, i);

        neighbour_end(table, neighbour_next(table, NULL), town->net->now);
    }
}

/* ---- words of hostile relays ---- */

/* The last relay gets this from an address. */
static void receive(struct far_hosts *town, const struct endpoint *from, const uint8_t *data,
                    size_t size)
{
    struct relay_node *last = &town->net->nodes[town->net->count - 1];
    uint8_t copy[FRAME_WORD_SIZE_MAX];
    struct dgram in = {.local = last->address, .remote = *from, .data = copy, .size = size};

    memcpy(copy, data, size);
    relay_core_receive(last->core, &in, town->net->now);
}

static void a_word_that_somebody_sends_again_is_not_taken_again(void **state)
{
    struct endpoint elsewhere;
    struct far_hosts town;
    const struct word_tap *tap;

    (void)state;
    parted(&town);
    tap = word_tap_on(&town, 0);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    net_host_frame(&town.a, town.b_key, 9, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 1);
    assert_int_equal(tap->words, 1);
    receive(&town, &town.net->nodes[0].address, tap->word, tap->size);
    assert_int_equal(c->frame_words_old, 1);
    elsewhere = town.net->nodes[0].address;
    elsewhere.ip[15] ^= 1;
    receive(&town, &elsewhere, tap->word, tap->size);
    assert_int_equal(c->frame_words_bad, 1);
    relay_node_stop(&town.net->nodes[1]); /* nor after a restart */
    relay_node_start(&town.net->nodes[1], town.net->now);
    net_host_dial(&town.b, 1);
    c = far_hosts_counters(&town, 1);
    receive(&town, &town.net->nodes[0].address, tap->word, tap->size);
    assert_int_equal(c->frame_words_opened, 0);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 1);
    far_hosts_fini(&town);
}

/* A word of relay 0 to the last one, as a relay of no scruples makes it. */
struct bad_word {
    const struct identity *maker; /* NULL: relay 0 */
    const struct identity *src;   /* NULL: host a */
    const uint8_t *passed;
    size_t passed_count; /* 0: relay 0 alone */
    bool attached;
    uint64_t late_ms;
};

static size_t word_make(struct far_hosts *town, const struct bad_word *bad,
                        uint8_t out[FRAME_WORD_SIZE_MAX])
{
    static uint64_t more = 0;
    static const uint8_t frame[SIZE] = {FRAME_TYPE_DATA};
    struct relay_net *net = town->net;
    uint64_t wall_ms = env_wall_ms(&net->ports.env);
    const struct identity *src = bad->src != NULL ? bad->src : &town->a.identity;
    const struct identity *maker = bad->maker != NULL ? bad->maker : &net->nodes[0].identity;
    uint8_t attachment[ATTACHMENT_SIZE], secret[KEY_SIZE];
    uint8_t body[RELAYED_HEAD_SIZE_MAX + SIZE];
    struct word word = {.number = wall_ms - bad->late_ms + ++more};
    size_t size = 0;
    const struct relayed relayed = {
        .dst = town->b_key,
        .src = src->public_key,
        .passed = bad->passed_count > 0 ? bad->passed : relay_net_key(net, 0),
        .passed_count = bad->passed_count > 0 ? bad->passed_count : 1,
        .attachment = bad->attached ? attachment : NULL,
        .attachment_size = bad->attached ? ATTACHMENT_SIZE : 0,
        .frame = frame,
        .frame_size = SIZE,
    };

    assert_int_equal(attachment_sign(attachment, src, relay_net_key(net, 0), 5, wall_ms), ERR_OK);
    assert_int_equal(relayed_head_encode(body, &size, &relayed), ERR_OK);
    memcpy(body + size, frame, SIZE);
    env_random(&net->ports.env, secret, sizeof(secret));
    size = frame_word_seal(out, &word, maker, relay_net_key(net, net->count - 1), secret, body,
                           size + SIZE);
    memcpy(out + WORD_HEADER_SIZE, relay_net_key(net, 0), KEY_SIZE);
    return size;
}

/* Nothing is forwarded and nothing said, neither a receipt nor a message. */
static void refused(struct far_hosts *town, const struct bad_word *bad, const uint64_t *counter)
{
    uint8_t bytes[FRAME_WORD_SIZE_MAX];
    size_t size = word_make(town, bad, bytes), last = town->net->count - 1;
    uint64_t before = *counter;
    struct relay_core *core = town->net->nodes[last].core;

    receive(town, &town->net->nodes[0].address, bytes, size);
    assert_int_equal(*counter, before + 1);
    assert_int_equal(core->forward.words.out.items_count, 0);
    assert_int_equal(core->base.counters.frame_words_taken, 0);
    assert_null(neighbour_next(&core->base.neighbours, NULL));
}

static void a_word_is_judged_like_a_frame_of_a_session(void **state)
{
    uint8_t bytes[FRAME_WORD_SIZE_MAX], seen[2 * KEY_SIZE];
    const uint8_t seed[IDENTITY_SEED_SIZE] = {98};
    struct bad_word good = {.attached = true};
    struct identity mallory;
    struct far_hosts town;

    (void)state;
    parted(&town);
    identity_from_seed(&mallory, seed);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    refused(&town, &(struct bad_word){.maker = &mallory, .attached = true}, &c->frame_words_bad);
    refused(&town, &(struct bad_word){.attached = true, .late_ms = 2 * ONCE_CLOCK_MS},
            &c->frame_words_old);
    refused(&town, &(struct bad_word){.src = &mallory}, &c->drop_not_attached);
    refused(&town,
            &(struct bad_word){.passed = mallory.public_key, .passed_count = 1, .attached = true},
            &c->drop_not_its_way);
    memcpy(seen, relay_net_key(town.net, 1), KEY_SIZE);
    memcpy(seen + KEY_SIZE, relay_net_key(town.net, 0), KEY_SIZE);
    refused(&town, &(struct bad_word){.passed = seen, .passed_count = 2, .attached = true},
            &c->drop_loop);
    receive(&town, &town.net->nodes[0].address, bytes, word_make(&town, &good, bytes));
    assert_int_equal(c->frame_words_taken, 1);
    relay_net_run(town.net, 100);
    assert_int_equal(town.b.frames, 1);
    far_hosts_fini(&town);
}

static void what_words_bring_is_charged_to_their_relay_and_source(void **state)
{
    enum { ROUNDS = 40 };
    struct bad_word good = {.attached = true};
    uint8_t bytes[FRAME_WORD_SIZE_MAX];
    struct far_hosts town;
    size_t size;

    (void)state;
    parted(&town);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    struct foreign_limits *limits = &town.net->nodes[1].core->forward.limits;
    const uint8_t *from = relay_net_key(town.net, 0);
    while (foreign_limits_source(limits, from, from, town.a_key, 1000, town.net->now)) {
        continue; /* the source used up what it may have of this relay */
    }
    uint64_t before = c->drop_rate_source;
    do {
        size = word_make(&town, &good, bytes);
        receive(&town, &town.net->nodes[0].address, bytes, size);
    } while (c->drop_rate_source < before + ROUNDS);
    assert_in_range(c->frame_words_opened, ROUNDS, ROUNDS + 6); /* what was less than 1000 bytes */
    while (foreign_limits_bytes(limits, from, 1000, town.net->now)) {
        continue; /* and so did the relay */
    }
    before = c->drop_rate_neighbour;
    for (size_t i = 0; i < ROUNDS; i++) {
        size = word_make(&town, &good, bytes);
        receive(&town, &town.net->nodes[0].address, bytes, size);
    }
    assert_true(c->drop_rate_neighbour >= before + ROUNDS - 6);
    far_hosts_fini(&town);
}

/* What looks like words of a relay, from its network, and cannot be told apart without opening it.
 */
static void a_flood_of_words_with_frames_from_one_network_is_cut(void **state)
{
    struct bad_word good = {.attached = true};
    uint8_t bytes[FRAME_WORD_SIZE_MAX];
    struct far_hosts town;

    (void)state;
    parted(&town);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    size_t size = word_make(&town, &good, bytes);
    bytes[size - 1] ^= 1;
    for (int i = 0; i < FLOOD; i++) {
        receive(&town, &town.net->nodes[0].address, bytes, size);
    }
    assert_int_equal(c->frame_words_bad, FORWARD_WORDS_NET_BURST);
    assert_int_equal(c->frame_words_limit, FLOOD - FORWARD_WORDS_NET_BURST);
    far_hosts_fini(&town);
}

/* Both may have opened a NAT for the other. */
static void whoever_sends_a_word_or_a_receipt_has_met_the_other(void **state)
{
    struct far_hosts town;

    (void)state;
    parted(&town);
    for (size_t i = 0; i < 2; i++) {
        town.net->nodes[i].core->reach.watch.met.count = 0;
    }
    net_host_frame(&town.a, town.b_key, 9, SIZE);
    relay_net_run(town.net, 2 * ONE_WAY_MS + 1); /* no session is open so soon */
    assert_int_equal(far_hosts_counters(&town, 1)->frame_words_taken, 1);
    assert_null(neighbour_of_key(relay_net_neighbours(town.net, 0), relay_net_key(town.net, 1)));
    for (size_t i = 0; i < 2; i++) {
        assert_true(reach_met_has(&town.net->nodes[i].core->reach.watch.met,
                                  relay_net_key(town.net, 1 - i), town.net->now));
    }
    far_hosts_fini(&town);
}

static void only_a_receipt_of_the_relay_that_was_sent_to_counts_and_once(void **state)
{
    uint8_t bytes[FRAME_WORD_SIZE_MAX], body[FRAME_WORD_BODY_SIZE_MAX];
    uint8_t receipt[FRAME_WORD_RECEIPT_SIZE];
    struct forward_words *words;
    struct far_hosts town;
    struct word theirs;
    size_t size = 0;

    (void)state;
    parted(&town);
    words = &town.net->nodes[0].core->forward.words;
    struct relay_counters *c = &town.net->nodes[0].core->base.counters;
    assert_true(
        forward_words_send(words, relay_net_key(town.net, 1), town.b_key, KEY_SIZE, town.net->now));
    assert_int_equal(words->out.items_count, 1);
    memcpy(bytes, words->out.bytes, words->out.bytes_used);
    assert_int_equal(frame_word_open(&theirs, body, &size, &town.net->nodes[1].identity, bytes,
                                     words->out.bytes_used),
                     ERR_OK);
    frame_word_receipt(receipt, &theirs);
    struct dgram in = {.remote = town.a.address, .data = receipt, .size = sizeof(receipt)};
    forward_words_on_receipt(words, &in);
    in.remote = town.net->nodes[1].address;
    receipt[FRAME_WORD_RECEIPT_SIZE - 1] ^= 1;
    forward_words_on_receipt(words, &in);
    receipt[FRAME_WORD_RECEIPT_SIZE - 1] ^= 1;
    assert_int_equal(c->frame_words_bad, 2);
    assert_int_equal(c->frame_words_receipts, 0);
    forward_words_on_receipt(words, &in);
    assert_int_equal(c->frame_words_receipts, 1);
    forward_words_on_receipt(words, &in);
    assert_int_equal(c->frame_words_bad, 3);
    far_hosts_fini(&town);
}

/* ---- bounds ---- */

static void so_many_words_wait_for_a_receipt_and_each_for_so_long(void **state)
{
    enum { RELAYS = FORWARD_WORDS_MAX / FORWARD_WORDS_PER_RELAY_MAX + 2 };
    const uint8_t body[SIZE] = {1};
    struct forward_words *words;
    struct forward_word word;
    struct far_hosts town;
    size_t sent = 0;

    (void)state;
    far_hosts_init(&town, RELAYS);
    words = &town.net->nodes[0].core->forward.words;
    struct mono now = town.net->now, later = mono_add_ms(now, FORWARD_WORD_WAIT_MS);
    assert_false(forward_words_send(words, relay_net_key(town.net, 0), body, SIZE, now));
    assert_false(forward_words_send(words, town.b_key, body, SIZE, now)); /* it is no relay */
    for (size_t i = 1; i < RELAYS; i++) {
        size_t before = sent;

        while (forward_words_send(words, relay_net_key(town.net, i), body, SIZE, now)) {
            sent++;
        }
        assert_int_equal(sent - before, i == RELAYS - 1 ? 0 : FORWARD_WORDS_PER_RELAY_MAX);
    }
    assert_int_equal(sent, FORWARD_WORDS_MAX);
    outbox_clear(&words->out);
    assert_int_equal(forward_words_deadline(words).ns, later.ns);
    assert_false(forward_words_take(words, NULL, &word, now));
    assert_true(forward_words_take(words, relay_net_key(town.net, 2), &word, now));
    assert_int_equal(word.size, SIZE);
    free(word.body);
    assert_false(forward_words_may(words, relay_net_key(town.net, RELAYS - 1), SIZE));
    for (size_t i = 1; i < FORWARD_WORDS_MAX; i++) {
        assert_true(forward_words_take(words, NULL, &word, later));
        assert_memory_equal(word.body, body, SIZE);
        free(word.body);
    }
    assert_false(forward_words_take(words, NULL, &word, later));
    assert_int_equal(forward_words_deadline(words).ns, MONO_NEVER.ns);
    assert_true(forward_words_may(words, relay_net_key(town.net, 1), FRAME_WORD_BODY_SIZE_MAX));
    assert_false(
        forward_words_may(words, relay_net_key(town.net, 1), FRAME_WORD_BODY_SIZE_MAX + 1));
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_that_somebody_sends_again_is_not_taken_again),
        cmocka_unit_test(a_word_is_judged_like_a_frame_of_a_session),
        cmocka_unit_test(what_words_bring_is_charged_to_their_relay_and_source),
        cmocka_unit_test(a_flood_of_words_with_frames_from_one_network_is_cut),
        cmocka_unit_test(whoever_sends_a_word_or_a_receipt_has_met_the_other),
        cmocka_unit_test(only_a_receipt_of_the_relay_that_was_sent_to_counts_and_once),
        cmocka_unit_test(so_many_words_wait_for_a_receipt_and_each_for_so_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
