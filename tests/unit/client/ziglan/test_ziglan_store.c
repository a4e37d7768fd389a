/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joined ziglans in the store: records of all versions, damaged ones, and the order. */
#include "client/ziglan/ziglan_store.h"

#include "proto/base/wbuf.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/disk.h"
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

enum { VALUE_SIZE_MAX = 4096, PART_SIZE = 70 };

static struct store *store_new(void)
{
    struct store *store;

    assert_int_equal(store_memory_new(&store), ERR_OK);
    return store;
}

static void key_of(uint8_t key[KEY_SIZE], uint8_t number)
{
    memset(key, 0x11, KEY_SIZE);
    key[0] = number;
}

static struct ziglan_record record_of(uint8_t number)
{
    struct ziglan_record record = {.name = "home",
                                   .granted = "anna",
                                   .wanted = "anna-s-pc",
                                   .admitted = true,
                                   .part_size = PART_SIZE};

    record.url = (struct url){.kind = URL_KIND_ZIGLAN, .hosts_count = 1};
    (void)snprintf(record.url.hosts[0].name, sizeof(record.url.hosts[0].name), "relay.example");
    key_of(record.url.key, number);
    memset(record.part, 0x77, PART_SIZE);
    return record;
}

/* ---- the layout ---- */

static void put_text(struct wbuf *w, const char *text)
{
    wbuf_u16(w, (uint16_t)strlen(text));
    wbuf_put(w, text, strlen(text));
}

/* The value of a record as a program of this version wrote it. */
static size_t value_of(uint8_t value[VALUE_SIZE_MAX], uint8_t version,
                       const struct ziglan_record *record)
{
    struct wbuf w = wbuf_over(value, VALUE_SIZE_MAX);
    char url[URL_SIZE_MAX + 1];

    assert_int_equal(url_print(&record->url, url, sizeof(url)), ERR_OK);
    wbuf_u8(&w, version);
    wbuf_u8(&w, record->admitted ? 1 : 0);
    put_text(&w, url);
    put_text(&w, record->name);
    put_text(&w, record->granted);
    if (version != 1) {
        wbuf_u16(&w, (uint16_t)record->part_size);
        wbuf_put(&w, record->part, record->part_size);
    }
    if (version != 1 && version != 2) {
        put_text(&w, record->wanted);
    }
    assert_true(wbuf_ok(&w));
    return wbuf_size(&w);
}

static void write_value(struct store *store, uint8_t number, const uint8_t *value, size_t size)
{
    uint8_t key[KEY_SIZE];

    key_of(key, number);
    assert_int_equal(store_write(store, STORE_TABLE_ZIGLANS, key, KEY_SIZE, value, size), ERR_OK);
}

/* Reads the only record of the store. */
static int read_only(struct store *store, struct ziglan_record *out, bool *found)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);

    return ziglan_store_next(store, &cursor, out, found);
}

static int read_value(struct store *store, const uint8_t *value, size_t size,
                      struct ziglan_record *out)
{
    bool found;
    int rc;

    write_value(store, 1, value, size);
    rc = read_only(store, out, &found);
    assert_true(found);
    return rc;
}

static void records_of_all_versions_are_read(void **state)
{
    static const struct {
        uint8_t version;
        int want;
        size_t part_size;
        const char *wanted;
    } cases[] = {
        {0, ERR_DROP, 0, ""},
        {1, ERR_OK, 0, ""},
        {2, ERR_OK, PART_SIZE, ""},
        {3, ERR_OK, PART_SIZE, "anna-s-pc"},
        {4, ERR_OK, PART_SIZE, "anna-s-pc"},
        {5, ERR_DROP, 0, ""},
        {255, ERR_DROP, 0, ""},
    };
    struct ziglan_record record = record_of(1);
    struct store *store = store_new();
    uint8_t value[VALUE_SIZE_MAX];

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ziglan_record got = {0};
        size_t size = value_of(value, cases[i].version, &record);

        if (read_value(store, value, size, &got) != cases[i].want) {
            fail_msg("version %u", cases[i].version);
        }
        if (cases[i].want == ERR_OK) {
            assert_memory_equal(got.url.key, record.url.key, KEY_SIZE);
            assert_string_equal(got.url.hosts[0].name, "relay.example");
            assert_string_equal(got.name, "home");
            assert_string_equal(got.granted, "anna");
            assert_string_equal(got.wanted, cases[i].wanted);
            assert_true(got.admitted);
            assert_int_equal(got.left, cases[i].version == 4);
            assert_int_equal(got.part_size, cases[i].part_size);
            assert_memory_equal(got.part, record.part, got.part_size);
        }
    }
    store_close(store);
}

