/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether another program of this machine may want UDP port 443: a web server serves HTTP/3 there,
 * and may be started after us. It comes first unless the configuration names the port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { WEB_SERVER_TEXT_SIZE = 200 };

/** Folders in which programs are looked for; ends with NULL. */
extern const char *const web_server_folders[];

/**
 * Look for one: a program that listens on this TCP port, or an installed web server.
 *
 * text      why, as part of a sentence ("nginx is installed here (/usr/sbin/nginx)"); "" if not
 * folders   ends with NULL; web_server_folders but for tests
 *
 * Without the right to bind the port, listeners are not seen; then we cannot have it either.
 */
bool web_server_find(char text[WEB_SERVER_TEXT_SIZE], uint16_t port, const char *const folders[]);
