/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantities as people write them (proto/base/quantity.h). */
#include "tests/support/fixture.h"

#include "proto/base/quantity.h"

static void rates_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes_per_s; /* 0: refused */
    } cases[] = {
        {"50 Mbit/s", 6250000},
        {"50Mbit/s", 6250000},
        {"50 mbit/s", 6250000},
        {"1 Gbit/s", 125000000},
        {"2.5 Gbit/s", 312500000},
        {"0.5 Mbit/s", 62500},
        {"8 bit/s", 1},
        {"100 kbit/s", 12500},
        {"1.000008 Mbit/s", 125001},
        {"", 0},
        {"50", 0},
        {"Mbit/s", 0},
        {"50 MB", 0},
        {"50 Mbit", 0},
        {"-5 Mbit/s", 0},
        {"5. Mbit/s", 0},
        {".5 Mbit/s", 0},
        {"1.2.3 Mbit/s", 0},
        {"1e3 Mbit/s", 0},
        {"7 bit/s", 0},
        {"0.5 bit/s", 0},
        {"50 Mbit/s x", 0},
        {"9999999999999 Gbit/s", 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint64_t got = 0;
        bool ok = quantity_rate_parse(&got, cases[i].text);

        if (ok != (cases[i].bytes_per_s != 0) || got != cases[i].bytes_per_s) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void bytes_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
    } cases[] = {
        {"500 GB", UINT64_C(500000000000)},
        {"1.5 TB", UINT64_C(1500000000000)},
        {"20 PB", UINT64_C(20000000000000000)},
        {"1 B", 1},
        {"0.25 kB", 250},
        {"500 Gb/s", 0},
        {"0.5 B", 0},
        {"500 GiB", 0},
        {"123456789012 PB", 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint64_t got = 0;
        bool ok = quantity_bytes_parse(&got, cases[i].text);

        if (ok != (cases[i].bytes != 0) || got != cases[i].bytes) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void what_is_printed_is_read_again(void **state)
{
    static const uint64_t values[] = {1, 999, 1000, 12500, 6250000, UINT64_C(1500000000000)};
    char text[QUANTITY_TEXT_SIZE];
    uint64_t back;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(values); i++) {
        assert_true(quantity_rate_parse(&back, quantity_rate_text(values[i], text)));
        assert_int_equal(back, values[i]);
        assert_true(quantity_bytes_parse(&back, quantity_bytes_text(values[i], text)));
        assert_int_equal(back, values[i]);
    }
    assert_string_equal(quantity_rate_text(6250000, text), "50 Mbit/s");
    assert_string_equal(quantity_bytes_text(UINT64_C(500000000000), text), "500 GB");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_read),
        cmocka_unit_test(bytes_are_read),
        cmocka_unit_test(what_is_printed_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
