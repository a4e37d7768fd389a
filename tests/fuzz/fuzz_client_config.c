/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a configuration: it is refused with a sentence, or its values are within bounds. */
#include "client/config/config.h"

#include "proto/base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client_config *config = NULL;
    struct fault fault = {0};
    int rc;

    if (size > 65536) {
        return 0;
    }
    rc = client_config_parse(&config, "x", data, size, &fault);
    CHECK((rc == ERR_OK) == (config != NULL));
    CHECK(rc == ERR_OK || fault.text[0] != '\0');
    if (config != NULL) {
        CHECK(config->mtu >= 1280 && config->mtu <= INNER_MTU_MAX);
        CHECK(config->pool_prefix == 0 || (config->pool_prefix >= 8 && config->pool_prefix <= 28));
        CHECK(config->peers_count <= CLIENT_CONFIG_PEERS_MAX);
    }
    client_config_free(config);
    return 0;
}
