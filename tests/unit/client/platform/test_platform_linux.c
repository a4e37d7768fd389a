/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client/platform on the real kernel: two TUN devices in two network namespaces of this process,
 * with a thread that carries packets between them. Skipped where the kernel forbids namespaces. */
#include "client/platform/netcfg.h"
#include "client/platform/netused.h"
#include "client/platform/tun.h"
#include "tests/support/overlay_host.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { STREAM_SIZE = 4 << 20 };

/* -- Two hosts joined by a thread -----------------------------------------------------------------
 */

struct wire {
    struct tun *ends[2];
    atomic_bool stop;
    size_t super_packets, packets;
    pthread_t thread;
};

static void carry(struct wire *wire, int from, struct packet_box *box)
{
    struct packet *items;
    size_t count = tun_receive(wire->ends[from], 0, &items);

    packet_box_clear(box);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = packet_box_reserve(box, items[i].size);
        struct packet copy = items[i];

        assert_non_null(at);
        memcpy(at, items[i].data, items[i].size);
        copy.data = at;
        packet_box_commit(box, &copy);
        wire->packets++;
        wire->super_packets += items[i].gso != PACKET_GSO_NONE ? 1 : 0;
    }
    tun_send(wire->ends[1 - from], box);
}

static void *wire_main(void *argument)
{
    struct wire *wire = argument;
    struct packet_box box;

    assert_int_equal(packet_box_init(&box, 2 << 20, TUN_BATCH_MAX), ERR_OK);
    while (!atomic_load(&wire->stop)) {
        struct pollfd ready[2] = {{.fd = tun_fd(wire->ends[0], 0), .events = POLLIN},
                                  {.fd = tun_fd(wire->ends[1], 0), .events = POLLIN}};

        (void)poll(ready, 2, 20);
        for (int i = 0; i < 2; i++) {
            carry(wire, i, &box);
        }
    }
    packet_box_fini(&box);
    return NULL;
}

/* Send STREAM_SIZE bytes from `client` to what `listener` accepts, both at once, and compare. */
static void stream_passes(int listener, int client, const struct sockaddr_in6 *to,
                          socklen_t to_size)
{
    static uint8_t out[STREAM_SIZE];
    static uint8_t in[STREAM_SIZE];
    size_t sent = 0;
    size_t have = 0;
    int server;

    for (size_t i = 0; i < STREAM_SIZE; i++) {
        out[i] = (uint8_t)(i * 7 + i / 4096);
    }
    assert_int_equal(connect(client, (const struct sockaddr *)to, to_size), 0);
    server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
    while (have < STREAM_SIZE) {
        struct pollfd ready[2] = {
            {.fd = server, .events = POLLIN},
            {.fd = client, .events = (short)(sent < STREAM_SIZE ? POLLOUT : 0)}};

        assert_true(poll(ready, 2, 5000) > 0);
        if (sent < STREAM_SIZE) {
            ssize_t n = send(client, out + sent, STREAM_SIZE - sent, MSG_DONTWAIT);

            sent += n > 0 ? (size_t)n : 0;
        }
        if ((ready[0].revents & POLLIN) != 0) {
            ssize_t n = recv(server, in + have, STREAM_SIZE - have, MSG_DONTWAIT);

            assert_true(n > 0);
            have += (size_t)n;
        }
    }
    assert_memory_equal(in, out, STREAM_SIZE);
    (void)close(server);
    (void)close(client);
    (void)close(listener);
}

static socklen_t address_of(struct sockaddr_in6 *out, int family, uint8_t number)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    static const uint8_t prefix[4] = {0xfd, 0xd9, 0xf8, 0x00};

    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(7000);
        v4->sin_addr.s_addr = htonl(0x64400000u + number);
        return sizeof(*v4);
    }
    out->sin6_family = AF_INET6;
    out->sin6_port = htons(7000);
    memcpy(&out->sin6_addr, prefix, 4);
    out->sin6_addr.s6_addr[15] = number;
    return sizeof(*out);
}

