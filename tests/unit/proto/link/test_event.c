/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue of events: its order, its bounds, and ends that need no memory. */
#include "proto/link/event.h"
#include "proto/wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SESSIONS = 1000 };

static void events_that_nobody_polls_are_bounded_but_for_the_end(void **state)
{
    static uint8_t bytes[FRAME_SIZE_MAX];
    const uint8_t *borrowed;
    struct event_queue queue;
    struct event_item item;
    struct event_end end;
    size_t count = 0;

    (void)state;
    event_queue_init(&queue);
    while (event_queue_push(&queue, LINK_EVENT_DATAGRAM, NULL, bytes, sizeof(bytes)) == ERR_OK) {
        count++;
    }
    assert_int_equal(count, EVENT_BYTES_MAX / sizeof(bytes));
    event_queue_push_end(&queue, &end, NULL);
    for (size_t i = 0; i < count; i++) {
        assert_true(event_queue_pop(&queue, &item, &borrowed));
        assert_int_equal(item.type, LINK_EVENT_DATAGRAM);
    }
    assert_true(event_queue_pop(&queue, &item, &borrowed));
    assert_int_equal(item.type, LINK_EVENT_CLOSED);
    assert_false(event_queue_pop(&queue, &item, &borrowed));
    event_queue_fini(&queue);
    for (count = 0; count < EVENT_COUNT_MAX; count++) {
        assert_int_equal(event_queue_push(&queue, LINK_EVENT_MOVED, NULL, NULL, 0), ERR_OK);
    }
    assert_int_equal(event_queue_push(&queue, LINK_EVENT_MOVED, NULL, NULL, 0), ERR_LIMIT);
    event_queue_fini(&queue);
}

static void ends_take_no_memory(void **state)
{
    static struct event_end ends[SESSIONS];
    const uint8_t *borrowed;
    struct event_queue queue;
    struct event_item item;

    (void)state;
    event_queue_init(&queue);
    for (size_t i = 0; i < SESSIONS; i++) {
        event_queue_push_end(&queue, &ends[i], (struct link_session *)(void *)&ends[i]);
    }
    assert_null(queue.items);
    assert_null(queue.bytes);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_true(event_queue_pop(&queue, &item, &borrowed));
        assert_int_equal(item.type, LINK_EVENT_CLOSED);
        assert_ptr_equal(item.session, &ends[i]);
    }
    assert_false(event_queue_pop(&queue, &item, &borrowed));
    event_queue_fini(&queue);
}

/* Events of several sessions, some polled in between, come out as they went in. */
static void ends_keep_their_place_among_the_others(void **state)
{
    enum { ROUNDS = 50 };
    static struct event_end ends[ROUNDS];
    const uint8_t *borrowed;
    struct event_queue queue;
    struct event_item item;

    (void)state;
    event_queue_init(&queue);
    for (uint8_t i = 0; i < ROUNDS; i++) {
        assert_int_equal(event_queue_push(&queue, LINK_EVENT_CONTROL, NULL, &i, 1), ERR_OK);
        event_queue_push_end(&queue, &ends[i], NULL);
        if (i % 3 == 0) {
            event_queue_recycle(&queue); /* not all is polled: nothing changes */
        }
    }
    for (uint8_t i = 0; i < ROUNDS; i++) {
        assert_true(event_queue_pop(&queue, &item, &borrowed));
        assert_int_equal(item.type, LINK_EVENT_CONTROL);
        assert_int_equal(borrowed[0], i);
        event_queue_recycle(&queue);
        assert_true(event_queue_pop(&queue, &item, &borrowed));
        assert_int_equal(item.type, LINK_EVENT_CLOSED);
    }
    assert_false(event_queue_pop(&queue, &item, &borrowed));
    event_queue_recycle(&queue);
    assert_int_equal(queue.bytes_used, 0);
    event_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_nobody_polls_are_bounded_but_for_the_end),
        cmocka_unit_test(ends_take_no_memory),
        cmocka_unit_test(ends_keep_their_place_among_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
