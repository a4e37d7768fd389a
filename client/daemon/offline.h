/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What verbs do while no daemon runs: they open the host for a moment, without an interface. What
 * they change is written to the store, where the next daemon finds it.
 */
#pragma once

#include "client/daemon/place.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>
#include <stdbool.h>

/** How long a join waits for the ziglan's answer, with a daemon or without, and how often it looks
 * for it. */
enum { JOIN_WAIT_MS = 15000, JOIN_POLL_MS = 100 };

/** Join a ziglan and wait for its answer, at most JOIN_WAIT_MS. name is the name that this host
 * wants there, NULL: the one it wants in all ziglans. Returns the core's answer to "status"
 * (given), in which the ziglan may still be unanswered; NULL with fault if nothing was tried. */
json_t *offline_join(const struct place *place, const char *url, const char *name,
                     struct fault *fault);

/** How long a leave waits until the entry point knows it, with a daemon or without. */
enum { LEAVE_WAIT_MS = 5000, LEAVE_POLL_MS = 50 };

/** Leave a ziglan by its name or key, and wait until its entry point knows that, at most
 * LEAVE_WAIT_MS. *told is false if it does not: the next daemon goes on to tell it. ERR_DROP if it
 * is not joined, or what host_open returns; both with fault. */
int offline_leave(const struct place *place, const char *ziglan, bool *told,
                  struct fault *fault) MUST_CHECK;

/** Agree to a name (client/names/trust.h). Returns the core's answer to "trust" (given); NULL with
 * fault. */
json_t *offline_trust(const struct place *place, const char *name, struct fault *fault);

/** Make one request (given; NULL: it was no UTF-8) of client/admin/host_admin.h that needs no
 * network. Returns the core's answer (given); NULL with fault. */
json_t *offline_request(const struct place *place, json_t *request, struct fault *fault);

/** What configuration and key alone tell of this host, in the form of the core's answer to "whoami"
 * but without addresses. name as for setup_wanted_name. Given; NULL with fault. */
json_t *offline_whoami(const struct place *place, const char *name, struct fault *fault);
