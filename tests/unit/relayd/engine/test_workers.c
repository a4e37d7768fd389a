/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two worker threads beside a control thread, with real sockets on loopback
 * (relayd/engine/workers.h). */
#include "relayd/engine/workers.h"

#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "proto/host/udp_send.h"
#include "tests/support/fixture.h"

#include <poll.h>

enum { WORKERS = 2, SIZE = 600, WAIT_MS = 5000, TRAIN = 20 };

struct setting {
    struct lane_board *board;
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
static struct setting *setting_new(void)
{
    struct setting *s = calloc(1, sizeof(*s));
    struct workers_options options = {.count = WORKERS, .sockets_count = 1};
    struct fault fault = {0};

    assert_non_null(s);
    s->control = socket_open();
    s->host = socket_open();
    s->far = socket_open();
    assert_int_equal(outbox_init(&s->box, 1 << 18, 256), ERR_OK);
    assert_int_equal(lane_board_new(&s->board, WORKERS), ERR_OK);
    options.board = s->board;
    options.sockets = &s->control;
    if (workers_start(&s->workers, &options, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    for (uint64_t label = 2; label < 4; label++) {
        const struct lane_pass pass = {.label = label,
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
    lane_header_write(to, label);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_go_to_workers_and_all_else_to_the_control_thread),
        cmocka_unit_test(what_comes_one_by_one_goes_on_in_order),
        cmocka_unit_test(what_hides_in_a_train_is_handed_over),
        cmocka_unit_test(the_port_is_in_use_for_others),
        cmocka_unit_test(sockets_are_counted_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
