/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/host: control socket, local HTTP, resolver, notify, pump, QR and tables, each on a real
 * loop and real local sockets. */
#include "proto/admin/answer.h"
#include "proto/host/control_call.h"
#include "proto/host/control_socket.h"
#include "proto/host/http_local.h"
#include "proto/host/notify.h"
#include "proto/host/os_env.h"
#include "proto/host/pump.h"
#include "proto/host/qr.h"
#include "proto/host/resolve.h"
#include "proto/host/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* -- Control socket: the daemon's loop runs in a thread of its own ------------------------------
 */

struct daemon {
    struct ev_loop *loop;
    struct control_server *server;
    struct ev_async stop;
    pthread_t thread;
    char path[64];
};

static json_t *on_control(void *context, const json_t *request)
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

/* -- Local HTTP ---------------------------------------------------------------------------------
 */

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

static void http_get(void *context, const char *path, struct http_answer *out)
{
    (void)context;
    if (strcmp(path, "/metrics") == 0) {
        out->status = 200;
        out->body = strdup("up 1\n");
        out->size = 5;
    }
}

struct http_case {
    const char *name, *request, *want;
};

static void http_serves_paths_and_refuses_foreign_names(void **state)
{
    static const struct http_case cases[] = {
        {"a path", "GET /metrics?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n", "200 OK"},
        {"an IPv6 literal", "GET /metrics HTTP/1.1\r\nHost: [::1]:9\r\n\r\n", "200 OK"},
        {"localhost", "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK"},
        {"a name of ours", "GET /metrics HTTP/1.1\r\nHost: Admin.zignet\r\n\r\n", "200 OK"},
        {"another path", "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
        {"a foreign name", "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"},
        {"no name", "GET /metrics HTTP/1.0\r\n\r\n", "403"},
        {"a POST", "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab",
         "405"},
        {"what is allowed", "PUT /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
         "\r\nAllow: GET, HEAD\r\n"},
    };
    static const char *const names[] = {"admin.zignet", NULL};
    struct http_local_options options = {.hosts = names, .get = http_get};
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct http_local *http = NULL;
    struct fault fault = {0};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    assert_int_equal(http_local_open(&http, loop, &options, &fault), ERR_OK);
    to.sin_port = htons(http_local_endpoint(http).port);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char answer[1024] = "";
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        ssize_t got = -1;

        print_message("%s\n", cases[i].name);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
        assert_int_equal(send(fd, cases[i].request, strlen(cases[i].request), 0),
                         strlen(cases[i].request));
        for (int turn = 0; turn < 200 && got <= 0; turn++) {
            ev_run(loop, EVRUN_NOWAIT);
            (void)usleep(1000);
            got = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
        }
        assert_true(got > 0);
        assert_non_null(strstr(answer, cases[i].want));
        (void)close(fd);
    }
    http_local_close(http);
    ev_loop_destroy(loop);
}

/* -- Resolver -----------------------------------------------------------------------------------
 */

struct resolve_result {
    struct ev_loop *loop;
    size_t calls, count;
    struct endpoint first;
};

static void on_resolved(void *context, const struct endpoint *endpoints, size_t count)
{
    struct resolve_result *r = context;

    r->calls++;
    r->count = count;
    if (count > 0) {
        r->first = endpoints[0];
    }
    ev_break(r->loop, EVBREAK_ALL);
}

static void names_resolve_without_blocking_and_failures_are_told(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct resolve_result r = {.loop = loop};
    struct resolve_caller caller = {.context = &r, .done = on_resolved};
    struct resolver *resolver = NULL;
    char text[ENDPOINT_TEXT_SIZE];

    (void)state;
    assert_int_equal(resolver_new(&resolver, loop), ERR_OK);
    assert_int_equal(resolver_start(resolver, "192.0.2.7", 4433, &caller), ERR_OK);
    ev_run(loop, 0);
    assert_int_equal(r.count, 1);
    assert_string_equal(endpoint_text(&r.first, text), "192.0.2.7:4433");
    assert_int_equal(resolver_start(resolver, "localhost", 1, &caller), ERR_OK);
    ev_run(loop, 0);
    assert_true(r.count >= 1);
    assert_int_equal(resolver_start(resolver, "a name with spaces", 1, &caller), ERR_OK);
    ev_run(loop, 0);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.calls, 3);
    for (int i = 0; i < RESOLVE_PENDING_MAX; i++) {
        assert_int_equal(resolver_start(resolver, "192.0.2.8", 1, &caller), ERR_OK);
    }
    assert_int_equal(resolver_start(resolver, "192.0.2.8", 1, &caller), ERR_LIMIT);
    resolver_free(resolver); /* with threads still running */
    (void)usleep(50000);
    ev_run(loop, EVRUN_NOWAIT);
    assert_int_equal(r.calls, 3);
    ev_loop_destroy(loop);
}

