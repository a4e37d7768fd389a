/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses for tests, made from a number. */
#include "tests/support/endpoints.h"

struct endpoint test_endpoint(unsigned number, uint16_t port)
{
    const uint8_t ip[4] = {203, 0, (uint8_t)(113 + number / 256), (uint8_t)number};

    return endpoint_v4(ip, port);
}
