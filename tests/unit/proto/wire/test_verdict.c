/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A verdict goes into an Error message as it is, and has words for people and for logs. */
#include "proto/wire/verdict.h"

#include "proto/wire/control.h"
#include "tests/support/fixture.h"

static void verdicts_are_the_error_codes_of_the_wire(void **state)
{
    static const int codes[VERDICT_COUNT] = {
        [VERDICT_OK] = ZIGLAN__ERROR_CODE__ERROR_NONE,
        [VERDICT_BAD_REQUEST] = ZIGLAN__ERROR_CODE__ERROR_BAD_REQUEST,
        [VERDICT_NOT_MEMBER] = ZIGLAN__ERROR_CODE__ERROR_NOT_MEMBER,
        [VERDICT_INVITE_INVALID] = ZIGLAN__ERROR_CODE__ERROR_INVITE_INVALID,
        [VERDICT_NAME_TAKEN] = ZIGLAN__ERROR_CODE__ERROR_NAME_TAKEN,
        [VERDICT_NOT_FOUND] = ZIGLAN__ERROR_CODE__ERROR_NOT_FOUND,
        [VERDICT_LIMIT] = ZIGLAN__ERROR_CODE__ERROR_LIMIT,
        [VERDICT_MEASURE_FIRST] = ZIGLAN__ERROR_CODE__ERROR_MEASURE_FIRST,
        [VERDICT_REFUSED] = ZIGLAN__ERROR_CODE__ERROR_REFUSED,
        [VERDICT_UNSUPPORTED] = ZIGLAN__ERROR_CODE__ERROR_UNSUPPORTED,
        [VERDICT_REVOKED] = ZIGLAN__ERROR_CODE__ERROR_REVOKED,
        [VERDICT_UNAVAILABLE] = ZIGLAN__ERROR_CODE__ERROR_UNAVAILABLE,
        [VERDICT_CLOCK] = ZIGLAN__ERROR_CODE__ERROR_CLOCK,
        [VERDICT_ENDED] = ZIGLAN__ERROR_CODE__ERROR_ENDED,
    };

    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        assert_int_equal(codes[i], i);
        assert_true(strlen(verdict_text((enum verdict)i)) > 0);
        assert_true(strlen(verdict_name((enum verdict)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_the_error_codes_of_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
