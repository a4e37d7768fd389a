/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of each client, either a line is being read or an answer is being written.
 */
#include "proto/host/control_socket.h"

#include "proto/admin/answer.h"
#include "proto/host/listener.h"

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_STEP = 4096 };

struct control_client {
    struct control_server *server; /* NULL: the slot is free */
    enum control_right right;
    int fd;
    struct ev_io io;
    struct ev_timer idle;
    char *line; /* CONTROL_LINE_SIZE_MAX bytes */
    size_t line_size;
    char *answer; /* being written; NULL: none */
    size_t answer_size, answer_at;
};

struct control_server {
    struct ev_loop *loop;
    struct control_handler handler;
    bool shared; /* with `group` */
    gid_t group;
    int fd;
    struct listener *listener;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct control_client clients[CONTROL_CLIENTS_MAX];
};

/* -- Clients ---------------------------------------------------------------------------------- */

static void client_close(struct control_client *c)
{
    if (c->server == NULL) {
        return;
    }
    ev_io_stop(c->server->loop, &c->io);
    ev_timer_stop(c->server->loop, &c->idle);
    (void)close(c->fd);
    free(c->line);
    free(c->answer);
    memset(c, 0, sizeof(*c));
}

static void client_wait_for(struct control_client *c, int events)
{
    ev_io_stop(c->server->loop, &c->io);
    ev_io_set(&c->io, c->fd, events);
    ev_io_start(c->server->loop, &c->io);
}

/* The text of the answer to one line, with its newline; to be freed. NULL without memory. */
static char *line_answer(struct control_server *server, enum control_right right, const char *line,
                         size_t size)
{
    json_error_t error;
    json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    json_t *answer;
    char *text;
    char *whole;
    size_t length;

    if (!json_is_object(request)) {
        answer = answer_refuse(EXIT_CODE_USAGE, "the request is not a JSON object on one line");
    } else {
        answer = server->handler.request(server->handler.context, right, request);
    }
    if (answer == NULL) {
        answer = answer_refuse(EXIT_CODE_FAILURE, "the daemon is out of memory");
    }
    text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    json_decref(request);
    if (text == NULL) {
        return NULL;
    }
    length = strlen(text);
    whole = realloc(text, length + 2);
    if (whole == NULL) {
        free(text);
        return NULL;
    }
    memcpy(whole + length, "\n", 2);
    return whole;
}

/* Answer the first complete line, if there is one and no answer is being written. False if the
 * client must be closed. */
static bool client_serve(struct control_client *c)
{
    char *newline;
    size_t size;

    if (c->answer != NULL) {
        return true;
    }
    newline = memchr(c->line, '\n', c->line_size);
    if (newline == NULL) {
        return c->line_size < CONTROL_LINE_SIZE_MAX;
    }
    size = (size_t)(newline - c->line);
    c->answer = line_answer(c->server, c->right, c->line, size);
    if (c->answer == NULL) {
        return false;
    }
    c->answer_size = strlen(c->answer);
    c->answer_at = 0;
    c->line_size -= size + 1;
    memmove(c->line, newline + 1, c->line_size);
    client_wait_for(c, EV_WRITE);
    return true;
}

static bool client_read(struct control_client *c)
{
    ssize_t got = read(c->fd, c->line + c->line_size, CONTROL_LINE_SIZE_MAX - c->line_size);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (got == 0) {
        return false;
    }
    c->line_size += (size_t)got;
    return client_serve(c);
}

