/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A web server is found by its listener, or by its program. */
#include "relayd/daemon/web_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const nowhere[] = {NULL};

/* A socket on a free TCP port of the loopback. */
static int bound(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void who_listens_on_the_port_is_found(void **state)
{
    char text[WEB_SERVER_TEXT_SIZE];
    char wanted[WEB_SERVER_TEXT_SIZE];
    uint16_t port;
    int fd = bound(&port);

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    assert_true(web_server_find(text, port, nowhere));
    (void)snprintf(wanted, sizeof(wanted), "another program listens on TCP port %u",
                   (unsigned)port);
    assert_string_equal(text, wanted);
    (void)close(fd);
    assert_false(web_server_find(text, port, nowhere));
    assert_string_equal(text, "");
}

static void an_installed_web_server_is_found(void **state)
{
    char text[WEB_SERVER_TEXT_SIZE];
    char folder[] = "/tmp/ziglan-web-XXXXXX";
    char path[64];
    const char *folders[] = {"/nonexistent", folder, NULL};
    uint16_t port;
    int fd = bound(&port);

    (void)state;
    (void)close(fd);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/nginx", folder);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_false(web_server_find(text, port, folders)); /* it is no program */
    assert_int_equal(chmod(path, 0700), 0);
    assert_true(web_server_find(text, port, folders));
    assert_non_null(strstr(text, "nginx is installed here (/tmp/ziglan-web-"));
    (void)unlink(path);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_listens_on_the_port_is_found),
        cmocka_unit_test(an_installed_web_server_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
