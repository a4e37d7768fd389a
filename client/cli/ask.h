/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking the daemon of the interface: one request, one answer, both JSON.
 */
#pragma once

#include "client/cli/cli.h"
#include "proto/base/fault.h"

#include <jansson.h>

/** Send a request, which is given, and return the answer (given). NULL with fault, which says how
 * to start the daemon if none runs. A request of NULL, as json_pack returns it for text that is not
 * UTF-8, is told as that. */
json_t *ask(const struct cli *cli, json_t *request, struct fault *fault);

/** As ask for {"do": verb, key: value}; without the second member if key is NULL. */
json_t *ask_verb(const struct cli *cli, const char *verb, const char *key, const char *value,
                 struct fault *fault);