static int listener_open(int family, uint8_t number)
{
    struct sockaddr_in6 name;
    socklen_t size = address_of(&name, family, number);
    int fd = socket(family, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void tcp_passes_between_two_devices_as_super_packets(void **state)
{
    struct wire wire = {0};
    struct sockaddr_in6 to;
    socklen_t to_size;
    int listeners[2];

    (void)state;
    overlay_host_namespace();
    wire.ends[0] = overlay_host_start(1, 1);
    listeners[0] = listener_open(AF_INET, 1);
    listeners[1] = listener_open(AF_INET6, 1);
    overlay_host_namespace();
    wire.ends[1] = overlay_host_start(2, 1);
    assert_int_equal(pthread_create(&wire.thread, NULL, wire_main, &wire), 0);
    to_size = address_of(&to, AF_INET, 1);
    stream_passes(listeners[0], socket(AF_INET, SOCK_STREAM, 0), &to, to_size);
    to_size = address_of(&to, AF_INET6, 1);
    stream_passes(listeners[1], socket(AF_INET6, SOCK_STREAM, 0), &to, to_size);
    atomic_store(&wire.stop, true);
    assert_int_equal(pthread_join(wire.thread, NULL), 0);
    print_message("%zu packets, %zu of them super-packets\n", wire.packets, wire.super_packets);
    assert_true(tun_offload(wire.ends[0]).tcp);
    assert_true(wire.super_packets > 100);
    assert_int_equal(tun_counters(wire.ends[0]).send_errors, 0);
    tun_close(wire.ends[0]);
    tun_close(wire.ends[1]);
}

/* Send one byte again and again until one arrives: a new interface loses what comes while it gets
 * ready, and unlike TCP nobody here repeats it. */
static void way_opens(int receiver, int sender, const struct sockaddr_in6 *to, socklen_t to_size)
{
    struct pollfd ready = {.fd = receiver, .events = POLLIN};
    uint8_t byte = 1;
    int tries = 0;

    do {
        assert_true(tries++ < 500);
        (void)sendto(sender, &byte, sizeof(byte), 0, (const struct sockaddr *)to, to_size);
    } while (poll(&ready, 1, 20) == 0);
    while (poll(&ready, 1, 200) == 1) {
        assert_int_equal(recv(receiver, &byte, sizeof(byte), 0), sizeof(byte));
    }
}

/* One send with UDP_SEGMENT, as QUIC and HTTP/3 do it: 20 datagrams of DGRAM_SIZE bytes and a
 * shorter one arrive, each by itself, with right checksums, or the kernel would drop them. */
static void datagrams_pass(int receiver, int sender, const struct sockaddr_in6 *to,
                           socklen_t to_size)
{
    enum { DGRAM_SIZE = 1000, LAST_SIZE = 300, DGRAMS = 20 };
    static uint8_t out[DGRAMS * DGRAM_SIZE + LAST_SIZE];
    int segment = DGRAM_SIZE;

    for (size_t i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)(i * 7 + i / 4096);
    }
    way_opens(receiver, sender, to, to_size);
    assert_int_equal(setsockopt(sender, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)), 0);
    assert_int_equal(sendto(sender, out, sizeof(out), 0, (const struct sockaddr *)to, to_size),
                     sizeof(out));
    for (size_t at = 0; at < sizeof(out); at += DGRAM_SIZE) {
        struct pollfd ready = {.fd = receiver, .events = POLLIN};
        uint8_t in[DGRAM_SIZE + 1];
        size_t size = sizeof(out) - at < DGRAM_SIZE ? LAST_SIZE : DGRAM_SIZE;

        assert_int_equal(poll(&ready, 1, 5000), 1);
        assert_int_equal(recv(receiver, in, sizeof(in), 0), size);
        assert_memory_equal(in, out + at, size);
    }
    (void)close(sender);
    (void)close(receiver);
}

