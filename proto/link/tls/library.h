/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the whole process has only once: wolfSSL's seed source, randomness for callbacks without a
 * context, and the list of ciphers. It is the only mutable state of proto/link outside hubs.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Start wolfSSL with env (kept) as its seed source, and test the ciphers; as link_library_init.
 * ERR_SYSTEM. */
int library_init(const struct env *env) MUST_CHECK;

/** End wolfSSL and let go of env; as link_library_fini. */
void library_fini(void);

/** The names of the ciphers that passed the self-test, for wolfSSL_CTX_set_cipher_list. Empty
 * before library_init, never NULL. */
const char *library_ciphers(void);

/** Random bytes from the env of library_init, for callbacks that carry no context. */
void library_random(uint8_t *out, size_t size);
