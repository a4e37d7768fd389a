/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the parts of a relay's state lie, for backup, export and import.
 */
#pragma once

#include "relayd/config/config.h"
#include "rendezvous/store/backup/state_parts.h"

/** What its configuration is called in a copy. */
#define RELAY_PARTS_CONFIG "relayd.yaml"

/** The parts as the settings of the configuration at config_path have them; both are borrowed. */
void relay_parts_fill(struct state_parts *out, const struct relay_settings *settings,
                      const char *config_path);