static bool client_write(struct control_client *c)
{
    ssize_t sent = send(c->fd, c->answer + c->answer_at, c->answer_size - c->answer_at,
                        MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    c->answer_at += (size_t)sent;
    if (c->answer_at < c->answer_size) {
        return true;
    }
    free(c->answer);
    c->answer = NULL;
    client_wait_for(c, EV_READ);
    return client_serve(c);
}

static void on_client(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct control_client *c = w->data;
    bool goes_on = (events & EV_WRITE) != 0 ? client_write(c) : client_read(c);

    if (!goes_on) {
        client_close(c);
        return;
    }
    ev_timer_again(loop, &c->idle);
}

static void on_idle(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    client_close(w->data);
}

/* Whether the process at the other end has this group among its further ones. */
static bool peer_has_group(int fd, gid_t group)
{
    socklen_t size = 0;
    gid_t *groups;
    bool found = false;

    /* The first call only tells how many there are. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE) {
        return false;
    }
    groups = malloc(size);
    if (groups != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
        for (size_t i = 0; i < size / sizeof(*groups); i++) {
            found = found || groups[i] == group;
        }
    }
    free(groups);
    return found;
}

static enum control_right peer_right(const struct control_server *server, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return CONTROL_RIGHT_NONE;
    }
    if (peer.uid == 0 || peer.uid == geteuid()) {
        return CONTROL_RIGHT_ALL;
    }
    return server->shared && (peer.gid == server->group || peer_has_group(fd, server->group))
               ? CONTROL_RIGHT_LOOK
               : CONTROL_RIGHT_NONE;
}

/* A free place; NULL if there is none for this right. Who may only look must not keep those out who
 * may do more. */
static struct control_client *place_find(struct control_server *server, enum control_right right)
{
    struct control_client *found = NULL;
    size_t lookers = 0;

    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *c = &server->clients[i];

        found = c->server == NULL ? c : found;
        lookers += c->server != NULL && c->right == CONTROL_RIGHT_LOOK ? 1 : 0;
    }
    return right == CONTROL_RIGHT_LOOK && lookers >= CONTROL_LOOKERS_MAX ? NULL : found;
}

/* Tell a client for whom there is no place, as far as its socket takes it at once. */
static void full_tell(int fd)
{
    json_t *answer =
        answer_refuse(EXIT_CODE_FAILURE, "the daemon serves as many as it can; try again");
    char *text = json_dumps(answer, JSON_COMPACT);

    if (text != NULL) {
        struct iovec parts[] = {{text, strlen(text)}, {(char[]){'\n'}, 1}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

        (void)sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    free(text);
    json_decref(answer);
}

static void on_connection(void *context, int fd)
{
    struct control_server *server = context;
    enum control_right right = peer_right(server, fd);
    struct control_client *c = NULL;

    if (right != CONTROL_RIGHT_NONE) {
        c = place_find(server, right);
        if (c == NULL) {
            full_tell(fd);
        }
    }
    if (c == NULL) {
        (void)close(fd);
        return;
    }
    c->line = malloc(CONTROL_LINE_SIZE_MAX);
    if (c->line == NULL) {
        (void)close(fd);
        return;
    }
    c->server = server;
    c->right = right;
    c->fd = fd;
    ev_io_init(&c->io, on_client, fd, EV_READ);
    c->io.data = c;
    ev_io_start(server->loop, &c->io);
    ev_init(&c->idle, on_idle);
    c->idle.repeat = CONTROL_IDLE_S;
    c->idle.data = c;
    ev_timer_again(server->loop, &c->idle);
}

/* -- Server ----------------------------------------------------------------------------------- */

static bool address_of_path(struct sockaddr_un *address, const char *path, struct fault *fault)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path)) {
        fault_set(fault, EXIT_CODE_USAGE, "the socket path %s is longer than %zu bytes", path,
                  sizeof(address->sun_path) - 1);
        return false;
    }
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

/* Remove the socket file of a process that is gone. ERR_LIMIT if somebody answers there. */
static int stale_remove(const struct sockaddr_un *address, struct fault *fault)
{
    struct stat info;
    int fd;
    int rc;

    if (lstat(address->sun_path, &info) != 0) {
        return ERR_OK;
    }
    if (!S_ISSOCK(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is in the way and is not a socket; remove it",
                  address->sun_path);
        return ERR_SYSTEM;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        fault_set_errno(fault, "cannot make a local socket");
        return ERR_SYSTEM;
    }
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN) {
        fault_set(fault, EXIT_CODE_FAILURE, "another daemon answers at %s", address->sun_path);
        rc = ERR_LIMIT;
    } else if (errno == ECONNREFUSED && unlink(address->sun_path) == 0) {
        rc = ERR_OK;
    } else {
        fault_set_errno(fault, "cannot replace the socket %s", address->sun_path);
        rc = ERR_SYSTEM;
    }
    (void)close(fd);
    return rc;
}

static int server_listen(struct control_server *server, const char *path, struct fault *fault)
{
    struct sockaddr_un address;
    mode_t before;
    int bound;
    int rc;

    if (!address_of_path(&address, path, fault)) {
        return ERR_SYSTEM;
    }
    rc = stale_remove(&address, fault);
    if (rc != ERR_OK) {
        return rc;
    }
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0) {
        fault_set_errno(fault, "cannot make a local socket");
        return ERR_SYSTEM;
    }
    /* The file must never exist with wider rights than its final ones. */
    before = umask(0177);
    bound = bind(server->fd, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(before);
    if (bound != 0) {
        fault_set_path(fault, "cannot make the socket %s", path);
        return ERR_SYSTEM;
    }
    memcpy(server->path, address.sun_path, sizeof(server->path));
    if (listen(server->fd, CONTROL_CLIENTS_MAX) != 0) {
        fault_set_errno(fault, "cannot listen on %s", path);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

int control_server_open(struct control_server **out, struct ev_loop *loop, const char *path,
                        const struct control_handler *handler, struct fault *fault)
{
    struct control_server *server = calloc(1, sizeof(*server));
    int rc;

    *out = NULL;
    if (server == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    server->loop = loop;
    server->handler = *handler;
    server->fd = -1;
    rc = server_listen(server, path, fault);
    if (rc == ERR_OK) {
        rc = listener_new(&server->listener, loop, server->fd, on_connection, server);
        if (rc != ERR_OK) {
            fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        }
    }
    if (rc != ERR_OK) {
        control_server_close(server);
        return rc;
    }
    *out = server;
    return ERR_OK;
}

int control_server_share(struct control_server *server, gid_t group, struct fault *fault)
{
    if (chown(server->path, (uid_t)-1, group) != 0 || chmod(server->path, 0660) != 0) {
        fault_set_errno(fault, "cannot give the socket %s to its group", server->path);
        return ERR_SYSTEM;
    }
    server->shared = true;
    server->group = group;
    return ERR_OK;
}

void control_server_close(struct control_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *c = &server->clients[i];

        /* The answer to the request that stopped the daemon is still here. */
        if (c->server != NULL && c->answer != NULL) {
            (void)!send(c->fd, c->answer + c->answer_at, c->answer_size - c->answer_at,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        client_close(c);
    }
    listener_free(server->listener);
    if (server->fd >= 0) {
        (void)close(server->fd);
    }
    if (server->path[0] != '\0') {
        (void)unlink(server->path);
    }
    free(server);
}
