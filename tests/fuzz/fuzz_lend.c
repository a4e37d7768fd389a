/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the value of LEND: what is read as an answer can be written and read again. */
#include "proto/base/bytes.h"
#include "proto/wire/lend.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lend_answer answer, again;
    uint8_t cookie[LEND_COOKIE_SIZE];
    uint8_t bytes[LEND_ANSWER_SIZE_MAX];
    size_t written;

    (void)!lend_request_decode(cookie, data, size);
    if (lend_answer_decode(&answer, data, size) != ERR_OK) {
        return 0;
    }
    lend_answer_encode(bytes, &written, &answer);
    CHECK(lend_answer_decode(&again, bytes, written) == ERR_OK);
    CHECK(again.state == answer.state && again.ports_count == answer.ports_count &&
          again.lenders_count == answer.lenders_count);
    for (size_t i = 0; i < answer.lenders_count; i++) {
        CHECK(endpoint_equal(&again.lenders[i].address, &answer.lenders[i].address));
    }
    return 0;
}