/* -- Notify -------------------------------------------------------------------------------------
 */

static void readiness_reaches_the_service_manager(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char got[256] = "";

    (void)state;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ziglan-notify-%d",
                   (int)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    notify_ready("not heard");
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    notify_ready("up\nINJECTED=1");
    assert_true(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(got, "READY=1\nSTATUS=up INJECTED=1\n");
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    (void)close(fd);
    (void)unlink(address.sun_path);
}

/* -- Pump: two echoing cores ----------------------------------------------------------------------
 */

struct echo_core {
    struct ev_loop *loop;
    struct endpoint to;
    size_t to_send; /* datagrams it begins with */
    size_t received;
    size_t expected;
    struct mono deadline;
    bool expired;
};

static void echo_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    struct echo_core *e = context;

    (void)now;
    e->received++;
    if (e->expected == 0) {
        outbox_put(out, &in->local, &in->remote, in->data, in->size);
    } else if (e->received == e->expected) {
        ev_break(e->loop, EVBREAK_ALL);
    }
}

static void echo_expire(void *context, struct outbox *out, struct mono now)
{
    struct echo_core *e = context;

    (void)out;
    if (mono_due(e->deadline, now)) {
        e->expired = true;
        e->deadline = MONO_NEVER;
    }
}

static void echo_transmit(void *context, struct outbox *out, struct mono now)
{
    static const uint8_t payload[1200] = "ping";
    struct endpoint none = {0};
    struct echo_core *e = context;

    (void)now;
    while (e->expired && e->to_send > 0 && out->items_count < 100) {
        outbox_put(out, &none, &e->to, payload, sizeof(payload));
        e->to_send--;
    }
}

static struct mono echo_deadline(void *context)
{
    struct echo_core *e = context;

    return e->deadline;
}

static void a_pump_expires_sends_and_receives(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct echo_core cores[2] = {{.loop = loop}, {.loop = loop}};
    struct udp_batch *sockets[2];
    struct pump *pumps[2];
    struct mono start = clock_mono();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct udp_options options = {0};

        assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
        cores[i].deadline = MONO_NEVER;
    }
    cores[0].to = *udp_batch_local(sockets[1]);
    cores[0].to_send = 350;
    cores[0].expected = 350;
    cores[0].deadline = mono_add_ms(start, 30);
    for (int i = 0; i < 2; i++) {
        struct pump_core core = {.context = &cores[i],
                                 .receive = echo_receive,
                                 .expire = echo_expire,
                                 .transmit = echo_transmit,
                                 .deadline = echo_deadline};

        assert_int_equal(pump_new(&pumps[i], loop, &core, &sockets[i], 1), ERR_OK);
    }
    ev_run(loop, 0);
    assert_int_equal(cores[0].received, 350);
    assert_int_equal(cores[1].received, 350);
    assert_true(mono_ms_between(start, clock_mono()) >= 30);
    for (int i = 0; i < 2; i++) {
        pump_free(pumps[i]);
        udp_batch_close(sockets[i]);
    }
    ev_loop_destroy(loop);
}

