/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fails with what the reader says. */
#include "tests/support/config_fixture.h"

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "tests/support/fixture.h"

struct client_config *config_of(const char *text)
{
    struct client_config *config = NULL;
    struct fault fault = {0};

    if (client_config_parse(&config, "zig0.yaml", (const uint8_t *)text, strlen(text), &fault) !=
        ERR_OK) {
        fail_msg("%s", fault.text);
    }
    return config;
}
