/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that are advised: they must work as they are printed, in any shell and with the
 * configuration that was named. Pure.
 */
#pragma once

#include <stddef.h>

#define CONFIG_PATH_DEFAULT "/var/lib/relayd/relayd.yaml"

enum { ADVICE_SIZE = 512 };

/** Write a word as a shell reads it, in quotes where it needs some. One that does not fit becomes
 * "FILE". Returns text. */
const char *advice_word(const char *word, char text[ADVICE_SIZE]);

/** Write what stands behind `relayd VERB` for the configuration at this path: " -c FILE", or
 * nothing for CONFIG_PATH_DEFAULT. Returns text. */
const char *advice_option(const char *config_path, char text[ADVICE_SIZE]);
