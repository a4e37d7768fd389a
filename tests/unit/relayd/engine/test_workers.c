/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two worker threads beside a control thread, with real sockets on loopback
 * (relayd/engine/workers.h). */
#include "relayd/engine/workers.h"

#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "proto/host/udp_send.h"
#include "proto/wire/stun.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    WORKERS = 2,
    SIZE = 600,
    WAIT_MS = 5000,
    TRAIN = 20,
    PER_SOURCE = 40, /* STUN answers */
    CHANGES = 300,   /* of lanes while frames come */
    RESTARTS = 20,
};

struct setting {
    struct lane_board *board;
    struct stun_limit *limit;
    struct stun_board *stun;
    struct workers *workers;
    struct udp_batch *control, *host, *far;
    struct outbox box;
    size_t handed;
    uint8_t handed_mark;
};

static struct udp_batch *socket_open(void)
{
    struct udp_options options = {0};
    struct udp_batch *udp = NULL;
    struct fault fault = {0};

    assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
    if (udp_batch_open(&udp, &options, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    return udp;
}

/* Labels 2 and 3, of one worker each, lead from host to far and become 102 and 103. */
/* A lane's label: the upper half says at which worker it is. */
static uint64_t label_of(uint64_t number)
{
    return number << 32 | number;
}

static struct setting *setting_new(void)
{
    struct setting *s = calloc(1, sizeof(*s));
    struct workers_options options = {.count = WORKERS, .sockets_count = 1};
    struct test_env ports;
    struct fault fault = {0};

    assert_non_null(s);
    test_env_init(&ports, 1);
    assert_int_equal(stun_limit_new(&s->limit, &ports.env), ERR_OK);
    stun_limit_set(s->limit, PER_SOURCE, 1000);
    assert_int_equal(stun_board_new(&s->stun, s->limit), ERR_OK);
    s->control = socket_open();
    s->host = socket_open();
    s->far = socket_open();
    assert_int_equal(outbox_init(&s->box, 1 << 18, 256), ERR_OK);
    assert_int_equal(lane_board_new(&s->board, WORKERS), ERR_OK);
    options.board = s->board;
    options.stun = s->stun;
    options.sockets = &s->control;
    if (workers_start(&s->workers, &options, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    for (uint64_t label = 2; label < 4; label++) {
        const struct lane_pass pass = {.label = label_of(label),
                                       .other_label = label + 100,
                                       .from = *udp_batch_local(s->host),
                                       .local = *udp_batch_local(s->control),
                                       .remote = *udp_batch_local(s->far),
                                       .to = LANE_PASS_TO_OTHER};
        uint32_t number = LANE_PASS_NONE;

        lane_board_put(s->board, &number, &pass, s);
    }
    return s;
}

static void setting_free(struct setting *s)
{
    workers_stop(s->workers);
    lane_board_free(s->board);
    stun_board_free(s->stun);
    stun_limit_free(s->limit);
    udp_batch_close(s->control);
    udp_batch_close(s->host);
    udp_batch_close(s->far);
    outbox_fini(&s->box);
    free(s);
}

/* One datagram of `size` bytes into the box: a frame with this label, or for label 0 what looks
 * like QUIC. */
static void put(struct setting *s, uint64_t label, uint8_t mark, size_t size)
{
    uint8_t *to = outbox_reserve(&s->box, size);

    assert_non_null(to);
    memset(to, mark, size);
    lane_header_write(to, label_of(label));
    to[LANE_HEADER_SIZE] = FRAME_TYPE_DATA;
    if (label == 0) {
        to[0] = 0x40;
    }
    outbox_commit(&s->box, udp_batch_local(s->host), udp_batch_local(s->control), size);
}

static void send_all(struct setting *s)
{
    size_t count = s->box.items_count;

    assert_int_equal(udp_batch_send(s->host, &s->box, 0, count), count);
    outbox_clear(&s->box);
}

static size_t receive(struct udp_batch *udp, const struct dgram **items)
{
    struct pollfd wait = {.fd = udp_batch_fd(udp), .events = POLLIN};

    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    return udp_batch_receive(udp, items);
}

/* So many frames with this label arrive at the other end. */
static void expect_frames(struct setting *s, uint64_t label, size_t want)
{
    size_t have = 0;

    while (have < want) {
        const struct dgram *items;
        size_t count = receive(s->far, &items);

        for (size_t i = 0; i < count; i++) {
            uint64_t found = 0;

            assert_int_equal(lane_data_decode(&found, items[i].data, items[i].size), ERR_OK);
            assert_int_equal(found, label + 100);
            assert_true(endpoint_equal(&items[i].remote, udp_batch_local(s->control)));
            have++;
        }
    }
    assert_int_equal(have, want);
}

static void handed_take(void *context, const struct dgram *in)
{
    struct setting *s = context;

    assert_true(endpoint_equal(&in->remote, udp_batch_local(s->host)));
    assert_true(endpoint_equal(&in->local, udp_batch_local(s->control)));
    assert_int_equal(in->size, SIZE);
    s->handed_mark = in->data[SIZE - 1];
    s->handed++;
}

/* Until so many datagrams were handed over. */
static void expect_handed(struct setting *s, size_t want)
{
    while (s->handed < want) {
        struct pollfd wait = {.fd = workers_fd(s->workers), .events = POLLIN};

        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        (void)workers_drain(s->workers, 7, handed_take, s); /* in small portions */
    }
    assert_int_equal(s->handed, want);
}

static void lanes_go_to_workers_and_all_else_to_the_control_thread(void **state)
{
    struct setting *s = setting_new();
    const struct dgram *items;

    (void)state;
    for (uint64_t label = 2; label < 4; label++) {
        for (int i = 0; i < TRAIN; i++) {
            put(s, label, 1, SIZE);
        }
        send_all(s);
        expect_frames(s, label, TRAIN);
    }
    put(s, 0, 5, SIZE);
    send_all(s);
    assert_int_equal(receive(s->control, &items), 1);
    assert_int_equal(items[0].data[SIZE - 1], 5);
    put(s, 0, 6, 3); /* too short for a label */
    send_all(s);
    assert_int_equal(receive(s->control, &items), 1);
    assert_int_equal(s->handed, 0);
    setting_free(s);
}

static void what_comes_one_by_one_goes_on_in_order(void **state)
{
    struct setting *s = setting_new();
    size_t have = 0;

    (void)state;
    for (uint8_t i = 0; i < TRAIN; i++) {
        put(s, 2, i, SIZE - i % 2); /* of different sizes: no train */
    }
    send_all(s);
    while (have < TRAIN) {
        const struct dgram *items;
        size_t count = receive(s->far, &items);

        for (size_t i = 0; i < count; i++, have++) {
            assert_int_equal(items[i].size, SIZE - have % 2);
            assert_int_equal(items[i].data[items[i].size - 1], have);
        }
    }
    setting_free(s);
}

/* The kernel deals a train by its first datagram. */
static void what_hides_in_a_train_is_handed_over(void **state)
{
    struct setting *s = setting_new();

    (void)state;
    for (int i = 0; i < TRAIN; i++) {
        put(s, i % 2 == 0 ? 3 : 0, (uint8_t)i, SIZE);
    }
    send_all(s);
    expect_frames(s, 3, TRAIN / 2);
    expect_handed(s, TRAIN / 2);
    assert_int_equal(s->handed_mark, TRAIN - 1);
    setting_free(s);
}

/* A second program finds the port in use, as if it were not shared. */
static void the_port_is_in_use_for_others(void **state)
{
    struct setting *s = setting_new();
    const struct udp_options options = {.local = *udp_batch_local(s->control)};
    struct udp_batch *udp = NULL;
    struct fault fault = {0};

    (void)state;
    assert_int_equal(udp_batch_open(&udp, &options, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "is in use"));
    setting_free(s);
}

static void sockets_are_counted_together(void **state)
{
    struct setting *s = setting_new();
    struct udp_counters sum = {0};

    (void)state;
    put(s, 2, 1, SIZE);
    put(s, 3, 1, SIZE + 1);
    send_all(s);
    for (size_t have = 0; have < 2;) {
        const struct dgram *items;

        have += receive(s->far, &items);
    }
    while (sum.sent_datagrams < 3) { /* they tell it at the end of a batch */
        sum = (struct udp_counters){.sent_datagrams = 1};
        workers_socket_counters(s->workers, &sum);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(sum.sent_datagrams, 3);
    assert_int_equal(sum.received_datagrams, 2);
    assert_int_equal(lane_board_counts(s->board).frames, 2);
    workers_socket_counters(NULL, &sum); /* adds nothing */
    assert_int_equal(sum.sent_datagrams, 3);
    setting_free(s);
}

/* One binding request into the box; by its id it is for one worker or the other. */
static void put_request(struct setting *s, uint8_t id)
{
    const uint8_t transaction[STUN_ID_SIZE] = {[STUN_ID_SIZE - 1] = id};
    uint8_t *to = outbox_reserve(&s->box, STUN_REQUEST_SIZE);

    assert_non_null(to);
    stun_request(to, transaction);
    outbox_commit(&s->box, udp_batch_local(s->host), udp_batch_local(s->control),
                  STUN_REQUEST_SIZE);
}

/* So many answers come to the host, which tell where it is. */
static void expect_answers(struct setting *s, size_t want)
{
    for (size_t have = 0; have < want;) {
        const struct dgram *items;
        size_t count = receive(s->host, &items);

        for (size_t i = 0; i < count; i++, have++) {
            struct stun_message answer;

            assert_int_equal(stun_parse(&answer, items[i].data, items[i].size), ERR_OK);
            assert_int_equal(answer.class, STUN_CLASS_SUCCESS);
            assert_true(endpoint_equal(&answer.mapped, udp_batch_local(s->host)));
            assert_true(endpoint_equal(&items[i].remote, udp_batch_local(s->control)));
        }
    }
}

/* Both workers answer, from one limit; what comes between is not lost. */
static void binding_requests_are_answered_by_workers(void **state)
{
    struct setting *s = setting_new();
    struct lane_worker_counts counts;

    (void)state;
    for (uint8_t i = 0; i < PER_SOURCE + 10; i++) {
        put_request(s, i);
        if (i % 4 == 0) {
            put(s, 2 + i % 8 / 4, i, SIZE);
        }
    }
    send_all(s);
    expect_answers(s, PER_SOURCE);
    for (uint8_t i = 0; i < 2; i++) { /* the workers tell what they counted at a batch's end */
        put(s, 2 + i, i, SIZE);
    }
    send_all(s);
    do {
        counts = lane_board_counts(s->board);
        (void)poll(NULL, 0, 1);
    } while (counts.stun_answered + counts.stun_limited_address < PER_SOURCE + 10);
    assert_int_equal(counts.stun_answered, PER_SOURCE);
    assert_int_equal(counts.stun_limited_address, 10);
    assert_int_equal(counts.stun_sent_bytes % PER_SOURCE, 0);
    assert_int_equal(counts.handed, 0);
    setting_free(s);
}

/* What a worker leaves to the control thread arrives there once, by the ring or by the socket. */
static void stun_that_is_not_plain_is_handed_over(void **state)
{
    const uint8_t id[STUN_ID_SIZE] = {7}, value[SIZE - STUN_REQUEST_SIZE - 4] = {0};
    struct setting *s = setting_new();
    const struct dgram *items;
    uint8_t *to = outbox_reserve(&s->box, SIZE);

    (void)state;
    assert_int_equal(stun_lend_request(to, id, value, sizeof(value)), SIZE);
    outbox_commit(&s->box, udp_batch_local(s->host), udp_batch_local(s->control), SIZE);
    send_all(s);
    expect_handed(s, 1);
    to = outbox_reserve(&s->box, SIZE);
    (void)stun_lend_request(to, id, value, sizeof(value));
    to[4] = 0; /* no cookie: not for workers at all */
    outbox_commit(&s->box, udp_batch_local(s->host), udp_batch_local(s->control), SIZE);
    send_all(s);
    assert_int_equal(receive(s->control, &items), 1);
    assert_int_equal(s->handed, 1);
    setting_free(s);
}

/* ---- what changes while workers work ---- */

struct flood {
    struct setting *setting;
    _Atomic bool ends;
};

/* A host that sends whatever workers take, until it is told to end. */
static void *flood_run(void *context)
{
    struct flood *flood = context;
    struct setting *s = flood->setting;

    for (uint8_t i = 0; !atomic_load(&flood->ends); i++) {
        for (uint64_t label = 0; label < 4; label++) {
            put(s, label, i, SIZE - label); /* of their own sizes: no train */
        }
        put(s, 1000 + i % 2, i, SIZE);
        put(s, 0, i, SIZE); /* behind a lane's: one train */
        put_request(s, i);
        (void)udp_batch_send(s->host, &s->box, 0, s->box.items_count);
        outbox_clear(&s->box);
    }
    return NULL;
}

static void handed_ignore(void *context, const struct dgram *in)
{
    (void)context;
    assert_true(in->size > 0);
}

static void socket_drain(struct udp_batch *udp)
{
    const struct dgram *items;

    while (udp_batch_receive(udp, &items) > 0) {
    }
}

/* Lanes come, change and go, the limits are set anew, counts are read: as a control thread does
 * all that while frames and requests come. Nothing is counted for a lane that is nobody's. */
static void lanes_come_and_go_while_workers_forward(void **state)
{
    struct setting *s = setting_new();
    struct flood flood = {.setting = s};
    struct lane_worker_counts counts;
    uint32_t numbers[2] = {LANE_PASS_NONE, LANE_PASS_NONE};
    struct stun_others others = {0};
    uint64_t frames = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, flood_run, &flood), 0);
    for (unsigned i = 0; i < CHANGES; i++) {
        const struct lane_pass pass = {
            .label = label_of(1000 + i % 2),
            .other_label = 9,
            .from = *udp_batch_local(s->host),
            .local = *udp_batch_local(s->control),
            .remote = *udp_batch_local(s->far),
            .to = (uint8_t)(i % 3 == 0 ? LANE_PASS_TO_CONTROL : LANE_PASS_TO_OTHER)};
        struct udp_counters sum = {0};
        struct lane_use use;
        size_t cursor = 0;

        lane_board_put(s->board, &numbers[i % 2], &pass, s);
        if (i % 5 == 0) {
            lane_board_remove(s->board, &numbers[i % 2]);
        }
        while (lane_board_use(s->board, &cursor, &use)) {
            assert_ptr_equal(use.owner, s);
            frames += use.frames;
        }
        others.at[0][0] = udp_batch_local(s->control)->port;
        others.ip[0][0] = (uint8_t)i;
        stun_board_tell(s->stun, &others, (struct mono){0});
        stun_limit_set(s->limit, 10 + i, 1000);
        (void)workers_drain(s->workers, 16, handed_ignore, NULL);
        workers_socket_counters(s->workers, &sum);
        lane_board_sleep(s->board);
        socket_drain(s->far);
        socket_drain(s->control);
        (void)poll(NULL, 0, 1);
    }
    atomic_store(&flood.ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    counts = lane_board_counts(s->board);
    assert_true(frames > 0 && counts.stun_answered > 0);
    setting_free(s);
}

/* They end in the middle of a flood, and others begin, at the same sockets. */
static void workers_end_and_begin_while_frames_come(void **state)
{
    struct setting *s = setting_new();
    struct flood flood = {.setting = s};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, flood_run, &flood), 0);
    for (unsigned i = 0; i < RESTARTS; i++) {
        struct workers_options options = {.board = s->board,
                                          .stun = s->stun,
                                          .count = 1 + i % WORKERS,
                                          .sockets = &s->control,
                                          .sockets_count = 1};
        struct fault fault = {0};

        (void)poll(NULL, 0, 5);
        workers_stop(s->workers);
        if (workers_start(&s->workers, &options, &fault) != ERR_OK) {
            fail_msg("%s", fault.text);
        }
        socket_drain(s->far);
    }
    atomic_store(&flood.ends, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(lane_board_counts(s->board).frames > 0);
    setting_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_go_to_workers_and_all_else_to_the_control_thread),
        cmocka_unit_test(what_comes_one_by_one_goes_on_in_order),
        cmocka_unit_test(what_hides_in_a_train_is_handed_over),
        cmocka_unit_test(the_port_is_in_use_for_others),
        cmocka_unit_test(sockets_are_counted_together),
        cmocka_unit_test(binding_requests_are_answered_by_workers),
        cmocka_unit_test(stun_that_is_not_plain_is_handed_over),
        cmocka_unit_test(lanes_come_and_go_while_workers_forward),
        cmocka_unit_test(workers_end_and_begin_while_frames_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
