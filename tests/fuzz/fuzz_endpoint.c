/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as an endpoint or a pool: one that is accepted prints as a text that means the same. */
#include "proto/base/bytes.h"
#include "proto/net/addrplan.h"
#include "proto/net/endpoint.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char input[256], text[ENDPOINT_TEXT_SIZE], pool_text[ADDRPLAN_POOL_TEXT_SIZE];
    struct endpoint e, back;
    struct addrplan_pool pool, pool_back;

    if (size >= sizeof(input)) {
        return 0;
    }
    if (size > 0) {
        memcpy(input, data, size);
    }
    input[size] = '\0';
    if (endpoint_parse(&e, input, 4433)) {
        CHECK(endpoint_parse(&back, endpoint_text(&e, text), 0) && endpoint_equal(&e, &back));
        CHECK(endpoint_parse_ip(&back, endpoint_ip_text(&e, text), e.port));
        CHECK(endpoint_equal(&e, &back) && endpoint_scope(&e) == endpoint_scope(&back));
        (void)addrplan_kind(e.ip);
    }
    if (addrplan_pool_parse(&pool, input)) {
        CHECK(addrplan_pool_parse(&pool_back, addrplan_pool_text(&pool, pool_text)));
        CHECK(pool_back.base == pool.base && !pool_back.host_bits);
    }
    return 0;
}
