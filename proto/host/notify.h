/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Readiness and status for the service manager, by the datagrams of sd_notify(3), without its
 * library. Without NOTIFY_SOCKET in the environment nothing is sent.
 */
#pragma once

#include <stdbool.h>

/** True if there is a service manager. */
bool notify_has_manager(void);

/** Started, or reloaded: READY=1, and STATUS= with one line for people, cut at 200 bytes. Its
 * control characters become spaces. */
void notify_ready(const char *status);

/** A reload begins (RELOADING=1 and MONOTONIC_USEC=); notify_ready ends it. */
void notify_reloading(void);

/** A clean stop begins. */
void notify_stopping(void);

/** The manager restarts a daemon that does not call notify_watchdog for so many milliseconds; 0: it
 * does not watch. Call it after half of that. */
unsigned notify_watchdog_ms(void);

/** Give the manager a copy of a descriptor, which it keeps over a restart of the service and passes
 * to the next process under this name (FDSTORE=1). The name has no colon and at most 60 bytes. */
void notify_keep(int fd, const char *name);

/** Have the manager close what it keeps under this name (FDSTOREREMOVE=1). */
void notify_forget(const char *name);

/** Tell the manager that the daemon's loop runs. */
void notify_watchdog(void);
