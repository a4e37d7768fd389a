/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punch probes. The first byte: bit 0 is our own side; bit 1 makes the mac right. A probe with a
 * right mac that is accepted must be exactly what we would have written ourselves.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/hash.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/punch_probe.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[PUNCH_PROBE_KEY_SIZE] = {1};
    uint8_t frame[PUNCH_PROBE_SIZE], again[PUNCH_PROBE_SIZE];
    enum punch_probe_side own;
    struct punch_probe probe;
    uint64_t id;

    CHECK(identity_library_init() == ERR_OK);
    if (size == 0) {
        return 0;
    }
    own = (data[0] & 1) != 0 ? PUNCH_PROBE_SIDE_LISTEN : PUNCH_PROBE_SIDE_DIAL;
    if ((data[0] & 2) == 0 || size != 1 + PUNCH_PROBE_SIZE) {
        if (punch_probe_decode(&probe, key, own, data + 1, size - 1) == ERR_OK) {
            CHECK(punch_probe_id(data + 1, size - 1, &id) && id == probe.punch_id);
        }
        return 0;
    }
    memcpy(frame, data + 1, sizeof(frame));
    mac_label(frame + 48, key, sizeof(key), "", frame, 48);
    if (punch_probe_decode(&probe, key, own, frame, sizeof(frame)) == ERR_OK) {
        punch_probe_encode(&probe, key, again);
        CHECK(memcmp(frame, again, sizeof(frame)) == 0);
        CHECK(probe.side != own);
    }
    return 0;
}
