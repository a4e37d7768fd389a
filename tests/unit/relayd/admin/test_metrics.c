/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Prometheus text of relayd: every counter is there, in the form that scrapers expect. */
#include "relayd/admin/metrics.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static char *printed_as(enum exposition_form form, const struct relay_snapshot *snapshot)
{
    const struct process_use process = {.cpu_s = 1.5,
                                        .start_time_s = 1767225600.25,
                                        .resident_bytes = 4096,
                                        .virtual_bytes = 8192,
                                        .open_fds = 7,
                                        .max_fds = 1024};
    const struct socket_use sockets = {.received_datagrams = 11, .sent_datagrams = 12};
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(metrics_print(&text, &size, form, snapshot, &process, &sockets), ERR_OK);
    assert_int_equal(strlen(text), size);
    return text;
}

static char *printed(const struct relay_snapshot *snapshot)
{
    return printed_as(EXPOSITION_FORM_PROMETHEUS, snapshot);
}

/* Each counter gets its own value, so that a swapped row would be seen. */
static void every_counter_is_printed_with_its_own_value(void **state)
{
    struct relay_snapshot snapshot = {.sessions = 5};
    char *text;
    char line[200];
    uint64_t value = 1000;

    (void)state;
#define SET(field, family, labels, help) snapshot.counters.field = value++;
    RELAY_COUNTERS(SET)
#undef SET
#define SET(field, family, labels, help) snapshot.link.field = value++;
    RELAY_LINK_COUNTERS(SET)
#undef SET
#define SET(field, family, labels, help) snapshot.punch.field = value++;
    RELAY_PUNCH_COUNTERS(SET)
#undef SET
    text = printed(&snapshot);
    value = 1000;
#define EXPECT(field, family, labels, help)                                                        \
    (void)snprintf(line, sizeof(line), "\nrelayd_" family "%s" labels "%s %llu\n",                 \
                   labels[0] != '\0' ? "{" : "", labels[0] != '\0' ? "}" : "",                     \
                   (unsigned long long)value++);                                                   \
    if (strstr(text, line) == NULL) {                                                              \
        fail_msg("missing: %s", line);                                                             \
    }
    RELAY_COUNTERS(EXPECT)
    RELAY_LINK_COUNTERS(EXPECT)
    RELAY_PUNCH_COUNTERS(EXPECT)
#undef EXPECT
    assert_non_null(strstr(text, "\nrelayd_sessions 5\n"));
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total 1.5\n"));
    assert_non_null(strstr(text, "\nprocess_start_time_seconds 1767225600.25\n"));
    assert_non_null(strstr(text, "\nrelayd_udp_datagrams_total{dir=\"out\"} 12\n"));
    assert_null(strstr(text, "delegation")); /* there is none */
    free(text);
}

/* HELP, TYPE, then the samples of that name and of no other; no name comes twice. */
static void families_stand_together_with_help_and_type(void **state)
{
    struct relay_snapshot snapshot = {0};
    char *text = printed(&snapshot);
    char *rest = text;
    char seen[128][80];
    size_t seen_count = 0;
    char family[80] = "";

    (void)state;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (line[0] == '\0') {
            assert_null(rest); /* only the very end is empty */
            break;
        }
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t size = strcspn(line + 7, " ");
            assert_true(size < sizeof(family));
            memcpy(family, line + 7, size);
            family[size] = '\0';
            assert_true(strlen(line + 7 + size) > 5); /* the help says something */
            for (size_t i = 0; i < seen_count; i++) {
                assert_string_not_equal(seen[i], family);
            }
            assert_true(seen_count < 128);
            memcpy(seen[seen_count++], family, sizeof(family));
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            bool total = strlen(family) > 6 && strcmp(family + strlen(family) - 6, "_total") == 0;
            assert_int_equal(strncmp(line + 7, family, strlen(family)), 0);
            assert_string_equal(line + 7 + strlen(family), total ? " counter" : " gauge");
        } else {
            size_t size = strcspn(line, "{ ");
            assert_int_equal(size, strlen(family));
            assert_int_equal(strncmp(line, family, size), 0);
            assert_true(isdigit((unsigned char)line[strlen(line) - 1]));
        }
    }
    assert_true(seen_count > 30);
    free(text);
}

/* OpenMetrics knows a counter without its _total; so no gauge may have that name. */
static void no_two_families_of_openmetrics_have_one_name(void **state)
{
    struct relay_snapshot snapshot = {.delegation_expires_ms = 1500,
                                      .certificate_expires_ms = 2500};
    char *text = printed_as(EXPOSITION_FORM_OPENMETRICS, &snapshot);
    char *rest = text;
    char *seen[160];
    size_t seen_count = 0;

    (void)state;
    assert_non_null(strstr(text, "\nrelayd_delegation_expiry_timestamp_seconds 1.5\n"));
    assert_non_null(strstr(text, "\nrelayd_certificate_expiry_timestamp_seconds 2.5\n"));
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (strncmp(line, "# TYPE ", 7) != 0) {
            continue;
        }
        line[7 + strcspn(line + 7, " ")] = '\0';
        for (size_t i = 0; i < seen_count; i++) {
            assert_string_not_equal(seen[i], line + 7);
        }
        assert_true(seen_count < sizeof(seen) / sizeof(seen[0]));
        seen[seen_count++] = line + 7;
    }
    assert_true(seen_count > 90);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_is_printed_with_its_own_value),
        cmocka_unit_test(families_stand_together_with_help_and_type),
        cmocka_unit_test(no_two_families_of_openmetrics_have_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
