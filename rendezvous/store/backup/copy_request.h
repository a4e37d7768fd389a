/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The request for a copy of the store on the control socket of both daemons:
 *
 *   {"do":"copy","name":"copy-1234..."}    -> {"ok":true}
 *
 * The copy then lies in the folder of the store, and the asker removes it (state_copy.h).
 */
#pragma once

#include "proto/base/fault.h"
#include "rendezvous/store/store.h"

#include <jansson.h>
#include <stdbool.h>

/** True if the request, any JSON, is this one. */
bool copy_request_is(const json_t *request);

/** The daemon's answer, which is given; `path` is the folder of the store. NULL without memory. */
json_t *copy_request_answer(struct store *store, const char *path, const json_t *request);

/** Ask the daemon at this control socket: a state_copy_asker whose context is the socket's path. */
int copy_request_send(void *socket_path, const char *name, struct fault *fault) MUST_CHECK;
