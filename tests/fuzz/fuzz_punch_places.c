/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punch places. The first byte: bit 0 makes the bytes what the peer seals, which is then read; else
 * they are a frame as it came. What is accepted must be exactly what was written.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/punch_places.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sealed_try(const struct identity *peer, const struct identity *own, const uint8_t *data,
                       size_t size)
{
    static const uint8_t nonce[PUNCH_PLACES_NONCE_SIZE] = {3};
    struct punch_places places = {.side = PUNCH_PROBE_SIDE_LISTEN, .port = 1}, read;
    uint8_t frame[PUNCH_PLACES_SIZE];

    places.count = size > 0 ? data[0] % (PUNCH_PLACES_MAX + 1) : 0;
    places.port = size > 2 && be16_read(data + 1) != 0 ? be16_read(data + 1) : 1;
    places.punch_id = size > 10 ? be64_read(data + 3) : 0;
    for (size_t i = 0; i < places.count && size >= 11 + 16 * (i + 1); i++) {
        memcpy(places.ips[i], data + 11 + 16 * i, 16);
    }
    CHECK(punch_places_write(frame, &places, peer, own->public_key, nonce) == ERR_OK);
    CHECK(punch_places_read(&read, own, peer->public_key, PUNCH_PROBE_SIDE_DIAL, frame,
                            sizeof(frame)) == ERR_OK);
    CHECK(read.count == places.count && read.port == places.port);
    CHECK(read.punch_id == places.punch_id);
    CHECK(memcmp(read.ips, places.ips, sizeof(read.ips)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t peer_seed[IDENTITY_SEED_SIZE] = {1}, own_seed[IDENTITY_SEED_SIZE] = {2};
    struct identity peer, own;
    struct punch_places read;
    uint64_t id;

    CHECK(identity_library_init() == ERR_OK);
    if (size == 0) {
        return 0;
    }
    identity_from_seed(&peer, peer_seed);
    identity_from_seed(&own, own_seed);
    if ((data[0] & 1) != 0) {
        sealed_try(&peer, &own, data + 1, size - 1);
    } else if (punch_places_read(&read, &own, peer.public_key, PUNCH_PROBE_SIDE_DIAL, data + 1,
                                 size - 1) == ERR_OK) {
        CHECK(punch_places_id(data + 1, size - 1, &id) && id == read.punch_id);
        CHECK(read.count <= PUNCH_PLACES_MAX && read.port != 0);
    }
    return 0;
}
