/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A keyed hash of the address and the number of a period; that of the last period is right, too. */
#include "relayd/service/address_cookie.h"

#include "proto/base/bytes.h"
#include "proto/crypto/hash.h"

#include <string.h>

enum {
    PERIOD_AT = ENDPOINT_BYTES_SIZE,
    SUBJECT_AT = PERIOD_AT + 8,
    TEXT_SIZE = SUBJECT_AT + 8,
};

void address_cookies_init(struct address_cookies *cookies, const struct env *env)
{
    env_random(env, cookies->key, sizeof(cookies->key));
}

/* What a cookie is the code of: the address, a period, `back` before this one, and the subject. */
static void text_write(uint8_t out[TEXT_SIZE], const struct endpoint *address, uint64_t subject,
                       uint64_t back, struct mono now)
{
    memcpy(out, address->ip, 16);
    be16_write(out + 16, address->port);
    be64_write(out + PERIOD_AT, now.ns / (ADDRESS_COOKIE_MS * NS_PER_MS) + 1 - back);
    be64_write(out + SUBJECT_AT, subject);
}

void address_cookie_make_of(const struct address_cookies *cookies, const struct endpoint *address,
                            uint64_t subject, struct mono now, uint8_t out[ADDRESS_COOKIE_SIZE])
{
    uint8_t text[TEXT_SIZE];

    text_write(text, address, subject, 0, now);
    mac_label(out, cookies->key, sizeof(cookies->key), "", text, sizeof(text));
}

bool address_cookie_ok_of(const struct address_cookies *cookies, const struct endpoint *address,
                          uint64_t subject, struct mono now,
                          const uint8_t cookie[ADDRESS_COOKIE_SIZE])
{
    uint8_t text[TEXT_SIZE];
    bool right = false;

    for (uint64_t back = 0; back < 2; back++) {
        text_write(text, address, subject, back, now);
        right = right || mac_ok(cookie, cookies->key, sizeof(cookies->key), text, sizeof(text));
    }
    return right;
}

void address_cookie_make(const struct address_cookies *cookies, const struct endpoint *address,
                         struct mono now, uint8_t out[ADDRESS_COOKIE_SIZE])
{
    address_cookie_make_of(cookies, address, 0, now, out);
}

bool address_cookie_ok(const struct address_cookies *cookies, const struct endpoint *address,
                       struct mono now, const uint8_t cookie[ADDRESS_COOKIE_SIZE])
{
    return address_cookie_ok_of(cookies, address, 0, now, cookie);
}
