/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which uevent tells that this machine is a copy. */
#include "proto/host/generation.h"
#include "proto/host/uevent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ev.h>

/* As Linux writes it, without the last NUL, which ends the literal. */
static const char told[] = "change@/devices/pci0000:00/VMGENCTR:00\0"
                           "ACTION=change\0DEVPATH=/devices/VMGENCTR:00\0SUBSYSTEM=acpi\0"
                           "NEW_VMGENID=1\0SEQNUM=1234";

/* Exactly as many bytes as there are, so that the sanitizer sees one too many. */
static bool is_new(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    bool result;

    assert_non_null(copy);
    copy = realloc(copy, size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    result = uevent_has(copy, size, "NEW_VMGENID=1");
    free(copy);
    return result;
}

static void the_kernels_event_is_known_however_it_ends(void **state)
{
    size_t upto = sizeof(told) - sizeof("\0SEQNUM=1234");

    (void)state;
    assert_true(is_new(told, sizeof(told)));
    assert_true(is_new(told, sizeof(told) - 1));
    for (size_t size = 0; size < upto; size++) {
        assert_false(is_new(told, size));
    }
    assert_true(is_new(told, upto + 1));
}

static void other_events_are_none(void **state)
{
    static const char other[] = "add@/devices/x\0ACTION=add\0NEW_VMGENID=10\0XNEW_VMGENID=1";

    (void)state;
    assert_false(is_new(other, sizeof(other)));
    assert_false(is_new("\0\0\0", 3));
}

static void nobody(void *context)
{
    (void)context;
}

static void a_watch_begins_and_ends_where_the_kernel_allows_it(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);

    (void)state;
    assert_non_null(loop);
    generation_free(generation_new(loop, nobody, NULL));
    generation_free(NULL);
    ev_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernels_event_is_known_however_it_ends),
        cmocka_unit_test(other_events_are_none),
        cmocka_unit_test(a_watch_begins_and_ends_where_the_kernel_allows_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
