/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames between relays that have no session yet: real relay cores, real sessions, and words that
 * hostile relays make. */
#include "relayd/service/forward_words.h"

#include "proto/crypto/attachment.h"
#include "proto/crypto/signed.h"
#include "tests/support/far_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SIZE = 184, /* the first frame of a conversation */
    ONE_WAY_MS = 10,
    MANY = 24,
    FLOOD = FORWARD_WORDS_NET_BURST + 100,
};

/* ---- the world ---- */

/* Hosts at two relays of many that have no session with each other. */
struct strangers {
    struct far_hosts town;
    size_t one, other; /* relays of a and b */
};

static bool has_session(struct relay_net *net, size_t i, size_t k)
{
    return neighbour_of_key(relay_net_neighbours(net, i), relay_net_key(net, k)) != NULL;
}

/* A relay that has a session with neither of the two now. */
static size_t stranger_of_both(const struct strangers *s)
{
    for (size_t i = 0; i < MANY; i++) {
        if (i != s->one && i != s->other && !has_session(s->town.net, s->one, i) &&
            !has_session(s->town.net, s->other, i)) {
            return i;
        }
    }
    fail_msg("all relays have a session with one of the two");
    return 0;
}

/* With `between` that one has no session with them either. */
static void strangers_init(struct strangers *s, size_t *between)
{
    struct relay_net *net;
    bool found = false;

    far_hosts_init(&s->town, MANY);
    net = s->town.net;
    for (size_t i = 0; !found && i < MANY * MANY; i++) {
        s->one = i / MANY;
        s->other = i % MANY;
        found = s->one != s->other && !has_session(net, s->one, s->other);
    }
    assert_true(found);
    net_host_attach(&s->town.a, s->one, 8);
    net_host_attach(&s->town.b, s->other, 8);
    net_host_dial(&s->town.a, s->one);
    net_host_dial(&s->town.b, s->other);
    relay_net_run(net, 1000);
    assert_false(has_session(net, s->one, s->other));
    if (between != NULL) {
        *between = stranger_of_both(s);
    }
}

static void strangers_fini(struct strangers *s)
{
    far_hosts_fini(&s->town);
}

/* a sends its first frame to b, and all that follows happens. */
static struct mono first_frame(struct strangers *s, size_t size)
{
    struct mono sent_at = s->town.net->now;

    net_host_frame(&s->town.a, s->town.b_key, 9, size);
    relay_net_run(s->town.net, 1000);
    return sent_at;
}

static const struct relay_counters *counters_of(const struct strangers *s, size_t i)
{
    return far_hosts_counters(&s->town, i);
}

/* What the wire loses, and the last word with a frame that it saw. */
struct tap {
    uint8_t lost; /* a first byte; 0: none */
    uint8_t word[FRAME_WORD_SIZE_MAX];
    size_t size;
    size_t words;
};

static bool tap_passes(void *context, struct wire_packet *packet)
{
    struct tap *tap = context;

    if (packet->data[0] == FRAME_TYPE_FRAME_WORD) {
        memcpy(tap->word, packet->data, packet->size);
        tap->size = packet->size;
        tap->words++;
    }
    return tap->lost == 0 || packet->data[0] != tap->lost;
}

static struct tap *tap_on(struct far_hosts *town, uint8_t lost)
{
    static struct tap tap;

    tap = (struct tap){.lost = lost};
    town->net->wire.hook = tap_passes;
    town->net->wire.hook_context = &tap;
    return &tap;
}

/* Relay i takes no words with frames for a while. */
static void just_started(struct relay_net *net, size_t i)
{
    struct forward_words *words = &net->nodes[i].core->forward.words;

    once_free(words->once);
    assert_int_equal(
        once_new(&words->once, &net->ports.env, env_wall_ms(&net->ports.env), net->now), ERR_OK);
}

static uint64_t took_ms(const struct net_host *host, struct mono since)
{
    return mono_ms_between(since, host->frame_at);
}

/* ---- what arrives ---- */