static int receiver_open(int family, uint8_t number)
{
    struct sockaddr_in6 name;
    socklen_t size = address_of(&name, family, number);
    int fd = socket(family, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
    return fd;
}

static void udp_trains_pass_between_two_devices_as_super_packets(void **state)
{
    struct wire wire = {0};
    struct sockaddr_in6 to;
    socklen_t to_size;
    int receivers[2];

    (void)state;
    overlay_host_namespace();
    wire.ends[0] = overlay_host_start(1, 1);
    receivers[0] = receiver_open(AF_INET, 1);
    receivers[1] = receiver_open(AF_INET6, 1);
    overlay_host_namespace();
    wire.ends[1] = overlay_host_start(2, 1);
    assert_int_equal(pthread_create(&wire.thread, NULL, wire_main, &wire), 0);
    to_size = address_of(&to, AF_INET, 1);
    datagrams_pass(receivers[0], socket(AF_INET, SOCK_DGRAM, 0), &to, to_size);
    to_size = address_of(&to, AF_INET6, 1);
    datagrams_pass(receivers[1], socket(AF_INET6, SOCK_DGRAM, 0), &to, to_size);
    atomic_store(&wire.stop, true);
    assert_int_equal(pthread_join(wire.thread, NULL), 0);
    print_message("%zu packets, %zu of them super-packets\n", wire.packets, wire.super_packets);
    /* Kernels before 6.2 cut trains themselves. */
    assert_int_equal(wire.super_packets, tun_offload(wire.ends[1]).udp ? 2 : 0);
    assert_int_equal(tun_counters(wire.ends[0]).send_errors, 0);
    assert_int_equal(tun_counters(wire.ends[1]).receive_errors, 0);
    tun_close(wire.ends[0]);
    tun_close(wire.ends[1]);
}

static void the_interface_has_the_mtu_and_queue_and_vanishes_on_close(void **state)
{
    struct ifreq request = {.ifr_name = "zigtest0"};
    struct tun *tun;
    int fd;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(3, 1);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCGIFMTU, &request), 0);
    assert_int_equal(request.ifr_mtu, 1280);
    assert_int_equal(ioctl(fd, SIOCGIFTXQLEN, &request), 0);
    assert_int_equal(request.ifr_qlen, 1000);
    (void)close(fd);
    tun_close(tun);
    assert_int_equal(if_nametoindex("zigtest0"), 0);
}

/* The interface of the route to this single address, as /proc lists it; "" if there is none. */
static const char *route_interface(const uint8_t ip[16])
{
    static char interface[IF_NAMESIZE];
    char wanted[33];
    char line[256];
    FILE *file = fopen("/proc/net/ipv6_route", "r");

    assert_non_null(file);
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(wanted + 2 * i, 3, "%02x", ip[i]);
    }
    interface[0] = '\0';
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *last = strrchr(line, ' ');

        if (strncmp(line, wanted, 32) == 0 && strncmp(line + 32, " 80 ", 4) == 0 && last != NULL) {
            (void)snprintf(interface, sizeof(interface), "%.*s", (int)strcspn(last + 1, "\n"),
                           last + 1);
        }
    }
    (void)fclose(file);
    return interface;
}

static void a_second_overlay_interface_shares_the_routes(void **state)
{
    struct netcfg_plan plan = {.mtu = 1280,
                               .ipv4 = {100, 65, 0, 1},
                               .ipv4_prefix = 16,
                               .ipv6 = {0xfd, 0xd9, 0xf8, 0x00, [15] = 9}};
    struct netcfg_report report;
    struct fault fault = {0};
    struct tun *first;
    struct tun *second;

    (void)state;
    overlay_host_namespace();
    first = overlay_host_start(4, 1);
    assert_int_equal(tun_open(&second, "zigtest1", 1, &fault), ERR_OK);
    assert_int_equal(netcfg_apply("zigtest1", &plan, &report, &fault), ERR_OK);
    assert_true(report.ipv6_route_shared);

    /* A peer's own route leads to this interface, until it is taken away. */
    struct netcfg_host host = {.ip = {0xfd, 0xd9, 0xf8, 0x00, [15] = 77}, .wanted = true};

    for (int i = 0; i < 4; i++) {
        host.wanted = i < 2;
        assert_int_equal(netcfg_route_hosts("zigtest1", &plan, &host, 1, &fault), ERR_OK);
        assert_int_equal(strcmp(route_interface(host.ip), "zigtest1") == 0, host.wanted);
    }
    tun_close(first);
    tun_close(second);
}

