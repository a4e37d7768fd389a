/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small local HTTP/1.1 server (libmicrohttpd, driven by libev) for metrics, health and pages.
 * GET and HEAD only. The Host header must be an IP literal, localhost or one of the names given.
 * Otherwise a web page could reach it by DNS rebinding: under a name of its own that leads here.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/endpoint.h"

#include <stddef.h>

struct ev_loop;
struct http_local;

enum {
    HTTP_LOCAL_CONNECTIONS_MAX = 64,
    HTTP_LOCAL_TIMEOUT_S = 10,
};

/** What is asked for. Borrowed for the call. */
struct http_ask {
    const char *path;   /* "/metrics", without query */
    const char *accept; /* the header Accept, any text; NULL: none */
};

/** An answer. `body` is given (malloc) and may be NULL with size 0. */
struct http_answer {
    unsigned status;          /* 200, 404, 503, ... */
    const char *content_type; /* static text; NULL: text/plain; charset=utf-8 */
    char *body;
    size_t size;
};

struct http_local_options {
    struct endpoint listen;   /* ip all zero: 127.0.0.1 */
    const char *const *hosts; /* further accepted Host names, NULL-terminated; may be NULL */
    void *context;
    /** Answer a GET or HEAD. *out is zeroed before; if status stays 0 the answer is 404. */
    void (*get)(void *context, const struct http_ask *ask, struct http_answer *out);
};

/** Serve. Options are copied except hosts and context, which are borrowed and outlive the server,
 * as loop does. *out is NULL on error, with fault: ERR_SYSTEM, ERR_NOMEM. */
int http_local_open(struct http_local **out, struct ev_loop *loop,
                    const struct http_local_options *options, struct fault *fault) MUST_CHECK;

/** Stop serving; connections are closed. NULL is fine. */
void http_local_close(struct http_local *http);

/** Where it listens, with the port that the kernel chose if 0 was asked for. Later: the host tells
 * where its page is. */
struct endpoint http_local_endpoint(const struct http_local *http);
