/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plaintexts of probe frames: whatever decodes must encode to the same bytes. */
#include "proto/base/bytes.h"
#include "proto/wire/frame.h"
#include "proto/wire/probe.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct probe probe;
    uint8_t again[FRAME_SIZE_MAX];

    if (size > sizeof(again) || probe_decode(&probe, data, size) != ERR_OK) {
        return 0;
    }
    probe_encode(&probe, again, size);
    CHECK(memcmp(again, data, size) == 0);
    return 0;
}
