/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of the choice of home relays outlives a restart. */
#include "client/stun2/home_store.h"

#include "client/stun2/home_measure.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/disk.h"
#include "tests/support/endpoints.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

struct scene {
    struct test_env ports;
    struct test_disk disk;
    struct store *store;
    struct home_candidates candidates;
    struct home_store stored;
};

static void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    test_env_init(&scene->ports, 3);
    assert_int_equal(store_memory_new(&scene->store), ERR_OK);
    test_disk_put_under(&scene->disk, scene->store);
    assert_int_equal(
        home_store_init(&scene->stored, scene->store, &scene->ports.env, &scene->candidates),
        ERR_OK);
}

static void scene_fini(struct scene *scene)
{
    store_close(scene->store);
}

/* A home relay to which the host made a session by itself, which answers. */
static struct home_candidate *add(struct scene *scene, uint8_t i)
{
    struct home_candidate *one = &scene->candidates.list[i];

    *one = (struct home_candidate){.used = true,
                                   .key = {(uint8_t)(i + 1)},
                                   .listed = true,
                                   .address = test_endpoint(i, 4433),
                                   .sequence = 70 + i,
                                   .spki = {(uint8_t)(i + 9)},
                                   .has_session = true,
                                   .session = {.answers = true},
                                   .chosen = true};
    return one;
}

static void keep(struct scene *scene)
{
    home_store_keep(&scene->stored, &scene->candidates);
}

/* What the next start finds; returns how many those are. */
static size_t restart(struct scene *scene)
{
    size_t count = 0;

    memset(&scene->candidates, 0, sizeof(scene->candidates));
    assert_int_equal(
        home_store_init(&scene->stored, scene->store, &scene->ports.env, &scene->candidates),
        ERR_OK);
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        count += scene->candidates.list[i].used ? 1 : 0;
    }
    return count;
}

static void what_was_chosen_is_chosen_after_the_start(void **state)
{
    struct scene scene;
    struct home_candidate first, second;
    const struct home_candidate *one;

    (void)state;
    scene_init(&scene);
    assert_int_equal(restart(&scene), 0);
    first = *add(&scene, 0);
    second = *add(&scene, 5);
    keep(&scene);
    assert_int_equal(restart(&scene), 2);
    one = home_candidates_find(&scene.candidates, first.key);
    assert_true(one != NULL && one->chosen && one->listed && !one->has_session);
    assert_true(endpoint_equal(&one->address, &first.address));
    assert_memory_equal(one->spki, first.spki, sizeof(one->spki));
    assert_int_equal(one->sequence, first.sequence);
    assert_false(one->quality.known); /* it was measured long ago, perhaps */
    one = home_candidates_find(&scene.candidates, second.key);
    assert_true(one != NULL && one->chosen);
    assert_false(home_measure_is_new(&scene.candidates)); /* nothing has to wait for them */
    scene_fini(&scene);
}

static void only_what_the_host_found_by_itself_and_what_answered_is_stored(void **state)
{
    struct scene scene;
    struct home_candidate *one;

    (void)state;
    scene_init(&scene);
    one = add(&scene, 0);
    one->session.kept = true; /* a ziglan's, or pinned */
    one = add(&scene, 1);
    one->session.answers = false;
    one = add(&scene, 2);
    one->chosen = false;
    keep(&scene);
    assert_int_equal(restart(&scene), 0);
    add(&scene, 1);
    keep(&scene);
    scene.candidates.list[1].session.answers = false; /* it is silent for a moment */
    keep(&scene);
    assert_int_equal(restart(&scene), 1);
    keep(&scene); /* before there is a session */
    assert_int_equal(restart(&scene), 1);
    scene.candidates.list[0].chosen = false;
    keep(&scene);
    assert_int_equal(restart(&scene), 0);
    scene_fini(&scene);
}

static void nothing_is_written_unless_something_changed(void **state)
{
    struct scene scene;
    struct endpoint moved;

    (void)state;
    scene_init(&scene);
    keep(&scene);
    assert_int_equal(scene.disk.writes_most, 0);
    add(&scene, 0);
    keep(&scene);
    assert_int_equal(scene.disk.writes_most, 1);
    scene.disk.full = true; /* a write would fail, and be told */
    scene.candidates.list[0].quality.rtt_us = 7;
    keep(&scene);
    assert_int_equal(scene.ports.errors, 0);
    scene.candidates.list[0].address = test_endpoint(9, 4433);
    keep(&scene);
    assert_int_equal(scene.ports.errors, 1);
    scene.disk.full = false;
    keep(&scene); /* it was not forgotten */
    assert_int_equal(restart(&scene), 1);
    moved = test_endpoint(9, 4433);
    assert_true(endpoint_equal(&scene.candidates.list[0].address, &moved));
    scene_fini(&scene);
}

static void a_row_of_another_size_is_none(void **state)
{
    static const char row[] = "home-relays";
    static const uint8_t bytes[HOME_STORED_SIZE_MAX + 1];
    static const size_t sizes[] = {1, HOME_STORED_SIZE - 1, HOME_STORED_SIZE + 1,
                                   HOME_STORED_SIZE_MAX + 1};
    struct scene scene;

    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
        assert_int_equal(
            store_write(scene.store, STORE_TABLE_META, row, sizeof(row) - 1, bytes, sizes[i]),
            ERR_OK);
        assert_int_equal(restart(&scene), 0);
        add(&scene, 0);
        keep(&scene); /* and is written over */
        assert_int_equal(restart(&scene), 1);
    }
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_chosen_is_chosen_after_the_start),
        cmocka_unit_test(only_what_the_host_found_by_itself_and_what_answered_is_stored),
        cmocka_unit_test(nothing_is_written_unless_something_changed),
        cmocka_unit_test(a_row_of_another_size_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
