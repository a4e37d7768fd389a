/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker does with trains (relayd/service/lane_switch.h). */
#include "relayd/service/lane_switch.h"

#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

enum { PORT = 4433, SIZE = 1316, ROOM = 65536, LABELS = 3 };

struct setting {
    struct lane_board *board;
    struct lane_switch lanes;
    struct endpoint host, relay, far;
    uint8_t bytes[ROOM], sent[ROOM];
};

static struct endpoint at(uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {192, 0, 2, last};

    return endpoint_v4(ip, port);
}

/* Labels 1 to LABELS lead from `host` to `far`, and become 101 and so on. */
static struct setting *setting_new(void)
{
    static const uint16_t ports[] = {PORT};
    struct setting *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->host = at(2, 1000);
    s->relay = at(1, PORT);
    s->far = at(3, 2000);
    assert_int_equal(lane_board_new(&s->board, 1), ERR_OK);
    lane_board_set_ports(s->board, ports, 1);
    for (uint64_t label = 1; label <= LABELS; label++) {
        const struct lane_pass pass = {.label = label,
                                       .other_label = label + 100,
                                       .from = s->host,
                                       .local = s->relay,
                                       .remote = s->far,
                                       .to = LANE_PASS_TO_OTHER};
        uint32_t number = LANE_PASS_NONE;

        lane_board_put(s->board, &number, &pass, s);
    }
    lane_switch_init(&s->lanes, s->board, 0);
    return s;
}

static void setting_free(struct setting *s)
{
    lane_board_free(s->board);
    free(s);
}

/* A train of so many frames, with labels from a list that repeats itself; 0: something of QUIC,
 * UINT64_MAX: a malformed frame. */
static struct dgram_train train_of(struct setting *s, const uint64_t *labels, size_t labels_count,
                                   size_t count, size_t size)
{
    assert_true(count * size <= sizeof(s->bytes));
    for (size_t i = 0; i < count; i++) {
        uint8_t *frame = s->bytes + i * size;
        uint64_t label = labels[i % labels_count];

        memset(frame, (int)(i & 0xff), size);
        lane_header_write(frame, label);
        frame[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
        if (label == 0) {
            frame[0] = 0x40;
        } else if (label == UINT64_MAX) {
            frame[1] = 1;
        }
    }
    memcpy(s->sent, s->bytes, count * size);
    return (struct dgram_train){.local = s->relay,
                                .remote = s->host,
                                .data = s->bytes,
                                .size = count * size,
                                .segment_size = size};
}

static void a_train_goes_on_as_a_train(void **state)
{
    struct setting *s = setting_new();
    const uint64_t labels[] = {1};
    struct dgram_train in = train_of(s, labels, 1, 40, SIZE), out;

    (void)state;
    in.size -= 10; /* the last one is smaller */
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_SEND);
    assert_ptr_equal(out.data, s->bytes);
    assert_int_equal(out.size, 40 * SIZE - 10);
    assert_int_equal(out.segment_size, SIZE);
    assert_true(endpoint_equal(&out.local, &s->relay) && endpoint_equal(&out.remote, &s->far));
    for (size_t i = 0; i < 40; i++) {
        be64_write(s->sent + i * SIZE + LANE_LABEL_AT, 101);
    }
    assert_memory_equal(s->bytes, s->sent, out.size);
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_NONE);
    assert_true(lane_switch_end(&s->lanes));
    assert_int_equal(lane_board_counts(s->board).frames, 40);
    assert_int_equal(lane_board_counts(s->board).bytes, 40 * (SIZE - LANE_HEADER_SIZE) - 10);
    assert_int_equal(lane_board_counts(s->board).received_dgrams, 40);
    setting_free(s);
}

static void no_train_is_longer_than_can_be_sent(void **state)
{
    struct setting *s = setting_new();
    const uint64_t labels[] = {1};
    struct dgram_train in = train_of(s, labels, 1, 100, 100), out;
    size_t count = 0, trains = 0;

    (void)state;
    for (; lane_switch_next(&s->lanes, &in, &out) == LANE_FATE_SEND; trains++) {
        assert_in_range(dgram_train_count(&out), 1, DGRAM_TRAIN_MAX);
        count += dgram_train_count(&out);
    }
    assert_int_equal(count, 100);
    assert_int_equal(trains, 2);
    in = train_of(s, labels, 1, 7, LANE_DATA_SIZE_MAX);
    trains = 0;
    for (in.size = 7 * LANE_DATA_SIZE_MAX - 1;
         lane_switch_next(&s->lanes, &in, &out) == LANE_FATE_SEND;) {
        assert_true(out.size <= DGRAM_TRAIN_SIZE_MAX);
        trains++;
    }
    assert_int_equal(trains, 1);
    setting_free(s);
}

