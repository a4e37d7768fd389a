/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A failure ends the test. */
#include "tests/support/overlay_host.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

void overlay_host_namespace(void)
{
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no network namespaces here\n");
        skip();
    }
}

struct netcfg_plan overlay_host_plan(uint8_t number)
{
    return (struct netcfg_plan){.mtu = 1280,
                                .queue_length = 1000,
                                .ipv4 = {100, 64, 0, number},
                                .ipv4_prefix = 16,
                                .resolver = {100, 64, 255, number},
                                .ipv6 = {0xfd, 0xd9, 0xf8, 0x00, [15] = number},
                                .ipv6_4in6 = {0xfd, 0xd9, 0xf8, 0xf4, [12] = 100, 64, 0, number}};
}

struct tun *overlay_host_start(uint8_t number, size_t queues)
{
    struct netcfg_plan plan = overlay_host_plan(number);
    struct netcfg_report report;
    struct fault fault = {0};
    struct tun *tun = NULL;

    if (tun_open(&tun, "zigtest0", queues, &fault) != ERR_OK ||
        netcfg_apply("zigtest0", &plan, &report, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    assert_false(report.ipv6_off);
    assert_false(report.ipv6_route_shared);
    return tun;
}

void overlay_host_command(const char *text)
{
    FILE *pipe = popen(text, "r"); /* tidy-ok: banned the text is the test's own */

    assert_non_null(pipe);
    assert_int_equal(pclose(pipe), 0);
}
