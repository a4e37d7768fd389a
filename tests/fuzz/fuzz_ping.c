/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plaintexts of ping frames: whatever decodes must encode to the same bytes. */
#include "proto/base/bytes.h"
#include "proto/wire/frame.h"
#include "proto/wire/ping.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ping ping;
    uint8_t again[FRAME_SIZE_MAX];

    if (size > sizeof(again) || ping_decode(&ping, data, size) != ERR_OK) {
        return 0;
    }
    ping_encode(&ping, again, size);
    CHECK(memcmp(again, data, size) == 0);
    return 0;
}
