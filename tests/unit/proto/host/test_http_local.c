/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local HTTP server on a real socket. */
#include "proto/host/http_local.h"

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void http_get(void *context, const struct http_ask *ask, struct http_answer *out)
{
    (void)context;
    if (ask->accept != NULL && strcmp(ask->accept, "text/x-other") == 0) {
        out->status = 503;
    } else if (strcmp(ask->path, "/metrics") == 0) {
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
        {"another form", "GET /metrics HTTP/1.1\r\nHost: [::1]\r\nAccept: text/x-other\r\n\r\n",
         "503"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_serves_paths_and_refuses_foreign_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
