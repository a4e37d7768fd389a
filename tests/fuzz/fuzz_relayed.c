/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams from relay to relay: whatever decodes must encode to the same bytes. */
#include "proto/base/bytes.h"
#include "proto/wire/relayed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct relayed relayed;
    uint8_t head[RELAYED_HEAD_SIZE_MAX];
    size_t head_size = 0;

    if (relayed_decode(&relayed, data, size) != ERR_OK) {
        return 0;
    }
    CHECK(relayed_head_encode(head, &head_size, &relayed) == ERR_OK);
    CHECK(head_size + relayed.frame_size == size);
    CHECK(memcmp(head, data, head_size) == 0);
    CHECK(relayed_names(&relayed, relayed.passed));
    return 0;
}
