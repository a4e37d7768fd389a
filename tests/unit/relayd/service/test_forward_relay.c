/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames between hosts at different relays: real relay cores, real sessions. */
#include "tests/support/far_hosts.h"

#include "proto/crypto/attachment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = FAR_FRAME_SIZE };

/* ---- what arrives ---- */

static void a_frame_reaches_a_host_that_is_known_by_its_key_alone(void **state)
{
    struct far_hosts town;
    struct mono sent_at;

    (void)state;
    far_hosts_init(&town, 2);
    sent_at = town.net->now;
    net_host_frame(&town.a, town.b_key, 9, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 1);
    assert_memory_equal(town.b.frame_src, town.a_key, KEY_SIZE);
    assert_int_equal(town.b.frame_size, SIZE);
    assert_int_equal(town.b.frame[1], 9);
    print_message("first frame after %u ms\n", (unsigned)mono_ms_between(sent_at, town.b.frame_at));
    /* r is 20 ms to each relay: at most the look-up and the way are behind it */
    assert_true(mono_ms_between(sent_at, town.b.frame_at) <= 120);
    sent_at = town.net->now;
    net_host_frame(&town.b, town.a_key, 8, SIZE); /* the answer asks nobody */
    uint64_t asked = far_hosts_counters(&town, 1)->locates_of_relays +
                     far_hosts_counters(&town, 0)->locates_of_relays;
    relay_net_run(town.net, 1000);
    assert_int_equal(town.a.frames, 1);
    assert_true(mono_ms_between(sent_at, town.a.frame_at) <= 31);
    assert_int_equal(far_hosts_counters(&town, 1)->locates_of_relays +
                         far_hosts_counters(&town, 0)->locates_of_relays,
                     asked);
    assert_int_equal(far_hosts_counters(&town, 0)->relayed_out_frames, 1);
    assert_int_equal(far_hosts_counters(&town, 0)->relayed_in_frames, 1);
    far_hosts_fini(&town);
}

static void frames_of_all_sizes_pass(void **state)
{
    static const size_t sizes[] = {16, 17, 1100, 1200, 1280, 1452, 4000, FRAME_SIZE_MAX};
    static const size_t chain[] = {1, 2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, chain, 2);
    for (int late = 0; late < 2; late++) { /* with an attachment, and without */
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            size_t before = town.b.frames;

            net_host_frame(&town.a, town.b_key, (uint8_t)i, sizes[i]);
            relay_net_run(town.net, late > 0 || i == 0 ? 400 : 70);
            assert_int_equal(town.b.frames, before + 1);
            assert_int_equal(town.b.frame_size, sizes[i]);
            assert_int_equal(town.b.frame[1], i);
        }
    }
    far_hosts_fini(&town);
}

static void a_host_names_the_way_and_the_reply_takes_it_too(void **state)
{
    static const size_t chain[] = {1, 2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, chain, 2);
    assert_true(net_host_done(&town.a));
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 500);
    far_hosts_talk(&town, 10);
    assert_int_equal(town.b.frames, 11);
    assert_int_equal(town.a.frames, 10);
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_out_frames, 21);
    assert_int_equal(far_hosts_counters(&town, 2)->relayed_out_frames, 21);
    far_hosts_name_way(&town.a, town.b_key, NULL, 0); /* it is for the relay again to choose */
    relay_net_run(town.net, WAYS_IDLE_MS);
    far_hosts_talk(&town, 2);
    assert_int_equal(town.b.frames, 13);
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_out_frames, 21);
    far_hosts_fini(&town);
}

static void a_reply_takes_the_way_of_the_latest_request(void **state)
{
    static const size_t one[] = {1}, other[] = {2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, one, 1);
    far_hosts_talk(&town, 3);
    assert_true(far_hosts_counters(&town, 1)->relayed_out_frames >= 5);
    assert_int_equal(far_hosts_counters(&town, 2)->relayed_out_frames, 0);
    far_hosts_name_way(&town.a, town.b_key, other, 1);
    uint64_t before = far_hosts_counters(&town, 1)->relayed_out_frames;
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 200);
    far_hosts_talk(&town, 3);
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_out_frames, before);
    assert_int_equal(far_hosts_counters(&town, 2)->relayed_out_frames, 7);
    far_hosts_fini(&town);
}

