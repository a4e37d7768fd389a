/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each TCP client has a slot with room for one query and one answer. That bounds what clients can
 * make this process hold.
 */
#include "client/engine/dns_server.h"

#include "proto/host/listener.h"
#include "proto/host/socket_name.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    UDP_BATCH_MAX = 32, /* queries per loop turn */
    LENGTH_SIZE = 2,    /* before each message on TCP */
};

struct dns_client {
    struct dns_server *server; /* NULL: the slot is free */
    int fd;
    struct ev_io io;
    struct ev_timer end;
    uint8_t in[LENGTH_SIZE + DNS_MESSAGE_SIZE_MAX];
    size_t in_size;
    uint8_t out[LENGTH_SIZE + DNS_MESSAGE_SIZE_MAX];
    size_t out_size, out_at;
};

struct dns_server {
    struct ev_loop *loop;
    struct dns_config config;
    int udp, tcp;
    struct ev_io udp_io;
    struct listener *listener;
    struct dns_client *clients; /* DNS_TCP_CLIENTS_MAX */
};

/* -- UDP --------------------------------------------------------------------------------------- */

static void on_udp(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct dns_server *server = w->data;

    (void)loop;
    (void)events;
    for (int i = 0; i < UDP_BATCH_MAX; i++) {
        uint8_t query[DNS_MESSAGE_SIZE_MAX];
        uint8_t answer[DNS_MESSAGE_SIZE_MAX];
        struct sockaddr_storage from;
        socklen_t from_size = sizeof(from);
        ssize_t got = recvfrom(server->udp, query, sizeof(query), MSG_DONTWAIT,
                               (struct sockaddr *)&from, &from_size);
        size_t size;

        if (got < 0) {
            return;
        }
        size = dns_answer(&server->config, query, (size_t)got, false, answer);
        if (size > 0) {
            (void)!sendto(server->udp, answer, size, MSG_DONTWAIT, (struct sockaddr *)&from,
                          from_size);
        }
    }
}

/* -- TCP --------------------------------------------------------------------------------------- */

static void client_close(struct dns_client *c)
{
    if (c->server == NULL) {
        return;
    }
    ev_io_stop(c->server->loop, &c->io);
    ev_timer_stop(c->server->loop, &c->end);
    (void)close(c->fd);
    c->server = NULL;
}

static void client_wait_for(struct dns_client *c, int events)
{
    ev_io_stop(c->server->loop, &c->io);
    ev_io_set(&c->io, c->fd, events);
    ev_io_start(c->server->loop, &c->io);
}

/* Answer the first message of `in`, if it is complete and no answer is being written. False if the
 * client must be closed. */
static bool client_serve(struct dns_client *c)
{
    size_t size = (size_t)c->in[0] << 8 | c->in[1];
    size_t answered;

    if (c->in_size < LENGTH_SIZE || c->out_size != 0) {
        return true;
    }
    if (size > DNS_MESSAGE_SIZE_MAX) {
        return false;
    }
    if (c->in_size < LENGTH_SIZE + size) {
        return true;
    }
    answered =
        dns_answer(&c->server->config, c->in + LENGTH_SIZE, size, true, c->out + LENGTH_SIZE);
    if (answered == 0) {
        return false;
    }
    c->in_size -= LENGTH_SIZE + size;
    memmove(c->in, c->in + LENGTH_SIZE + size, c->in_size);
    c->out[0] = (uint8_t)(answered >> 8);
    c->out[1] = (uint8_t)(answered & 0xff);
    c->out_size = LENGTH_SIZE + answered;
    c->out_at = 0;
    client_wait_for(c, EV_WRITE);
    return true;
}

static bool client_read(struct dns_client *c)
{
    ssize_t got = recv(c->fd, c->in + c->in_size, sizeof(c->in) - c->in_size, MSG_DONTWAIT);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    c->in_size += (size_t)got;
    return got > 0 && client_serve(c);
}

