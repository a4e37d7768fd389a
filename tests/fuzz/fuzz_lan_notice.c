/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notices on a LAN. The first byte: bit 0 makes the bytes a body, which is sealed and then read;
 * else they are a datagram as it came. What is accepted must be exactly what we would write.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/lan_notice.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read a sealed body of any content, as who knows the ziglan's key may send it. */
static void body_try(const uint8_t *body, size_t size)
{
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {1}, ziglan[KEY_SIZE] = {2};
    static const uint8_t nonce[LAN_NOTICE_NONCE_SIZE] = {3};
    struct lan_notice_signed read;
    uint8_t bytes[LAN_NOTICE_SIZE];
    struct lan_notice notice = {0};
    struct identity host;

    identity_from_seed(&host, seed);
    notice.asks = size > 0 && (body[0] & 1) != 0;
    notice.port = size > 2 ? be16_read(body + 1) : 0;
    notice.sequence = size > 10 ? be64_read(body + 3) : 0;
    notice.count = size > 11 ? body[11] % (LAN_NOTICE_ADDRESSES_MAX + 1) : 0;
    for (size_t i = 0; i < notice.count && size >= 12 + 16 * (i + 1); i++) {
        memcpy(notice.ips[i], body + 12 + 16 * i, 16);
    }
    lan_notice_write(bytes, &notice, &host, ziglan, nonce);
    if (lan_notice_read(&read, ziglan, bytes, sizeof(bytes)) == ERR_OK) {
        CHECK(notice.port != 0 && notice.count != 0);
        CHECK(lan_notice_verify(&read, ziglan));
        CHECK(read.notice.port == notice.port && read.notice.sequence == notice.sequence);
        CHECK(memcmp(read.notice.ips, notice.ips, (size_t)16 * notice.count) == 0);
    } else {
        CHECK(notice.port == 0 || notice.count == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t ziglan[KEY_SIZE] = {2};
    struct lan_notice_signed read;

    CHECK(identity_library_init() == ERR_OK);
    if (size == 0) {
        return 0;
    }
    if ((data[0] & 1) != 0) {
        body_try(data + 1, size - 1);
    } else if (lan_notice_read(&read, ziglan, data + 1, size - 1) == ERR_OK) {
        (void)lan_notice_verify(&read, ziglan);
    }
    return 0;
}
