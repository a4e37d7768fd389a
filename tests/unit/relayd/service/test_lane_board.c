/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What control thread and workers tell each other of lanes (relayd/service/lane_board.h). */
#include "relayd/service/lane_board.h"

#include "proto/base/bytes.h"
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { PORT = 4433, PASSES = 500, STEPS = 200000, FINDERS = 2 };

static struct lane_board *board_new(unsigned workers)
{
    static const uint16_t ports[] = {PORT};
    struct lane_board *board = NULL;

    assert_int_equal(lane_board_new(&board, workers), ERR_OK);
    lane_board_set_ports(board, ports, 1);
    return board;
}

/* All of a pass follows from its label and a version. */
static struct lane_pass pass_of(uint64_t label, uint8_t version)
{
    struct lane_pass pass = {.label = label, .other_label = ~label, .to = LANE_PASS_TO_OTHER};

    memset(&pass.from, version, sizeof(pass.from));
    memset(&pass.remote, version, sizeof(pass.remote));
    memset(&pass.local, version, sizeof(pass.local));
    pass.local.port = PORT;
    return pass;
}

/* Nothing of it is of another version. */
static bool is_whole(const struct lane_pass *pass)
{
    uint8_t version = pass->from.ip[0];
    struct lane_pass want = pass_of(pass->label, version);

    return endpoint_equal(&pass->from, &want.from) && endpoint_equal(&pass->local, &want.local) &&
           endpoint_equal(&pass->remote, &want.remote) && pass->other_label == want.other_label;
}

static void a_pass_is_found_changed_and_gone(void **state)
{
    struct lane_board *board = board_new(1);
    struct lane_pass pass = pass_of(7, 1), found;
    uint32_t number = LANE_PASS_NONE, again = 0;

    (void)state;
    assert_false(lane_board_find(board, 7, &found, &again));
    lane_board_put(board, &number, &pass, &pass);
    assert_int_not_equal(number, LANE_PASS_NONE);
    assert_true(lane_board_find(board, 7, &found, &again));
    assert_int_equal(again, number);
    assert_int_equal(found.to, LANE_PASS_TO_OTHER);
    assert_true(is_whole(&found));
    pass = pass_of(7, 2);
    lane_board_put(board, &number, &pass, &pass);
    assert_int_equal(number, again);
    assert_true(lane_board_find(board, 7, &found, &again) && found.from.ip[0] == 2);
    lane_board_remove(board, &number);
    assert_int_equal(number, LANE_PASS_NONE);
    assert_false(lane_board_find(board, 7, &found, &again));
    lane_board_remove(board, &number); /* nothing */
    lane_board_free(board);
    lane_board_free(NULL);
}

static void what_leaves_from_no_port_of_the_workers_is_for_the_control_thread(void **state)
{
    struct lane_board *board = board_new(1);
    struct lane_pass pass = pass_of(7, 1), found;
    uint32_t number = LANE_PASS_NONE, again = 0;

    (void)state;
    pass.local.port = PORT + 1;
    lane_board_put(board, &number, &pass, &pass);
    assert_true(lane_board_find(board, 7, &found, &again));
    assert_int_equal(found.to, LANE_PASS_TO_CONTROL);
    lane_board_free(board);
}

/* Labels of one row of cells, and random ones. */
static uint64_t label_of(struct rng *rng)
{
    return rng_below(rng, 2) == 0 ? 5 + UINT64_C(0x100000000) * rng_below(rng, 20)
                                  : 1 + rng_u64(rng) % 1000;
}

static void labels_come_and_go_as_in_a_naive_table(void **state)
{
    struct lane_board *board = board_new(1);
    struct twin {
        uint64_t label;
        uint32_t number;
    } twins[PASSES] = {{0}};
    struct rng rng = {3};

    (void)state;
    for (int step = 0; step < STEPS / 10; step++) {
        uint64_t label = label_of(&rng);
        struct twin *twin = NULL, *empty = NULL;
        struct lane_pass found;
        uint32_t number;

        for (size_t i = 0; i < PASSES; i++) {
            twin = twins[i].label == label ? &twins[i] : twin;
            empty = twins[i].label == 0 ? &twins[i] : empty;
        }
        assert_int_equal(lane_board_find(board, label, &found, &number), twin != NULL);
        if (twin != NULL) {
            assert_int_equal(number, twin->number);
            lane_board_remove(board, &twin->number);
            twin->label = 0;
        } else if (empty != NULL) {
            struct lane_pass pass = pass_of(label, 1);

            empty->label = label;
            empty->number = LANE_PASS_NONE;
            lane_board_put(board, &empty->number, &pass, empty);
            assert_int_not_equal(empty->number, LANE_PASS_NONE);
        }
    }
    lane_board_free(board);
}

/* As many as there can be at a time have room, however many there were before. */
static void numbers_rest_before_they_are_used_again(void **state)
{
    enum { MOST = 32768 };
    struct lane_board *board = board_new(1);
    uint32_t *numbers = calloc(MOST, sizeof(*numbers));
    uint32_t first;
    struct lane_pass pass;

    (void)state;
    assert_non_null(numbers);
    for (uint32_t i = 0; i < MOST; i++) {
        pass = pass_of(i + 1, 1);
        lane_board_put(board, &numbers[i], &pass, board);
        assert_int_not_equal(numbers[i], LANE_PASS_NONE);
    }
    first = numbers[0];
    for (uint32_t i = 0; i < 2 * MOST; i++) {
        pass = pass_of(i % MOST + 1, 1);
        lane_board_remove(board, &numbers[i % MOST]);
        lane_board_put(board, &numbers[i % MOST], &pass, board);
        assert_int_not_equal(numbers[i % MOST], LANE_PASS_NONE);
        assert_true(i > 4000 || numbers[i % MOST] != first);
    }
    free(numbers);
    lane_board_free(board);
}

