/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `relayd` runs: a relay with its store, sockets, control socket, local pages, signals and the
 * service manager. SIGINT and SIGTERM end it; SIGHUP reads the configuration again.
 */
#pragma once

#include "relayd/config/config.h"

/** Serve until it is ended. config_path is what a reload reads. Prints what is wrong. Returns an
 * exit code. */
int relay_daemon_run(const char *config_path, const struct relay_settings *settings);
