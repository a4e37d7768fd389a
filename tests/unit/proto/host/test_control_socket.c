/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket of a daemon and the call of a verb: in one thread the loop, in another the
 * caller. */
#include "proto/admin/answer.h"
#include "proto/host/control_call.h"
#include "proto/host/control_socket.h"

#include <ev.h>
#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The daemon's loop runs in a thread of its own. */
struct daemon {
    struct ev_loop *loop;
    struct control_server *server;
    struct ev_async stop;
    pthread_t thread;
    char path[64];
};

static json_t *on_control(void *context, enum control_right right, const json_t *request)
{
    const char *verb = json_string_value(json_object_get(request, "do"));

    if (verb == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "no verb");
    }
    if (strcmp(verb, "big") == 0) {
        json_t *list = json_array();

        for (int i = 0; i < 100000; i++) {
            (void)json_array_append_new(list, json_integer(i));
        }
        return json_pack("{s:b, s:o}", "ok", 1, "list", list);
    }
    if (strcmp(verb, "stop") == 0) {
        ev_break(((struct daemon *)context)->loop, EVBREAK_ALL);
        return json_pack("{s:b}", "ok", 1);
    }
    if (strcmp(verb, "nothing") == 0) {
        return NULL;
    }
    if (strcmp(verb, "right") == 0) {
        return json_pack("{s:b, s:b}", "ok", 1, "all", right == CONTROL_RIGHT_ALL);
    }
    return json_pack("{s:b, s:s}", "ok", 1, "echo", verb);
}

