/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes out of a text what belongs to its owner alone: keys and invites, IP addresses, MAC
 * addresses, and names that the caller knows of. What was the same stays the same, as <key-1> or
 * <address-2>, so that one still sees what belongs together. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct redaction;

/** A new one, which remembers what it has replaced. NULL without memory. */
struct redaction *redaction_new(void);

/** Free and wipe it. NULL is fine. */
void redaction_free(struct redaction *redaction);

/** Also take out this name wherever it stands as a word: a host's, a ziglan's, that of a machine.
 * Names of fewer than 3 letters are not. False without memory. */
bool redaction_name(struct redaction *redaction, const char *name);

/** The text without all that; given (free()). NULL without memory. */
char *redaction_apply(struct redaction *redaction, const char *text);
