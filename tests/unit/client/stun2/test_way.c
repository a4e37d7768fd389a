/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What looking at a way again says. */
#include "client/stun2/way.h"

#include "tests/support/fixture.h"

enum { UNTOLD = 99 /* an interface: the kernel does not answer */ };

static bool find(void *context, const struct endpoint *local, const struct endpoint *remote,
                 struct way *out)
{
    const struct way *now = context;

    (void)local;
    (void)remote;
    out->interface = now->interface;
    memcpy(out->source, now->source, sizeof(out->source));
    memcpy(out->next_hop, now->next_hop, sizeof(out->next_hop));
    return now->interface != UNTOLD;
}

static void only_another_way_counts_as_a_change(void **state)
{
    static const struct endpoint any = {0};
    static const struct {
        const char *what;
        struct way now;
        bool doubtful;
        enum way_change want;
    } steps[] = {
        {"the kernel does not answer", {.interface = UNTOLD}, false, WAY_DOUBTFUL},
        {"first look", {.interface = 2, .source = {1}}, false, WAY_DOUBTFUL},
        {"the same", {.interface = 2, .source = {1}}, false, WAY_SAME},
        {"the same, in doubt", {.interface = 2, .source = {1}}, true, WAY_DOUBTFUL},
        {"no answer again", {.interface = UNTOLD}, false, WAY_DOUBTFUL},
        {"as before", {.interface = 2, .source = {1}}, false, WAY_SAME},
        {"another source", {.interface = 2, .source = {2}}, false, WAY_CHANGED},
        {"another router", {.interface = 2, .source = {2}, .next_hop = {9}}, false, WAY_CHANGED},
        {"another interface", {.interface = 3, .source = {2}, .next_hop = {9}}, true, WAY_CHANGED},
        {"none", {0}, false, WAY_GONE},
        {"none still", {0}, true, WAY_SAME},
        {"back", {.interface = 3, .source = {2}, .next_hop = {9}}, false, WAY_CHANGED},
    };
    struct way way = {0};
    struct way_finder finder = {.find = find};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(steps); i++) {
        struct way now = steps[i].now;

        finder.context = &now;
        finder.doubtful = steps[i].doubtful;
        if (way_look(&way, &finder, &any, &any) != steps[i].want) {
            fail_msg("%s", steps[i].what);
        }
    }
    assert_int_equal(way_look(&way, NULL, &any, &any), WAY_CHANGED);
    assert_false(way.known);
}

static void a_way_is_learnt_once(void **state)
{
    static const struct endpoint any = {0};
    struct way now = {.interface = 2};
    struct way way = {0};
    struct way_finder finder = {.find = find, .context = &now};

    (void)state;
    now.interface = UNTOLD;
    way_learn(&way, &finder, &any, &any);
    assert_false(way.known);
    now.interface = 2;
    way_learn(&way, &finder, &any, &any);
    now.interface = 3;
    way_learn(&way, &finder, &any, &any); /* or the change would never be seen */
    assert_int_equal(way.interface, 2);
    assert_int_equal(way_look(&way, &finder, &any, &any), WAY_CHANGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_another_way_counts_as_a_change),
        cmocka_unit_test(a_way_is_learnt_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
