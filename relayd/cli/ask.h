/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the running relay that belongs to a configuration: one request, one answer, both JSON,
 * and prints the answer.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** Send a request, which is given; NULL counts as out of memory. The answer is printed, as JSON or
 * with `print`, or else what is wrong. Returns the exit code. */
int ask(const char *config_path, json_t *request, bool json, void (*print)(const json_t *answer));
