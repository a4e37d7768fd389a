/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trace of a program, as it comes out of standard error. */
#include "proto/host/os_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error of an env at `level` that traces `lines` lines, in out. `journal`: as if systemd
 * had connected it to its journal. */
static void trace_capture(enum trace_level level, int lines, enum trace_level line_level,
                          bool journal, char *out, size_t size)
{
    char path[] = "/tmp/ziglan-trace-XXXXXX";
    int file = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    struct os_env *os = NULL;
    ssize_t got;

    if (journal) {
        struct stat info;
        char stream[64];

        assert_int_equal(fstat(file, &info), 0);
        (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev,
                       (uintmax_t)info.st_ino);
        assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    }
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
    trace_capture(TRACE_LEVEL_INFO, 100, TRACE_LEVEL_WARN, false, out, sizeof(out));
    for (const char *c = out; *c != '\0'; c++) {
        lines += *c == '\n' ? 1 : 0;
    }
    assert_true(lines >= 20 && lines < 30);
    assert_non_null(strstr(out, "warn peer.bad i=0 second line\n"));
    trace_capture(TRACE_LEVEL_INFO, 3, TRACE_LEVEL_DEBUG, false, out, sizeof(out));
    assert_string_equal(out, "");
}

static void lines_have_a_priority_in_the_journal_and_nowhere_else(void **state)
{
    static char out[4096];

    (void)state;
    trace_capture(TRACE_LEVEL_INFO, 1, TRACE_LEVEL_ERROR, true, out, sizeof(out));
    assert_string_equal(out, "<3>error peer.bad i=0 second line\n");

    /* The variable of somebody else's stream, as a shell inherits it. */
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    trace_capture(TRACE_LEVEL_INFO, 1, TRACE_LEVEL_ERROR, false, out, sizeof(out));
    assert_non_null(strstr(out, "Z error peer.bad i=0 second line\n"));
    assert_null(strstr(out, "<3>"));
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeated_lines_are_limited_and_levels_filter),
        cmocka_unit_test(lines_have_a_priority_in_the_journal_and_nowhere_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
