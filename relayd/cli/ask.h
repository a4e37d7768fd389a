/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking the running relay of a configuration: one request, one answer, both JSON.
 */
#pragma once

#include <jansson.h>

/** Send a request, which is given (NULL: there was no memory for it). Returns an exit code; *answer
 * is given on EXIT_CODE_OK, else what is wrong was printed. */
int ask(const char *config_path, json_t *request, json_t **answer);
