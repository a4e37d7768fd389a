/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `ziglan up` runs: a host with its control socket, Magic DNS, and the ziglans of its
 * configuration; signals are caught, and the service manager is told. SIGINT, SIGTERM and "down" on
 * the control socket end it; SIGHUP reads the configuration again.
 */
#pragma once

#include "client/daemon/place.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

struct daemon;

enum { DAEMON_GREETING_SIZE = FAULT_TEXT_SIZE };

/**
 * Start everything. The interface is up when this returns ERR_OK.
 *
 * place   borrowed, outlives the daemon
 * name    wanted name, NULL: the configuration's; borrowed for the call
 *
 * ERR_LIMIT if a daemon of this interface runs, ERR_DROP, ERR_SYSTEM, ERR_NOMEM; fault says why,
 * and nothing is left open.
 */
int daemon_open(struct daemon **out, const struct place *place, const char *name,
                struct fault *fault) MUST_CHECK;

/** Write "zig0 is up: 100.64.17.3 fdd9:f800:...", for people. Returns text. */
const char *daemon_greeting(struct daemon *daemon, char text[DAEMON_GREETING_SIZE]);

/** Run until it is ended. Returns an exit code: EXIT_CODE_OK if somebody asked for the end. */
int daemon_run(struct daemon *daemon);

/** Say goodbye to the relays and undo everything; the interface disappears. NULL is fine. */
void daemon_close(struct daemon *daemon);