static bool client_write(struct dns_client *c)
{
    ssize_t sent =
        send(c->fd, c->out + c->out_at, c->out_size - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    c->out_at += (size_t)sent;
    if (c->out_at < c->out_size) {
        return true;
    }
    c->out_size = 0;
    client_wait_for(c, EV_READ);
    return client_serve(c);
}

static void on_client(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct dns_client *c = w->data;
    bool goes_on = (events & EV_WRITE) != 0 ? client_write(c) : client_read(c);

    (void)loop;
    if (!goes_on) {
        client_close(c);
    }
}

/* The time is for the whole connection: nobody keeps a slot by sending single bytes. */
static void on_end(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    client_close(w->data);
}

static void on_connection(void *context, int fd)
{
    struct dns_server *server = context;
    struct dns_client *c = server->clients;

    while (c < server->clients + DNS_TCP_CLIENTS_MAX && c->server != NULL) {
        c++;
    }
    if (c == server->clients + DNS_TCP_CLIENTS_MAX) {
        (void)close(fd);
        return;
    }
    c->server = server;
    c->fd = fd;
    c->in_size = 0;
    c->out_size = 0;
    ev_io_init(&c->io, on_client, fd, EV_READ);
    ev_timer_init(&c->end, on_end, DNS_TCP_CLIENT_MS / 1000.0, 0.0);
    c->io.data = c;
    c->end.data = c;
    ev_io_start(server->loop, &c->io);
    ev_timer_start(server->loop, &c->end);
}

/* -- Opening ----------------------------------------------------------------------------------- */

/* A bound socket of this type, which listens if it is a stream socket. -1 with fault on error. */
static int socket_bind(int type, const struct endpoint *listen_at, struct fault *fault)
{
    int family = endpoint_is_v4(listen_at) ? AF_INET : AF_INET6;
    struct sockaddr_in6 name;
    socklen_t size = socket_name_of(&name, listen_at, family);
    char text[ENDPOINT_TEXT_SIZE];
    int one = 1;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0) ||
        bind(fd, (struct sockaddr *)&name, size) != 0 ||
        (type == SOCK_STREAM && listen(fd, DNS_TCP_CLIENTS_MAX) != 0)) {
        fault_set_errno(fault, "cannot serve names on %s", endpoint_text(listen_at, text));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

int dns_server_open(struct dns_server **out, struct ev_loop *loop, const struct endpoint *listen_at,
                    const struct dns_config *config, struct fault *fault)
{
    struct dns_server *server = calloc(1, sizeof(*server));

    *out = NULL;
    if (server == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    server->loop = loop;
    server->config = *config;
    server->udp = -1;
    server->tcp = -1;
    ev_init(&server->udp_io, on_udp);
    server->clients = calloc(DNS_TCP_CLIENTS_MAX, sizeof(*server->clients));
    if (server->clients == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        dns_server_close(server);
        return ERR_NOMEM;
    }
    server->udp = socket_bind(SOCK_DGRAM, listen_at, fault);
    if (server->udp >= 0) {
        server->tcp = socket_bind(SOCK_STREAM, listen_at, fault);
    }
    if (server->tcp < 0) {
        dns_server_close(server);
        return ERR_SYSTEM;
    }
    if (listener_new(&server->listener, loop, server->tcp, on_connection, server) != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        dns_server_close(server);
        return ERR_NOMEM;
    }
    ev_io_set(&server->udp_io, server->udp, EV_READ);
    server->udp_io.data = server;
    ev_io_start(loop, &server->udp_io);
    *out = server;
    return ERR_OK;
}

void dns_server_close(struct dns_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; server->clients != NULL && i < DNS_TCP_CLIENTS_MAX; i++) {
        client_close(&server->clients[i]);
    }
    ev_io_stop(server->loop, &server->udp_io);
    listener_free(server->listener);
    if (server->udp >= 0) {
        (void)close(server->udp);
    }
    if (server->tcp >= 0) {
        (void)close(server->tcp);
    }
    free(server->clients);
    free(server);
}
