/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line's side of the local control socket (proto/host/control_socket.h).
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>

enum { CONTROL_ANSWER_SIZE_MAX = 64 << 20 /* an answer that is accepted */ };

/**
 * Send one request, borrowed, and wait for the answer. Blocks up to timeout_ms.
 *
 * answer   given on ERR_OK, else NULL
 * fault    on error: EXIT_CODE_NO_DAEMON if nobody listens, EXIT_CODE_PERMISSION if the daemon does
 *          not serve us, and its own sentence and code if its answer is a refusal
 *
 * ERR_SYSTEM, also for a refusal; ERR_NOMEM.
 */
int control_call(const char *path, const json_t *request, unsigned timeout_ms, json_t **answer,
                 struct fault *fault) MUST_CHECK;