static void what_each_worker_used_is_told_once(void **state)
{
    struct lane_board *board = board_new(2);
    struct lane_pass a = pass_of(7, 1), b = pass_of(8, 1);
    uint32_t number_a = LANE_PASS_NONE, number_b = LANE_PASS_NONE;
    struct lane_use use;
    uint64_t frames = 0, bytes = 0;
    size_t cursor = 0;

    (void)state;
    lane_board_put(board, &number_a, &a, &a);
    lane_board_put(board, &number_b, &b, &b);
    lane_board_count(board, 0, number_a, 2, 200);
    lane_board_count(board, 1, number_a, 1, 50);
    while (lane_board_use(board, &cursor, &use)) {
        assert_ptr_equal(use.owner, &a);
        frames += use.frames;
        bytes += use.bytes;
    }
    assert_int_equal(frames, 3);
    assert_int_equal(bytes, 250);
    cursor = 0;
    assert_false(lane_board_use(board, &cursor, &use));
    lane_board_count(board, 1, number_b, 1, 50);
    lane_board_remove(board, &number_b); /* then it is nobody's */
    cursor = 0;
    assert_false(lane_board_use(board, &cursor, &use));
    lane_board_free(board);
}

static void who_sleeps_is_woken_once(void **state)
{
    struct lane_board *board = board_new(2);
    struct lane_worker_counts one = {.frames = 1, .bytes = 10}, two = {.frames = 2, .drop_ring = 3};

    (void)state;
    assert_true(lane_worker_tells(board, 0, &one, true)); /* it sleeps at the start */
    assert_false(lane_worker_tells(board, 1, &two, true));
    assert_int_equal(lane_board_counts(board).frames, 3);
    assert_int_equal(lane_board_counts(board).bytes, 10);
    assert_int_equal(lane_board_counts(board).drop_ring, 3);
    lane_board_sleep(board);
    two.stun_answered = 7;
    assert_false(lane_worker_tells(board, 1, &two, false)); /* nothing to be charged */
    assert_int_equal(lane_board_counts(board).stun_answered, 7);
    assert_true(lane_worker_tells(board, 1, &two, true));
    assert_int_equal(lane_board_counts(board).frames, 3);
    lane_board_free(board);
}

/* ---- with threads ---- */

struct finder {
    struct lane_board *board;
    unsigned worker;
    _Atomic bool *ends;
    uint64_t found, torn; /* for the test, after the thread ended */
};

static void *find_all(void *context)
{
    struct finder *finder = context;
    struct rng rng = {finder->worker + 1};
    struct lane_worker_counts counts = {0};

    while (!atomic_load(finder->ends)) {
        struct lane_pass pass;
        uint32_t number;

        if (!lane_board_find(finder->board, 1 + rng_below(&rng, 4), &pass, &number)) {
            continue;
        }
        if (pass.to == LANE_PASS_TO_OTHER) { /* else it changed all the time */
            finder->torn += is_whole(&pass) ? 0 : 1;
        }
        finder->found++;
        counts.frames++;
        lane_board_count(finder->board, finder->worker, number, 1, 100);
        (void)lane_worker_tells(finder->board, finder->worker, &counts, true);
    }
    return NULL;
}

static void use_all(struct lane_board *board, uint64_t *frames, uint64_t *bytes)
{
    struct lane_use use;
    size_t cursor = 0;

    while (lane_board_use(board, &cursor, &use)) {
        *frames += use.frames;
        *bytes += use.bytes;
    }
}

/* Passes change and are looked up at once: nobody sees half of a change, and no use is lost. */
static void nobody_sees_half_of_a_change(void **state)
{
    struct lane_board *board = board_new(FINDERS);
    struct finder finders[FINDERS];
    pthread_t threads[FINDERS];
    _Atomic bool ends = false;
    uint32_t numbers[4] = {LANE_PASS_NONE};
    uint64_t frames = 0, bytes = 0, found = 0;

    (void)state;
    for (unsigned i = 0; i < FINDERS; i++) {
        finders[i] = (struct finder){.board = board, .worker = i, .ends = &ends};
        assert_int_equal(pthread_create(&threads[i], NULL, find_all, &finders[i]), 0);
    }
    for (int step = 0; step < STEPS || lane_board_counts(board).frames == 0; step++) {
        struct lane_pass pass = pass_of((uint64_t)(step % 4) + 1, (uint8_t)step);

        lane_board_put(board, &numbers[step % 4], &pass, board);
        if (step % 1000 == 0) {
            use_all(board, &frames, &bytes);
            (void)sched_yield();
        }
    }
    atomic_store(&ends, true);
    for (unsigned i = 0; i < FINDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(finders[i].torn, 0);
        found += finders[i].found;
    }
    use_all(board, &frames, &bytes);
    assert_int_equal(frames, found);
    assert_int_equal(bytes, 100 * found);
    assert_int_equal(lane_board_counts(board).frames, found);
    lane_board_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_is_found_changed_and_gone),
        cmocka_unit_test(what_leaves_from_no_port_of_the_workers_is_for_the_control_thread),
        cmocka_unit_test(labels_come_and_go_as_in_a_naive_table),
        cmocka_unit_test(numbers_rest_before_they_are_used_again),
        cmocka_unit_test(what_each_worker_used_is_told_once),
        cmocka_unit_test(who_sleeps_is_woken_once),
        cmocka_unit_test(nobody_sees_half_of_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