static void the_first_frame_and_its_answer_wait_for_no_session(void **state)
{
    struct strangers s;
    struct mono sent_at;

    (void)state;
    strangers_init(&s, NULL);
    s.town.b.answers = true;
    sent_at = first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1); /* and nothing comes twice */
    assert_int_equal(s.town.a.frames, 1);
    assert_int_equal(s.town.b.frame_size, SIZE);
    assert_memory_equal(s.town.b.frame_src, s.town.a_key, KEY_SIZE);
    print_message("after %u ms, answered after %u ms\n", (unsigned)took_ms(&s.town.b, sent_at),
                  (unsigned)took_ms(&s.town.a, sent_at));
    assert_true(took_ms(&s.town.b, sent_at) <= 5 * ONE_WAY_MS);
    assert_true(took_ms(&s.town.a, sent_at) <= 8 * ONE_WAY_MS);
    for (size_t i = 0; i < 2; i++) {
        const struct relay_counters *c = counters_of(&s, i == 0 ? s.one : s.other);

        assert_int_equal(c->frame_words_sent, 1);
        assert_int_equal(c->frame_words_taken, 1);
        assert_int_equal(c->frame_words_receipts, 1);
        assert_int_equal(c->frame_words_again, 0);
        assert_int_equal(c->relayed_out_frames, 1);
        assert_int_equal(c->relayed_in_frames, 1);
    }
    /* who was brought a frame leaves the session to who brought it */
    assert_true(neighbour_of_key(relay_net_neighbours(s.town.net, s.one),
                                 relay_net_key(s.town.net, s.other))
                    ->dialled);
    strangers_fini(&s);
}

static void a_way_of_several_relays_needs_no_sessions_either(void **state)
{
    size_t between = 0;
    struct strangers s;
    struct mono sent_at;

    (void)state;
    strangers_init(&s, &between);
    far_hosts_name_way(&s.town.a, s.town.b_key, &between, 1);
    sent_at = first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1);
    assert_true(took_ms(&s.town.b, sent_at) <= 6 * ONE_WAY_MS);
    assert_int_equal(counters_of(&s, between)->frame_words_taken, 1);
    assert_int_equal(counters_of(&s, between)->frame_words_sent, 1);
    strangers_fini(&s);
}

static void what_is_too_large_for_a_word_waits_for_the_session(void **state)
{
    static const size_t fits = FRAME_WORD_BODY_SIZE_MAX - RELAYED_HEAD_SIZE_MIN - ATTACHMENT_SIZE;
    struct strangers s;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        strangers_init(&s, NULL);
        (void)first_frame(&s, fits + more);
        assert_int_equal(s.town.b.frames, 1);
        assert_int_equal(s.town.b.frame_size, fits + more);
        assert_int_equal(counters_of(&s, s.one)->frame_words_sent, 1 - more);
        strangers_fini(&s);
    }
}

/* ---- fall-back ---- */

static void a_word_that_is_lost_goes_over_the_session(void **state)
{
    struct strangers s;
    struct mono sent_at;

    (void)state;
    strangers_init(&s, NULL);
    (void)tap_on(&s.town, FRAME_TYPE_FRAME_WORD);
    sent_at = first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1);
    assert_true(took_ms(&s.town.b, sent_at) <= 9 * ONE_WAY_MS); /* as before there were words */
    assert_int_equal(counters_of(&s, s.one)->frame_words_again, 1);
    assert_int_equal(counters_of(&s, s.one)->relayed_out_frames, 1);
    strangers_fini(&s);
}

static void without_its_receipt_a_frame_comes_twice(void **state)
{
    struct strangers s;

    (void)state;
    strangers_init(&s, NULL);
    (void)tap_on(&s.town, FRAME_TYPE_RECEIPT);
    (void)first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 2);
    assert_int_equal(counters_of(&s, s.one)->frame_words_again, 1);
    strangers_fini(&s);
}

/* The answer cannot come by a word, and who has it leaves the session to the relay that asked. */
static void a_relay_that_has_just_started_gets_answers_over_the_session_that_it_makes(void **state)
{
    struct strangers s;
    struct mono sent_at;

    (void)state;
    strangers_init(&s, NULL);
    s.town.b.answers = true;
    just_started(s.town.net, s.one);
    sent_at = first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1);
    assert_int_equal(s.town.a.frames, 1);
    assert_int_equal(counters_of(&s, s.one)->frame_words_old, 1);
    assert_int_equal(counters_of(&s, s.other)->frame_words_again, 1);
    print_message("answered after %u ms\n", (unsigned)took_ms(&s.town.a, sent_at));
    assert_true(took_ms(&s.town.a, sent_at) <= 12 * ONE_WAY_MS);
    strangers_fini(&s);
}

static void who_expects_a_session_in_vain_makes_it(void **state)
{
    struct strangers s;
    struct mono sent_at;

    (void)state;
    strangers_init(&s, NULL);
    forward_relay_expect(&s.town.net->nodes[s.one].core->forward,
                         relay_net_key(s.town.net, s.other), s.town.net->now);
    (void)tap_on(&s.town, FRAME_TYPE_FRAME_WORD);
    sent_at = first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1);
    assert_in_range(took_ms(&s.town.b, sent_at), FORWARD_WORD_WAIT_MS, FORWARD_WORD_WAIT_MS + 100);
    strangers_fini(&s);
}

