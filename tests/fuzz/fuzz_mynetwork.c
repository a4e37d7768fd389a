/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a configuration of mynetwork: it is refused with a sentence, or what was taken of it
 * is a configuration of ours. */
#include "client/config/config.h"
#include "client/import/mynetwork.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void peers_check(const struct mynetwork *mynetwork)
{
    struct client_config *config = NULL;
    struct fault fault = {0};
    char *text = NULL;
    int length = asprintf(&text, "name: a\n%s%s", mynetwork->peers_count > 0 ? "peers:\n" : "",
                          mynetwork->peers);

    CHECK(length > 0);
    CHECK(client_config_parse(&config, "x", (const uint8_t *)text, (size_t)length, &fault) ==
          ERR_OK);
    CHECK(config->peers_count == mynetwork->peers_count);
    client_config_free(config);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mynetwork *mynetwork = NULL;
    struct fault fault = {0};
    int rc;

    if (size > 65536 || sodium_init() < 0) {
        return 0;
    }
    rc = mynetwork_read(&mynetwork, "x", (const char *)data, size, &fault);
    CHECK((rc == ERR_OK) == (mynetwork != NULL));
    CHECK(rc == ERR_OK || fault.text[0] != '\0');
    if (mynetwork != NULL) {
        peers_check(mynetwork);
    }
    mynetwork_free(mynetwork);
    return 0;
}
