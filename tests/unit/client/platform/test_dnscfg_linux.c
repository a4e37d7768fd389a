/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling the system's resolver of ours, where there is none that can be told. */
#include "client/platform/dnscfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void without_a_system_resolver_the_advice_names_the_server(void **state)
{
    static const struct dnscfg_link link = {.interface = "zigtest0", .resolver = {100, 64, 0, 1}};
    struct dnscfg_result result;

    (void)state;
    if (access("/run/systemd/resolve", F_OK) == 0) {
        skip();
    }
    dnscfg_apply(&result, &link);
    assert_int_equal(result.state, DNSCFG_STATE_MANUAL);
    assert_non_null(strstr(result.advice, "100.64.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_system_resolver_the_advice_names_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
