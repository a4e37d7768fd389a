/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libmicrohttpd has an epoll descriptor and a deadline of its own; the loop watches both, and runs
 * it when one of them says so.
 */
#include "proto/host/http_local.h"

#include "proto/host/socket_name.h"
#include "proto/net/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_local {
    struct ev_loop *loop;
    struct http_local_options options;
    struct MHD_Daemon *daemon;
    struct ev_io io;
    struct ev_timer timer;
    struct endpoint bound;
};

/* -- Requests --------------------------------------------------------------------------------- */

/* The name or address in a Host header, without brackets and port. False if it is malformed. */
static bool host_name(const char *header, char out[HOST_TEXT_SIZE])
{
    const char *start = header;
    size_t size;

    if (header[0] == '[') {
        const char *close_bracket = strchr(header, ']');

        if (close_bracket == NULL || (close_bracket[1] != '\0' && close_bracket[1] != ':')) {
            return false;
        }
        start = header + 1;
        size = (size_t)(close_bracket - start);
    } else {
        size = strcspn(header, ":");
    }
    if (size == 0 || size >= HOST_TEXT_SIZE) {
        return false;
    }
    memcpy(out, start, size);
    out[size] = '\0';
    return true;
}

/* A web page can make a browser send requests here with the page's own name as Host, but not with
 * an address or one of our names. */
static bool host_is_allowed(const struct http_local *http, const char *header)
{
    char name[HOST_TEXT_SIZE];
    struct in6_addr address;

    if (header == NULL || !host_name(header, name)) {
        return false;
    }
    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1 ||
        strcasecmp(name, "localhost") == 0) {
        return true;
    }
    for (const char *const *h = http->options.hosts; h != NULL && *h != NULL; h++) {
        if (strcasecmp(name, *h) == 0) {
            return true;
        }
    }
    return false;
}

static enum MHD_Result answer_queue(struct MHD_Connection *connection, struct http_answer *answer)
{
    const char *type =
        answer->content_type != NULL ? answer->content_type : "text/plain; charset=utf-8";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result queued;

    if (response == NULL) {
        free(answer->body);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "Vary", "Accept");
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED) { /* RFC 9110, section 15.5.6 */
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Replace the answer by a text. */
static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
    free(answer->body);
    answer->status = status;
    answer->content_type = NULL;
    answer->body = strdup(text);
    answer->size = answer->body != NULL ? strlen(text) : 0;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    static char seen;
    struct http_local *http = context;
    struct http_answer answer = {0};

    (void)version;
    (void)upload;
    if (*state == NULL) {
        /* First call: only the headers are there. Answering now would close the connection. */
        *state = &seen;
        return MHD_YES;
    }
    if (*upload_size != 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (!host_is_allowed(http, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"))) {
        answer_text(&answer, 403, "This server answers only under its address or own name.\n");
    } else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        answer_text(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
    } else {
        const struct http_ask ask = {
            .path = url,
            .accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept")};

        http->options.get(http->options.context, &ask, &answer);
        if (answer.status == 0) {
            answer_text(&answer, 404, "Not found.\n");
        }
    }
    return answer_queue(connection, &answer);
}

/* -- The loop --------------------------------------------------------------------------------- */

static void daemon_run(struct http_local *http)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    (void)MHD_run(http->daemon);
    ev_timer_stop(http->loop, &http->timer);
    if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES) {
        ev_timer_set(&http->timer, (double)wait_ms / 1000.0, 0.0);
        ev_timer_start(http->loop, &http->timer);
    }
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    (void)loop;
    (void)events;
    daemon_run(w->data);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    daemon_run(w->data);
}

/* -- Opening ---------------------------------------------------------------------------------- */

static struct endpoint endpoint_or_loopback(const struct endpoint *wanted)
{
    static const uint8_t zero[16];
    static const uint8_t loopback[4] = {127, 0, 0, 1};

    return memcmp(wanted->ip, zero, 16) == 0 ? endpoint_v4(loopback, wanted->port) : *wanted;
}

/* A listening TCP socket; -1 with fault. It is made here and not by libmicrohttpd, so that the
 * fault can say what is wrong. */
static int socket_listen(struct http_local *http, struct fault *fault)
{
    struct endpoint e = endpoint_or_loopback(&http->options.listen);
    int family = endpoint_is_v4(&e) ? AF_INET : AF_INET6;
    struct sockaddr_in6 name;
    socklen_t size = socket_name_of(&name, &e, family);
    char text[ENDPOINT_TEXT_SIZE];
    int one = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, (struct sockaddr *)&name, size) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        fault_set_errno(fault, "cannot serve HTTP on %s", endpoint_text(&e, text));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    http->bound = endpoint_of_socket_name(&name);
    return fd;
}

int http_local_open(struct http_local **out, struct ev_loop *loop,
                    const struct http_local_options *options, struct fault *fault)
{
    struct http_local *http = calloc(1, sizeof(*http));
    const union MHD_DaemonInfo *info;
    int rc = ERR_SYSTEM;
    int fd;

    *out = NULL;
    if (http == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    http->loop = loop;
    http->options = *options;
    ev_init(&http->io, on_readable);
    ev_init(&http->timer, on_timer);
    http->io.data = http;
    http->timer.data = http;
    fd = socket_listen(http, fault);
    if (fd < 0) {
        goto out;
    }
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_LOCAL_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_LOCAL_TIMEOUT_S, MHD_OPTION_END);
    if (http->daemon == NULL) {
        (void)close(fd);
        fault_set(fault, EXIT_CODE_FAILURE, "libmicrohttpd does not start");
        goto out;
    }
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || info->epoll_fd < 0) {
        fault_set(fault, EXIT_CODE_FAILURE, "libmicrohttpd was built without epoll");
        goto out;
    }
    ev_io_set(&http->io, info->epoll_fd, EV_READ);
    ev_io_start(loop, &http->io);
    *out = http;
    rc = ERR_OK;
out:
    if (rc != ERR_OK) {
        http_local_close(http);
    }
    return rc;
}

void http_local_close(struct http_local *http)
{
    if (http == NULL) {
        return;
    }
    ev_io_stop(http->loop, &http->io);
    ev_timer_stop(http->loop, &http->timer);
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon); /* closes the listening socket too */
    }
    free(http);
}

struct endpoint http_local_endpoint(const struct http_local *http)
{
    return http->bound;
}
