/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a start with this configuration would stumble over, and what it would only find out later:
 * keys, delegation, certificate, folders, addresses, the program that admits. Nothing is made,
 * opened for others or changed, so a relay that runs is not disturbed. What only holds for the
 * moment is not looked at: whether a port is free, or the disk full.
 */
#pragma once

#include "proto/base/fault.h"
#include "relayd/config/config.h"

/** Print a sentence for each thing that is wrong to standard error: "relayd: FILE:LINE: what; what
 * to do", without the line where no line of the file at config_path names the thing. Returns
 * EXIT_CODE_OK if there is nothing, EXIT_CODE_USAGE if one of them is wrong input, else the code of
 * the first. */
int relay_daemon_check(const char *config_path, const struct relay_settings *settings);

/** Whether the program that admits, if there is one, can be run. ERR_DROP, and fault says why. */
int admission_program_check(const struct relay_settings *settings, struct fault *fault) MUST_CHECK;
