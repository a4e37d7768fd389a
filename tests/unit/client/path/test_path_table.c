/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Direct and relayed paths in one table: how many there may be, which one makes room for another,
 * and which one is in use. */
#include "client/path/path_table.h"
#include "client/stun2/relay_set.h"

#include "proto/wire/frame.h"
#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

enum { FULL = 1300 };

static const struct endpoint any = {.port = 0};

static struct endpoint learnt(unsigned i)
{
    return test_endpoint(1 + i, 5000);
}

/* Adds the direct path to an address, as when a frame came from there. */
static struct path *learn(struct path_table *table, unsigned i, struct mono now)
{
    struct endpoint remote = learnt(i);

    return path_table_add(table, &any, &remote, false, FULL, now);
}

/* ---- which one makes room ---- */

static int place_of(const struct path_table *table, unsigned i)
{
    struct endpoint e = learnt(i);
    int place = -1;

    for (size_t k = 0; k < table->direct_count; k++) {
        if (endpoint_equal(&table->list[k]->remote, &e)) {
            assert_int_equal(place, -1);
            place = (int)k;
        }
    }
    return place;
}

/* All places are taken, and a frame comes from one more address. Afterwards exactly the path `gone`
 * is missing (-1: none is, and the new one found no room), and the one in use is as before. */
static void one_more(struct path_table *table, unsigned *next, int gone, struct mono *now)
{
    struct endpoint best = table->present->remote;
    bool was[256] = {false};

    assert_int_equal(table->direct_count, PATH_TABLE_DIRECT_MAX);
    for (unsigned i = 0; i < *next; i++) {
        was[i] = place_of(table, i) >= 0;
    }
    *now = mono_add_ms(*now, 1000);
    (void)learn(table, *next, *now);
    assert_int_equal(table->direct_count, PATH_TABLE_DIRECT_MAX);
    for (unsigned i = 0; i < *next; i++) {
        assert_int_equal(place_of(table, i) >= 0, was[i] && (int)i != gone);
    }
    assert_int_equal(place_of(table, *next) >= 0, gone >= 0);
    assert_true(endpoint_equal(&table->present->remote, &best));
    (*next)++;
}

static void answers(struct path_table *table, unsigned i)
{
    struct path *path = table->list[place_of(table, i)];

    path->answered = true;
    path->state = PATH_STATE_USABLE;
}

static void the_least_useful_path_makes_room(void **state)
{
    struct path_table table = {0};
    struct mono now = test_at_ms(0);
    unsigned next = 0;

    (void)state;
    while (next < PATH_TABLE_DIRECT_MAX) {
        now = mono_add_ms(now, 1000);
        assert_non_null(learn(&table, next++, now));
    }
    for (unsigned i = 0; i < PATH_TABLE_DIRECT_MAX; i++) {
        answers(&table, i);
    }
    /* The path in use is the last one, so it moves into the first place that becomes free. */
    table.present = table.list[PATH_TABLE_DIRECT_MAX - 1];
    one_more(&table, &next, -1, &now);
    table.list[3]->answered = false;
    table.list[5]->state = PATH_STATE_SUSPECT;
    table.list[5]->at.entered_at = mono_add_ms(now, 1);
    table.list[7]->state = PATH_STATE_SUSPECT;
    table.list[7]->at.entered_at = now;
    one_more(&table, &next, 3, &now); /* never answered */
    assert_ptr_equal(table.present, table.list[3]);
    answers(&table, next - 1);
    one_more(&table, &next, 7, &now); /* silent for longest */
    answers(&table, next - 1);
    one_more(&table, &next, 5, &now);
    answers(&table, next - 1);
    one_more(&table, &next, -1, &now);
    table.list[4]->answered = false; /* neither 4 nor 6 ever answered; 6 is suspect as well */
    table.list[4]->at.entered_at = now;
    table.list[6]->answered = false;
    table.list[6]->state = PATH_STATE_SUSPECT;
    table.list[6]->at.entered_at = mono_add_ms(now, 1);
    one_more(&table, &next, 6, &now);
    answers(&table, next - 1);
    one_more(&table, &next, 4, &now);
    answers(&table, next - 1);
    table.present->state = PATH_STATE_SUSPECT; /* the one in use never goes */
    one_more(&table, &next, -1, &now);
    path_table_fini(&table);
}

/* ---- room ---- */

