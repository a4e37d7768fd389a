/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths to 192.0.2.7, port 5000, with the pongs that make them usable. */
#include "tests/support/paths.h"

#include "tests/support/fixture.h"
#include "tests/support/instants.h"

struct path test_path_fresh(void)
{
    static const uint8_t ip[4] = {192, 0, 2, 7};
    struct endpoint remote = endpoint_v4(ip, 5000);
    struct endpoint any = {0};
    struct path path;

    path_init(&path, &any, &remote, false, TEST_PATH_FULL, test_at_ms(0));
    return path;
}

struct path test_path_usable(uint64_t ms)
{
    struct path path = test_path_fresh();

    path_on_ping_sent(&path, 1, TEST_PATH_FULL, test_at_ms(ms - 40));
    assert_true(path_on_pong(&path, 1, test_at_ms(ms)));
    path_on_ping_sent(&path, 2, TEST_PATH_FULL, test_at_ms(ms));
    assert_true(path_on_pong(&path, 2, test_at_ms(ms)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    return path;
}
