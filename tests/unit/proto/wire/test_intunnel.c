/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In-tunnel control (proto/wire/intunnel.h): lists of candidates, and other words. */
#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"

#include "proto/wire/intunnel.h"

static struct endpoint an_endpoint(uint8_t last)
{
    const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last};

    return endpoint_v6(ip, (uint16_t)(4000 + last));
}

static struct intunnel_candidates some_candidates(size_t count)
{
    struct intunnel_candidates candidates = {.sequence = 0x01020304, .count = count};

    for (size_t i = 0; i < count; i++) {
        candidates.list[i] = an_endpoint((uint8_t)(i + 1));
    }
    return candidates;
}

static int candidates_judge(struct intunnel_candidates *out, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fixture_copy(bytes, size);
    int rc = intunnel_candidates_decode(out, copy, size);

    free(copy);
    return rc;
}

static void candidates_round_trip_from_none_to_sixteen(void **state)
{
    (void)state;
    for (size_t count = 0; count <= INTUNNEL_CANDIDATES_MAX; count++) {
        struct intunnel_candidates candidates = some_candidates(count), back;
        uint8_t bytes[INTUNNEL_SIZE_MAX];
        size_t size = intunnel_candidates_encode(&candidates, bytes);

        assert_int_equal(size, 8 + 18 * count);
        assert_int_equal(candidates_judge(&back, bytes, size), ERR_OK);
        assert_int_equal(back.sequence, candidates.sequence);
        assert_int_equal(back.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(endpoint_equal(&back.list[i], &candidates.list[i]));
        }
    }
}

static void candidates_against_the_rules_are_refused(void **state)
{
    struct intunnel_candidates candidates = some_candidates(3), out = {.sequence = 99};
    uint8_t bytes[INTUNNEL_SIZE_MAX + 18] = {0};
    size_t size = intunnel_candidates_encode(&candidates, bytes);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(candidates_judge(&out, bytes, cut), ERR_DROP);
    }
    assert_int_equal(candidates_judge(&out, bytes, size + 1), ERR_DROP);
    for (unsigned value = 0; value < 256; value++) { /* no count but the right one */
        bytes[1] = (uint8_t)value;
        assert_int_equal(candidates_judge(&out, bytes, size), value == 3 ? ERR_OK : ERR_DROP);
    }
    out.sequence = 99;
    bytes[1] = INTUNNEL_CANDIDATES_MAX + 1; /* one too many, all there */
    assert_int_equal(candidates_judge(&out, bytes, 8 + 18 * (INTUNNEL_CANDIDATES_MAX + 1)),
                     ERR_DROP);
    bytes[1] = 3;
    for (size_t at = 0; at < 4; at++) { /* kind, count, reserved */
        bytes[at] ^= 0x10;
        assert_int_equal(candidates_judge(&out, bytes, size), ERR_DROP);
        bytes[at] ^= 0x10;
    }
    assert_int_equal(out.sequence, 99);
}

static void a_goodbye_is_four_bytes(void **state)
{
    static const uint8_t want[INTUNNEL_GOODBYE_SIZE] = {INTUNNEL_KIND_GOODBYE};
    uint8_t bytes[INTUNNEL_GOODBYE_SIZE];
    struct intunnel_candidates candidates;

    (void)state;
    intunnel_goodbye_encode(bytes);
    assert_memory_equal(bytes, want, sizeof(want));
    assert_int_equal(intunnel_goodbye_decode(bytes, sizeof(bytes)), ERR_OK);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        assert_int_equal(intunnel_goodbye_decode(bytes, i), ERR_DROP);
        bytes[i]++;
        assert_int_equal(intunnel_goodbye_decode(bytes, sizeof(bytes)), ERR_DROP);
        bytes[i]--;
    }
    /* Who does not know it takes it for a list that breaks the rules, and drops it. */
    assert_int_equal(intunnel_candidates_decode(&candidates, bytes, sizeof(bytes)), ERR_DROP);
}

