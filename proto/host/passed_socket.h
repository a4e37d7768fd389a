/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets that a service manager passes on, without its library: those that it bound itself
 * (sd_listen_fds(3)), and those that this service gave it to keep over a restart
 * (sd_pid_notify_with_fds(3), FDSTORE=1). What comes meanwhile waits in them. And a file of
 * memory, with what the next process needs of this one.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <stdbool.h>

/** The descriptor of the passed socket that is bound to just this address and port, made
 * non-blocking and not to be inherited by others; -1 if none is. Of several, one that a process of
 * this user made. Whoever asks owns it. */
int passed_socket(const struct endpoint *local);

/** The same, but only one that a process of this user made; or only one of another user, who is the
 * service manager, as root: sockets of ours cannot share its address with it (SO_REUSEPORT). */
int passed_socket_of(const struct endpoint *local, bool ours);

/** Have the service manager keep this socket, which is bound to `local`, for our next process. The
 * manager gets a copy; the caller's own stays its own. Without a manager nothing happens. */
void passed_socket_keep(int fd, const struct endpoint *local);

/** The file that our former process gave the manager under this name (notify_keep), not to be
 * inherited by others; -1 if there is none. Whoever asks owns it, and the manager keeps it no
 * longer. To be called before passed_sockets_settle. */
int passed_file(const char *name);

/** Close the passed sockets that nobody asked for, and have the manager forget those of them that
 * it kept for us, or their ports would stay taken. To be called when all sockets are open. */
void passed_sockets_settle(void);
