/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of capsules, whole, in parts of seven bytes, and byte by byte: the parser must find the
 * same capsules each time. */
#include "proto/base/bytes.h"
#include "proto/wire/capsule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the parser found. */
struct told {
    size_t count;
    uint64_t sum; /* of types, sizes and contents */
    int rc;
    bool idle;
};

static struct told play(const uint8_t *data, size_t size, size_t piece)
{
    struct capsule_parser parser = {0};
    struct told told = {0};

    while (size > 0 && told.rc == ERR_OK) {
        size_t left = piece < size ? piece : size;
        struct capsule capsule = {.complete = true};

        size -= left;
        while (told.rc == ERR_OK && capsule.complete) {
            told.rc = capsule_next(&parser, &data, &left, &capsule);
            if (told.rc != ERR_OK || !capsule.complete) {
                break;
            }
            told.count++;
            told.sum = told.sum * 31 + capsule.type + capsule.size;
            for (size_t i = 0; i < capsule.size; i++) {
                told.sum = told.sum * 31 + capsule.value[i];
            }
        }
    }
    told.idle = capsule_parser_idle(&parser);
    capsule_parser_fini(&parser);
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole = play(data, size, size > 0 ? size : 1);
    struct told bytes = play(data, size, 1);
    struct told some = play(data, size, 7);

    CHECK(whole.count == bytes.count && whole.sum == bytes.sum && whole.rc == bytes.rc);
    CHECK(whole.count == some.count && whole.sum == some.sum && whole.idle == some.idle);
    CHECK(whole.idle == bytes.idle);
    return 0;
}
