/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One layout, sealed for a ziglan. */
#include "proto/crypto/lan_proof.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#define LABEL "ziglan lan proof 1"

enum { VERSION = 1 };

void lan_proof_write(uint8_t out[LAN_PROOF_SIZE], const uint8_t *proof, size_t size,
                     const uint8_t ziglan_key[KEY_SIZE], const uint8_t nonce[LAN_SEAL_NONCE_SIZE])
{
    uint8_t body[LAN_PROOF_BODY_SIZE];
    struct wbuf w = wbuf_over(body, sizeof(body));

    wbuf_u8(&w, VERSION);
    wbuf_u16(&w, (uint16_t)size);
    wbuf_put(&w, proof, size);
    wbuf_zeros(&w, LAN_PROOF_CHAIN_MAX - size);
    lan_seal(out, body, sizeof(body), LABEL, ziglan_key, nonce);
}

int lan_proof_read(uint8_t body[LAN_PROOF_BODY_SIZE], const uint8_t **proof, size_t *proof_size,
                   const uint8_t ziglan_key[KEY_SIZE], const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(body, LAN_PROOF_BODY_SIZE);

    if (size != LAN_PROOF_SIZE || lan_seal_open(body, data, size, LABEL, ziglan_key) != ERR_OK ||
        rbuf_u8(&r) != VERSION) {
        return ERR_DROP;
    }
    *proof_size = rbuf_u16(&r);
    *proof = rbuf_take(&r, *proof_size);
    if (*proof == NULL) {
        return ERR_DROP;
    }
    rbuf_zeros(&r, LAN_PROOF_CHAIN_MAX - *proof_size);
    return rbuf_done(&r) ? ERR_OK : ERR_DROP;
}