static void the_directions_may_differ(void **state)
{
    static const size_t one[] = {1}, other[] = {2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, one, 1);
    far_hosts_name_way(&town.b, town.a_key, other, 1);
    far_hosts_talk(&town, 10);
    assert_true(town.a.frames == 10 && town.b.frames == 10);
    assert_int_equal(far_hosts_counters(&town, 1)->relayed_out_frames, 10);
    assert_int_equal(far_hosts_counters(&town, 2)->relayed_out_frames, 10);
    far_hosts_fini(&town);
}

/* ---- what does not ---- */

static void who_is_nowhere_is_gone(void **state)
{
    static const uint8_t nobody[KEY_SIZE] = {1};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    net_host_frame(&town.a, nobody, 1, SIZE);
    relay_net_run(town.net, 2000);
    assert_int_equal(town.a.gones, 1);
    assert_int_equal(town.a.gone_reason, GONE_NO_SESSION);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 1);
    net_host_leave(&town.b); /* its relay says so, and another look-up finds it elsewhere */
    relay_net_run(town.net, 1000);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.a.gones, 2);
    net_host_attach(&town.b, 1, 8);
    net_host_dial(&town.b, 1);
    relay_net_run(town.net, LOCATE_ABSENT_MS);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 2);
    far_hosts_fini(&town);
}

static void a_host_without_an_attachment_is_served_here_only(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    town.a.attachment.size = 0;
    net_host_dial(&town.a, 0);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 0);
    assert_int_equal(town.a.gones, 1);
    far_hosts_fini(&town);
}

static void a_relay_that_is_not_open_passes_nothing_on(void **state)
{
    static const size_t chain[] = {1};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    town.net->nodes[1].core->base.cfg.open_relay = false;
    far_hosts_name_way(&town.a, town.b_key, chain, 1);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 0);
    assert_int_equal(town.a.gone_reason, GONE_RELAY_REFUSES);
    assert_memory_equal(town.a.gone_relay, relay_net_key(town.net, 1), KEY_SIZE);
    town.net->nodes[2].core->base.cfg.open_relay = false; /* nor is a stranger there a receiver */
    far_hosts_name_way(&town.a, town.b_key, NULL, 0);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, 0);
    assert_int_equal(far_hosts_counters(&town, 2)->drop_not_allowed, 1);
    far_hosts_fini(&town);
}

static void a_way_that_cannot_be_is_refused(void **state)
{
    static const size_t own[] = {0}, twice[] = {1, 1};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_name_way(&town.a, town.b_key, own, 1);
    assert_false(net_host_done(&town.a));
    far_hosts_name_way(&town.a, town.b_key, twice, 2);
    assert_false(net_host_done(&town.a));
    far_hosts_fini(&town);
}

/* ---- what hostile relays bring ---- */

/* A datagram of kind 3 from relay 0 to the last one, as it would be sent by a relay of no scruples.
 * The members of `frame` that are not set are those of a right one. */
struct bad_frame {
    const uint8_t *src;
    const uint8_t *passed;
    size_t passed_count;
    const uint8_t *via;
    size_t via_count;
    uint8_t hops;
    const uint8_t *attachment;
};

