/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The local control socket of both programs, the daemon's side: a Unix stream socket (mode 0600) on
 * which a command line sends one JSON object per line and gets one JSON object per line back, in
 * the shape of proto/admin/answer.h. Only the daemon's own user and root are served (SO_PEERCRED).
 * Lines, clients and waiting time are bounded.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct control_server;

enum {
    CONTROL_LINE_SIZE_MAX = 65536, /* a request */
    CONTROL_CLIENTS_MAX = 32,
    CONTROL_IDLE_S = 60, /* a client that says nothing for so long is closed */
};

/** Answers one request. */
struct control_handler {
    void *context;
    /** request is a JSON object, borrowed. Returns the answer (given: the server releases it); NULL
     * is answered as an error for lack of memory. */
    json_t *(*request)(void *context, const json_t *request);
};

/**
 * Listen at `path`. A socket file left behind by a dead process is replaced; if somebody answers
 * there, ERR_LIMIT. ERR_SYSTEM, ERR_NOMEM.
 */
int control_server_open(struct control_server **out, struct ev_loop *loop, const char *path,
                        const struct control_handler *handler, struct fault *fault) MUST_CHECK;

/** Close all clients and remove the socket file. */
void control_server_close(struct control_server *server);