static void what_is_written_is_the_present_version_and_comes_back(void **state)
{
    struct ziglan_record record = record_of(1);
    struct ziglan_record got;
    struct store *store = store_new();
    uint8_t value[VALUE_SIZE_MAX], stored[VALUE_SIZE_MAX];
    size_t size = value_of(value, 3, &record), stored_size;
    bool found;

    (void)state;
    assert_int_equal(ziglan_store_put(store, &record), ERR_OK);
    assert_int_equal(store_read(store, STORE_TABLE_ZIGLANS, record.url.key, KEY_SIZE, stored,
                                sizeof(stored), &stored_size),
                     ERR_OK);
    assert_int_equal(stored_size, size);
    assert_memory_equal(stored, value, size);
    record.url.has_invite = true; /* until we are admitted */
    record.admitted = false;
    memset(record.url.invite, 0x5a, INVITE_SIZE);
    assert_int_equal(ziglan_store_put(store, &record), ERR_OK);
    assert_int_equal(read_only(store, &got, &found), ERR_OK);
    assert_true(found && got.url.has_invite && !got.admitted);
    assert_memory_equal(got.url.invite, record.url.invite, INVITE_SIZE);
    assert_int_equal(ziglan_store_remove(store, record.url.key), ERR_OK);
    assert_int_equal(read_only(store, &got, &found), ERR_OK);
    assert_false(found);
    store_close(store);
}

/* Everything in the record is as long as it may be. */
static void the_largest_record_fits(void **state)
{
    struct ziglan_record record = record_of(1);
    struct ziglan_record got;
    struct store *store = store_new();
    bool found;

    (void)state;
    record.url.hosts_count = URL_HOSTS_MAX;
    for (size_t i = 0; i < URL_HOSTS_MAX; i++) {
        struct url_host *host = &record.url.hosts[i];

        for (size_t k = 0; k < sizeof(host->name) - 1; k++) {
            host->name[k] = k % 50 == 49 ? '.' : (char)('a' + i);
        }
        host->port = 65535;
    }
    record.url.has_invite = true;
    memset(record.name, 'n', NAME_SIZE_MAX);
    memset(record.granted, 'g', NAME_SIZE_MAX);
    memset(record.wanted, 'w', NAME_SIZE_MAX);
    memset(record.url.name, 'u', NAME_SIZE_MAX);
    record.part_size = RECORD_SIGNED_SIZE_MAX;
    assert_int_equal(ziglan_store_put(store, &record), ERR_OK);
    assert_int_equal(read_only(store, &got, &found), ERR_OK);
    assert_true(found);
    assert_int_equal(got.part_size, RECORD_SIGNED_SIZE_MAX);
    assert_string_equal(got.wanted, record.wanted);
    assert_string_equal(got.url.hosts[URL_HOSTS_MAX - 1].name,
                        record.url.hosts[URL_HOSTS_MAX - 1].name);
    store_close(store);
}

/* ---- damage ---- */

static void every_truncation_and_every_byte_too_many_is_refused(void **state)
{
    struct ziglan_record record = record_of(1);
    struct store *store = store_new();

    (void)state;
    for (uint8_t version = 1; version <= 3; version++) {
        uint8_t value[VALUE_SIZE_MAX] = {0};
        size_t size = value_of(value, version, &record);
        struct ziglan_record got = {.name = "untouched"};

        for (size_t cut = 0; cut <= size + 1; cut++) {
            if (cut != size && read_value(store, value, cut, &got) != ERR_DROP) {
                fail_msg("version %u cut to %zu of %zu bytes", version, cut, size);
            }
        }
        assert_string_equal(got.name, "untouched");
    }
    store_close(store);
}

