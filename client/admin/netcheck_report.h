/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A measurement of the NAT as JSON; the fields stand in docs/operations.md. */
#pragma once

#include "client/netcheck/found.h"

#include <jansson.h>

/** What was found, given; `progress` in percent, 100: it is over. NULL only without memory. */
json_t *netcheck_report(const struct netcheck_result *result, unsigned progress);