static void an_opened_names_the_receivers_address(void **state)
{
    struct endpoint here = test_endpoint(7, 40000), back = {0};
    uint8_t bytes[INTUNNEL_OPENED_SIZE + 1] = {0};
    struct intunnel_candidates candidates;

    (void)state;
    intunnel_opened_encode(bytes, &here);
    assert_int_equal(bytes[0], INTUNNEL_KIND_OPENED);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        assert_int_equal(intunnel_opened_decode(&back, bytes, size),
                         size == INTUNNEL_OPENED_SIZE ? ERR_OK : ERR_DROP);
    }
    assert_true(endpoint_equal(&back, &here));
    for (size_t at = 0; at < 2; at++) { /* kind, reserved */
        bytes[at] ^= 0x10;
        assert_int_equal(intunnel_opened_decode(&back, bytes, INTUNNEL_OPENED_SIZE), ERR_DROP);
        bytes[at] ^= 0x10;
    }
    assert_int_equal(intunnel_candidates_decode(&candidates, bytes, INTUNNEL_OPENED_SIZE),
                     ERR_DROP);
    assert_int_equal(intunnel_goodbye_decode(bytes, INTUNNEL_OPENED_SIZE), ERR_DROP);
}

static void an_aim_comes_back_if_it_fits_its_part(void **state)
{
    const struct endpoint at = test_endpoint(7, 40000), ip = test_endpoint(7, 0);
    const struct {
        struct intunnel_aim aim;
        int want;
    } rows[] = {
        {{.part = INTUNNEL_PART_UNWILLING}, ERR_OK},
        {{.part = INTUNNEL_PART_BUSY}, ERR_OK},
        {{.part = INTUNNEL_PART_BUSY, .at = at}, ERR_DROP},
        {{.part = INTUNNEL_PART_FIXED, .at = at}, ERR_OK},
        {{.part = INTUNNEL_PART_FIXED, .at = ip}, ERR_DROP},
        {{.part = INTUNNEL_PART_FIXED, .at = at, .low = 1, .high = 1}, ERR_DROP},
        {{.part = INTUNNEL_PART_STEPS, .turn = 3, .step = 2, .at = at}, ERR_OK},
        {{.part = INTUNNEL_PART_STEPS, .step = 2, .low = 5, .high = 35, .at = ip}, ERR_OK},
        {{.part = INTUNNEL_PART_STEPS, .step = 2, .low = 5, .high = 34, .at = ip}, ERR_DROP},
        {{.part = INTUNNEL_PART_STEPS, .step = 2, .low = 5, .high = 35, .at = at}, ERR_DROP},
        {{.part = INTUNNEL_PART_STEPS, .step = 0, .at = at}, ERR_DROP},
        {{.part = INTUNNEL_PART_RANDOM, .low = 1024, .high = 65535, .at = ip}, ERR_OK},
        {{.part = INTUNNEL_PART_RANDOM, .low = 0, .high = 65535, .at = ip}, ERR_DROP},
        {{.part = INTUNNEL_PART_RANDOM, .low = 9, .high = 8, .at = ip}, ERR_DROP},
        {{.part = INTUNNEL_PART_RANDOM, .low = 8, .high = 9, .at = at}, ERR_DROP},
        {{.part = INTUNNEL_PART_COUNT}, ERR_DROP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[INTUNNEL_AIM_SIZE + 1] = {0};
        struct intunnel_aim back = {.turn = 99};

        intunnel_aim_encode(bytes, &rows[i].aim);
        assert_int_equal(intunnel_aim_decode(&back, bytes, INTUNNEL_AIM_SIZE), rows[i].want);
        assert_int_equal(back.turn, rows[i].want == ERR_OK ? rows[i].aim.turn : 99);
        for (size_t size = 0; size <= sizeof(bytes); size++) {
            if (size != INTUNNEL_AIM_SIZE) {
                assert_int_equal(intunnel_aim_decode(&back, bytes, size), ERR_DROP);
            }
        }
        bytes[3] = 1; /* reserved */
        assert_int_equal(intunnel_aim_decode(&back, bytes, INTUNNEL_AIM_SIZE), ERR_DROP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_round_trip_from_none_to_sixteen),
        cmocka_unit_test(candidates_against_the_rules_are_refused),
        cmocka_unit_test(a_goodbye_is_four_bytes),
        cmocka_unit_test(an_opened_names_the_receivers_address),
        cmocka_unit_test(an_aim_comes_back_if_it_fits_its_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
