/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proofs of membership on a LAN. The first byte: bit 0 makes the bytes a body, as who knows the
 * ziglan's key may seal it; bit 1 makes them a chain in such a body; else they are a datagram as it
 * came. What is read is a chain, as far as it is one.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/lan_proof.h"
#include "rendezvous/roster/roster_proof.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t ziglan[KEY_SIZE] = {2}, nonce[LAN_SEAL_NONCE_SIZE] = {3};

/* Returns true if it is a legal body; *chain_size is that of its chain. */
static bool datagram_try(const uint8_t *data, size_t size, size_t *chain_size)
{
    uint8_t body[LAN_PROOF_BODY_SIZE];
    const uint8_t *chain;
    struct roster_proof proof;

    if (lan_proof_read(body, &chain, chain_size, ziglan, data, size) != ERR_OK) {
        return false;
    }
    CHECK(chain >= body && chain + *chain_size <= body + sizeof(body));
    if (roster_proof_read(&proof, chain, *chain_size) == ERR_OK) {
        CHECK(proof.delegation.size + proof.admission.size + proof.part.size + 6 == *chain_size);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t body[LAN_PROOF_BODY_SIZE] = {0}, datagram[LAN_PROOF_SIZE];
    size_t used, chain_size;

    if (size == 0) {
        return 0;
    }
    used = size - 1 < sizeof(body) ? size - 1 : sizeof(body);
    if ((data[0] & 1) != 0) {
        memcpy(body, data + 1, used);
        lan_seal(datagram, body, sizeof(body), "ziglan lan proof 1", ziglan, nonce);
        (void)datagram_try(datagram, sizeof(datagram), &chain_size);
    } else if ((data[0] & 2) != 0) {
        used = used < LAN_PROOF_CHAIN_MAX ? used : LAN_PROOF_CHAIN_MAX;
        lan_proof_write(datagram, data + 1, used, ziglan, nonce);
        CHECK(datagram_try(datagram, sizeof(datagram), &chain_size) && chain_size == used);
    } else {
        (void)datagram_try(data + 1, size - 1, &chain_size);
    }
    return 0;
}
