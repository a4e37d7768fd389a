/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets that a service manager bound and passed on: the environment of sd_listen_fds(3),
 * without its library.
 */
#pragma once

#include "proto/net/endpoint.h"

/** The descriptor of the passed socket that is bound to just this address and port, made
 * non-blocking and not to be inherited by others; -1 if none is. Whoever asks owns it. */
int passed_socket(const struct endpoint *local);
