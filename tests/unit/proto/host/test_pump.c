/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pump between a loop, real sockets and two echoing cores. */
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/udp_send.h"

#include <errno.h>
#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

struct echo_core {
    struct ev_loop *loop;
    struct endpoint to;
    size_t to_send; /* datagrams it begins with */
    size_t received;
    size_t expected;
    struct mono deadline;
    bool expired;
};

static void echo_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct echo_core *e = context;

    (void)now;
    e->received++;
    if (e->expected == 0) {
        outbox_put(out, &in->local, &in->remote, in->data, in->size);
    } else if (e->received == e->expected) {
        ev_break(e->loop, EVBREAK_ALL);
    }
}

static void echo_expire(void *context, struct outbox *out, struct mono now)
{
    struct echo_core *e = context;

    (void)out;
    if (mono_due(e->deadline, now)) {
        e->expired = true;
        e->deadline = MONO_NEVER;
    }
}

static void echo_transmit(void *context, struct outbox *out, struct mono now)
{
    static const uint8_t payload[1200] = "ping";
    struct endpoint none = {0};
    struct echo_core *e = context;

    (void)now;
    while (e->expired && e->to_send > 0 && out->items_count < 100) {
        outbox_put(out, &none, &e->to, payload, sizeof(payload));
        e->to_send--;
    }
}

static struct mono echo_deadline(void *context)
{
    struct echo_core *e = context;

    return e->deadline;
}

static void a_pump_expires_sends_and_receives(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct echo_core cores[2] = {{.loop = loop}, {.loop = loop}};
    struct udp_batch *sockets[2];
    struct pump *pumps[2];
    struct mono start = clock_mono();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct udp_options options = {0};

        assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
        cores[i].deadline = MONO_NEVER;
    }
    cores[0].to = *udp_batch_local(sockets[1]);
    cores[0].to_send = 350;
    cores[0].expected = 350;
    cores[0].deadline = mono_add_ms(start, 30);
    for (int i = 0; i < 2; i++) {
        struct pump_core core = {.context = &cores[i],
                                 .receive = echo_receive,
                                 .expire = echo_expire,
                                 .transmit = echo_transmit,
                                 .deadline = echo_deadline};

        assert_int_equal(pump_new(&pumps[i], loop, &core, &sockets[i], 1), ERR_OK);
    }
    ev_run(loop, 0);
    assert_int_equal(cores[0].received, 350);
    assert_int_equal(cores[1].received, 350);
    assert_true(mono_ms_between(start, clock_mono()) >= 30);
    for (int i = 0; i < 2; i++) {
        pump_free(pumps[i]);
        udp_batch_close(sockets[i]);
    }
    ev_loop_destroy(loop);
}

/* In place of libc's: as long as the test says so, the socket's buffer is full, but for so many
 * messages. */
