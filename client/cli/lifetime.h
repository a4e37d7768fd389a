/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ziglan netcheck --lifetime`: for how long the NAT remembers mappings. */
#pragma once

#include "client/cli/cli.h"
#include "client/measure/nat_sockets.h"
#include "proto/base/env.h"
#include "proto/base/fault.h"

#include <jansson.h>

struct ev_loop;

/** Let the daemon measure, and wait for it, with a line of progress on a terminal. The report,
 * given, or NULL with fault. */
json_t *lifetime_by_daemon(const struct cli *cli, struct fault *fault);

/** Measure in this process, by one of these relays. The report, given, or NULL with fault. */
json_t *lifetime_by_relays(struct ev_loop *loop, const struct nat_sockets_relays *relays,
                           const struct env *env, struct fault *fault);

/** Print what a host remembers of this network in one line; nothing if it is null. */
void lifetime_known_print(const json_t *lifetime);

/** Print a report for people. */
void lifetime_print(const struct cli *cli, const json_t *report);
