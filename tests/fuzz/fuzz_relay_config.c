/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration file of any content. It is refused with one sentence, or it parses, and reads the
 * same after it was printed. */
#include "proto/base/bytes.h"
#include "relayd/config/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct relay_settings first;
    struct relay_settings second;
    char error[SETTINGS_ERROR_SIZE] = "";
    char *printed = NULL;
    size_t printed_size = 0;
    FILE *to;
    int rc = relay_settings_parse(&first, (const char *)data, size, "/etc/x.yaml", error);

    if (rc != ERR_OK) {
        CHECK(error[0] != '\0' && strlen(error) < sizeof(error));
        return 0;
    }
    to = open_memstream(&printed, &printed_size);
    CHECK(to != NULL);
    relay_settings_print(&first, to);
    CHECK(fclose(to) == 0);
    CHECK(relay_settings_parse(&second, printed, printed_size, "/etc/x.yaml", error) == ERR_OK);
    CHECK(second.workers == first.workers && second.session_max == first.session_max &&
          second.open_relay == first.open_relay && second.bandwidth == first.bandwidth &&
          second.monthly == first.monthly && second.listen_count == first.listen_count &&
          strcmp(second.name, first.name) == 0 &&
          applications_apps_equal(&second.applications, &first.applications) &&
          applications_rewards_equal(&second.applications, &first.applications) &&
          second.applications.pool_max == first.applications.pool_max &&
          strcmp(second.state_path, first.state_path) == 0 &&
          strcmp(second.public_hosts, first.public_hosts) == 0);
    free(printed);
    return 0;
}
