/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What LMDB made is whole, at every commit; and what was taken for whole never ends a program,
 * wherever it was damaged. On another LMDB than that of today the first is what to look at.
 */
#include "rendezvous/store/lmdb/database_file.h"

#include "rendezvous/store/lmdb/store_lmdb.h"
#include "tests/support/database_image.h"
#include "tests/support/rng.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { COMMITS = 150, DAMAGES = 800, META_SIZE = 152 };

static void assert_whole(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_string_equal(database_file_text(database_file_check(fd)), "is whole");
    (void)close(fd);
}

static void every_commit_of_lmdb_leaves_a_whole_file(void **state)
{
    static uint8_t value[STORE_VALUE_SIZE_MAX];
    struct database_image image;
    struct store *store = NULL;
    struct rng rng;
    char error[256];

    (void)state;
    database_image_init(&image);
    rng = rng_stream(1, "commits");
    for (unsigned commit = 0; commit < COMMITS; commit++) {
        size_t changes = commit % 50 == 0 ? 3000 : 1 + rng_below(&rng, 40);
        size_t span = 1 + rng_below(&rng, commit % 100 < 50 ? 5000 : 50); /* grows and shrinks */

        if (commit % 20 == 0) {
            store_close(store);
            assert_int_equal(
                store_lmdb_open(&store, image.folder, &image.ports.env, error, sizeof(error)),
                ERR_OK);
        }
        assert_int_equal(store_begin(store), ERR_OK);
        for (size_t i = 0; i < changes; i++) {
            enum store_table table = (enum store_table)rng_below(&rng, 4);
            char key[STORE_KEY_SIZE_MAX];
            int size = snprintf(key, sizeof(key), "%0*u", 1 + (int)rng_below(&rng, 90),
                                (unsigned)rng_below(&rng, (uint32_t)span));

            assert_int_equal(
                rng_below(&rng, 2) == 0
                    ? store_remove(store, table, key, (size_t)size)
                    : store_write(
                          store, table, key, (size_t)size, value,
                          rng_below(&rng, rng_below(&rng, 4) == 0 ? STORE_VALUE_SIZE_MAX : 200)),
                ERR_OK);
        }
        if (commit % 7 == 3) {
            store_abort(store);
        } else {
            assert_int_equal(store_commit(store), ERR_OK);
        }
        assert_whole(image.path);
    }
    store_close(store);
    database_image_fini(&image);
}

static void a_cut_file_is_never_taken_for_whole_if_a_page_is_missing(void **state)
{
    struct database_image image;
    size_t whole = 0;

    (void)state;
    database_image_init(&image);
    assert_string_equal(database_file_text(database_image_judge(&image, image.bytes, 0)),
                        "is empty");
    for (size_t size = 1; size < image.size; size += size < META_SIZE ? 1 : 509) {
        enum database_file_verdict verdict = database_image_judge(&image, image.bytes, size);

        if (verdict == DATABASE_FILE_WHOLE) { /* only free pages were cut off */
            assert_true(database_image_use(&image));
            whole++;
        } else {
            assert_true(verdict == DATABASE_FILE_CUT);
        }
    }
    assert_true(whole < image.size / 509 / 2);
    database_image_fini(&image);
}

/* Fill a part of the image with zeros, noise or words that are likely to be harmful. */
static void damage(uint8_t *bytes, size_t size, struct rng *rng)
{
    static const uint16_t words[] = {0, 1, 2, 15, 16, 255, 4095, 4096, 32767, 65535};
    size_t at = rng_below(rng, 3) == 0 ? rng_below(rng, 8192) : rng_below(rng, (uint32_t)size);
    size_t count = 1 + rng_below(rng, rng_below(rng, 4) == 0 ? 4096 : 8);
    uint32_t kind = rng_below(rng, 4);

    if (rng_below(rng, 3) == 0) {
        at = at / 4096 * 4096 + rng_below(rng, 64); /* the head of a page */
    }
    for (size_t i = at; i < at + count && i < size; i++) {
        if (kind == 0) {
            bytes[i] ^= (uint8_t)(1u << rng_below(rng, 8));
        } else {
            bytes[i] = kind == 1 ? 0 : (uint8_t)rng_below(rng, 256);
        }
    }
    if (kind == 3 && at + 2 <= size) {
        memcpy(bytes + at, &words[rng_below(rng, 10)], 2);
    }
}

static void what_is_taken_for_whole_can_be_read_and_changed(void **state)
{
    struct database_image image;
    struct rng rng;
    uint8_t *bytes;
    size_t whole = 0;

    (void)state;
    database_image_init(&image);
    bytes = malloc(image.size);
    assert_non_null(bytes);
    rng = rng_stream(2, "damages");
    for (int i = 0; i < DAMAGES; i++) {
        memcpy(bytes, image.bytes, image.size);
        damage(bytes, image.size, &rng);
        if (database_image_judge(&image, bytes, image.size) == DATABASE_FILE_WHOLE) {
            (void)database_image_use(&image);
            whole++;
        }
    }
    print_message("%zu of %d damages are where nothing stands that LMDB follows\n", whole, DAMAGES);
    assert_in_range(whole, 1, DAMAGES - 1);
    free(bytes);
    database_image_fini(&image);
}

static void something_else_is_no_database(void **state)
{
    static const char letter[] = "Dear aunt, thank you for the socks, which I wear every day.";
    struct database_image image;

    (void)state;
    database_image_init(&image);
    assert_int_equal(database_image_judge(&image, (const uint8_t *)letter, sizeof(letter)),
                     DATABASE_FILE_FOREIGN);
    memset(image.bytes, 0, 4096);
    assert_int_equal(database_image_judge(&image, image.bytes, image.size), DATABASE_FILE_FOREIGN);
    database_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_commit_of_lmdb_leaves_a_whole_file),
        cmocka_unit_test(a_cut_file_is_never_taken_for_whole_if_a_page_is_missing),
        cmocka_unit_test(what_is_taken_for_whole_can_be_read_and_changed),
        cmocka_unit_test(something_else_is_no_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
