/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QR codes as text. */
#include "proto/host/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_qr_code_has_its_frame_and_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
