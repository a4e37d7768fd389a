/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking the daemon of the interface: one request, one answer, both JSON, and
 * printing the answer.
 */
#pragma once

#include "client/cli/cli.h"
#include "proto/base/fault.h"

#include <jansson.h>

/** Send a request, which is given, and return the answer, given. NULL with fault if there is none;
 * if no daemon runs the fault says how to start it. request may be NULL, which json_pack returns
 * for text that is not UTF-8; the fault says so then. */
json_t *ask(const struct cli *cli, json_t *request, struct fault *fault);

/** ask with {"do": verb, key: value}, or with {"do": verb} if key is NULL. */
json_t *ask_verb(const struct cli *cli, const char *verb, const char *key, const char *value,
                 struct fault *fault);

/** How a verb ends: the answer, which is given, is printed, as JSON or with `print`. NULL: there is
 * none, and what is wrong (fault) is printed. Returns the exit code. */
int ask_print(const struct cli *cli, json_t *answer, struct fault *fault,
              void (*print)(const struct cli *cli, const json_t *answer));
