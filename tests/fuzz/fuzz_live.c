/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the value of LIVE: what is read can be written and read again. */
#include "proto/base/bytes.h"
#include "proto/wire/live.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[LIVE_REQUEST_SIZE_MAX];
    struct live_request request, request_again;
    struct live_answer answer, answer_again;
    size_t written;

    if (live_request_decode(&request, data, size) == ERR_OK && request.kind != LIVE_KIND_ASK) {
        live_request_encode(bytes, &written, &request);
        CHECK(written <= size);
        CHECK(live_request_decode(&request_again, bytes, written) == ERR_OK);
        CHECK(memcmp(&request_again.set, &request.set, sizeof(request.set)) == 0);
        CHECK(request_again.index == request.index && request_again.delay_ms == request.delay_ms);
    }
    if (live_answer_decode(&answer, data, size) == ERR_OK) {
        live_answer_encode(bytes, &answer);
        CHECK(live_answer_decode(&answer_again, bytes, LIVE_ANSWER_SIZE) == ERR_OK);
        CHECK(memcmp(&answer_again.known, &answer.known, sizeof(answer.known)) == 0);
        CHECK(answer_again.state == answer.state);
    }
    return 0;
}
