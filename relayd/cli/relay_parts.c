/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * With a delegation the ziglan's key may be elsewhere; if it lies in its place it is copied, too.
 */
#include "relayd/cli/relay_parts.h"

#include <string.h>

void relay_parts_fill(struct state_parts *out, const struct relay_settings *settings,
                      const char *config_path)
{
    bool delegated = settings->delegation_path[0] != '\0';

    memset(out, 0, sizeof(*out));
    out->program = "relayd";
    out->store = settings->state_path;
    out->store_name = "state";
    out->files[0] = (struct state_file){RELAY_PARTS_CONFIG, config_path, 0644, false};
    out->files[1] = (struct state_file){"relay.key", settings->key_path, 0600, false};
    out->files[2] = (struct state_file){"ziglan.key", settings->ziglan_key_path, 0600, delegated};
    out->files_count = 3;
    if (delegated) {
        out->files[3] =
            (struct state_file){"ziglan.delegation", settings->delegation_path, 0644, true};
        out->files_count = 4;
    }
}