static void no_flipped_byte_makes_a_record_that_holds_too_much(void **state)
{
    struct ziglan_record record = record_of(1);
    struct store *store = store_new();
    uint8_t value[VALUE_SIZE_MAX];
    size_t size = value_of(value, 3, &record), refused = 0;

    (void)state;
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct ziglan_record got;
            uint8_t flip = (uint8_t)(1U << bit);

            value[i] ^= flip;
            if (read_value(store, value, size, &got) == ERR_OK) {
                assert_true(strlen(got.name) <= NAME_SIZE_MAX);
                assert_true(strlen(got.granted) <= NAME_SIZE_MAX);
                assert_true(strlen(got.wanted) <= NAME_SIZE_MAX);
                assert_true(got.part_size <= RECORD_SIGNED_SIZE_MAX);
                assert_true(got.url.hosts_count <= URL_HOSTS_MAX);
            } else {
                refused++;
            }
            value[i] ^= flip;
        }
    }
    assert_true(refused > 0);
    store_close(store);
}

static void what_is_too_long_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t url_size, name_size, granted_size, wanted_size, part_size;
    } cases[] = {
        {"a URL", URL_SIZE_MAX + 1, 4, 4, 4, PART_SIZE},
        {"a name", 0, NAME_TEXT_SIZE, 4, 4, PART_SIZE},
        {"a granted name", 0, 4, NAME_TEXT_SIZE, 4, PART_SIZE},
        {"a wanted name", 0, 4, 4, NAME_TEXT_SIZE, PART_SIZE},
        {"a member part", 0, 4, 4, 4, RECORD_SIGNED_SIZE_MAX + 1},
        {"no URL at all", 0, 4, 4, 4, PART_SIZE},
    };
    struct ziglan_record record = record_of(1);
    struct store *store = store_new();
    static const uint8_t filler[VALUE_SIZE_MAX];
    char url[URL_SIZE_MAX + 1];

    (void)state;
    assert_int_equal(url_print(&record.url, url, sizeof(url)), ERR_OK);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        uint8_t value[VALUE_SIZE_MAX];
        struct wbuf w = wbuf_over(value, sizeof(value));
        struct ziglan_record got;

        wbuf_u8(&w, 3);
        wbuf_u8(&w, 1);
        if (cases[i].url_size > 0 || i + 1 == TEST_COUNT(cases)) {
            wbuf_u16(&w, (uint16_t)cases[i].url_size);
            wbuf_put(&w, filler, cases[i].url_size);
        } else {
            put_text(&w, url);
        }
        wbuf_u16(&w, (uint16_t)cases[i].name_size);
        wbuf_put(&w, filler, cases[i].name_size);
        wbuf_u16(&w, (uint16_t)cases[i].granted_size);
        wbuf_put(&w, filler, cases[i].granted_size);
        wbuf_u16(&w, (uint16_t)cases[i].part_size);
        wbuf_put(&w, filler, cases[i].part_size);
        wbuf_u16(&w, (uint16_t)cases[i].wanted_size);
        wbuf_put(&w, filler, cases[i].wanted_size);
        assert_true(wbuf_ok(&w));
        if (read_value(store, value, wbuf_size(&w), &got) != ERR_DROP) {
            fail_msg("%s", cases[i].name);
        }
    }
    store_close(store);
}

static void those_behind_a_damaged_one_are_read(void **state)
{
    static const uint8_t damaged[] = {3, 1, 0};
    struct store *store = store_new();
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);
    struct ziglan_record record, got;
    bool found;

    (void)state;
    for (uint8_t number = 1; number <= 3; number += 2) {
        record = record_of(number);
        assert_int_equal(ziglan_store_put(store, &record), ERR_OK);
    }
    write_value(store, 2, damaged, sizeof(damaged));
    assert_int_equal(ziglan_store_next(store, &cursor, &got, &found), ERR_OK);
    assert_true(found);
    assert_int_equal(got.url.key[0], 1);
    assert_int_equal(ziglan_store_next(store, &cursor, &got, &found), ERR_DROP);
    assert_true(found);
    assert_int_equal(ziglan_store_next(store, &cursor, &got, &found), ERR_OK);
    assert_true(found);
    assert_int_equal(got.url.key[0], 3);
    assert_int_equal(ziglan_store_next(store, &cursor, &got, &found), ERR_OK);
    assert_false(found);
    store_close(store);
}

