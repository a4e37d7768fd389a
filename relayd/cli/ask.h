/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the running relay that belongs to a configuration: one request, one answer, both JSON,
 * and prints the answer.
 */
#pragma once

#include "relayd/cli/options.h"

#include <jansson.h>

/** Send a request, which is given; NULL counts as out of memory. The answer is printed, as JSON or
 * with `print`, or else what is wrong. `print` gets what stands behind `relayd VERB` in a command
 * that it advises. Returns the exit code. */
int ask(const struct options *options, json_t *request,
        void (*print)(const json_t *answer, const char *config_option));
