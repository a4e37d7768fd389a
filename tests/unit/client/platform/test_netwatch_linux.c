/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel tells of the machine's networks and interfaces, and which of them are ours. */
#include "client/platform/netwatch.h"
#include "tests/support/overlay_host.h"

#include <ev.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
    int changes, own_changes;
};

static void on_changed(void *context, bool default_route)
{
    (void)default_route;
    ((struct seen *)context)->changes++;
}

static void on_own_changed(void *context)
{
    ((struct seen *)context)->own_changes++;
}

static void on_time(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void loop_run_for(struct ev_loop *loop, double seconds)
{
    struct ev_timer timer;

    ev_now_update(loop); /* or the time that commands took would count as waited */
    ev_timer_init(&timer, on_time, seconds, 0.0);
    ev_timer_start(loop, &timer);
    ev_run(loop, 0);
}

static void changes_are_told_once_and_addresses_leave_out_the_overlay(void **state)
{
    struct ev_loop *loop;
    struct netwatch *watch;
    struct netwatch_address addresses[8];
    struct fault fault = {0};
    struct tun *tun;
    struct seen seen = {0};
    const struct netwatch_events events = {
        .changed = on_changed, .own_changed = on_own_changed, .context = &seen};
    static const uint8_t v4[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(6, 1);
    loop = ev_loop_new(EVFLAG_AUTO);
    assert_int_equal(netwatch_open(&watch, loop, "zigtest0", &events, &fault), ERR_OK);
    assert_int_equal(netwatch_addresses(addresses, 8), 0);
    overlay_host_command(
        "ip link add veth0 type veth peer name veth1 && ip link set veth0 up && "
        "ip addr add 192.0.2.1/24 dev veth0 && ip addr add 2001:db8::1/64 dev veth0 nodad && "
        "ip addr add 198.51.100.1/24 dev veth1");
    for (int i = 0; i < 100 && seen.changes == 0; i++) {
        loop_run_for(loop, 0.1);
    }
    loop_run_for(loop, 0.5);
    assert_int_equal(seen.changes, 1);
    assert_int_equal(netwatch_addresses(addresses, 8), 2);
    assert_memory_equal(addresses[0].ip, v4, 16);
    assert_int_equal(addresses[0].prefix_bits, 120);
    assert_memory_equal(addresses[1].ip, v6, 16);
    assert_int_equal(addresses[1].prefix_bits, 64);
    seen.own_changes = 0; /* late messages about its IPv6 addresses may have been counted */
    overlay_host_command("ip addr add 100.64.9.9/32 dev zigtest0");
    loop_run_for(loop, 0.4);
    assert_int_equal(seen.changes, 1);
    assert_int_equal(seen.own_changes, 1);
    overlay_host_command("ip link set zigtest0 mtu 1290");
    loop_run_for(loop, 0.4);
    assert_int_equal(seen.own_changes, 1);
    overlay_host_command("ip link set zigtest0 down");
    loop_run_for(loop, 0.4);
    assert_int_equal(seen.own_changes, 2);
    netwatch_close(watch);
    ev_loop_destroy(loop);
    tun_close(tun);
}

/* Without IPv6 nothing about its addresses tells an overlay interface from others. */
static void an_overlay_interface_without_ipv6_is_no_way_to_this_host(void **state)
{
    struct netwatch_address addresses[8];
    struct tun *tun;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(7, 1);
    overlay_host_command("ip -6 addr flush dev zigtest0");
    assert_int_equal(netwatch_addresses(addresses, 8), 0);
    overlay_host_command("ip link add veth0 type veth peer name veth1 && ip link set veth0 up && "
                         "ip addr add 192.0.2.1/24 dev veth0");
    assert_int_equal(netwatch_addresses(addresses, 8), 1);
    tun_close(tun);
}

/* Else frames to a peer could be sealed into frames to the same peer, and so on. */
static void what_lies_over_an_overlay_interface_is_of_its_kind(void **state)
{
    static const char *const tunnels[] = {
        "dev zigtest0 remote 203.0.113.9",
        "local 100.64.0.8 remote 203.0.113.9",
        "remote 100.64.200.9",
        "remote fdd9:f800::9",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
        struct netwatch_address addresses[8];
        struct tun *tun;
        char line[256];

        overlay_host_namespace();
        tun = overlay_host_start(8, 1);
        overlay_host_command("ip link add plain0 type bridge && ip link set plain0 up && "
                             "ip addr add 192.0.2.1/24 dev plain0");
        (void)snprintf(line, sizeof(line),
                       "ip link add over0 type vxlan id 7 dstport 4789 %s && "
                       "ip link add over1 type bridge && ip link set over0 master over1 && "
                       "ip link set over0 up && ip link set over1 up && "
                       "ip addr add 192.0.2.129/25 dev over1",
                       tunnels[i]);
        overlay_host_command(line);
        assert_int_equal(netwatch_addresses(addresses, 8), 2);
        assert_string_equal(addresses[0].kind, "bridge");
        assert_string_equal(addresses[1].name, "over1");
        assert_string_equal(addresses[1].kind, "tun");
        tun_close(tun);
    }
}

/* A container's interface bears the index of its other end, which means something else in here. */
static void the_other_end_of_a_veth_is_not_taken_for_an_interface_of_here(void **state)
{
    struct netwatch_address addresses[8];
    struct tun *tun;
    char line[256];
    pid_t other;

    (void)state;
    overlay_host_namespace();
    tun = overlay_host_start(9, 1);
    other = fork();
    if (other == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) == 0) {
            (void)pause();
        }
        _exit(1);
    }
    assert_true(other > 0);
    (void)snprintf(line, sizeof(line),
                   "for i in $(seq 200); do "
                   "ip link add veth0 type veth peer name veth0 index %u netns %d 2>/dev/null && "
                   "break; sleep 0.05; done; "
                   "ip link set veth0 up && ip addr add 192.0.2.1/24 dev veth0",
                   if_nametoindex("zigtest0"), (int)other);
    overlay_host_command(line);
    assert_int_equal(netwatch_addresses(addresses, 8), 1);
    assert_string_equal(addresses[0].kind, "veth");
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
    tun_close(tun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told_once_and_addresses_leave_out_the_overlay),
        cmocka_unit_test(an_overlay_interface_without_ipv6_is_no_way_to_this_host),
        cmocka_unit_test(what_lies_over_an_overlay_interface_is_of_its_kind),
        cmocka_unit_test(the_other_end_of_a_veth_is_not_taken_for_an_interface_of_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
