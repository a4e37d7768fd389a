/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Readiness and status for the service manager: the sd_notify datagram protocol in our own lines.
 * Without NOTIFY_SOCKET every function does nothing.
 */
#pragma once

/** Started, or reloaded: READY=1 and one line for people, STATUS=. Text up to 200 bytes, cut there;
 * control characters become spaces. */
void notify_ready(const char *status);

/** A reload begins (RELOADING=1 and MONOTONIC_USEC); end it with notify_ready. */
void notify_reloading(void);

/** A clean stop begins. */
void notify_stopping(void);

/** Milliseconds between watchdog signs that the manager wants, 0: none. Send at half of it. */
unsigned notify_watchdog_ms(void);

/** A watchdog sign. */
void notify_watchdog(void);