/* In place of libc's: as long as the test says so, the socket's buffer is full. */
static bool buffer_full;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (buffer_full) {
        errno = EAGAIN;
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

/* What a core says last goes out although the socket was full just before. */
static void a_drained_pump_sends_the_last_words_too(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct echo_core talker = {.loop = loop, .expired = true, .to_send = 3};
    const struct pump_core core = {.context = &talker,
                                   .receive = echo_receive,
                                   .expire = echo_expire,
                                   .transmit = echo_transmit,
                                   .deadline = echo_deadline};
    struct udp_options options = {0};
    struct udp_batch *sockets[2];
    const struct dgram *items;
    struct pump *pump;

    (void)state;
    assert_true(endpoint_parse(&options.local, "127.0.0.1:0", 0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(udp_batch_open(&sockets[i], &options, NULL), ERR_OK);
    }
    talker.deadline = MONO_NEVER;
    talker.to = *udp_batch_local(sockets[1]);
    assert_int_equal(pump_new(&pump, loop, &core, &sockets[0], 1), ERR_OK);
    buffer_full = true;
    pump_kick(pump);
    assert_true(pump_blocked(pump));
    buffer_full = false;
    talker.to_send = 2;
    pump_drain(pump, 1000);
    assert_int_equal(udp_batch_receive(sockets[1], &items), 5);
    assert_false(pump_blocked(pump));
    pump_free(pump);
    udp_batch_close(sockets[0]);
    udp_batch_close(sockets[1]);
    ev_loop_destroy(loop);
}

/* -- For people -----------------------------------------------------------------------------------
 */

static void a_qr_code_has_its_frame_and_size(void **state)
{
    char *drawing = qr_text("ziglan://example");
    size_t lines = 0;
    char large[1200];

    (void)state;
    assert_non_null(drawing);
    assert_int_equal(strncmp(drawing, "\u2588\u2588", 6), 0); /* the quiet zone */
    for (const char *c = drawing; *c != '\0'; c++) {
        lines += *c == '\n' ? 1 : 0;
    }
    assert_int_equal(lines, (21 + 4 + 1) / 2); /* version 1: 21 modules, two in a line */
    free(drawing);
    memset(large, 'x', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    assert_null(qr_text(large));
}

static void a_table_is_aligned_and_harmless(void **state)
{
    static const char *const heads[] = {"NAME", "RTT", NULL};
    struct table *table = table_new(heads);
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    (void)state;
    table_row(table);
    table_cell(table, TABLE_COLOR_GOOD, "%s", "n\u00e4s\033[2J");
    table_cell(table, TABLE_COLOR_NONE, "%d ms", 12);
    table_cell(table, TABLE_COLOR_NONE, "too many");
    assert_int_equal(fclose(to), 0);
    free(text);
    to = tmpfile();
    table_print(table, to);
    rewind(to);
    text = calloc(1, 256);
    assert_true(fread(text, 1, 255, to) > 0);
    assert_string_equal(text, "NAME     RTT\nn\u00e4s?[2J  12 ms\n");
    free(text);
    assert_int_equal(fclose(to), 0);
    table_free(table);
}

static void amounts_read_well(void **state)
{
    char text[HUMAN_TEXT_SIZE];

    (void)state;
    assert_string_equal(human_bytes(0, text), "0 B");
    assert_string_equal(human_bytes(999, text), "999 B");
    assert_string_equal(human_bytes(1000, text), "1.0 kB");
    assert_string_equal(human_bytes(1450000, text), "1.4 MB");
    assert_string_equal(human_bytes(UINT64_MAX, text), "18.4 EB");
    assert_string_equal(human_us(180, text), "180 us");
    assert_string_equal(human_us(3140, text), "3.1 ms");
    assert_string_equal(human_us(120000, text), "120 ms");
    assert_string_equal(human_age_ms(4000, text), "4 s ago");
    assert_string_equal(human_age_ms(200000, text), "3 min ago");
}

/* Standard error of what `emit` does, in out. */
static void trace_capture(enum trace_level level, int lines, enum trace_level line_level, char *out,
                          size_t size)
{
    char path[] = "/tmp/ziglan-trace-XXXXXX";
    int file = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    struct os_env *os = NULL;
    ssize_t got;

    assert_true(dup2(file, STDERR_FILENO) >= 0);
    assert_int_equal(os_env_new(&os, level), ERR_OK);
    for (int i = 0; i < lines; i++) {
        env_trace(os_env_port(os), line_level, "peer.bad", "i=%d\nsecond line", i);
    }
    os_env_free(os);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    got = pread(file, out, size - 1, 0);
    assert_true(got >= 0);
    out[got] = '\0';
    (void)close(file);
    (void)close(saved);
    (void)unlink(path);
}

static void repeated_lines_are_limited_and_levels_filter(void **state)
{
    static char out[65536];
    size_t lines = 0;

    (void)state;
    trace_capture(TRACE_LEVEL_INFO, 100, TRACE_LEVEL_WARN, out, sizeof(out));
    for (const char *c = out; *c != '\0'; c++) {
        lines += *c == '\n' ? 1 : 0;
    }
    assert_true(lines >= 20 && lines < 30);
    assert_non_null(strstr(out, "warn peer.bad i=0 second line\n"));
    trace_capture(TRACE_LEVEL_INFO, 3, TRACE_LEVEL_DEBUG, out, sizeof(out));
    assert_string_equal(out, "");
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    trace_capture(TRACE_LEVEL_INFO, 1, TRACE_LEVEL_ERROR, out, sizeof(out));
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_string_equal(out, "<3>error peer.bad i=0 second line\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_requests_are_answered_and_errors_become_faults),
        cmocka_unit_test(the_request_that_stops_the_daemon_is_answered),
        cmocka_unit_test(control_lines_that_are_no_requests_do_no_harm),
        cmocka_unit_test(a_stale_control_socket_is_replaced_and_a_live_one_is_not),
        cmocka_unit_test(a_connection_without_a_descriptor_waits_and_keeps_nobody_busy),
        cmocka_unit_test(http_serves_paths_and_refuses_foreign_names),
        cmocka_unit_test(names_resolve_without_blocking_and_failures_are_told),
        cmocka_unit_test(readiness_reaches_the_service_manager),
        cmocka_unit_test(a_pump_expires_sends_and_receives),
        cmocka_unit_test(a_drained_pump_sends_the_last_words_too),
        cmocka_unit_test(a_qr_code_has_its_frame_and_size),
        cmocka_unit_test(a_table_is_aligned_and_harmless),
        cmocka_unit_test(amounts_read_well),
        cmocka_unit_test(repeated_lines_are_limited_and_levels_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
