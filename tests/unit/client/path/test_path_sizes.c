/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sizes of frames a search asks about. */
#include "client/path/path_sizes.h"

#include "client/tunnel/strip.h"
#include "tests/support/fixture.h"

static void all_sizes_above_the_one_in_use_are_asked_about_largest_first(void **state)
{
    enum { HEAD = 16, ETHERNET = 1452, WHOLE = 1312 };
    static const struct {
        const char *name;
        uint16_t size, full;
        size_t head, count;
        uint16_t first, last;
    } cases[] = {
        {"nothing above", ETHERNET, ETHERNET, 0, 0, 0, 0},
        {"only the full size above", 1444, ETHERNET, 0, 1, ETHERNET, ETHERNET},
        {"the default, above the minimum of IPv6", PATH_FRAME_SIZE_IPV6, ETHERNET, 0, 8, ETHERNET,
         WHOLE},
        {"above less than that", 548, ETHERNET, 0, 9, ETHERNET, PATH_FRAME_SIZE_IPV6},
        {"a lane, whose header is in the datagram", PATH_FRAME_SIZE_IPV6 - HEAD, ETHERNET, HEAD, 10,
         ETHERNET, WHOLE - HEAD},
        {"a full size between two of the list", PATH_FRAME_SIZE_IPV6, 1400, 0, 5, 1400, WHOLE},
        {"jumbo frames", PATH_FRAME_SIZE_IPV6, 9032, 0, 14, 9032, WHOLE},
        {"a full size below the list", 548, 1000, 0, 1, 1000, 1000},
        {"all", 0, UINT16_MAX, 0, PATH_SIZES_MAX - 1, UINT16_MAX, PATH_FRAME_SIZE_IPV6},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint16_t out[PATH_SIZES_MAX] = {0};
        size_t count = path_sizes_above(out, cases[i].size, cases[i].full, cases[i].head);

        if (count != cases[i].count || out[0] != cases[i].first ||
            (count > 0 && out[count - 1] != cases[i].last)) {
            fail_msg("%s: %zu sizes, %u to %u", cases[i].name, count, out[0],
                     count == 0 ? 0U : out[count - 1]);
        }
        for (size_t k = 1; k < count; k++) {
            assert_true(out[k] < out[k - 1] && out[k] > cases[i].size);
        }
    }
}

static void a_full_packet_of_the_default_passes_ethernet_by_both_families(void **state)
{
    enum { HEADERS_IP6 = 48, ETHERNET = 1500 };

    (void)state;
    assert_int_equal(tunnel_frame_size(INNER_MTU_DEFAULT), ETHERNET - HEADERS_IP6);
    for (size_t size = INNER_MTU_MIN; size <= INNER_MTU_MAX; size++) {
        assert_int_equal(tunnel_packet_size(tunnel_frame_size(size)), size);
    }
    assert_int_equal(tunnel_packet_size(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_above_the_one_in_use_are_asked_about_largest_first),
        cmocka_unit_test(a_full_packet_of_the_default_passes_ethernet_by_both_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
