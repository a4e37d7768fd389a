/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interface of a small overlay, zigtest0, in a network namespace of this process, for tests of
 * client/platform on the real kernel. All functions run inside a cmocka test.
 */
#pragma once

#include "client/platform/netcfg.h"
#include "client/platform/tun.h"

#include <stddef.h>
#include <stdint.h>

/** From now on this process is in a namespace of its own; where that is forbidden, the test is
 * skipped. */
void overlay_host_namespace(void);

/** What belongs to host `number` of the overlay. */
struct netcfg_plan overlay_host_plan(uint8_t number);

/** The interface with its addresses, of a device with so many queues; closed with tun_close. */
struct tun *overlay_host_start(uint8_t number, size_t queues);

/** Let the shell do this; it must succeed. */
void overlay_host_command(const char *text);
