/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys of a configuration were changed: for the log, when it is read again. */
#pragma once

#include "relayd/config/config.h"

#include <stddef.h>

/** Write to `text` the keys of those settings that differ and that count at once, separated by ",
 * "; empty if there are none. `started` are those of the start, beyond which session_max has no
 * room. Cut at size bytes, NUL included. Returns text. */
const char *relay_settings_changed_keys(const struct relay_settings *before,
                                        const struct relay_settings *after,
                                        const struct relay_settings *started, char *text,
                                        size_t size);

/** Write to `text` the keys of those settings that differ and that count only after a restart,
 * separated by ", "; empty if there are none. Cut at size bytes, NUL included. Returns text. */
const char *relay_settings_restart_keys(const struct relay_settings *before,
                                        const struct relay_settings *after, char *text,
                                        size_t size);
