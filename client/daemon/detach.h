/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a daemon in the background: in a child process, which has a process session of its own and
 * writes its standard error to the log file of the place.
 */
#pragma once

#include "client/daemon/daemon.h"
#include "client/daemon/place.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

/**
 * Start a daemon as daemon_open does, and wait until it is up or has failed.
 *
 * greeting   written only on ERR_OK: what daemon_greeting says
 *
 * Returns in the parent only; the child ends with the daemon. ERR_SYSTEM if it did not come up;
 * fault says why.
 */
int detach(const struct place *place, const char *name, char greeting[DAEMON_GREETING_SIZE],
           struct fault *fault) MUST_CHECK;