/* What is missing comes back, and nothing else is touched. The kernel takes all of IPv6 away: two
 * addresses, the overlay's three routes, and that of the pool in its 4in6 form. */
static void what_somebody_took_from_the_interface_is_put_back(void **state)
{
    static const struct {
        const char *command;
        size_t made;
        bool down, ipv6_off;
    } cases[] = {
        {"true", 0, false, false},
        {"ip link set zigtest0 down", 0, true, false},
        {"ip link set zigtest0 up", 7, false, false},
        {"ip addr del 100.64.255.6/32 dev zigtest0", 1, false, false},
        {"ip addr del fdd9:f800::6/128 dev zigtest0", 1, false, false},
        {"ip -4 addr flush dev zigtest0", 3, false, false}, /* two, and the route from them */
        {"ip route flush dev zigtest0", 1, false, false},
        {"ip -6 route del fdd9:f8f4::/32 dev zigtest0", 1, false, false},
        {"ip addr add 192.0.2.1/24 dev zigtest0; ip -6 route add 2001:db8::/32 dev zigtest0", 0,
         false, false},
        {"sysctl -qw net.ipv6.conf.zigtest0.disable_ipv6=1", 0, false, true},
        {"sysctl -qw net.ipv6.conf.zigtest0.disable_ipv6=0", 6, false, false},
        {"ip link set zigtest0 mtu 1000", 0, false, true}, /* too small for IPv6 */
        {"ip link set zigtest0 mtu 1300", 6, false, false},
    };
    const struct netcfg_plan plan = overlay_host_plan(6);
    struct ifreq request = {.ifr_name = "zigtest0"};
    struct netcfg_report report;
    struct fault fault = {0};
    struct tun *tun;
    int fd;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(6, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        overlay_host_command(cases[i].command);
        for (int again = 0; again < 2; again++) {
            if (netcfg_restore("zigtest0", &plan, &report, &fault) != ERR_OK) {
                fail_msg("%s: %s", cases[i].command, fault.text);
            }
            if (report.made != (again ? 0 : cases[i].made) || report.down != cases[i].down ||
                report.ipv6_off != cases[i].ipv6_off || report.ipv6_route_shared) {
                fail_msg("%s: made %zu, down %d, IPv6 off %d, shared %d", cases[i].command,
                         report.made, report.down, report.ipv6_off, report.ipv6_route_shared);
            }
        }
    }
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCGIFMTU, &request), 0);
    assert_int_equal(request.ifr_mtu, 1300); /* whoever changed it meant it */
    (void)close(fd);
    tun_close(tun);
    assert_int_equal(netcfg_restore("zigtest0", &plan, &report, &fault), ERR_SYSTEM);
}

/* The machine's own network has addresses of the pool. Its router is there, and must not be looked
 * for behind the interface. */
static void a_pool_that_is_in_use_outside_is_routed_by_peers(void **state)
{
    struct netcfg_plan plan = overlay_host_plan(6);
    struct netcfg_host hosts[2] = {
        {.ip = {[10] = 0xff, [11] = 0xff, [12] = 100, [13] = 64, [15] = 77}, .wanted = true},
        {.ip = {[10] = 0xff, [11] = 0xff, [12] = 100, [13] = 64, [15] = 78}, .wanted = true}};
    struct netcfg_report report;
    struct fault fault = {0};
    struct tun *tun;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(6, 1);
    overlay_host_command("ip link add veth0 type veth peer name veth1 && ip link set veth1 up && "
                         "ip link set veth0 up && ip addr add 100.64.0.9/10 dev veth0 && "
                         "ip route add default via 100.64.0.1 && "
                         "ip route show default | grep -q 'dev veth0'");
    overlay_host_command("ip route get 100.64.0.5 | grep -q 'dev zigtest0'"); /* it is hidden */
    plan.pool_by_hosts = true;
    assert_int_equal(netcfg_restore("zigtest0", &plan, &report, &fault), ERR_OK);
    assert_int_equal(netcfg_route_hosts("zigtest0", &plan, hosts, 2, &fault), ERR_OK);
    assert_int_equal(netcfg_route_hosts("zigtest0", &plan, hosts, 2, &fault), ERR_OK); /* again */
    hosts[1].wanted = false;
    assert_int_equal(netcfg_route_hosts("zigtest0", &plan, hosts, 2, &fault), ERR_OK);
    overlay_host_command("ip route get 100.64.0.1 | grep -q 'dev veth0' && "
                         "ip route get 100.64.0.5 | grep -q 'dev veth0' && "
                         "ip route get 100.64.0.78 | grep -q 'dev veth0' && "
                         "ip route get 100.64.0.77 | grep -q 'dev zigtest0 src 100.64.0.6'");
    plan.pool_by_hosts = false;
    assert_int_equal(netcfg_restore("zigtest0", &plan, &report, &fault), ERR_OK);
    assert_int_equal(report.made, 1);
    overlay_host_command("ip route get 100.64.0.5 | grep -q 'dev zigtest0'");
    tun_close(tun);
}

