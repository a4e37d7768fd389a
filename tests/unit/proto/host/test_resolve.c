/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that become addresses, on a real loop. */
#include "proto/host/resolve.h"

#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_resolve_without_blocking_and_failures_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
