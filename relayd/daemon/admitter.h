/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process beside the relay's that runs the program which admits hosts (`admission: script`).
 * It is there from the start on, before a file, a key or a port is open, because the relay's own
 * sandbox lets it start nothing; so the program may be named, changed and given up by a reload.
 *
 * It runs what the configuration names, and nothing else: it reads the file itself when the relay
 * says that it was changed, and takes from the relay's process only questions. Each program is in a
 * sandbox of its own, with what the relay can read, the state folder to write to, and programs of
 * its own folder and of /usr to run. It ends when the relay's process does.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "relayd/config/config.h"

#include <stdbool.h>

/** Start it. The caller has no thread, no loop and nothing open that is secret. config_path and
 * settings are of the start; the settings' `sandbox` and `state` count until its end. *fd is a
 * socket to it (relayd/engine/script_words.h), which the caller closes at the end. ERR_SYSTEM;
 * then fault says why, and *fd is -1. */
int admitter_start(int *fd, const char *config_path, const struct relay_settings *settings,
                   bool log_json, struct fault *fault) MUST_CHECK;
