/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics as text: what is written in both forms, and which one a scraper gets. */
#include "proto/admin/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static char *written(enum exposition_form form)
{
    struct exposition e;
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(exposition_open(&e, form), ERR_OK);
    e.prefix = "x_";
    exposition_info(&e, "build_info", "version=\"1\"", "What runs.");
    exposition_counter(&e, "sent_bytes_total", "dir=\"in\"", "Bytes.", 9007199254740991.);
    exposition_counter(&e, "sent_bytes_total", "dir=\"out\"", "", 0);
    exposition_gauge(&e, "limit_bytes_per_second", "", "A limit.", 1.5);
    e.prefix = "";
    exposition_gauge(&e, "up", "", "Whether.", 1);
    assert_int_equal(exposition_close(&e, &text, &size), ERR_OK);
    assert_int_equal(strlen(text), size);
    return text;
}

static void the_older_form_names_families_as_samples(void **state)
{
    char *text = written(EXPOSITION_FORM_PROMETHEUS);

    (void)state;
    assert_string_equal(text,
                        "# HELP x_build_info What runs.\n# TYPE x_build_info gauge\n"
                        "x_build_info{version=\"1\"} 1\n"
                        "# HELP x_sent_bytes_total Bytes.\n# TYPE x_sent_bytes_total counter\n"
                        "x_sent_bytes_total{dir=\"in\"} 9007199254740991\n"
                        "x_sent_bytes_total{dir=\"out\"} 0\n"
                        "# HELP x_limit_bytes_per_second A limit.\n"
                        "# TYPE x_limit_bytes_per_second gauge\n"
                        "x_limit_bytes_per_second 1.5\n"
                        "# HELP up Whether.\n# TYPE up gauge\nup 1\n");
    free(text);
}

static void openmetrics_has_families_units_and_an_end(void **state)
{
    char *text = written(EXPOSITION_FORM_OPENMETRICS);

    (void)state;
    assert_string_equal(text, "# HELP x_build What runs.\n# TYPE x_build info\n"
                              "x_build_info{version=\"1\"} 1\n"
                              "# HELP x_sent_bytes Bytes.\n# TYPE x_sent_bytes counter\n"
                              "# UNIT x_sent_bytes bytes\n"
                              "x_sent_bytes_total{dir=\"in\"} 9007199254740991\n"
                              "x_sent_bytes_total{dir=\"out\"} 0\n"
                              "# HELP x_limit_bytes_per_second A limit.\n"
                              "# TYPE x_limit_bytes_per_second gauge\n"
                              "# UNIT x_limit_bytes_per_second bytes_per_second\n"
                              "x_limit_bytes_per_second 1.5\n"
                              "# HELP up Whether.\n# TYPE up gauge\nup 1\n# EOF\n");
    free(text);
}

static void a_scraper_gets_the_form_that_it_prefers(void **state)
{
    static const struct {
        const char *name, *accept;
        enum exposition_form want;
    } cases[] = {
        {"no header", NULL, EXPOSITION_FORM_PROMETHEUS},
        {"an empty one", "", EXPOSITION_FORM_PROMETHEUS},
        {"anything", "*/*", EXPOSITION_FORM_PROMETHEUS},
        {"a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
         EXPOSITION_FORM_PROMETHEUS},
        {"Prometheus 2.42",
         "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         EXPOSITION_FORM_OPENMETRICS},
        {"the older form first",
         "text/plain;version=0.0.4;q=0.6, application/openmetrics-text;version=1.0.0;q=0.5",
         EXPOSITION_FORM_PROMETHEUS},
        {"both alike", "text/plain, Application/OpenMetrics-Text", EXPOSITION_FORM_OPENMETRICS},
        {"spaces and capitals", " application/openmetrics-text ; Q=0.001 ",
         EXPOSITION_FORM_OPENMETRICS},
        {"refused", "application/openmetrics-text;q=0", EXPOSITION_FORM_PROMETHEUS},
        {"refused exactly", "application/openmetrics-text;q=0.000", EXPOSITION_FORM_PROMETHEUS},
        {"no number", "application/openmetrics-text;q=x", EXPOSITION_FORM_PROMETHEUS},
        {"too much", "application/openmetrics-text;q=1.5", EXPOSITION_FORM_PROMETHEUS},
        {"too long", "application/openmetrics-text;q=0.1234", EXPOSITION_FORM_PROMETHEUS},
        {"another type", "application/openmetrics-text2", EXPOSITION_FORM_PROMETHEUS},
        {"a beginning", "application/openmetrics", EXPOSITION_FORM_PROMETHEUS},
        {"only signs", ",;=,;q=,;;q", EXPOSITION_FORM_PROMETHEUS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].name);
        assert_int_equal(exposition_wanted(cases[i].accept), cases[i].want);
    }
    assert_non_null(strstr(exposition_content_type(EXPOSITION_FORM_OPENMETRICS), "version=1.0.0"));
    assert_non_null(strstr(exposition_content_type(EXPOSITION_FORM_PROMETHEUS), "version=0.0.4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_older_form_names_families_as_samples),
        cmocka_unit_test(openmetrics_has_families_units_and_an_end),
        cmocka_unit_test(a_scraper_gets_the_form_that_it_prefers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
