/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of joined ziglans, on which the precedence of names rests; joining and leaving. */
#include "client/ziglan/ziglan_list.h"

#include "proto/link/link.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/disk.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

/* The parts of a host that ziglans need. Each ziglan has a letter as its name, and a key that
 * consists of this letter. */
struct house {
    struct test_env ports;
    struct mono now;
    struct identity identity;
    struct store *store;
    struct test_disk disk; /* for tests that put it below the store */
    struct relay_set relays;
    struct ziglan_context context;
    struct ziglan_list list;
    char order[ZIGLAN_COUNT_MAX + 1];
};

static void start(struct house *house)
{
    assert_int_equal(relay_set_init(&house->relays, &house->identity, house->store,
                                    &house->ports.env, house->now),
                     ERR_OK);
    house->context = (struct ziglan_context){.identity = &house->identity,
                                             .wanted_name = "anna",
                                             .store = house->store,
                                             .env = &house->ports.env,
                                             .relays = &house->relays};
    assert_int_equal(ziglan_list_init(&house->list, &house->context, house->now), ERR_OK);
}

static void stop(struct house *house)
{
    ziglan_list_fini(&house->list);
    relay_set_fini(&house->relays);
}

static int house_new(void **state)
{
    struct house *house = calloc(1, sizeof(*house));

    assert_non_null(house);
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&house->ports, 7);
    assert_int_equal(link_library_init(&house->ports.env), ERR_OK);
    house->now.ns = NS_PER_S;
    house->identity = fixture_identity('h');
    assert_int_equal(store_memory_new(&house->store), ERR_OK);
    start(house);
    *state = house;
    return 0;
}

static int house_free(void **state)
{
    struct house *house = *state;

    stop(house);
    store_close(house->store);
    link_library_fini();
    free(house);
    return 0;
}

static void restart(struct house *house)
{
    stop(house);
    start(house);
}

static int join(struct house *house, char letter)
{
    struct url url = {.kind = URL_KIND_ZIGLAN, .hosts_count = 1, .name = {letter}};

    memset(url.key, letter, KEY_SIZE);
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "%c.example", letter);
    return ziglan_list_add(&house->list, &url, NULL, house->now);
}

static void join_all(struct house *house, const char *letters)
{
    for (const char *letter = letters; *letter != '\0'; letter++) {
        assert_int_equal(join(house, *letter), ERR_OK);
    }
}

static struct ziglan *ziglan_of(const struct house *house, char letter)
{
    uint8_t key[KEY_SIZE];

    memset(key, letter, sizeof(key));
    return ziglan_list_find(&house->list, key);
}

static int put_first(struct house *house, const char *letters)
{
    struct ziglan_order order = {.count = strlen(letters)};

    for (size_t i = 0; i < order.count; i++) {
        memset(order.keys[i], letters[i], KEY_SIZE);
    }
    return ziglan_list_order(&house->list, &order);
}

/* The letters of all, in their order. */
static const char *order_of(struct house *house)
{
    const struct ziglan *ziglan;
    size_t count = 0;

    TAILQ_FOREACH(ziglan, &house->list.head, in_list)
    {
        assert_true(count < ZIGLAN_COUNT_MAX);
        house->order[count++] = (char)ziglan->record.url.key[0];
    }
    house->order[count] = '\0';
    assert_int_equal(count, house->list.count);
    return house->order;
}

/* ---- order ---- */

static void configured_ones_come_first_and_the_others_as_they_were_joined(void **state)
{
    static const struct {
        const char *name, *joined, *first, *want;
    } cases[] = {
        {"none joined", "", "ab", ""},
        {"none configured", "zcm", "", "zcm"},
        {"one of them", "zcm", "m", "mzc"},
        {"all in another order", "zcm", "cmz", "cmz"},
        {"all in the same", "zcm", "zcm", "zcm"},
        {"two of them", "zcmk", "km", "kmzc"},
        {"keys that nobody joined", "zcm", "amb", "mzc"},
        {"nothing else", "zcm", "abd", "zcm"},
        {"one twice: its first place counts", "zcm", "mcm", "mcz"},
    };

    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        assert_int_equal(house_new(state), 0);
        struct house *house = *state;

        join_all(house, cases[i].joined);
        assert_string_equal(order_of(house), cases[i].joined);
        assert_int_equal(put_first(house, cases[i].first), ERR_OK);
        for (int starts = 0; starts < 3; starts++) {
            if (strcmp(order_of(house), cases[i].want) != 0) {
                fail_msg("%s, after %d starts: %s", cases[i].name, starts, house->order);
            }
            restart(house);
        }
        (void)house_free(state);
    }
}

