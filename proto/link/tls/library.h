/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What wolfSSL and nghttp3 have only once per process: the seed source and the list of ciphers.
 * Set by link_library_init, the only mutable state outside hubs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The ciphers that passed the self-test, for wolfSSL_CTX_set_cipher_list. Never NULL. */
const char *library_ciphers(void);

/** Random bytes for callbacks that carry no context. */
void library_random(uint8_t *out, size_t size);