static void bring(struct far_hosts *town, const struct bad_frame *bad)
{
    static const uint8_t data[SIZE] = {FRAME_TYPE_DATA};
    struct relay_net *net = town->net;
    uint8_t head[RELAYED_HEAD_SIZE_MAX];
    size_t size = 0;
    struct relayed frame = {
        .hops = bad->hops,
        .dst = town->b_key,
        .src = bad->src != NULL ? bad->src : town->a_key,
        .passed = bad->passed != NULL ? bad->passed : relay_net_key(net, 0),
        .passed_count = bad->passed != NULL ? bad->passed_count : 1,
        .via = bad->via,
        .via_count = bad->via_count,
        .attachment = bad->attachment,
        .attachment_size = bad->attachment != NULL ? ATTACHMENT_SIZE : 0,
    };

    assert_int_equal(relayed_head_encode(head, &size, &frame), ERR_OK);
    assert_int_equal(neighbour_datagram_to(relay_net_neighbours(net, 0),
                                           relay_net_key(net, net->count - 1), head, size, data,
                                           sizeof(data), net->now),
                     ERR_OK);
    relay_net_run(net, 100);
}

static void sign(const struct far_hosts *town, uint8_t out[ATTACHMENT_SIZE],
                 const struct identity *host, size_t relay, uint64_t sequence, int64_t age_ms)
{
    assert_int_equal(attachment_sign(out, host, relay_net_key(town->net, relay), sequence,
                                     env_wall_ms(&town->net->ports.env) - (uint64_t)age_ms),
                     ERR_OK);
}

static void a_source_is_believed_by_its_attachment_only(void **state)
{
    static const int64_t over_ms = ATTACHMENT_MS_MAX + RECORD_CLOCK_SKEW_MS + 1000;
    uint8_t attachment[ATTACHMENT_SIZE];
    struct identity stranger;
    const uint8_t seed[IDENTITY_SEED_SIZE] = {99};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    identity_from_seed(&stranger, seed);
    const struct relay_counters *c = far_hosts_counters(&town, 2);
    struct bad_frame bad = {.src = stranger.public_key};
    bring(&town, &bad); /* none */
    assert_int_equal(c->drop_not_attached, 1);
    bad.attachment = attachment;
    sign(&town, attachment, &stranger, 1, 5, 0); /* to another relay */
    bring(&town, &bad);
    sign(&town, attachment, &town.a.identity, 0, 5, 0); /* of another host */
    bring(&town, &bad);
    sign(&town, attachment, &stranger, 0, 5, over_ms);
    bring(&town, &bad);
    sign(&town, attachment, &stranger, 0, 5, -2 * (int64_t)RECORD_CLOCK_SKEW_MS);
    bring(&town, &bad);
    sign(&town, attachment, &stranger, 0, 5, 0);
    attachment[ATTACHMENT_SIZE - 1] ^= 1;
    bring(&town, &bad);
    assert_int_equal(c->drop_not_attached, 6);
    assert_int_equal(c->attachment_foreign_bad, 5);
    assert_int_equal(town.b.frames, 0);
    attachment[ATTACHMENT_SIZE - 1] ^= 1;
    bring(&town, &bad);
    assert_int_equal(town.b.frames, 1);
    bad.attachment = NULL; /* it is known now */
    bring(&town, &bad);
    assert_int_equal(town.b.frames, 2);
    relay_net_run(town.net, (uint64_t)over_ms);
    net_host_attach(&town.b, 2, 8);
    net_host_dial(&town.b, 2);
    bring(&town, &bad); /* it is over */
    assert_int_equal(town.b.frames, 2);
    far_hosts_fini(&town);
}