static void the_order_outlives_leaving_and_joining(void **state)
{
    struct house *house = *state;
    struct ziglan_order stored;

    join_all(house, "zcmk");
    assert_int_equal(put_first(house, "m"), ERR_OK);
    assert_string_equal(order_of(house), "mzck");
    ziglan_list_leave(&house->list, ziglan_of(house, 'z'), house->now);
    assert_string_equal(order_of(house), "mck");
    assert_int_equal(ziglan_store_get_order(house->store, &stored), ERR_OK);
    assert_int_equal(stored.count, 3); /* the stored order has forgotten it too */
    restart(house);
    assert_string_equal(order_of(house), "mck");
    assert_int_equal(join(house, 'z'), ERR_OK); /* a ziglan that is joined again comes last */
    assert_int_equal(join(house, 'a'), ERR_OK);
    restart(house);
    assert_string_equal(order_of(house), "mckza");
    ziglan_list_leave(&house->list, ziglan_of(house, 'm'), house->now);
    restart(house);
    assert_string_equal(order_of(house), "ckza");
}

/* A program of an earlier version stored ziglans without an order. */
static void ziglans_that_the_stored_order_lacks_come_in_the_order_of_the_store(void **state)
{
    struct house *house = *state;
    struct ziglan_order order = {.count = 1};

    join_all(house, "zcm");
    assert_int_equal(ziglan_store_put_order(house->store, &(struct ziglan_order){0}), ERR_OK);
    restart(house);
    assert_string_equal(order_of(house), "cmz");
    memset(order.keys[0], 'm', KEY_SIZE);
    assert_int_equal(ziglan_store_put_order(house->store, &order), ERR_OK);
    restart(house);
    assert_string_equal(order_of(house), "mcz");
}

/* ---- what goes wrong ---- */

static void a_record_that_cannot_be_read_is_passed_over(void **state)
{
    struct house *house = *state;
    uint8_t key[KEY_SIZE];
    uint32_t errors = house->ports.errors;

    join_all(house, "zcm");
    memset(key, 'c', sizeof(key));
    assert_int_equal(store_write(house->store, STORE_TABLE_ZIGLANS, key, sizeof(key), "damaged", 7),
                     ERR_OK);
    restart(house);
    assert_string_equal(order_of(house), "zm");
    assert_int_equal(house->ports.errors, errors + 1);
}

static void the_list_has_a_bound(void **state)
{
    struct house *house = *state;
    static const char letters[] = "qwertyuiopasdfgh";

    assert_int_equal(strlen(letters), ZIGLAN_COUNT_MAX);
    join_all(house, letters);
    assert_int_equal(join(house, 'x'), ERR_LIMIT);
    assert_string_equal(order_of(house), letters);
    assert_int_equal(house->relays.count, ZIGLAN_COUNT_MAX);
    restart(house);
    assert_string_equal(order_of(house), letters);
    ziglan_list_leave(&house->list, ziglan_of(house, 'q'), house->now);
    assert_int_equal(house->relays.count, ZIGLAN_COUNT_MAX - 1);
    assert_int_equal(join(house, 'x'), ERR_OK);
}

/* Leave a ziglan that admitted this host once, and whose relay does not answer. */
static void leave_admitted(struct house *house, char letter)
{
    ziglan_of(house, letter)->record.admitted = true;
    ziglan_list_leave(&house->list, ziglan_of(house, letter), house->now);
}

static bool is_leaving(const struct house *house, char letter)
{
    uint8_t key[KEY_SIZE];

    memset(key, letter, sizeof(key));
    return farewell_find(&house->list.farewells, key) != NULL;
}

static void a_full_list_does_not_hide_who_is_to_be_told_of_a_leave(void **state)
{
    struct house *house = *state;

    assert_int_equal(join(house, 'z'), ERR_OK); /* the last one in the store */
    leave_admitted(house, 'z');
    join_all(house, "qwertyuiopasdfgh");
    restart(house);
    assert_int_equal(house->list.count, ZIGLAN_COUNT_MAX);
    assert_true(is_leaving(house, 'z'));
}

