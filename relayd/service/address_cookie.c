/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A keyed hash of the address and the number of a period; that of the last period is right, too. */
#include "relayd/service/address_cookie.h"

#include "proto/base/bytes.h"
#include "proto/crypto/hash.h"

#include <string.h>

enum { TEXT_SIZE = ENDPOINT_BYTES_SIZE + 8 };

void address_cookies_init(struct address_cookies *cookies, const struct env *env)
{
    env_random(env, cookies->key, sizeof(cookies->key));
}

/* What a cookie is the code of: the address, and a period, `back` before this one. */
static void text_write(uint8_t out[TEXT_SIZE], const struct endpoint *address, uint64_t back,
                       struct mono now)
{
    memcpy(out, address->ip, 16);
    be16_write(out + 16, address->port);
    be64_write(out + ENDPOINT_BYTES_SIZE, now.ns / (ADDRESS_COOKIE_MS * NS_PER_MS) + 1 - back);
}

void address_cookie_make(const struct address_cookies *cookies, const struct endpoint *address,
                         struct mono now, uint8_t out[ADDRESS_COOKIE_SIZE])
{
    uint8_t text[TEXT_SIZE];

    text_write(text, address, 0, now);
    mac_label(out, cookies->key, sizeof(cookies->key), "", text, sizeof(text));
}

bool address_cookie_ok(const struct address_cookies *cookies, const struct endpoint *address,
                       struct mono now, const uint8_t cookie[ADDRESS_COOKIE_SIZE])
{
    uint8_t text[TEXT_SIZE];
    bool right = false;

    for (uint64_t back = 0; back < 2; back++) {
        text_write(text, address, back, now);
        right = right || mac_ok(cookie, cookies->key, sizeof(cookies->key), text, sizeof(text));
    }
    return right;
}
