/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One layout, sealed for a ziglan and signed by a host. */
#include "proto/crypto/lan_notice.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/lan_seal.h"

#include <string.h>

#define LABEL "ziglan lan 1"

enum {
    VERSION = 1,
    ASKS_FLAG = 1,
    PLAIN_SIZE = LAN_NOTICE_BODY_SIZE + SIGNATURE_SIZE,
    SIGNED_SIZE = KEY_SIZE + LAN_NOTICE_BODY_SIZE,
};

_Static_assert(PLAIN_SIZE + LAN_SEAL_SIZE == LAN_NOTICE_SIZE, "size");

static void what_is_signed(uint8_t message[SIGNED_SIZE], const uint8_t ziglan_key[KEY_SIZE],
                           const uint8_t body[LAN_NOTICE_BODY_SIZE])
{
    memcpy(message, ziglan_key, KEY_SIZE);
    memcpy(message + KEY_SIZE, body, LAN_NOTICE_BODY_SIZE);
}

static void body_write(uint8_t body[LAN_NOTICE_BODY_SIZE], const struct lan_notice *notice,
                       const uint8_t key[KEY_SIZE])
{
    struct wbuf w = wbuf_over(body, LAN_NOTICE_BODY_SIZE);

    wbuf_u8(&w, VERSION);
    wbuf_u8(&w, notice->asks ? ASKS_FLAG : 0);
    wbuf_u16(&w, notice->port);
    wbuf_put(&w, key, KEY_SIZE);
    wbuf_u64(&w, notice->sequence);
    wbuf_u8(&w, notice->count);
    wbuf_put(&w, notice->ips, (size_t)16 * notice->count);
    wbuf_zeros(&w, (size_t)16 * (LAN_NOTICE_ADDRESSES_MAX - notice->count));
}

void lan_notice_write(uint8_t out[LAN_NOTICE_SIZE], const struct lan_notice *notice,
                      const struct identity *host, const uint8_t ziglan_key[KEY_SIZE],
                      const uint8_t nonce[LAN_NOTICE_NONCE_SIZE])
{
    uint8_t plain[PLAIN_SIZE];
    uint8_t message[SIGNED_SIZE];

    body_write(plain, notice, host->public_key);
    what_is_signed(message, ziglan_key, plain);
    identity_sign(host, LABEL, message, sizeof(message), plain + LAN_NOTICE_BODY_SIZE);
    lan_seal(out, plain, sizeof(plain), LABEL, ziglan_key, nonce);
}

static int body_read(struct lan_notice *notice, const uint8_t body[LAN_NOTICE_BODY_SIZE])
{
    struct rbuf r = rbuf_over(body, LAN_NOTICE_BODY_SIZE);
    uint8_t version = rbuf_u8(&r);
    uint8_t flags = rbuf_u8(&r);

    notice->asks = (flags & ASKS_FLAG) != 0;
    notice->port = rbuf_u16(&r);
    rbuf_copy(&r, notice->key, KEY_SIZE);
    notice->sequence = rbuf_u64(&r);
    notice->count = rbuf_u8(&r);
    if (version != VERSION || flags > ASKS_FLAG || notice->port == 0 || notice->count == 0 ||
        notice->count > LAN_NOTICE_ADDRESSES_MAX) {
        return ERR_DROP;
    }
    rbuf_copy(&r, notice->ips, (size_t)16 * notice->count);
    rbuf_zeros(&r, (size_t)16 * (LAN_NOTICE_ADDRESSES_MAX - notice->count));
    return rbuf_done(&r) ? ERR_OK : ERR_DROP;
}

int lan_notice_read(struct lan_notice_signed *out, const uint8_t ziglan_key[KEY_SIZE],
                    const uint8_t *data, size_t size)
{
    uint8_t plain[PLAIN_SIZE];

    if (size != LAN_NOTICE_SIZE || lan_seal_open(plain, data, size, LABEL, ziglan_key) != ERR_OK) {
        return ERR_DROP;
    }
    memcpy(out->body, plain, LAN_NOTICE_BODY_SIZE);
    memcpy(out->signature, plain + LAN_NOTICE_BODY_SIZE, SIGNATURE_SIZE);
    return body_read(&out->notice, out->body);
}

bool lan_notice_verify(const struct lan_notice_signed *read, const uint8_t ziglan_key[KEY_SIZE])
{
    uint8_t message[SIGNED_SIZE];

    what_is_signed(message, ziglan_key, read->body);
    return key_verify(read->notice.key, LABEL, message, sizeof(message), read->signature);
}
