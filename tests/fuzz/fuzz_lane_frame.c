/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of lanes. What is taken for one of the three messages must be exactly what we would have
 * written, but for the mac, which only its secret makes right; and what is taken for data has the
 * header that we would have written.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/lane_frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[LANE_SECRET_SIZE] = {1};

static void messages(const uint8_t *data, size_t size)
{
    uint8_t again[LANE_BIND_SIZE];
    struct lane_message m;

    if (lane_bind_decode(&m, data, size) == ERR_OK) {
        CHECK(size == LANE_BIND_SIZE);
        lane_bind_encode(again, &m, secret);
        CHECK(memcmp(data, again, size - 16) == 0);
        CHECK(lane_mac_ok(data, size, secret) == (memcmp(data, again, size) == 0));
    }
    if (lane_bound_decode(&m, data, size) == ERR_OK) {
        CHECK(size == LANE_BOUND_SIZE);
        lane_bound_encode(again, &m, secret);
        CHECK(memcmp(data, again, size - 16) == 0);
        CHECK(lane_mac_ok(data, size, secret) == (memcmp(data, again, size) == 0));
    }
    if (lane_challenge_decode(&m, data, size) == ERR_OK) {
        CHECK(size == LANE_CHALLENGE_SIZE);
        lane_challenge_encode(again, &m);
        CHECK(memcmp(data, again, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t header[LANE_HEADER_SIZE];
    uint64_t label;

    CHECK(identity_library_init() == ERR_OK);
    messages(data, size);
    if (lane_data_decode(&label, data, size) == ERR_OK) {
        CHECK(size >= LANE_DATA_SIZE_MIN && size <= LANE_DATA_SIZE_MAX);
        lane_header_write(header, label);
        CHECK(memcmp(data, header, sizeof(header)) == 0);
    }
    return 0;
}
