/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames between relays that have no session yet: what arrives, by a word or over the session after
 * all. Real relay cores, real sessions. */
#include "relayd/service/forward_words.h"

#include "proto/crypto/attachment.h"
#include "proto/crypto/signed.h"
#include "relayd/core/core_internal.h"
#include "tests/support/far_hosts.h"
#include "tests/support/word_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    SIZE = 184, /* the first frame of a conversation */
    ONE_WAY_MS = 10,
    MANY = 16,
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

/* A relay that has a session with neither of the two now; MANY: there is none. */
static size_t stranger_of_both(const struct strangers *s)
{
    size_t i = 0;

    while (i < MANY && (i == s->one || i == s->other || has_session(s->town.net, s->one, i) ||
                        has_session(s->town.net, s->other, i))) {
        i++;
    }
    return i;
}

/* True if this relay is one of those that are asked where the key is. */
static bool is_asked_for(struct relay_net *net, size_t i, const uint8_t key[KEY_SIZE])
{
    const struct hrw *hrw = net->nodes[i].core->presence.seats.hrw;
    uint8_t winners[HRW_KEEPERS][KEY_SIZE];
    size_t count =
        hrw_winners(hrw, hrw_day(env_wall_ms(&net->ports.env)), key, winners, HRW_KEEPERS);

    for (size_t k = 0; k < count; k++) {
        if (memcmp(winners[k], relay_net_key(net, i), KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* Two without a session with each other, and a third one without any with them. The other one is
 * not asked where b is, so that it hears of a's frame by a word with it first. */
static bool are_strangers(const struct strangers *s)
{
    return s->one != s->other && !has_session(s->town.net, s->one, s->other) &&
           stranger_of_both(s) < MANY && !is_asked_for(s->town.net, s->other, s->town.b_key);
}

/* With `between` it is a relay that has a session with neither. */
static void strangers_init(struct strangers *s, size_t *between)
{
    struct relay_net *net;
    bool found = false;

    far_hosts_init(&s->town, MANY);
    net = s->town.net;
    for (size_t i = 0; !found && i < MANY * MANY; i++) {
        s->one = i / MANY;
        s->other = i % MANY;
        found = are_strangers(s);
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
        assert_true(*between < MANY);
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
    (void)word_tap_on(&s.town, FRAME_TYPE_FRAME_WORD);
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
    (void)word_tap_on(&s.town, FRAME_TYPE_RECEIPT);
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
    (void)word_tap_on(&s.town, FRAME_TYPE_FRAME_WORD);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