static void on_stop(struct ev_loop *loop, struct ev_async *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void *daemon_main(void *argument)
{
    struct daemon *d = argument;

    ev_run(d->loop, 0);
    control_server_close(d->server);
    return NULL;
}

static void daemon_start(struct daemon *d)
{
    struct control_handler handler = {.context = d, .request = on_control};
    struct fault fault = {0};

    (void)snprintf(d->path, sizeof(d->path), "/tmp/ziglan-control-%d.sock", (int)getpid());
    d->loop = ev_loop_new(EVFLAG_AUTO);
    if (control_server_open(&d->server, d->loop, d->path, &handler, &fault) != ERR_OK) {
        fail_msg("%s", fault.text);
    }
    ev_async_init(&d->stop, on_stop);
    ev_async_start(d->loop, &d->stop);
    assert_int_equal(pthread_create(&d->thread, NULL, daemon_main, d), 0);
}

static void daemon_stop(struct daemon *d)
{
    ev_async_send(d->loop, &d->stop);
    assert_int_equal(pthread_join(d->thread, NULL), 0);
    ev_loop_destroy(d->loop);
}

static int call(const char *path, const char *verb, json_t **answer, struct fault *fault)
{
    json_t *request = json_pack("{s:s}", "do", verb);
    int rc = control_call(path, request, 3000, answer, fault);

    json_decref(request);
    return rc;
}

static void control_requests_are_answered_and_errors_become_faults(void **state)
{
    struct daemon d = {0};
    struct fault fault = {0};
    struct stat info;
    json_t *answer;

    (void)state;
    daemon_start(&d);
    assert_int_equal(stat(d.path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(call(d.path, "hello", &answer, &fault), ERR_OK);
    assert_string_equal(json_string_value(json_object_get(answer, "echo")), "hello");
    json_decref(answer);
    assert_int_equal(call(d.path, "big", &answer, &fault), ERR_OK);
    assert_int_equal(json_array_size(json_object_get(answer, "list")), 100000);
    json_decref(answer);
    assert_int_equal(call(d.path, "nothing", &answer, &fault), ERR_SYSTEM);
    assert_non_null(strstr(fault.text, "out of memory"));
    daemon_stop(&d);
    assert_int_equal(call(d.path, "hello", &answer, &fault), ERR_SYSTEM);
    assert_int_equal(fault.exit_code, EXIT_CODE_NO_DAEMON);
}

static void the_request_that_stops_the_daemon_is_answered(void **state)
{
    struct daemon d = {0};
    struct fault fault = {0};
    json_t *answer;

    (void)state;
    daemon_start(&d);
    assert_int_equal(call(d.path, "stop", &answer, &fault), ERR_OK);
    json_decref(answer);
    assert_int_equal(pthread_join(d.thread, NULL), 0);
    ev_loop_destroy(d.loop);
}

static int client_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Send raw bytes, return what comes back until the daemon closes or says a line. */
static size_t raw_exchange(const char *path, const char *bytes, size_t size, char *out,
                           size_t out_size)
{
    int fd = client_connect(path);
    size_t have = 0;

    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0) {
            break;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    (void)shutdown(fd, SHUT_WR);
    while (have < out_size) {
        ssize_t got = recv(fd, out + have, out_size - have, 0);

        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    (void)close(fd);
    return have;
}

/* Ask as another user. Returns the exit code of the answer, or 100 for the right to look and 101
 * for all rights. */
static int ask_as(const char *path, uid_t user, gid_t group, gid_t further)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct fault fault = {0};
        json_t *answer = NULL;

        if (setgroups(further != 0 ? 1 : 0, &further) != 0 || setgid(group) != 0 ||
            setuid(user) != 0) {
            _exit(99);
        }
        if (call(path, "right", &answer, &fault) != ERR_OK) {
            _exit((int)fault.exit_code);
        }
        _exit(json_is_true(json_object_get(answer, "all")) ? 101 : 100);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void members_of_the_group_may_look_and_others_are_refused(void **state)
{
    enum { GROUP = 4321, USER = 65533, OTHER = 65534 };
    struct daemon d = {0};
    struct fault fault = {0};
    struct stat info;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    daemon_start(&d);
    assert_int_equal(ask_as(d.path, USER, OTHER, GROUP), EXIT_CODE_PERMISSION);
    assert_int_equal(control_server_share(d.server, GROUP, &fault), ERR_OK);
    assert_int_equal(stat(d.path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    assert_int_equal(info.st_gid, GROUP);
    assert_int_equal(ask_as(d.path, USER, OTHER, GROUP), 100);
    assert_int_equal(ask_as(d.path, USER, GROUP, 0), 100);
    assert_int_equal(ask_as(d.path, USER, OTHER, 0), EXIT_CODE_PERMISSION);
    assert_int_equal(ask_as(d.path, 0, OTHER, 0), 101);
    /* The file's mode is not all that keeps others out. */
    assert_int_equal(chmod(d.path, 0666), 0);
    assert_int_equal(ask_as(d.path, USER, OTHER, 0), EXIT_CODE_PERMISSION);
    assert_int_equal(ask_as(d.path, USER, OTHER, OTHER), EXIT_CODE_PERMISSION);
    daemon_stop(&d);
}

/* As a member of the group hold more connections than there may be, until the other end of `line`
 * is closed. */
static pid_t crowd_start(const char *path, uid_t user, gid_t group, const int line[2])
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        char byte = '!';

        (void)close(line[0]);
        if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0) {
            _exit(99);
        }
        for (int i = 0; i < CONTROL_CLIENTS_MAX + 8; i++) {
            (void)client_connect(path);
        }
        (void)!write(line[1], &byte, 1);
        (void)!read(line[1], &byte, 1);
        _exit(0);
    }
    return child;
}

static void those_who_may_only_look_leave_places_for_root(void **state)
{
    enum { GROUP = 4321, USER = 65533 };
    struct daemon d = {0};
    struct fault fault = {0};
    json_t *answer;
    int line[2];
    char byte;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    daemon_start(&d);
    assert_int_equal(control_server_share(d.server, GROUP, &fault), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
    pid_t crowd = crowd_start(d.path, USER, GROUP, line);
    (void)close(line[1]);
    assert_int_equal(read(line[0], &byte, 1), 1);
    assert_int_equal(call(d.path, "hello", &answer, &fault), ERR_OK);
    json_decref(answer);
    /* Whoever finds no place is told so, and not that it has no right. */
    assert_int_equal(ask_as(d.path, USER, GROUP, 0), EXIT_CODE_FAILURE);
    (void)close(line[0]);
    assert_int_equal(waitpid(crowd, NULL, 0), crowd);
    daemon_stop(&d);
}

/* A daemon that serves others only closes the connection, perhaps before the request is written. */
static void a_connection_that_is_closed_at_once_is_a_refusal(void **state)
{
    static char large[1 << 20];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fault fault = {0};
    json_t *request;
    json_t *answer;
    pid_t child;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ziglan-closes-%d.sock",
                   (int)getpid());
    (void)unlink(address.sun_path);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    child = fork();
    if (child == 0) {
        (void)close(accept(listener, NULL, NULL));
        _exit(0);
    }
    memset(large, 'x', sizeof(large) - 1); /* more than a socket holds */
    request = json_pack("{s:s}", "do", large);
    assert_int_equal(control_call(address.sun_path, request, 5000, &answer, &fault), ERR_SYSTEM);
    assert_int_equal(fault.exit_code, EXIT_CODE_PERMISSION);
    json_decref(request);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(listener);
    (void)unlink(address.sun_path);
}

static void control_lines_that_are_no_requests_do_no_harm(void **state)
{
    static char large[CONTROL_LINE_SIZE_MAX + 10];
    static char out[4096];
    struct daemon d = {0};
    struct fault fault = {0};
    json_t *answer;
    size_t size;

    (void)state;
    daemon_start(&d);
    size = raw_exchange(d.path, "garbage\n[1]\n", 12, out, sizeof(out));
    assert_true(size > 0);
    assert_non_null(memmem(out, size, "\"ok\":false", 10));
    memset(large, 'x', sizeof(large)); /* no newline within the limit: closed without an answer */
    assert_int_equal(raw_exchange(d.path, large, sizeof(large), out, sizeof(out)), 0);
    assert_int_equal(call(d.path, "alive", &answer, &fault), ERR_OK);
    json_decref(answer);
    daemon_stop(&d);
}

static void a_stale_control_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    struct daemon d = {0};
    struct control_handler handler = {.request = on_control};
    struct control_server *second = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fault fault = {0};
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ziglan-control-%d.sock",
                   (int)getpid());
    assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(stale);
    daemon_start(&d);
    assert_int_equal(control_server_open(&second, d.loop, d.path, &handler, &fault), ERR_LIMIT);
    assert_non_null(strstr(fault.text, "another daemon answers"));
    assert_int_equal(access(d.path, F_OK), 0);
    daemon_stop(&d);
    assert_int_not_equal(access(d.path, F_OK), 0);
}

/* The lowest descriptor that is free: what the next one would be. */
static int descriptor_next(void)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    return fd;
}

