/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TUN device with several queues, on the real kernel: both directions of a flow keep to one. */
#include "client/platform/tun.h"
#include "client/tunnel/flow.h"
#include "client/tunnel/parse.h"
#include "tests/support/overlay_host.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUEUES = 4, FLOWS = 64, PORT = 7000, HOST = 1, PEER = 2 };

/* One flow out of the device, from a port that the kernel chose. */
static int flow_open(void)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(PORT),
                                   .sin_addr.s_addr = htonl(0x64400000u + PEER)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void word_send(int fd)
{
    assert_int_equal(send(fd, "word", 4, 0), 4);
}

/* The next packet to the peer that comes out of any queue, and of which; what else the kernel says
 * on a new interface is passed over. */
static size_t packet_await(struct tun *tun, struct packet *out)
{
    for (int looks = 0; looks < 1000; looks++) {
        struct pollfd ready[QUEUES];

        for (size_t i = 0; i < tun_queues(tun); i++) {
            ready[i] = (struct pollfd){.fd = tun_fd(tun, i), .events = POLLIN};
        }
        assert_true(poll(ready, tun_queues(tun), 5000) > 0);
        for (size_t i = 0; i < tun_queues(tun); i++) {
            struct packet *list;
            size_t count = ready[i].revents != 0 ? tun_receive(tun, i, &list) : 0;
            struct tunnel_ip ip;

            for (size_t k = 0; k < count; k++) {
                if (tunnel_ip_parse(&ip, list[k].data, list[k].size, false) == ERR_OK && !ip.v6 &&
                    list[k].data[ip.destination_at + 3] == PEER) {
                    *out = list[k];
                    return i;
                }
            }
        }
    }
    fail_msg("no packet came");
    return 0;
}

static void swap(uint8_t *one, uint8_t *other, size_t size)
{
    uint8_t kept[4];

    memcpy(kept, one, size);
    memcpy(one, other, size);
    memcpy(other, kept, size);
}

/* The same packet the other way. Exchanging ends changes no checksum. */
static void answer(struct tun *tun, struct packet_box *box, const struct packet *packet)
{
    struct packet back = *packet;

    packet_box_clear(box);
    back.data = packet_box_reserve(box, packet->size);
    assert_non_null(back.data);
    memcpy(back.data, packet->data, packet->size);
    swap(back.data + 12, back.data + 16, 4);
    swap(back.data + IP4_HEADER_SIZE, back.data + IP4_HEADER_SIZE + 2, 2);
    assert_int_equal(flow_number(&back), flow_number(packet));
    packet_box_commit(box, &back);
    tun_send(tun, box);
}

static void a_flow_comes_out_where_its_answers_went_in(void **state)
{
    struct tun *tun;
    struct packet_box box;
    size_t used[QUEUES] = {0};

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(HOST, QUEUES);
    assert_int_equal(tun_queues(tun), QUEUES);
    assert_int_equal(packet_box_init(&box, 1 << 16, 4), ERR_OK);
    for (int i = 0; i < FLOWS; i++) {
        int fd = flow_open();
        struct packet packet;
        char word[8];
        size_t queue;

        word_send(fd);
        (void)packet_await(tun, &packet);
        queue = flow_number(&packet) % QUEUES;
        answer(tun, &box, &packet);
        assert_int_equal(recv(fd, word, sizeof(word), 0), 4);
        word_send(fd);
        assert_int_equal(packet_await(tun, &packet), queue);
        used[queue]++;
        (void)close(fd);
    }
    for (size_t i = 0; i < QUEUES; i++) {
        assert_true(used[i] > 0);
    }
    assert_int_equal(tun_counters(tun).send_errors, 0);
    packet_box_fini(&box);
    tun_close(tun);
    assert_int_equal(if_nametoindex("zigtest0"), 0);
}

/* Where threads cannot start, the device has to work with one queue. */
static void without_the_other_queues_all_comes_out_of_the_first(void **state)
{
    struct tun *tun;
    struct packet_box box;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(HOST, QUEUES);
    assert_int_equal(packet_box_init(&box, 1 << 16, 4), ERR_OK);
    tun_queues_end(tun);
    assert_int_equal(tun_queues(tun), 1);
    for (int i = 0; i < FLOWS; i++) {
        int fd = flow_open();
        struct packet packet;
        char word[8];

        word_send(fd);
        assert_int_equal(packet_await(tun, &packet), 0);
        answer(tun, &box, &packet);
        assert_int_equal(recv(fd, word, sizeof(word), 0), 4);
        (void)close(fd);
    }
    packet_box_fini(&box);
    tun_close(tun);
}

static void every_queue_notices_that_the_device_went(void **state)
{
    struct tun *tun;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(HOST, QUEUES);
    overlay_host_command("ip link delete zigtest0");
    for (size_t i = 0; i < QUEUES; i++) {
        struct packet *list;

        assert_false(tun_gone(tun, i));
        assert_int_equal(tun_receive(tun, i, &list), 0);
        assert_true(tun_gone(tun, i));
    }
    tun_close(tun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_comes_out_where_its_answers_went_in),
        cmocka_unit_test(without_the_other_queues_all_comes_out_of_the_first),
        cmocka_unit_test(every_queue_notices_that_the_device_went),
    };

    return cmocka_run_group_tests_name("tun_queues", tests, NULL, NULL);
}
