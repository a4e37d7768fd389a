/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon that `relayd` without a verb is: a core with its store, sockets, control socket and
 * local pages. SIGINT and SIGTERM end it, SIGHUP makes it read its configuration again, and the
 * service manager is told how it is.
 */
#pragma once

#include "relayd/config/config.h"

#include <stdbool.h>

/** Serve until a signal. A reload reads the file config_path, which is borrowed. With log_json the
 * log is lines of JSON. If the start fails, what is wrong is printed. Returns an exit code. */
int relay_daemon_run(const char *config_path, const struct relay_settings *settings, bool log_json);
