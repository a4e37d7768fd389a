/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the verbs of relayd's command line share. Each verb has a file of its own with one function,
 * which is given what follows the verb: it prints to standard output, complains in one sentence on
 * standard error, and returns the process's exit code (proto/base/fault.h).
 */
#pragma once

#include "proto/base/err.h"

#include <stdint.h>

#define CLI_CONFIG_DEFAULT "/etc/ziglan/relayd.yaml"

/** Complain and return EXIT_CODE_USAGE. */
int cli_usage(const char *format, ...) PRINTF_LIKE(1, 2);

/** A whole number from min to max. ERR_DROP for anything else. */
int cli_number_parse(uint32_t *out, const char *text, uint32_t min, uint32_t max) MUST_CHECK;

/** A wall-clock instant in ms from "7d", "12h", "30m", "90s" counted from now, or "never" (0).
 * ERR_DROP for anything else. */
int cli_expiry_parse(uint64_t *out, const char *text, uint64_t wall_ms) MUST_CHECK;

/** Print the URL, on a terminal with its QR code. */
void cli_url_print(const char *url);