static void a_frame_tells_the_relays_that_it_passed_as_its_last_one_is_known(void **state)
{
    uint8_t attachment[ATTACHMENT_SIZE];
    uint8_t passed[2 * KEY_SIZE], keys[RELAYED_PASSED_MAX * KEY_SIZE] = {0};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    const struct relay_counters *c = far_hosts_counters(&town, 2);
    const uint8_t *own = relay_net_key(town.net, 0), *last = relay_net_key(town.net, 2);
    const uint8_t *middle = relay_net_key(town.net, 1);
    sign(&town, attachment, &town.a.identity, 1, 5, 0);
    struct bad_frame bad = {.passed = middle, .passed_count = 1, .attachment = attachment};
    bring(&town, &bad); /* it hides that it passed it */
    assert_int_equal(c->drop_not_its_way, 1);
    memcpy(passed, last, KEY_SIZE);
    memcpy(passed + KEY_SIZE, own, KEY_SIZE);
    bad.passed = passed;
    bad.passed_count = 2;
    bring(&town, &bad); /* it was here */
    assert_int_equal(c->drop_loop, 1);
    bad = (struct bad_frame){.attachment = attachment, .via = last, .via_count = 1, .hops = 1};
    bring(&town, &bad); /* it shall come back here */
    assert_int_equal(c->drop_loop, 2);
    sign(&town, attachment, &town.a.identity, 0, 6, 0);
    bad = (struct bad_frame){.attachment = attachment, .via = middle, .via_count = 1};
    bring(&town, &bad); /* no hop is left */
    assert_int_equal(c->drop_hops, 1);
    for (uint8_t i = 1; i < RELAYED_PASSED_MAX; i++) {
        keys[(size_t)(i - 1) * KEY_SIZE] = i;
    }
    memcpy(keys + (size_t)(RELAYED_PASSED_MAX - 1) * KEY_SIZE, own, KEY_SIZE);
    memcpy(keys, middle, KEY_SIZE);
    uint8_t at_middle[ATTACHMENT_SIZE], nowhere[KEY_SIZE] = {77};
    sign(&town, at_middle, &town.a.identity, 1, 6, 0);
    bad = (struct bad_frame){.attachment = at_middle,
                             .via = nowhere,
                             .via_count = 1,
                             .hops = 4,
                             .passed = keys,
                             .passed_count = RELAYED_PASSED_MAX};
    bring(&town, &bad); /* no place is left for the next relay */
    assert_int_equal(c->drop_hops, 2);
    bad.attachment = attachment;
    bad.passed = NULL;
    bring(&town, &bad); /* nobody knows the next relay */
    assert_int_equal(c->drop_no_session, 1);
    assert_int_equal(town.b.frames, 0);
    far_hosts_fini(&town);
}

static void two_relays_that_send_in_circles_get_no_more_than_their_share(void **state)
{
    uint8_t attachment[ATTACHMENT_SIZE];
    struct far_hosts town;

    (void)state;
    /* Relay 0 hides, each time, where the frame has been: relay 1 cannot see the circle. */
    far_hosts_init(&town, 2);
    sign(&town, attachment, &town.a.identity, 0, 8, 0);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    struct mono began = town.net->now;
    for (size_t i = 0; i < 10000; i++) {
        static const uint8_t data[SIZE] = {FRAME_TYPE_DATA};
        uint8_t head[RELAYED_HEAD_SIZE_MAX];
        size_t size = 0;
        const struct relayed frame = {.dst = town.b_key,
                                      .src = town.a_key,
                                      .passed = relay_net_key(town.net, 0),
                                      .passed_count = 1,
                                      .attachment = attachment,
                                      .attachment_size = ATTACHMENT_SIZE};

        assert_int_equal(relayed_head_encode(head, &size, &frame), ERR_OK);
        (void)!neighbour_datagram_to(relay_net_neighbours(town.net, 0), relay_net_key(town.net, 1),
                                     head, size, data, sizeof(data), town.net->now);
        if (i % 50 == 0) {
            relay_net_run(town.net, 10);
        }
    }
    relay_net_run(town.net, 1000);
    uint64_t ms = mono_ms_between(began, town.net->now);
    assert_true(c->relayed_in_bytes <= (uint64_t)STRANGER_BYTES_PER_S * STRANGER_BURST_S +
                                           (uint64_t)STRANGER_BYTES_PER_S * ms / 1000);
    assert_true(c->drop_rate_source > 0);
    far_hosts_fini(&town);
}

