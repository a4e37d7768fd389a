/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hash map (proto/base/map.h) and its hash, by cases and against a naive twin. */
#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include "proto/base/map.h"
#include "proto/base/siphash.h"

/* The linker puts this in the place of realloc (tests/CMakeLists.txt). */
/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool memory_is_out;

void *__wrap_realloc(void *memory, size_t size)
{
    return memory_is_out ? NULL : __real_realloc(memory, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void siphash_gives_the_published_values(void **state)
{
    uint8_t key[SIPHASH_KEY_SIZE], data[64];
    /* From the vectors that came with the paper: key 00..0f, data 00, 01, ... of this length. */
    static const struct {
        size_t size;
        uint64_t want;
    } vectors[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},
        {1, UINT64_C(0x74f839c593dc67fd)},
        {15, UINT64_C(0xa129ca6149be45e5)}, /* appendix A */
    };

    (void)state;
    for (uint8_t i = 0; i < 64; i++) {
        data[i] = i;
    }
    memcpy(key, data, sizeof(key));
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_true(siphash24(key, data, vectors[i].size) == vectors[i].want);
    }
}

static void the_cap_refuses_new_keys_but_not_known_ones(void **state)
{
    uint64_t value = 99;
    struct rng rng = {1};
    struct env env = test_env_of(&rng);
    struct map *map;

    (void)state;
    assert_int_equal(map_new(&map, 1, 3, &env), ERR_OK);
    assert_false(map_find(map, "a", &value));
    assert_false(map_remove(map, "a", &value));
    assert_true(value == 99);
    assert_int_equal(map_put(map, "a", 1), ERR_OK);
    assert_int_equal(map_put(map, "b", 2), ERR_OK);
    assert_int_equal(map_put(map, "c", 3), ERR_OK);
    assert_int_equal(map_put(map, "d", 4), ERR_LIMIT);
    assert_int_equal(map_put(map, "b", 5), ERR_OK);
    assert_true(map_find(map, "b", &value) && value == 5);
    assert_true(map_remove(map, "a", &value) && value == 1);
    assert_int_equal(map_put(map, "d", 4), ERR_OK);
    assert_int_equal(map_count(map), 3);
    map_clear(map);
    assert_int_equal(map_count(map), 0);
    assert_false(map_find(map, "b", NULL));
    assert_int_equal(map_put_pointer(map, "b", map), ERR_OK);
    assert_ptr_equal(map_find_pointer(map, "b"), map);
    assert_null(map_find_pointer(map, "c"));
    map_free(map);
    map_free(NULL);
}

enum { TWIN_MAX = 600, KEY = 5 };

struct twin {
    uint8_t keys[TWIN_MAX][KEY];
    uint64_t values[TWIN_MAX];
    size_t count;
};

static size_t twin_find(const struct twin *twin, const uint8_t *key)
{
    size_t at = 0;

    while (at < twin->count && memcmp(twin->keys[at], key, KEY) != 0) {
        at++;
    }
    return at;
}

/* The whole map must be the twin, in the twin's order. */
static void compare(const struct map *map, const struct twin *twin)
{
    size_t cursor = 0, seen = 0;
    const void *key;
    uint64_t value;

    while (map_next(map, &cursor, &key, &value)) {
        assert_true(seen < twin->count);
        assert_memory_equal(key, twin->keys[seen], KEY);
        assert_true(value == twin->values[seen]);
        seen++;
    }
    assert_int_equal(seen, twin->count);
    assert_int_equal(map_count(map), twin->count);
}

static void random_operations_keep_the_order_of_a_twin(void **state)
{
    static struct twin twin;
    struct rng rng = {2};
    struct env env = test_env_of(&rng);
    struct map *map;

    (void)state;
    assert_int_equal(map_new(&map, KEY, TWIN_MAX, &env), ERR_OK);
    for (int i = 0; i < 60000; i++) {
        uint64_t r = rng_u64(&rng);
        uint8_t key[KEY] = {(uint8_t)r, (uint8_t)(r >> 8 & 3), 1, 2, 3};
        size_t at = twin_find(&twin, key);
        uint64_t value = 0;
        /* The load drifts up and down, so that the map grows and packs. */
        bool put = (r >> 32 & 1) != 0 ? i / 3000 % 2 == 0 : (r >> 33 & 1) != 0;

        if (put) {
            int rc = map_put(map, key, r);

            assert_int_equal(rc, at == twin.count && twin.count == TWIN_MAX ? ERR_LIMIT : ERR_OK);
            if (rc == ERR_OK) {
                memcpy(twin.keys[at], key, KEY);
                twin.values[at] = r;
                twin.count += at == twin.count ? 1 : 0;
            }
        } else {
            assert_int_equal(map_remove(map, key, &value), at < twin.count);
            if (at < twin.count) {
                assert_true(value == twin.values[at]);
                memmove(twin.keys[at], twin.keys[at + 1], (twin.count - at - 1) * KEY);
                memmove(&twin.values[at], &twin.values[at + 1],
                        (twin.count - at - 1) * sizeof(uint64_t));
                twin.count--;
            }
        }
        at = twin_find(&twin, key);
        assert_int_equal(map_find(map, key, &value), at < twin.count);
        assert_true(at == twin.count || value == twin.values[at]);
        if (i % 100 == 0) {
            compare(map, &twin);
        }
    }
    compare(map, &twin);
    map_free(map);
}

static void keys_may_be_removed_while_visiting(void **state)
{
    uint64_t value;
    struct rng rng = {3};
    struct env env = test_env_of(&rng);
    struct map *map;
    size_t cursor = 0, seen = 0;
    const void *key;

    (void)state;
    assert_int_equal(map_new(&map, 4, 1000, &env), ERR_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(map_put(map, &i, i), ERR_OK);
    }
    while (map_next(map, &cursor, &key, &value)) {
        uint32_t copy;

        memcpy(&copy, key, sizeof(copy));
        assert_true(copy == value && value == seen);
        assert_true(value % 3 == 0 || map_remove(map, &copy, NULL));
        seen++;
    }
    assert_int_equal(seen, 1000);
    assert_int_equal(map_count(map), 334);
    map_free(map);
}

static void after_a_removal_a_put_needs_no_memory(void **state)
{
    enum { CAP = 64 }; /* as many entries as the arrays hold before they double */
    struct rng rng = {4};
    struct env env = test_env_of(&rng);
    struct map *map;
    size_t cursor = 0;
    uint64_t value = 0, last = 0;

    (void)state;
    assert_int_equal(map_new(&map, 4, CAP + 1, &env), ERR_OK);
    for (uint32_t i = 1; i <= CAP; i++) {
        assert_int_equal(map_put(map, &i, i), ERR_OK);
    }
    memory_is_out = true;
    assert_int_equal(map_put(map, &(uint32_t){CAP + 1}, CAP + 1), ERR_NOMEM);
    for (uint32_t i = 1; i <= CAP; i++) {
        uint32_t added = CAP + i;

        assert_true(map_remove(map, &i, NULL));
        assert_int_equal(map_put(map, &added, added), ERR_OK);
        assert_int_equal(map_count(map), CAP);
    }
    memory_is_out = false;
    while (map_next(map, &cursor, NULL, &value)) {
        assert_true(value > CAP && value > last);
        last = value;
    }
    assert_true(last == 2 * CAP);
    map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_published_values),
        cmocka_unit_test(the_cap_refuses_new_keys_but_not_known_ones),
        cmocka_unit_test(random_operations_keep_the_order_of_a_twin),
        cmocka_unit_test(keys_may_be_removed_while_visiting),
        cmocka_unit_test(after_a_removal_a_put_needs_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