static void a_join_that_fails_ends_no_farewell(void **state)
{
    struct house *house = *state;

    assert_int_equal(join(house, 'z'), ERR_OK);
    leave_admitted(house, 'z');
    test_disk_put_under(&house->disk, house->store);
    house->disk.full = true;
    assert_int_equal(join(house, 'z'), ERR_SYSTEM);
    assert_true(is_leaving(house, 'z'));
    assert_int_equal(house->relays.count, 1);
    house->disk.full = false;
    assert_int_equal(join(house, 'z'), ERR_OK);
    assert_false(is_leaving(house, 'z'));
    assert_int_equal(house->relays.count, 1);
    restart(house);
    assert_string_equal(order_of(house), "z");
    assert_false(is_leaving(house, 'z'));
}

static void what_fails_changes_nothing(void **state)
{
    struct house *house = *state;
    struct url relay = {.kind = URL_KIND_RELAY, .hosts_count = 1};

    join_all(house, "zcm");
    test_disk_put_under(&house->disk, house->store);
    house->disk.full = true;
    assert_int_equal(join(house, 'a'), ERR_SYSTEM);
    assert_string_equal(order_of(house), "zcm");
    assert_int_equal(house->relays.count, 3);
    assert_int_equal(put_first(house, "m"), ERR_SYSTEM); /* it counts until the next start */
    assert_string_equal(order_of(house), "mzc");
    house->disk.full = false;
    restart(house);
    assert_string_equal(order_of(house), "zcm");

    (void)snprintf(relay.hosts[0].name, sizeof(relay.hosts[0].name), "relay.example");
    while (relay_set_add(&house->relays, &relay, house->now) != NULL) {
    }
    assert_int_equal(join(house, 'a'), ERR_LIMIT);
    assert_string_equal(order_of(house), "zcm");
    assert_int_equal(house->relays.count, RELAY_SET_MAX);
    restart(house);
    assert_string_equal(order_of(house), "zcm");
}

/* ---- finding ---- */

static void a_ziglan_is_found_by_key_name_and_session(void **state)
{
    struct house *house = *state;
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};
    struct relay_session stranger = {0};
    char key[KEY_TEXT_SIZE];
    size_t count;

    join_all(house, "zcm");
    struct ziglan *c = ziglan_of(house, 'c');
    assert_non_null(c);
    assert_null(ziglan_of(house, 'x'));
    assert_ptr_equal(ziglan_list_find_text(&house->list, "c", &count), c);
    assert_ptr_equal(ziglan_list_find_text(&house->list, key_text(c->record.url.key, key), &count),
                     c);
    assert_null(ziglan_list_find_text(&house->list, "x", &count));
    assert_null(ziglan_list_find_text(&house->list, "", &count));
    c->record.name[0] = '\0'; /* its entry point has not told it yet */
    assert_null(ziglan_list_find_text(&house->list, "", &count));
    key[0] = key[0] == 'a' ? 'b' : 'a'; /* a key, but nobody's */
    assert_null(ziglan_list_find_text(&house->list, key, &count));

    assert_ptr_equal(ziglan_list_of_relay(&house->list, c->entry_point), c);
    assert_null(ziglan_list_of_relay(&house->list, &stranger));
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "more.example");
    struct relay_session *more = ziglan_add_relay(c, &url, house->now);
    assert_non_null(more);
    assert_ptr_equal(ziglan_list_of_relay(&house->list, more), c);
    ziglan_list_leave(&house->list, c, house->now); /* both sessions go with it */
    assert_int_equal(house->relays.count, 2);
}

static void a_list_of_zeros_may_be_freed(void **state)
{
    struct ziglan_list list = {0};

    (void)state;
    ziglan_list_fini(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configured_ones_come_first_and_the_others_as_they_were_joined),
        cmocka_unit_test_setup_teardown(the_order_outlives_leaving_and_joining, house_new,
                                        house_free),
        cmocka_unit_test_setup_teardown(
            ziglans_that_the_stored_order_lacks_come_in_the_order_of_the_store, house_new,
            house_free),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_read_is_passed_over, house_new,
                                        house_free),
        cmocka_unit_test_setup_teardown(the_list_has_a_bound, house_new, house_free),
        cmocka_unit_test_setup_teardown(a_full_list_does_not_hide_who_is_to_be_told_of_a_leave,
                                        house_new, house_free),
        cmocka_unit_test_setup_teardown(a_join_that_fails_ends_no_farewell, house_new, house_free),
        cmocka_unit_test_setup_teardown(what_fails_changes_nothing, house_new, house_free),
        cmocka_unit_test_setup_teardown(a_ziglan_is_found_by_key_name_and_session, house_new,
                                        house_free),
        cmocka_unit_test(a_list_of_zeros_may_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
