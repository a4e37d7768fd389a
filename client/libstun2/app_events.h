/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events that wait for the application, in their order (client/stun2/stun2.h). A ring of fixed
 * size: an application that does not poll loses the newest.
 */
#pragma once

#include "client/stun2/stun2.h"
#include "proto/base/env.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>

enum { APP_EVENTS_MAX = 64 };

/** Zeroed but for env: none. */
struct app_events {
    const struct env *env; /* borrowed; the log says when one is lost */
    struct stun2_event ring[APP_EVENTS_MAX];
    size_t first, count;
};

/** Append an event of this type, zero otherwise; the caller fills it in at once. Never NULL: when
 * the ring is full, it is one that nobody will see. */
struct stun2_event *app_events_add(struct app_events *events, enum stun2_event_type type);

/** Take the oldest; false if there is none. */
bool app_events_take(struct app_events *events, struct stun2_event *out);

/** An address as the application sees it, and back. */
struct stun2_address app_address(const struct endpoint *endpoint);
struct endpoint app_endpoint(const struct stun2_address *address);

/** Copy a text, cut where it does not fit. text may be NULL: empty. */
void app_text(char *out, size_t size, const char *text);