static void a_flood_of_forged_attachments_costs_few_verifications_and_few_words(void **state)
{
    uint8_t attachment[ATTACHMENT_SIZE];
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    const struct relay_counters *c = far_hosts_counters(&town, 1);
    sign(&town, attachment, &town.a.identity, 0, 8, 0);
    uint64_t sent_before = link_hub_stats(town.net->nodes[1].core->base.hub)->control_sent;
    for (uint32_t i = 0; i < 2000; i++) {
        uint8_t src[KEY_SIZE] = {5};
        static const uint8_t data[100] = {FRAME_TYPE_DATA};
        uint8_t head[RELAYED_HEAD_SIZE_MAX];
        size_t size = 0;

        memcpy(src + 1, &i, sizeof(i));
        const struct relayed frame = {.dst = town.b_key,
                                      .src = src,
                                      .passed = relay_net_key(town.net, 0),
                                      .passed_count = 1,
                                      .attachment = attachment,
                                      .attachment_size = ATTACHMENT_SIZE};
        assert_int_equal(relayed_head_encode(head, &size, &frame), ERR_OK);
        (void)!neighbour_datagram_to(relay_net_neighbours(town.net, 0), relay_net_key(town.net, 1),
                                     head, size, data, sizeof(data), town.net->now);
        if (i % 20 == 0) {
            relay_net_run(town.net, 10);
        }
    }
    relay_net_run(town.net, 100);
    assert_int_equal(c->drop_not_attached, 2000);
    assert_true(c->attachment_foreign_bad <= FOREIGN_CHECKS_BURST + 2 * FOREIGN_CHECKS_PER_S);
    assert_true(c->attachment_foreign_bad + c->attachment_foreign_limit == 2000);
    assert_true(link_hub_stats(town.net->nodes[1].core->base.hub)->control_sent - sent_before <=
                FOREIGN_WORDS_BURST + 2 * FOREIGN_WORDS_PER_S);
    assert_int_equal(town.b.frames, 0);
    net_host_frame(&town.a, town.b_key, 1, SIZE); /* nothing else is harmed */
    relay_net_run(town.net, 1000);
    far_hosts_fini(&town);
}

static void gone_is_believed_of_relays_on_the_way_only(void **state)
{
    struct far_hosts town;
    Ziglan__Gone body = ZIGLAN__GONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    far_hosts_init(&town, 3);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 500);
    body.src = control_bytes(town.a_key, KEY_SIZE);
    body.dst = control_bytes(town.b_key, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_GONE;
    message.gone = &body;
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, i),
                                           relay_net_key(town.net, 0), &message, town.net->now),
                         ERR_OK);
        relay_net_run(town.net, 500);
        assert_int_equal(town.a.gones, i - 1); /* not that of relay 1 */
    }
    far_hosts_fini(&town);
}

/* Frames each 100 ms for so long, from one host to the other. */
static void keep_sending(struct far_hosts *town, struct net_host *from, const uint8_t *to,
                         unsigned ms)
{
    for (unsigned i = 0; i < ms / 100; i++) {
        net_host_frame(from, to, 1, SIZE);
        relay_net_run(town->net, 100);
    }
}

static void a_host_hears_which_relay_of_the_way_that_it_named_is_dead(void **state)
{
    static const size_t chain[] = {1, 2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, chain, 2);
    far_hosts_talk(&town, 10);
    size_t before = town.b.frames;
    for (size_t dead = 2; dead >= 1; dead--) {
        town.a.gones = 0;
        relay_node_stop(&town.net->nodes[dead]);
        keep_sending(&town, &town.a, town.b_key, 3000);
        assert_true(town.a.gones > 0);
        assert_int_equal(town.a.gone_reason, GONE_RELAY_UNREACHED);
        assert_memory_equal(town.a.gone_relay, relay_net_key(town.net, dead), KEY_SIZE);
    }
    assert_int_equal(town.b.frames, before); /* it was told which way, and no other is taken */
    far_hosts_name_way(&town.a, town.b_key, NULL, 0);
    net_host_frame(&town.a, town.b_key, 1, SIZE);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.frames, before + 1);
    far_hosts_fini(&town);
}

