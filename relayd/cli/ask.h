/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the running relay that belongs to a configuration: one request, one answer, both JSON.
 */
#pragma once

#include <jansson.h>

/** Send a request, which is given; NULL counts as out of memory. Returns EXIT_CODE_OK, and *answer
 * is given; or another exit code, and *answer is NULL and what is wrong was printed. */
int ask(const char *config_path, json_t *request, json_t **answer);
