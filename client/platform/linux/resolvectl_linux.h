/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systemd-resolved, asked and told by its command resolvectl. Each run of that has a time limit,
 * because it waits for a daemon that may hang.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { RESOLVECTL_ARGUMENTS_MAX = 72 };

/** Its path. */
extern const char resolvectl_program[];

/** True if systemd-resolved runs and is that of this network. Quick, and starts nothing: resolvectl
 * itself would start a daemon that somebody has stopped. */
bool resolvectl_usable(void);

/** True if this system has it, and it would be that of this network, whether or not it runs. */
bool resolvectl_installed(void);

/**
 * Run "resolvectl WORD..." for a second at most.
 *
 * words     at most RESOLVECTL_ARGUMENTS_MAX, ends with NULL
 * printed   receives what it prints, cut to `capacity` bytes with its NUL; NULL: not wanted
 *
 * True if it succeeded.
 */
bool resolvectl_run(const char *const *words, char *printed, size_t capacity);