static void each_kind_of_path_has_room_of_its_own(void **state)
{
    struct relay_session relays[PATH_TABLE_RELAY_MAX + 1] = {0};
    struct path_table table = {0};
    struct endpoint known = learnt(3);

    (void)state;
    for (size_t i = 0; i < PATH_TABLE_RELAY_MAX; i++) {
        assert_non_null(path_table_add_relay(&table, &relays[i], (uint8_t)i, test_at_ms(0)));
    }
    assert_null(path_table_add_relay(&table, &relays[PATH_TABLE_RELAY_MAX], 0, test_at_ms(0)));
    for (unsigned i = 0; i < PATH_TABLE_DIRECT_MAX; i++) {
        struct path *path = learn(&table, i, test_at_ms(0));

        assert_non_null(path);
        path->answered = true;
    }
    assert_null(learn(&table, PATH_TABLE_DIRECT_MAX, test_at_ms(0)));
    assert_int_equal(table.count, PATH_TABLE_DIRECT_MAX + PATH_TABLE_RELAY_MAX);
    assert_int_equal(table.direct_count, PATH_TABLE_DIRECT_MAX);
    for (size_t i = 0; i < PATH_TABLE_RELAY_MAX; i++) { /* no direct path displaced a relayed one */
        assert_non_null(path_table_find_relay(&table, &relays[i]));
    }

    /* The place of a path that goes is free for the next one of its kind only. */
    path_table_forget_relay(&table, &relays[0]);
    assert_null(learn(&table, PATH_TABLE_DIRECT_MAX, test_at_ms(0)));
    assert_non_null(path_table_add_relay(&table, &relays[PATH_TABLE_RELAY_MAX], 0, test_at_ms(0)));
    path_table_remove(&table, path_table_find(&table, &known));
    assert_non_null(learn(&table, PATH_TABLE_DIRECT_MAX, test_at_ms(0)));
    assert_int_equal(table.count, PATH_TABLE_DIRECT_MAX + PATH_TABLE_RELAY_MAX);
    path_table_fini(&table);
    assert_int_equal(table.count + table.direct_count, 0);
    assert_null(table.present);
}

/* A peer may be a member of all ziglans of this host, and all but the last relay closed. */
static void all_relays_of_a_host_find_room(void **state)
{
    struct relay_session relays[RELAY_SET_MAX] = {0};
    struct path_table table = {0};

    (void)state;
    for (size_t i = 0; i < RELAY_SET_MAX; i++) {
        assert_non_null(path_table_add_relay(&table, &relays[i], (uint8_t)i, test_at_ms(0)));
    }
    relays[RELAY_SET_MAX - 1].open = true;
    assert_ptr_equal(path_table_present(&table)->relay, &relays[RELAY_SET_MAX - 1]);
    path_table_fini(&table);
}

static void a_path_that_is_known_is_not_made_again(void **state)
{
    struct relay_session relay = {.open = true};
    struct endpoint remote = learnt(0);
    struct path_table table = {0};
    struct path *direct = learn(&table, 0, test_at_ms(0));
    struct path *relayed = path_table_add_relay(&table, &relay, 3, test_at_ms(0));

    (void)state;
    assert_true(direct != NULL && relayed != NULL);
    assert_ptr_equal(path_table_find(&table, &remote), direct);
    assert_ptr_equal(path_table_find_relay(&table, &relay), relayed);
    assert_int_equal(relayed->frame_size, FRAME_SIZE_MAX);
    direct->state = PATH_STATE_REACHABLE;
    relayed->state = PATH_STATE_SUSPECT;

    /* A direct path that was observed once stays observed; a relayed one gets the new rank. */
    assert_ptr_equal(path_table_add(&table, &any, &remote, true, FULL, test_at_ms(9)), direct);
    assert_true(direct->observed);
    assert_ptr_equal(path_table_add(&table, &any, &remote, false, FULL, test_at_ms(9)), direct);
    assert_true(direct->observed);
    assert_int_equal(direct->state, PATH_STATE_REACHABLE);
    assert_ptr_equal(path_table_add_relay(&table, &relay, 1, test_at_ms(9)), relayed);
    assert_int_equal(relayed->rank, 1);
    assert_int_equal(relayed->state, PATH_STATE_SUSPECT);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.direct_count, 1);
    path_table_fini(&table);
}

/* A relayed path has no address, so the address of zeros in its struct does not lead to it. */
static void a_relayed_path_is_not_found_by_an_address(void **state)
{
    struct relay_session relay = {.open = true};
    struct path_table table = {0};

    (void)state;
    assert_non_null(path_table_add_relay(&table, &relay, 0, test_at_ms(0)));
    path_table_choose(&table);
    assert_non_null(table.present);
    assert_null(path_table_find(&table, &any));
    path_table_fini(&table);
}