static void a_record_of_another_ziglan_is_refused(void **state)
{
    struct store *store = store_new();
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);
    struct ziglan_record record = record_of(1), got;
    uint8_t value[VALUE_SIZE_MAX];
    bool found;

    (void)state;
    write_value(store, 2, value, value_of(value, 3, &record));
    assert_int_equal(ziglan_store_next(store, &cursor, &got, &found), ERR_DROP);
    assert_true(found);
    store_close(store);
}

/* ---- the order ---- */

static void the_order_survives(void **state)
{
    struct store *store = store_new();
    struct ziglan_order order = {0}, got = {.count = 9};
    struct test_disk disk;

    (void)state;
    assert_int_equal(ziglan_store_get_order(store, &got), ERR_OK);
    assert_int_equal(got.count, 0);
    /* 16, 12, 8, 4, 0; then count wraps. */
    for (size_t count = ZIGLAN_COUNT_MAX; count <= ZIGLAN_COUNT_MAX; count -= 4) {
        order = (struct ziglan_order){.count = count};
        for (size_t i = 0; i < count; i++) {
            key_of(order.keys[i], (uint8_t)(200 - 7 * i));
        }
        assert_int_equal(ziglan_store_put_order(store, &order), ERR_OK);
        assert_int_equal(ziglan_store_get_order(store, &got), ERR_OK);
        assert_int_equal(got.count, count);
        assert_memory_equal(got.keys, order.keys, count * KEY_SIZE);
    }
    test_disk_put_under(&disk, store);
    disk.full = true;
    assert_int_equal(ziglan_store_put_order(store, &order), ERR_SYSTEM);
    store_close(store);
}

/* ---- the address of the entry point ---- */

static void the_address_survives_until_the_ziglan_is_left(void **state)
{
    struct ziglan_record record = record_of(1);
    struct store *store = store_new();
    struct endpoint address, got;
    struct test_disk disk;
    const uint8_t *key = record.url.key;

    (void)state;
    assert_true(endpoint_parse(&address, "[2001:db8::7]:443", 0));
    assert_int_equal(ziglan_store_get_address(store, key, &got), ERR_OK);
    assert_true(endpoint_is_none(&got));
    assert_int_equal(ziglan_store_put(store, &record), ERR_OK);
    assert_int_equal(ziglan_store_put_address(store, key, &address), ERR_OK);
    assert_int_equal(ziglan_store_get_address(store, key, &got), ERR_OK);
    assert_true(endpoint_equal(&got, &address));
    record = record_of(2); /* another ziglan has none */
    assert_int_equal(ziglan_store_get_address(store, record.url.key, &got), ERR_OK);
    assert_true(endpoint_is_none(&got));
    record = record_of(1);
    assert_int_equal(ziglan_store_remove(store, key), ERR_OK);
    assert_int_equal(ziglan_store_get_address(store, key, &got), ERR_OK);
    assert_true(endpoint_is_none(&got));
    test_disk_put_under(&disk, store);
    disk.full = true;
    assert_int_equal(ziglan_store_put_address(store, key, &address), ERR_SYSTEM);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_survives_until_the_ziglan_is_left),
        cmocka_unit_test(records_of_all_versions_are_read),
        cmocka_unit_test(what_is_written_is_the_present_version_and_comes_back),
        cmocka_unit_test(the_largest_record_fits),
        cmocka_unit_test(every_truncation_and_every_byte_too_many_is_refused),
        cmocka_unit_test(no_flipped_byte_makes_a_record_that_holds_too_much),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(those_behind_a_damaged_one_are_read),
        cmocka_unit_test(a_record_of_another_ziglan_is_refused),
        cmocka_unit_test(the_order_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
