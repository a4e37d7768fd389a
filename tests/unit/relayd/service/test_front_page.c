/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page that people look at. */
#include "relayd/service/front_page.h"
#include "ziglan_version.h"

#include "tests/support/fixture.h"

static char *page_of(const struct front_page *page)
{
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(front_page_print(&text, &size, page), ERR_OK);
    assert_int_equal(strlen(text), size);
    assert_true(size < LINK_HTTP_BODY_SIZE_MAX);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/* Everything is in the page itself, and nothing runs. */
static void nothing_foreign_expect(const char *text)
{
    static const char *const words[] = {
        "<script", "http://", "https://", " src=", "@import", "javascript", "url(", "onload"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(text, words[i]) != NULL) {
            fail_msg("the page has %s", words[i]);
        }
    }
    assert_non_null(strstr(text, "default-src 'none'"));
}

static void anybody_sees_that_it_is_alive_and_no_figure(void **state)
{
    const struct front_page page = {.name = "home", .healthy = true};
    char *text = page_of(&page);

    (void)state;
    assert_non_null(strstr(text, "This relay is alive"));
    assert_non_null(strstr(text, "<h1>home</h1>"));
    assert_non_null(strstr(text, ZIGLAN_VERSION));
    assert_null(strstr(text, "<dl>"));
    assert_null(strstr(text, "<svg"));
    assert_null(strstr(text, "http-equiv=\"refresh\""));
    nothing_foreign_expect(text);
    free(text);
}

static void its_operator_sees_figures_and_the_traffic_of_the_hour(void **state)
{
    struct relay_snapshot figures = {
        .sessions = 17, .members = 23, .neighbours = 3, .uptime_ms = UINT64_C(90061000)};
    const struct front_page page = {.name = "home", .healthy = true, .figures = &figures};
    char *text;

    (void)state;
    figures.traffic.minute = 1000;
    figures.traffic.bytes[1000 % TRAFFIC_MINUTES] = 500;
    figures.traffic.bytes[999 % TRAFFIC_MINUTES] = 1000000;
    figures.traffic.bytes[941 % TRAFFIC_MINUTES] = 500000;
    text = page_of(&page);
    assert_non_null(strstr(text, "<dt>Sessions</dt><dd>17</dd>"));
    assert_non_null(strstr(text, "<dt>Members</dt><dd>23</dd>"));
    assert_non_null(strstr(text, "<dt>Other relays</dt><dd>3</dd>"));
    assert_non_null(strstr(text, "<dt>Up for</dt><dd>1 d 1 h</dd>"));
    assert_non_null(strstr(text, "last hour: 1.5 MB, at most 1.0 MB in a minute"));
    assert_int_equal(count_of(text, "<rect "), 3);
    assert_non_null(strstr(text, "<rect x=\"0\" y=\"48.0\" width=\"7\" height=\"48.0\""));
    assert_non_null(strstr(text, "<rect x=\"580\" y=\"0.0\" width=\"7\" height=\"96.0\""));
    assert_non_null(strstr(text, "<title>0 min ago: 500 B</title>"));
    nothing_foreign_expect(text);
    free(text);
}

static void a_failing_storage_is_what_one_sees_first(void **state)
{
    struct relay_snapshot figures = {.uptime_ms = 61000};
    const struct front_page page = {.figures = &figures};
    char *text = page_of(&page);

    (void)state;
    assert_null(strstr(text, "alive"));
    assert_non_null(strstr(text, "<p class=\"state bad\">The storage fails</p>\n<h1>relayd</h1>"));
    assert_non_null(strstr(text, "<dd>0 h 1 min</dd>"));
    assert_int_equal(count_of(text, "<rect "), 0);
    free(text);
}

/* The largest numbers, and bars everywhere. */
static void a_full_hour_fits(void **state)
{
    struct relay_snapshot figures = {
        .sessions = UINT32_MAX, .members = UINT64_MAX, .uptime_ms = UINT64_MAX};
    const struct front_page page = {.name = "n", .healthy = true, .figures = &figures};
    char *text;

    (void)state;
    for (unsigned i = 0; i < TRAFFIC_MINUTES; i++) {
        figures.traffic.bytes[i] = UINT64_MAX / TRAFFIC_MINUTES;
    }
    text = page_of(&page);
    assert_int_equal(count_of(text, "<rect "), TRAFFIC_MINUTES);
    assert_int_equal(count_of(text, "height=\"96.0\""), TRAFFIC_MINUTES);
    assert_non_null(strstr(text, "18.4 EB"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anybody_sees_that_it_is_alive_and_no_figure),
        cmocka_unit_test(its_operator_sees_figures_and_the_traffic_of_the_hour),
        cmocka_unit_test(a_failing_storage_is_what_one_sees_first),
        cmocka_unit_test(a_full_hour_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
