/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In-tunnel control: whatever decodes must encode to the same bytes. */
#include "proto/base/bytes.h"
#include "proto/wire/intunnel.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intunnel_candidates candidates;
    struct endpoint here;
    struct intunnel_aim aim;
    uint8_t again[INTUNNEL_SIZE_MAX];

    if (intunnel_goodbye_decode(data, size) == ERR_OK) {
        intunnel_goodbye_encode(again);
        CHECK(size == INTUNNEL_GOODBYE_SIZE && memcmp(again, data, size) == 0);
        return 0;
    }
    if (intunnel_opened_decode(&here, data, size) == ERR_OK) {
        intunnel_opened_encode(again, &here);
        CHECK(size == INTUNNEL_OPENED_SIZE && memcmp(again, data, size) == 0);
        return 0;
    }
    if (intunnel_aim_decode(&aim, data, size) == ERR_OK) {
        intunnel_aim_encode(again, &aim);
        CHECK(size == INTUNNEL_AIM_SIZE && memcmp(again, data, size) == 0);
        return 0;
    }
    if (intunnel_candidates_decode(&candidates, data, size) != ERR_OK) {
        return 0;
    }
    CHECK(intunnel_candidates_encode(&candidates, again) == size);
    CHECK(memcmp(again, data, size) == 0);
    return 0;
}