/* ---- the one in use ---- */

/* What happens to two relays, of which A has the better rank, and to a direct path. */
enum step {
    STEP_CLOSE_A,
    STEP_OPEN_A,
    STEP_CLOSE_B,
    STEP_OPEN_B,
    STEP_SILENT_A, /* a ping through A stays unanswered */
    STEP_HEARD_A,  /* a frame comes through A */
    STEP_USABLE,   /* the direct path becomes usable */
    STEP_SUSPECT,  /* the direct path becomes suspect */
    STEP_FORGET_A,
};

static void take_step(struct path_table *table, struct relay_session relays[2], enum step step)
{
    struct endpoint remote = learnt(0);
    struct path *a = path_table_find_relay(table, &relays[0]);
    struct path *direct = path_table_find(table, &remote);

    switch (step) {
    case STEP_CLOSE_A:
    case STEP_OPEN_A:
        relays[0].open = step == STEP_OPEN_A;
        break;
    case STEP_CLOSE_B:
    case STEP_OPEN_B:
        relays[1].open = step == STEP_OPEN_B;
        break;
    case STEP_SILENT_A:
        path_relay_expire(a, test_at_ms(1));
        path_relay_expire(a, test_at_ms(1 + PATH_PING_LOST_MS));
        break;
    case STEP_HEARD_A:
        path_on_received(a, test_at_ms(2 + PATH_PING_LOST_MS));
        break;
    case STEP_USABLE:
    case STEP_SUSPECT:
        direct->state = step == STEP_USABLE ? PATH_STATE_USABLE : PATH_STATE_SUSPECT;
        path_table_choose(table); /* as all code that changes a direct path does */
        break;
    case STEP_FORGET_A:
        path_table_forget_relay(table, &relays[0]);
        break;
    }
}

/* The table is not told when a relay opens or closes; it looks by itself. */
static void the_path_in_use_follows_relays_and_the_direct_path(void **state)
{
    static const struct {
        const char *name;
        enum step steps[6];
        size_t count;
        const char *want; /* one letter after each step: A, B, direct, or - for none */
    } cases[] = {
        {"a relay closes and opens again", {STEP_CLOSE_A, STEP_OPEN_A}, 2, "BA"},
        {"both close", {STEP_CLOSE_A, STEP_CLOSE_B, STEP_OPEN_B, STEP_OPEN_A}, 4, "B-BA"},
        {"a silent one comes after one that is not", {STEP_SILENT_A, STEP_HEARD_A}, 2, "BA"},
        {"a silent one is better than none", {STEP_SILENT_A, STEP_CLOSE_B, STEP_OPEN_B}, 3, "BAB"},
        {"an open direct path is used whatever relays do",
         {STEP_USABLE, STEP_CLOSE_A, STEP_CLOSE_B, STEP_SUSPECT, STEP_OPEN_B},
         5,
         "ddd-B"},
        {"a direct path that fell silent and heals",
         {STEP_USABLE, STEP_SUSPECT, STEP_USABLE},
         3,
         "dAd"},
        {"a relay is forgotten", {STEP_FORGET_A, STEP_CLOSE_B, STEP_OPEN_B}, 3, "B-B"},
        {"a relay beside the direct path is forgotten",
         {STEP_USABLE, STEP_FORGET_A, STEP_SUSPECT},
         3,
         "ddB"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct relay_session relays[2] = {{.open = true}, {.open = true}};
        struct path_table table = {0};
        struct path *direct = learn(&table, 0, test_at_ms(0));
        struct path *b = path_table_add_relay(&table, &relays[1], 1, test_at_ms(0));
        struct path *a = path_table_add_relay(&table, &relays[0], 0, test_at_ms(0));

        assert_true(direct != NULL && a != NULL && b != NULL);
        assert_ptr_equal(path_table_present(&table), a);
        for (size_t k = 0; k < cases[i].count; k++) {
            take_step(&table, relays, cases[i].steps[k]);
            const struct path *present = path_table_present(&table);
            char got = present == NULL ? '-' : present == direct ? 'd' : present == b ? 'B' : 'A';

            if (got != cases[i].want[k] ||
                path_table_direct(&table) != (got == 'd' ? direct : NULL)) {
                fail_msg("%s: %c after step %zu", cases[i].name, got, k);
            }
        }
        path_table_fini(&table);
    }
}

static void the_best_relay_is_known_beside_a_direct_path(void **state)
{
    struct relay_session relays[2] = {{.open = false}, {.open = true}};
    struct path_table table = {0};
    struct path *direct = learn(&table, 0, test_at_ms(0));

    (void)state;
    assert_non_null(direct);
    direct->state = PATH_STATE_USABLE;
    path_table_choose(&table);
    assert_ptr_equal(path_table_present(&table), direct);
    assert_null(path_table_relayed(&table));
    assert_non_null(path_table_add_relay(&table, &relays[0], 0, test_at_ms(0)));
    struct path *second = path_table_add_relay(&table, &relays[1], 1, test_at_ms(0));
    assert_ptr_equal(path_table_relayed(&table), second);
    assert_ptr_equal(path_table_present(&table), direct);
    path_table_fini(&table);
}

static void what_is_removed_is_used_no_more_and_the_last_one_takes_its_place(void **state)
{
    struct relay_session relays[2] = {{.open = true}, {.open = true}};
    struct relay_session stranger = {.open = true};
    struct path_table table = {0};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(learn(&table, i, test_at_ms(0)));
    }
    struct path *first = path_table_add_relay(&table, &relays[0], 0, test_at_ms(0));
    struct path *second = path_table_add_relay(&table, &relays[1], 1, test_at_ms(0));
    struct path *last_direct = table.list[2];

    assert_ptr_equal(path_table_present(&table), first);
    path_table_forget_relay(&table, &stranger);
    assert_int_equal(table.count, 5);
    path_table_remove(&table, table.list[0]);
    assert_int_equal(table.count, 4);
    assert_int_equal(table.direct_count, 2);
    assert_ptr_equal(table.list[0], second);
    assert_ptr_equal(table.list[2], last_direct);
    assert_ptr_equal(table.present, first);
    path_table_forget_relay(&table, &relays[0]);
    assert_null(table.present);
    assert_null(path_table_find_relay(&table, &relays[0]));
    assert_ptr_equal(path_table_present(&table), second);
    assert_int_equal(table.count, 3);
    assert_int_equal(table.direct_count, 2);
    path_table_fini(&table);
}