static void on_end(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void loop_run_s(struct ev_loop *loop, double seconds)
{
    struct ev_timer end;

    ev_timer_init(&end, on_end, seconds, 0.0);
    ev_now_update(loop);
    ev_timer_start(loop, &end);
    (void)ev_run(loop, 0);
    ev_timer_stop(loop, &end);
}

static void a_connection_without_a_descriptor_waits_and_keeps_nobody_busy(void **state)
{
    struct daemon d = {.loop = ev_loop_new(EVFLAG_AUTO)};
    struct control_handler handler = {.request = on_control};
    struct fault fault = {0};
    struct rlimit before;
    struct rlimit few;
    char answer[64] = "";

    (void)state;
    (void)snprintf(d.path, sizeof(d.path), "/tmp/ziglan-busy-%d.sock", (int)getpid());
    assert_int_equal(control_server_open(&d.server, d.loop, d.path, &handler, &fault), ERR_OK);
    loop_run_s(d.loop, 0.0); /* what the loop opens for itself */
    int fd = client_connect(d.path);
    assert_int_equal(write(fd, "{}\n", 3), 3);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)descriptor_next();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    unsigned turns = ev_iteration(d.loop);
    loop_run_s(d.loop, 0.3);
    assert_in_range(ev_iteration(d.loop) - turns, 1, 20);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    loop_run_s(d.loop, 1.5);
    assert_true(recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(answer, "no verb"));
    (void)close(fd);
    control_server_close(d.server);
    ev_loop_destroy(d.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_requests_are_answered_and_errors_become_faults),
        cmocka_unit_test(the_request_that_stops_the_daemon_is_answered),
        cmocka_unit_test(members_of_the_group_may_look_and_others_are_refused),
        cmocka_unit_test(those_who_may_only_look_leave_places_for_root),
        cmocka_unit_test(a_connection_that_is_closed_at_once_is_a_refusal),
        cmocka_unit_test(control_lines_that_are_no_requests_do_no_harm),
        cmocka_unit_test(a_stale_control_socket_is_replaced_and_a_live_one_is_not),
        cmocka_unit_test(a_connection_without_a_descriptor_waits_and_keeps_nobody_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