static void on_used(void *context, const struct netused *used)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "%d:%u.%u.%u.%u/%u ", (int)used->kind, used->ip[0],
                   used->ip[1], used->ip[2], used->ip[3], used->bits);
    assert_true(strlen(context) + strlen(line) < 1024);
    (void)strcat(context, line); /* tidy-ok: banned the length was checked */
}

static void what_the_machine_uses_of_ipv4_is_told_but_not_the_interface(void **state)
{
    char text[1024] = "";
    struct tun *tun;
    size_t routes;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(6, 1);
    overlay_host_command(
        "ip link add veth0 type veth peer name veth1 && ip link set veth1 up && "
        "ip link set veth0 up && ip addr add 100.72.1.9/24 dev veth0 && "
        "ip addr add 100.73.0.1/32 dev veth0 && "
        "ip route add default via 100.72.1.1 && ip route add 10.1.0.0/16 via 100.72.1.2");
    assert_int_equal(netused_look("zigtest0", on_used, text, &routes), ERR_OK);
    assert_non_null(strstr(text, "0:100.72.1.9/32"));
    assert_non_null(strstr(text, "0:100.73.0.1/32"));
    assert_non_null(strstr(text, "1:100.72.1.0/24"));
    assert_non_null(strstr(text, "1:10.1.0.0/16"));
    assert_non_null(strstr(text, "2:100.72.1.1/32"));
    assert_non_null(strstr(text, "2:100.72.1.2/32"));
    assert_null(strstr(text, "/0 "));
    assert_null(strstr(text, ":127."));
    assert_null(strstr(text, ":100.64.")); /* of the interface */
    text[0] = '\0';
    assert_int_equal(netused_look("", on_used, text, &routes), ERR_OK);
    assert_non_null(strstr(text, "1:100.64.0.0/16"));
    tun_close(tun);
}

static void a_taken_name_is_refused_with_a_sentence(void **state)
{
    struct fault fault = {0};
    struct tun *first;
    struct tun *second;

    (void)state;
    overlay_host_namespace();
    first = overlay_host_start(5, 1);
    assert_int_equal(tun_open(&second, "zigtest0", 1, &fault), ERR_SYSTEM);
    assert_null(second);
    assert_non_null(strstr(fault.text, "exists already"));
    assert_int_equal(tun_open(&second, "a-name-that-is-too-long", 1, &fault), ERR_SYSTEM);
    assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
    tun_close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_passes_between_two_devices_as_super_packets),
        cmocka_unit_test(udp_trains_pass_between_two_devices_as_super_packets),
        cmocka_unit_test(the_interface_has_the_mtu_and_queue_and_vanishes_on_close),
        cmocka_unit_test(a_second_overlay_interface_shares_the_routes),
        cmocka_unit_test(what_somebody_took_from_the_interface_is_put_back),
        cmocka_unit_test(a_pool_that_is_in_use_outside_is_routed_by_peers),
        cmocka_unit_test(what_the_machine_uses_of_ipv4_is_told_but_not_the_interface),
        cmocka_unit_test(a_taken_name_is_refused_with_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