static void behind_the_way_that_it_named_a_host_is_found_at_another_relay(void **state)
{
    static const size_t chain[] = {1};
    struct far_hosts town;
    struct net_host again; /* b at another relay */

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, chain, 1);
    far_hosts_talk(&town, 3);
    relay_node_stop(&town.net->nodes[3]);
    net_host_init(&again, town.net, 3);
    again.identity = town.b.identity;
    net_host_attach(&again, 2, 9);
    net_host_dial(&again, 2);
    keep_sending(&town, &town.a, town.b_key, LOCATE_PRESENT_MS + 5000);
    assert_true(again.frames > 0);
    assert_true(far_hosts_counters(&town, 1)->relayed_out_frames >= again.frames);
    net_host_fini(&again);
    far_hosts_fini(&town);
}

static void a_reply_finds_another_way_when_a_relay_of_the_latest_is_dead(void **state)
{
    static const size_t chain[] = {1, 2};
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 4);
    far_hosts_name_way(&town.a, town.b_key, chain, 2);
    far_hosts_talk(&town, 10);
    relay_node_stop(&town.net->nodes[1]);
    relay_net_run(town.net, 100); /* what was on its way */
    size_t before = town.a.frames;
    struct mono died_at = town.net->now;
    keep_sending(&town, &town.b, town.a_key, 5000);
    assert_true(town.a.frames > before);
    assert_int_equal(town.b.gones, 0); /* nothing that its user could mend */
    print_message("the last frame that was lost %zu ms after the death\n",
                  (size_t)mono_ms_between(died_at, town.net->now) - 100 * (town.a.frames - before));
    far_hosts_fini(&town);
}

static void a_relay_that_is_dead_is_passed_over(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    struct net_host again; /* the same host, at another relay */
    net_host_init(&again, town.net, 3);
    again.identity = town.b.identity;
    net_host_attach(&again, 1, 6); /* an older attachment: the second in the answer */
    net_host_dial(&again, 1);
    relay_net_run(town.net, 1000);
    relay_node_stop(&town.net->nodes[2]);
    for (int i = 0; i < 6; i++) { /* 3 s, in which its session is found to be dead */
        net_host_frame(&town.a, town.b_key, 1, SIZE);
        relay_net_run(town.net, 500);
    }
    assert_true(again.frames > 0);
    net_host_fini(&again);
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_reaches_a_host_that_is_known_by_its_key_alone),
        cmocka_unit_test(frames_of_all_sizes_pass),
        cmocka_unit_test(a_host_names_the_way_and_the_reply_takes_it_too),
        cmocka_unit_test(a_reply_takes_the_way_of_the_latest_request),
        cmocka_unit_test(the_directions_may_differ),
        cmocka_unit_test(who_is_nowhere_is_gone),
        cmocka_unit_test(a_host_without_an_attachment_is_served_here_only),
        cmocka_unit_test(a_relay_that_is_not_open_passes_nothing_on),
        cmocka_unit_test(a_way_that_cannot_be_is_refused),
        cmocka_unit_test(a_source_is_believed_by_its_attachment_only),
        cmocka_unit_test(a_frame_tells_the_relays_that_it_passed_as_its_last_one_is_known),
        cmocka_unit_test(two_relays_that_send_in_circles_get_no_more_than_their_share),
        cmocka_unit_test(a_flood_of_forged_attachments_costs_few_verifications_and_few_words),
        cmocka_unit_test(gone_is_believed_of_relays_on_the_way_only),
        cmocka_unit_test(a_host_hears_which_relay_of_the_way_that_it_named_is_dead),
        cmocka_unit_test(behind_the_way_that_it_named_a_host_is_found_at_another_relay),
        cmocka_unit_test(a_reply_finds_another_way_when_a_relay_of_the_latest_is_dead),
        cmocka_unit_test(a_relay_that_is_dead_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
