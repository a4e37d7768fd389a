/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs of a host about keys that its user blocks (client/peer/blocks.h). */
#pragma once

#include "client/core/core.h"

/** Block a key, or the peer of this name: what is between us ends at once, and nothing of it is let
 * in any more. Remembered in the store before this returns ERR_OK; key receives whose it was. Else
 * `error` tells what is wrong and what to do; ERR_DROP: with the text. */
int blocking_add(struct host_core *core, const char *text, uint8_t key[KEY_SIZE], char *error,
                 size_t error_size, struct mono now) MUST_CHECK;

/** Block it no more. As blocking_add. */
int blocking_remove(struct host_core *core, const char *text, uint8_t key[KEY_SIZE], char *error,
                    size_t error_size, struct mono now) MUST_CHECK;
