/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What wolfSSL and nghttp3 have only once per process: the seed source and the list of ciphers.
 * The only mutable state outside hubs.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Start wolfSSL with env (kept) as its seed source, and try the ciphers; as link_library_init.
 * ERR_SYSTEM. */
int library_init(const struct env *env) MUST_CHECK;
void library_fini(void);

/** The ciphers that passed the self-test, for wolfSSL_CTX_set_cipher_list. Empty before
 * library_init, never NULL. */
const char *library_ciphers(void);

/** Random bytes for callbacks that carry no context. */
void library_random(uint8_t *out, size_t size);
