/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any datagram as a STUN message: if it parses and is answered, the answer parses as well. */
#include "proto/base/bytes.h"
#include "proto/wire/stun.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_hash(uint8_t *out, const uint8_t *key, size_t key_size, const uint8_t *data,
                    size_t size)
{
    (void)key;
    (void)key_size;
    memset(out, size > 0 ? data[0] : 0, STUN_MAC_SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stun_hmac hmac = {STUN_MAC_SIZE_MAX, no_hash};
    uint8_t answer[STUN_ANSWER_SIZE_MAX];
    struct stun_message m, back;
    size_t answer_size = 0;

    if (stun_parse(&m, data, size) != ERR_OK) {
        return 0;
    }
    (void)stun_integrity_ok(data, size, m.integrity_at, &hmac, data, size);
    (void)stun_integrity_ok(data, size, m.integrity_sha256_at, &hmac, data, size);
    if (stun_answer(answer, &answer_size, &m, &m.mapped, &m.origin, &m.other) == ERR_OK) {
        CHECK(answer_size <= sizeof(answer));
        CHECK(stun_parse(&back, answer, answer_size) == ERR_OK);
        CHECK(back.fingerprint == m.fingerprint && back.classic == m.classic);
    }
    return 0;
}
