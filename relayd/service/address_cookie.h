/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cookies by which somebody proves that it receives at an address (docs/protocol.md, section 2):
 * codes of the address and of the time, so that a relay remembers nothing of whom it gave one.
 * Values in caller memory.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ADDRESS_COOKIE_SIZE = 16,
    ADDRESS_COOKIE_MS = 30000, /* one is good for one to two of these */
};

struct address_cookies {
    uint8_t key[32];
};

/** Draw a key. */
void address_cookies_init(struct address_cookies *cookies, const struct env *env);

/** Write the cookie of an address as it is now. With port 0 it is one of the IP address. */
void address_cookie_make(const struct address_cookies *cookies, const struct endpoint *address,
                         struct mono now, uint8_t out[ADDRESS_COOKIE_SIZE]);

/** True if it is a cookie of that address, and not too old. */
bool address_cookie_ok(const struct address_cookies *cookies, const struct endpoint *address,
                       struct mono now, const uint8_t cookie[ADDRESS_COOKIE_SIZE]);

/** The same for cookies that are good for one subject only, named by a number that is not 0. */
void address_cookie_make_of(const struct address_cookies *cookies, const struct endpoint *address,
                            uint64_t subject, struct mono now, uint8_t out[ADDRESS_COOKIE_SIZE]);
bool address_cookie_ok_of(const struct address_cookies *cookies, const struct endpoint *address,
                          uint64_t subject, struct mono now,
                          const uint8_t cookie[ADDRESS_COOKIE_SIZE]);
