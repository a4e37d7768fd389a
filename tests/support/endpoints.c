/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of the documentation for tests that need some. */
#include "tests/support/endpoints.h"

struct endpoint test_endpoint(uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {203, 0, 113, last};

    return endpoint_v4(ip, port);
}
