/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes connections of a listening stream socket. While the process or the machine has no room for
 * another descriptor it looks again once a second: a connection that cannot be taken stays
 * readable, and would keep the loop busy for nothing.
 */
#pragma once

#include "proto/base/err.h"

struct ev_loop;
struct listener;

enum { LISTENER_PAUSE_MS = 1000 };

/**
 * Call `accepted` from the loop for each connection; its descriptor is given (non-blocking, closed
 * on exec). fd is borrowed, listens, and is open for as long as the listener. ERR_NOMEM.
 */
int listener_new(struct listener **out, struct ev_loop *loop, int fd,
                 void (*accepted)(void *context, int fd), void *context) MUST_CHECK;
void listener_free(struct listener *listener);
