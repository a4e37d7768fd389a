/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Endpoints as names of sockets, and back. */
#include "proto/host/socket_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void endpoints_become_names_of_their_family_and_come_back(void **state)
{
    static const struct {
        const char *text;
        int family, want;
    } cases[] = {
        {"192.0.2.7:4433", AF_INET, AF_INET},
        {"192.0.2.7:4433", AF_INET6, AF_INET6},
        {"[2001:db8::1]:5", AF_INET6, AF_INET6},
        {"[2001:db8::1]:5", AF_INET, AF_INET6}, /* for the kernel to refuse */
        {"0.0.0.0:9", AF_INET, AF_INET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct endpoint e;
        struct endpoint back;
        struct sockaddr_in6 name;
        socklen_t size;

        assert_true(endpoint_parse(&e, cases[i].text, 0));
        size = socket_name_of(&name, &e, cases[i].family);
        assert_int_equal(name.sin6_family, cases[i].want);
        assert_int_equal(size, cases[i].want == AF_INET ? sizeof(struct sockaddr_in)
                                                        : sizeof(struct sockaddr_in6));
        back = endpoint_of_socket_name(&name);
        assert_true(endpoint_equal(&back, &e));
    }
}

static void an_address_of_zeros_means_any_of_the_family(void **state)
{
    struct endpoint any = {.port = 7};
    struct sockaddr_in6 name;

    (void)state;
    assert_int_equal(socket_name_of(&name, &any, AF_INET), sizeof(struct sockaddr_in));
    assert_int_equal(((struct sockaddr_in *)(void *)&name)->sin_addr.s_addr, INADDR_ANY);
    assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&name)->sin_port), 7);
    assert_int_equal(socket_name_of(&name, &any, AF_INET6), sizeof(struct sockaddr_in6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_become_names_of_their_family_and_come_back),
        cmocka_unit_test(an_address_of_zeros_means_any_of_the_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
