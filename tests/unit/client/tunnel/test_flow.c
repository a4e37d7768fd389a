/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both directions of a flow have one number, and flows many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/tunnel/flow.h"
#include "client/tunnel/parse.h"
#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"

#include <string.h>

enum { SIZE4 = IP4_HEADER_SIZE + UDP_HEADER_SIZE, SIZE6 = IP6_HEADER_SIZE + UDP_HEADER_SIZE };

static uint32_t number4(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port,
                        uint16_t fragment)
{
    uint8_t data[SIZE4] = {0x45, [3] = SIZE4, [8] = 64, [9] = IP_PROTOCOL_UDP};
    const struct packet packet = {.data = data, .size = sizeof(data)};

    be16_write(data + 6, fragment);
    be32_write(data + 12, from);
    be32_write(data + 16, to);
    be16_write(data + IP4_HEADER_SIZE, from_port);
    be16_write(data + IP4_HEADER_SIZE + 2, to_port);
    return flow_number(&packet);
}

static uint32_t number6(uint8_t from, uint16_t from_port, uint8_t to, uint16_t to_port)
{
    uint8_t data[SIZE6] = {0x60, [5] = UDP_HEADER_SIZE, [6] = IP_PROTOCOL_UDP, [7] = 64};
    const struct packet packet = {.data = data, .size = sizeof(data)};

    data[8] = data[24] = 0xfd;
    data[23] = from;
    data[39] = to;
    be16_write(data + IP6_HEADER_SIZE, from_port);
    be16_write(data + IP6_HEADER_SIZE + 2, to_port);
    return flow_number(&packet);
}

static void both_directions_have_one_number(void **state)
{
    (void)state;
    assert_int_equal(number4(0x64400001, 5000, 0x64400002, 443, 0),
                     number4(0x64400002, 443, 0x64400001, 5000, 0));
    assert_int_equal(number6(1, 5000, 2, 443), number6(2, 443, 1, 5000));
}

static void flows_of_two_hosts_spread_over_queues(void **state)
{
    size_t used4[4] = {0}, used6[4] = {0};

    (void)state;
    for (uint16_t port = 40000; port < 40256; port++) {
        used4[number4(0x64400001, port, 0x64400002, 443, 0) % 4]++;
        used6[number6(1, port, 2, 443) % 4]++;
    }
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(used4[i], 32, 96);
        assert_in_range(used6[i], 32, 96);
    }
}

/* Only the first one has ports. */
static void fragments_of_a_packet_have_one_number(void **state)
{
    enum { MORE = 0x2000 };

    (void)state;
    assert_int_equal(number4(0x64400001, 5000, 0x64400002, 443, MORE),
                     number4(0x64400001, 0x1234, 0x64400002, 0x5678, MORE | 185));
}

static void what_is_no_packet_has_number_zero(void **state)
{
    uint8_t data[SIZE4] = {0x45, [3] = SIZE4, [9] = IP_PROTOCOL_UDP};
    struct packet packet = {.data = data, .size = 0};

    (void)state;
    assert_int_equal(flow_number(&packet), 0);
    packet.size = IP4_HEADER_SIZE - 1;
    assert_int_equal(flow_number(&packet), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_have_one_number),
        cmocka_unit_test(flows_of_two_hosts_spread_over_queues),
        cmocka_unit_test(fragments_of_a_packet_have_one_number),
        cmocka_unit_test(what_is_no_packet_has_number_zero),
    };

    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
