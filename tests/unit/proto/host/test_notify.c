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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_reaches_the_service_manager),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
