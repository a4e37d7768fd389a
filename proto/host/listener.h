/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes connections of a listening stream socket. While there is no room for another descriptor it
 * tries once a second only. A connection that cannot be taken keeps the socket readable, and would
 * keep the loop busy for nothing.
 */
#pragma once

#include "proto/base/err.h"

struct ev_loop;
struct listener;

enum { LISTENER_PAUSE_MS = 1000 };

/**
 * Call `accepted` from the loop for each connection; its descriptor is given (non-blocking, closed
 * on exec). loop, context and fd, which listens, are borrowed and outlive the listener. ERR_NOMEM
 * leaves *out NULL.
 */
int listener_new(struct listener **out, struct ev_loop *loop, int fd,
                 void (*accepted)(void *context, int fd), void *context) MUST_CHECK;

/** Take no more connections. NULL is fine. */
void listener_free(struct listener *listener);