static void a_lane_goes_with_its_relay_and_has_places_of_its_own(void **state)
{
    static const uint8_t secret[LANE_SECRET_SIZE] = {1};
    struct relay_session relays[RELAY_SET_MAX] = {0}, elsewhere = {0};
    struct path_table table = {0};
    struct lane lane;

    (void)state;
    for (size_t i = 0; i < RELAY_SET_MAX; i++) {
        assert_non_null(path_table_add_relay(&table, &relays[i], 0, test_at_ms(0)));
    }
    for (size_t i = 0; i < PATH_TABLE_LANE_MAX; i++) {
        lane_init(&lane, i + 1, secret, test_at_ms(0));
        assert_non_null(path_table_add_lane(&table, &relays[i], &lane, FULL, test_at_ms(0)));
    }
    lane_init(&lane, 99, secret, test_at_ms(0));
    assert_null(path_table_add_lane(&table, &relays[9], &lane, FULL, test_at_ms(0)));
    assert_null(path_table_add_lane(&table, &elsewhere, &lane, FULL, test_at_ms(0)));
    assert_non_null(path_table_add_lane(&table, &relays[0], &lane, FULL, test_at_ms(0)));
    assert_null(path_table_find_lane(&table, 1)); /* the newer one of a relay took its place */
    assert_ptr_equal(path_table_find_lane(&table, 99), path_table_lane_of(&table, &relays[0]));
    path_table_forget_relay(&table, &relays[0]);
    assert_null(path_table_find_lane(&table, 99));
    assert_null(path_table_find_relay(&table, &relays[0]));
    assert_int_equal(table.lane_count, PATH_TABLE_LANE_MAX - 1);
    assert_int_equal(table.count, RELAY_SET_MAX - 1 + PATH_TABLE_LANE_MAX - 1);
    assert_int_equal(table.direct_count, 0);
    path_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_useful_path_makes_room),
        cmocka_unit_test(each_kind_of_path_has_room_of_its_own),
        cmocka_unit_test(all_relays_of_a_host_find_room),
        cmocka_unit_test(a_path_that_is_known_is_not_made_again),
        cmocka_unit_test(a_relayed_path_is_not_found_by_an_address),
        cmocka_unit_test(the_path_in_use_follows_relays_and_the_direct_path),
        cmocka_unit_test(the_best_relay_is_known_beside_a_direct_path),
        cmocka_unit_test(what_is_removed_is_used_no_more_and_the_last_one_takes_its_place),
        cmocka_unit_test(a_lane_goes_with_its_relay_and_has_places_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
