/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of the local control socket of both programs: a Unix stream socket (mode 0600).
 * A command line sends a JSON object on one line and gets one back on one line, in the shape of
 * proto/admin/answer.h. Only the daemon's own user and root are served (SO_PEERCRED), and a group
 * of operators if the daemon names one (SO_PEERGROUPS, mode 0660), who may look and change nothing.
 * Lines, clients and waiting time are bounded.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ev_loop;
struct control_server;

enum {
    CONTROL_LINE_SIZE_MAX = 65536, /* a request */
    CONTROL_CLIENTS_MAX = 32,      /* at a time; more are told so and closed */
    CONTROL_LOOKERS_MAX = 24,      /* of them those who may only look */
    CONTROL_IDLE_S = 60,           /* a client that says nothing for so long is closed */
};

/** What a client may do. */
enum control_right {
    CONTROL_RIGHT_NONE, /* it is closed at once */
    CONTROL_RIGHT_LOOK, /* of the group of operators */
    CONTROL_RIGHT_ALL,  /* root and the daemon's own user */
};

/** Answers one request. */
struct control_handler {
    void *context;
    /** Called from the loop. right: of whoever asks, LOOK or ALL. request is a JSON object,
     * borrowed. Returns the answer, given; for NULL the server tells that the daemon is out of
     * memory. */
    json_t *(*request)(void *context, enum control_right right, const json_t *request);
};

/**
 * Listen at `path`. loop is borrowed and outlives the server; handler is copied, its context
 * borrowed. A socket file left behind by a dead process is replaced. *out is NULL on error, with
 * fault: ERR_LIMIT if somebody answers at `path`, ERR_SYSTEM, ERR_NOMEM.
 */
int control_server_open(struct control_server **out, struct ev_loop *loop, const char *path,
                        const struct control_handler *handler, struct fault *fault) MUST_CHECK;

/** From now on serve the members of this group, too, who may look. ERR_SYSTEM with fault if the
 * socket's file cannot be given to the group; then nothing has changed. */
int control_server_share(struct control_server *server, gid_t group,
                         struct fault *fault) MUST_CHECK;

/** Close all clients and remove the socket file. An answer that a client waits for is sent before,
 * as far as its socket has room. NULL is fine. */
void control_server_close(struct control_server *server);