static bool buffer_full;
static unsigned buffer_takes;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (buffer_full && buffer_takes == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (buffer_full) {
        count = count < buffer_takes ? count : buffer_takes;
        buffer_takes -= count;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

/* What a core says last goes out although the socket was full just before. */
static void a_drained_pump_sends_the_last_words_too(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct echo_core talker = {.loop = loop, .expired = true, .to_send = 3};
    const struct pump_core core = {.context = &talker,
                                   .receive = echo_receive,
                                   .expire = echo_expire,
                                   .transmit = echo_transmit,
                                   .deadline = echo_deadline};
    struct udp_options options = {0};
    struct udp_batch *sockets[2];
    const struct dgram *items;
    struct pump *pump;

    (void)state;
    assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
    }
    talker.deadline = MONO_NEVER;
    talker.to = *udp_batch_local(sockets[1]);
    assert_int_equal(pump_new(&pump, loop, &core, &sockets[0], 1), ERR_OK);
    buffer_full = true;
    pump_kick(pump);
    assert_true(pump_blocked(pump));
    buffer_full = false;
    talker.to_send = 2;
    pump_drain(pump, 1000);
    assert_int_equal(udp_batch_receive(sockets[1], &items), 5);
    assert_false(pump_blocked(pump));
    pump_free(pump);
    udp_batch_close(sockets[0]);
    udp_batch_close(sockets[1]);
    ev_loop_destroy(loop);
}

/* A core that talks from an added socket, and lets it go when it is blocked. */
struct leaving_core {
    struct endpoint to;
    struct pump *pump;
    struct udp_batch *removed;
    uint16_t port;
    size_t to_send;
};

static void leaving_receive(void *context, const struct dgram *in, struct outbox *out,
                            struct mono now)
{
    (void)context, (void)in, (void)out, (void)now;
}

static void leaving_expire(void *context, struct outbox *out, struct mono now)
{
    (void)context, (void)out, (void)now;
}

static void leaving_transmit(void *context, struct outbox *out, struct mono now)
{
    struct leaving_core *l = context;
    const struct endpoint local = {.port = l->port};

    (void)now;
    for (; l->to_send > 0; l->to_send--) {
        outbox_put(out, &local, &l->to, (const uint8_t *)"bye", 3);
    }
}

static struct mono leaving_deadline(void *context)
{
    (void)context;
    return MONO_NEVER;
}

static void leaving_settle(void *context, struct mono now)
{
    struct leaving_core *l = context;

    (void)now;
    if (pump_blocked(l->pump)) {
        l->removed = pump_remove(l->pump, l->port);
        buffer_full = false;
    }
}

static void what_a_removed_socket_held_back_leaves_at_once(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct leaving_core leaving = {.to_send = 3};
    const struct pump_core core = {.context = &leaving,
                                   .receive = leaving_receive,
                                   .expire = leaving_expire,
                                   .transmit = leaving_transmit,
                                   .deadline = leaving_deadline,
                                   .settle = leaving_settle};
    struct udp_options options = {0};
    struct udp_batch *sockets[3];
    const struct dgram *items;
    size_t received = 0;

    (void)state;
    assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
    }
    leaving.to = *udp_batch_local(sockets[1]);
    leaving.port = udp_batch_local(sockets[2])->port;
    assert_int_equal(pump_new(&leaving.pump, loop, &core, &sockets[0], 1), ERR_OK);
    assert_int_equal(pump_add(leaving.pump, sockets[2]), ERR_OK);
    buffer_full = true;
    pump_kick(leaving.pump);
    assert_ptr_equal(leaving.removed, sockets[2]);
    for (int i = 0; i < 10; i++) { /* nothing else happens that could wake it */
        ev_run(loop, EVRUN_NOWAIT);
        received += udp_batch_receive(sockets[1], &items);
    }
    assert_int_equal(received, 3);
    pump_free(leaving.pump);
    for (int i = 0; i < 3; i++) {
        udp_batch_close(sockets[i]);
    }
    ev_loop_destroy(loop);
}

/* A core that notes what came first, and one that always has something to receive. */
struct late_core {
    struct ev_loop *loop;
    struct mono deadline;
    unsigned received, received_before_expiry, expired;
    bool chatters;
};

static void late_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct late_core *l = context;

    (void)now;
    l->received++;
    if (l->chatters) {
        outbox_put(out, &in->local, &in->remote, in->data, in->size);
    }
}

static void late_expire(void *context, struct outbox *out, struct mono now)
{
    struct late_core *l = context;

    (void)out;
    (void)now;
    l->expired++;
    l->received_before_expiry = l->received;
    l->deadline = MONO_NEVER;
    ev_break(l->loop, EVBREAK_ALL);
}

static void late_transmit(void *context, struct outbox *out, struct mono now)
{
    (void)context;
    (void)out;
    (void)now;
}

static struct mono late_deadline(void *context)
{
    const struct late_core *l = context;

    return l->deadline;
}

static void sleep_ms(long ms)
{
    const struct timespec step = {.tv_nsec = ms * 1000000L};

    (void)nanosleep(&step, NULL);
}

/* The process was not run for a while: what came meanwhile counts before the deadline that passed
 * meanwhile, and it is not put off by more that comes. */
static void what_came_in_time_is_read_before_a_late_deadline(void **state)
{
    (void)state;
    for (int chatters = 0; chatters < 2; chatters++) {
        struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
        struct late_core late = {.loop = loop, .chatters = chatters == 1};
        const struct pump_core core = {.context = &late,
                                       .receive = late_receive,
                                       .expire = late_expire,
                                       .transmit = late_transmit,
                                       .deadline = late_deadline};
        struct udp_options options = {0};
        struct udp_batch *socket;
        struct pump *pump;
        struct outbox box;

        assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
        assert_int_equal(udp_batch_open(&socket, &options, NULL), ERR_OK);
        late.deadline = mono_add_ms(clock_mono(), 10);
        assert_int_equal(pump_new(&pump, loop, &core, &socket, 1), ERR_OK);
        assert_int_equal(outbox_init(&box, 4096, 4), ERR_OK);
        outbox_put(&box, udp_batch_local(socket), udp_batch_local(socket), (const uint8_t *)"word",
                   4);
        assert_int_equal(udp_batch_send(socket, &box, 0, 1), 1);
        sleep_ms(30);
        ev_run(loop, 0);
        assert_int_equal(late.expired, 1);
        assert_in_range(late.received_before_expiry, 1, 2);
        outbox_fini(&box);
        pump_free(pump);
        udp_batch_close(socket);
        ev_loop_destroy(loop);
    }
}

/* Where another thread receives, the loop's timer is all that the pump waits for, so a late one
 * lets that thread go first, but not for ever. */