/* The kernel joins what has one source and one size, whatever it is. */
static void a_mixed_train_is_cut(void **state)
{
    struct setting *s = setting_new();
    const uint64_t labels[] = {1, 1, 2, 0, 0, 77, UINT64_MAX, 1};
    struct dgram_train in = train_of(s, labels, 8, 8, SIZE), out;
    const struct {
        enum lane_fate fate;
        size_t first, count;
    } want[] = {{LANE_FATE_SEND, 0, 2},
                {LANE_FATE_SEND, 2, 1},
                {LANE_FATE_OTHERS, 3, 2},
                {LANE_FATE_SEND, 7, 1}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(want); i++) {
        assert_int_equal(lane_switch_next(&s->lanes, &in, &out), want[i].fate);
        assert_ptr_equal(out.data, s->bytes + want[i].first * SIZE);
        assert_int_equal(dgram_train_count(&out), want[i].count);
        if (want[i].fate == LANE_FATE_OTHERS) { /* it is as it came */
            assert_memory_equal(out.data, s->sent + want[i].first * SIZE, out.size);
            assert_true(endpoint_equal(&out.remote, &s->host));
            assert_true(endpoint_equal(&out.local, &s->relay));
        }
    }
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_NONE);
    assert_int_equal(s->lanes.counts.drop_unknown, 1);
    assert_int_equal(s->lanes.counts.drop_frame, 1);
    assert_int_equal(s->lanes.counts.received_dgrams, 6); /* the control thread counts the others */
    setting_free(s);
}

static void what_comes_from_elsewhere_is_for_the_control_thread(void **state)
{
    struct setting *s = setting_new();
    const uint64_t labels[] = {1};
    struct dgram_train in = train_of(s, labels, 1, 3, SIZE), out;

    (void)state;
    in.remote.port++;
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_CONTROL);
    assert_int_equal(dgram_train_count(&out), 3);
    assert_memory_equal(s->bytes, s->sent, 3 * SIZE);
    assert_int_equal(s->lanes.counts.frames, 0);
    setting_free(s);
}

static void a_change_counts_from_the_next_batch_on(void **state)
{
    struct setting *s = setting_new();
    const uint64_t labels[] = {9};
    const struct lane_pass pass = {.label = 9, .to = LANE_PASS_TO_CONTROL};
    struct dgram_train in = train_of(s, labels, 1, 1, SIZE), out;
    uint32_t number = LANE_PASS_NONE;

    (void)state;
    lane_board_put(s->board, &number, &pass, s);
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_CONTROL);
    (void)lane_switch_end(&s->lanes);
    lane_board_remove(s->board, &number);
    in = train_of(s, labels, 1, 1, SIZE);
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_NONE);
    assert_int_equal(s->lanes.counts.drop_unknown, 1);
    setting_free(s);
}

/* Beyond what a turn has room for a lane has its part. */
static void a_flood_leaves_the_others_their_part(void **state)
{
    struct setting *s = setting_new();
    const uint64_t flood[] = {1}, other[] = {2};
    struct dgram_train in, out;
    size_t sent = 0;

    (void)state;
    in = train_of(s, other, 1, 1, SIZE);
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_SEND);
    for (int i = 0; i < 40; i++) {
        in = train_of(s, flood, 1, 40, SIZE);
        while (lane_switch_next(&s->lanes, &in, &out) == LANE_FATE_SEND) {
            sent += dgram_train_count(&out);
        }
    }
    assert_in_range(sent, 500, 700); /* half of 1.5 MiB */
    assert_int_equal(s->lanes.counts.drop_share, 1600 - sent);
    in = train_of(s, other, 1, 40, SIZE);
    assert_int_equal(lane_switch_next(&s->lanes, &in, &out), LANE_FATE_SEND);
    assert_int_equal(dgram_train_count(&out), 40);
    setting_free(s);
}

/* Whatever comes: each byte goes on, is handed over or is dropped, and all is counted. */
static void nothing_is_lost_uncounted(void **state)
{
    struct setting *s = setting_new();
    struct rng rng = {5};

    (void)state;
    for (int i = 0; i < 3000; i++) {
        size_t size = 1 + rng_below(&rng, 200), total = 1 + rng_below(&rng, 4000);
        uint64_t handed = 0, before = s->lanes.counts.received_dgrams;
        struct dgram_train in, out;

        for (size_t k = 0; k < total; k += size) { /* half of it may be frames */
            rng_fill(&rng, s->bytes + k, size);
            if (rng_below(&rng, 2) == 0) {
                lane_header_write(s->bytes + k, rng_below(&rng, LABELS + 2));
                s->bytes[k + LANE_HEADER_SIZE] = FRAME_TYPE_PING;
            }
        }
        in = (struct dgram_train){.local = s->relay,
                                  .remote = s->host,
                                  .data = s->bytes,
                                  .size = total,
                                  .segment_size = size < total ? size : total};
        uint64_t count = dgram_train_count(&in);
        enum lane_fate fate;
        while ((fate = lane_switch_next(&s->lanes, &in, &out)) != LANE_FATE_NONE) {
            handed += fate != LANE_FATE_SEND ? dgram_train_count(&out) : 0;
        }
        assert_int_equal(s->lanes.counts.received_dgrams - before + handed, count);
        (void)lane_switch_end(&s->lanes);
    }
    const struct lane_worker_counts *c = &s->lanes.counts;
    assert_int_equal(c->received_dgrams,
                     c->frames + c->drop_frame + c->drop_unknown + c->drop_share);
    assert_true(c->frames > 0 && c->drop_unknown > 0 && c->drop_frame > 0);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_train_goes_on_as_a_train),
        cmocka_unit_test(no_train_is_longer_than_can_be_sent),
        cmocka_unit_test(a_mixed_train_is_cut),
        cmocka_unit_test(what_comes_from_elsewhere_is_for_the_control_thread),
        cmocka_unit_test(a_change_counts_from_the_next_batch_on),
        cmocka_unit_test(a_flood_leaves_the_others_their_part),
        cmocka_unit_test(nothing_is_lost_uncounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