/* Relay i comes to believe that relay k is of an older version. */
static void older(struct relay_net *net, size_t i, size_t k)
{
    struct mesh *mesh = net->nodes[i].core->mesh.mesh;
    const struct neighbour *teller = neighbour_next(relay_net_neighbours(net, i), NULL);
    struct record_node record;
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT;
    uint8_t bytes[RECORD_SIZE_MAX + SIGNATURE_SIZE];
    struct node_found found;
    size_t size = 0;

    assert_true(mesh_find(mesh, relay_net_key(net, k), &found));
    assert_int_equal(record_node_decode(&record, found.record, found.record_size - SIGNATURE_SIZE),
                     ERR_OK);
    record.protocols = RECORD_PROTOCOL_QUIC_FLAG | RECORD_PROTOCOL_WORD_FLAG;
    record.header.sequence++;
    assert_int_equal(record_node_encode(bytes, &size, &record), ERR_OK);
    assert_int_equal(signed_make(bytes, sizeof(bytes), &size, &net->nodes[k].identity, bytes, size),
                     ERR_OK);
    entry.record = control_bytes(bytes, size);
    mesh_on_entry(mesh, teller->key, &entry, net->now);
    relay_net_run(net, 10000);
    assert_true(mesh_find(mesh, relay_net_key(net, k), &found));
    assert_int_equal(record_node_decode(&record, found.record, found.record_size - SIGNATURE_SIZE),
                     ERR_OK);
    assert_int_equal(record.protocols, RECORD_PROTOCOL_QUIC_FLAG | RECORD_PROTOCOL_WORD_FLAG);
}

static void an_older_relay_gets_frames_over_the_session_only(void **state)
{
    struct strangers s;

    (void)state;
    strangers_init(&s, NULL);
    older(s.town.net, s.one, s.other);
    assert_false(has_session(s.town.net, s.one, s.other));
    (void)first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 1);
    assert_int_equal(counters_of(&s, s.one)->frame_words_sent, 0);
    strangers_fini(&s);
}

static void what_a_word_is_refused_for_the_sender_hears_over_the_session(void **state)
{
    struct strangers s;

    (void)state;
    strangers_init(&s, NULL);
    s.town.net->nodes[s.other].core->base.cfg.open_relay = false;
    (void)first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 0);
    assert_int_equal(counters_of(&s, s.other)->frame_words_opened, 1);
    assert_int_equal(counters_of(&s, s.other)->frame_words_taken, 0);
    assert_int_equal(counters_of(&s, s.other)->drop_not_allowed, 2);
    assert_int_equal(s.town.a.gones, 1);
    assert_int_equal(s.town.a.gone_reason, GONE_NOT_ALLOWED);
    strangers_fini(&s);
}

static void who_is_blocked_gets_no_word_through(void **state)
{
    struct strangers s;

    (void)state;
    strangers_init(&s, NULL);
    assert_int_equal(block_table_put(s.town.net->nodes[s.other].core->base.blocks, s.town.b_key,
                                     s.town.a_key, 1, 1),
                     ERR_OK);
    (void)first_frame(&s, SIZE);
    assert_int_equal(s.town.b.frames, 0);
    assert_int_equal(counters_of(&s, s.other)->drop_blocked, 2);
    (void)first_frame(&s, SIZE); /* its own relay knows now */
    assert_int_equal(s.town.a.gone_reason, GONE_NOT_ALLOWED);
    assert_int_equal(counters_of(&s, s.other)->drop_blocked, 2);
    strangers_fini(&s);
}

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
    const struct tap *tap;

    (void)state;
    parted(&town);
    tap = tap_on(&town, 0);
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
        cmocka_unit_test(the_first_frame_and_its_answer_wait_for_no_session),
        cmocka_unit_test(a_way_of_several_relays_needs_no_sessions_either),
        cmocka_unit_test(what_is_too_large_for_a_word_waits_for_the_session),
        cmocka_unit_test(a_word_that_is_lost_goes_over_the_session),
        cmocka_unit_test(without_its_receipt_a_frame_comes_twice),
        cmocka_unit_test(a_relay_that_has_just_started_gets_answers_over_the_session_that_it_makes),
        cmocka_unit_test(who_expects_a_session_in_vain_makes_it),
        cmocka_unit_test(an_older_relay_gets_frames_over_the_session_only),
        cmocka_unit_test(what_a_word_is_refused_for_the_sender_hears_over_the_session),
        cmocka_unit_test(who_is_blocked_gets_no_word_through),
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
