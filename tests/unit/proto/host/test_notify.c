/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The datagrams that the service manager receives. */
#include "proto/host/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

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

/* The descriptor that a message brings; -1 if there is none. */
static int fd_receive(int from, char text[256])
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec part = {.iov_base = text, .iov_len = 255};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t size = recvmsg(from, &message, MSG_DONTWAIT);
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int fd = -1;

    assert_true(size > 0);
    text[size] = '\0';
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    }
    return fd;
}

static void the_manager_gets_a_descriptor_to_keep(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[256];
    int ends[2], got;

    (void)state;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ziglan-notify-%d",
                   (int)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    notify_keep(ends[0], "udp-4433");
    got = fd_receive(fd, text);
    assert_string_equal(text, "FDSTORE=1\nFDNAME=udp-4433\nFDPOLL=0\n");
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(read(got, text, sizeof(text)), 1);
    notify_forget("udp-4433");
    assert_int_equal(fd_receive(fd, text), -1);
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=udp-4433\n");
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    (void)close(got);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(fd);
    (void)unlink(address.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_reaches_the_service_manager),
        cmocka_unit_test(the_manager_gets_a_descriptor_to_keep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