static void a_late_deadline_lets_another_thread_receive_first(void **state)
{
    (void)state;
    for (int reads = 0; reads < 2; reads++) {
        struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
        struct late_core late = {.loop = loop};
        const struct pump_core core = {.context = &late,
                                       .receive = late_receive,
                                       .expire = late_expire,
                                       .transmit = late_transmit,
                                       .deadline = late_deadline};
        const struct udp_options options = {.local = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}}};
        const struct dgram *items;
        struct udp_batch *socket;
        struct pump *pump;
        struct outbox box;

        assert_int_equal(udp_batch_open(&socket, &options, NULL), ERR_OK);
        late.deadline = mono_add_ms(clock_mono(), 10);
        assert_int_equal(pump_new(&pump, loop, &core, &socket, 1), ERR_OK);
        pump_receive_elsewhere(pump);
        assert_int_equal(outbox_init(&box, 64, 1), ERR_OK);
        outbox_put(&box, udp_batch_local(socket), udp_batch_local(socket), (const uint8_t *)"word",
                   4);
        assert_int_equal(udp_batch_send(socket, &box, 0, 1), 1);
        sleep_ms(90);
        ev_run(loop, EVRUN_NOWAIT);
        assert_int_equal(late.expired, 0);
        if (reads == 1) {
            assert_int_equal(udp_batch_receive(socket, &items), 1);
        }
        ev_run(loop, 0);
        assert_int_equal(late.expired, 1);
        assert_int_equal(late.received, 0);
        outbox_fini(&box);
        pump_free(pump);
        udp_batch_close(socket);
        ev_loop_destroy(loop);
    }
}

/* A core that takes back what was not sent yet, and says something else. */
struct changing_core {
    struct endpoint to[2];
    unsigned says;
};

static void changing_say(struct changing_core *c, struct outbox *out, const char *word)
{
    const struct endpoint none = {0};

    for (size_t i = 0; i < 4; i++) { /* to one after the other, so that each is a message */
        outbox_put(out, &none, &c->to[i % 2], (const uint8_t *)word, strlen(word));
    }
}

static void changing_receive(void *context, const struct dgram *in, struct outbox *out,
                             struct mono now)
{
    (void)in, (void)now;
    outbox_clear(out);
    changing_say(context, out, "right");
}

static void changing_transmit(void *context, struct outbox *out, struct mono now)
{
    struct changing_core *c = context;

    (void)now;
    if (c->says > 0) {
        c->says--;
        changing_say(c, out, "taken back");
    }
}

static void what_the_core_says_instead_is_sent_whole(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct changing_core changing = {.says = 1};
    const struct pump_core core = {.context = &changing,
                                   .receive = changing_receive,
                                   .expire = leaving_expire,
                                   .transmit = changing_transmit,
                                   .deadline = leaving_deadline};
    const struct udp_options options = {.local = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}}};
    struct udp_batch *sockets[3];
    const struct dgram *items;
    struct pump *pump;
    struct outbox box;
    size_t right = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
    }
    changing.to[0] = *udp_batch_local(sockets[1]);
    changing.to[1] = *udp_batch_local(sockets[2]);
    assert_int_equal(pump_new(&pump, loop, &core, &sockets[0], 1), ERR_OK);
    buffer_full = true;
    buffer_takes = 2;
    pump_kick(pump);
    assert_true(pump_blocked(pump));
    buffer_full = false;
    assert_int_equal(outbox_init(&box, 64, 1), ERR_OK);
    outbox_put(&box, udp_batch_local(sockets[1]), udp_batch_local(sockets[0]),
               (const uint8_t *)"change", 6);
    assert_int_equal(udp_batch_send(sockets[1], &box, 0, 1), 1);
    for (int i = 0; i < 10; i++) {
        ev_run(loop, EVRUN_NOWAIT);
        for (int k = 1; k < 3; k++) {
            size_t count = udp_batch_receive(sockets[k], &items);

            for (size_t n = 0; n < count; n++) {
                right += items[n].size == 5 && memcmp(items[n].data, "right", 5) == 0 ? 1 : 0;
            }
        }
    }
    assert_int_equal(right, 4);
    outbox_fini(&box);
    pump_free(pump);
    for (int i = 0; i < 3; i++) {
        udp_batch_close(sockets[i]);
    }
    ev_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_deadline_lets_another_thread_receive_first),
        cmocka_unit_test(what_the_core_says_instead_is_sent_whole),
        cmocka_unit_test(a_pump_expires_sends_and_receives),
        cmocka_unit_test(a_drained_pump_sends_the_last_words_too),
        cmocka_unit_test(what_a_removed_socket_held_back_leaves_at_once),
        cmocka_unit_test(what_came_in_time_is_read_before_a_late_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
