/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which local address stands for which peer: how it is found, remembered and given up. */
#include "client/peer/address_book.h"

#include "proto/base/bytes.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/tunnel_packets.h"

enum {
    TWIN_KEYS = 40,
};

static struct rng env_rng = {1};
static const struct env env = {.context = &env_rng, .random = test_env_draw};

/* A hash that the tests can foresee: the key's first four bytes, and 7 more with each attempt. */
static uint32_t ip4_hash(const uint8_t key[KEY_SIZE], uint32_t attempt)
{
    return be32_read(key) + attempt * 7;
}

static void ip6(uint8_t ip[16], const uint8_t key[KEY_SIZE])
{
    uint8_t hash[32];

    memcpy(hash, key, 32);
    addrplan_auto(ip, hash);
}

static void key_make(uint8_t key[KEY_SIZE], uint32_t hash, uint32_t number)
{
    memset(key, 0x5a, KEY_SIZE);
    be32_write(key, hash);
    be32_write(key + 4, number);
}

static struct address_book *book_make(const char *pool, uint32_t peers_max)
{
    struct address_book_config cfg = {.peers_max = peers_max, .ip4_hash = ip4_hash, .ip6 = ip6};
    struct address_book *book;

    assert_true(addrplan_pool_parse(&cfg.pool, pool));
    key_make(cfg.own_key, 1, 0);
    assert_int_equal(address_book_new(&book, &cfg, &env), ERR_OK);
    return book;
}

static void expect_v4(const struct address_book_addresses *got, uint8_t a, uint8_t b, uint8_t c,
                      uint8_t d)
{
    assert_true(got->has_v4);
    assert_memory_equal(got->v4, ((uint8_t[]){a, b, c, d}), 4);
}

static void first_choices_follow_the_hash_and_conflicts_the_next_attempt(void **state)
{
    struct address_book *book = book_make("100.64.0.0/16", 10);
    struct address_book_addresses got;
    uint8_t key[KEY_SIZE];
    bool fresh;

    (void)state;
    assert_int_equal(address_book_own(book, &got, &fresh), ERR_OK);
    assert_true(fresh);
    expect_v4(&got, 100, 64, 0, 1);
    key_make(key, 0x12345, 1);
    assert_int_equal(address_book_add(book, key, 1, &got, &fresh), ERR_OK);
    expect_v4(&got, 100, 64, 0x23, 0x45);
    assert_true(fresh);
    key_make(key, 0x12345, 2); /* the same first choice */
    assert_int_equal(address_book_add(book, key, 2, &got, &fresh), ERR_OK);
    expect_v4(&got, 100, 64, 0x23, 0x45 + 7);
    assert_int_equal(address_book_add(book, key, 9, &got, &fresh), ERR_OK); /* again */
    expect_v4(&got, 100, 64, 0x23, 0x45 + 7);
    assert_false(fresh);
    uint32_t peer = 0;

    assert_int_equal(address_book_find(book, got.v4, 4, &peer), ADDRESS_BOOK_OWNER_PEER);
    assert_int_equal(peer, 2);
    assert_int_equal(address_book_assigned_count(book), 3);
    address_book_free(book);
}

static void reserved_addresses_are_never_assigned(void **state)
{
    static const struct {
        uint32_t hash, wanted;
    } cases[] = {{0, 7}, {255, 6}, {53, 60}};
    struct address_book_addresses got;
    uint8_t key[KEY_SIZE];
    bool fresh;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct address_book *book = book_make("10.1.2.0/24", 10);

        key_make(key, cases[i].hash, 1);
        assert_int_equal(
            address_book_remember(book, key, (uint8_t[]){10, 1, 2, (uint8_t)cases[i].hash}),
            ERR_DROP);
        assert_int_equal(address_book_add(book, key, 1, &got, &fresh), ERR_OK);
        expect_v4(&got, 10, 1, 2, (uint8_t)cases[i].wanted);
        address_book_free(book);
    }
}

static void remembered_assignments_come_first(void **state)
{
    struct address_book *book = book_make("100.64.0.0/16", 10);
    struct address_book_addresses got;
    uint8_t early[KEY_SIZE];
    uint8_t late[KEY_SIZE];
    uint8_t own[KEY_SIZE];
    uint8_t v4[4] = {100, 64, 0, 99};
    uint8_t v6[16];
    uint32_t peer = 77;
    bool fresh;

    (void)state;
    key_make(early, 99, 1);
    key_make(late, 5000, 2);
    key_make(own, 1, 0);
    assert_int_equal(address_book_remember(book, late, v4), ERR_OK);
    assert_int_equal(address_book_remember(book, late, v4), ERR_OK);
    assert_int_equal(address_book_remember(book, early, v4), ERR_DROP); /* taken */
    assert_int_equal(address_book_remember(book, late, (uint8_t[]){100, 64, 0, 98}), ERR_DROP);
    assert_int_equal(address_book_remember(book, early, (uint8_t[]){100, 65, 0, 9}), ERR_DROP);
    assert_int_equal(address_book_remember(book, own, (uint8_t[]){100, 64, 9, 9}), ERR_OK);
    assert_int_equal(address_book_own(book, &got, &fresh), ERR_OK);
    assert_false(fresh);
    expect_v4(&got, 100, 64, 9, 9);
    assert_int_equal(address_book_find(book, v4, 4, &peer),
                     ADDRESS_BOOK_OWNER_NONE); /* not in the book yet */
    assert_int_equal(address_book_add(book, early, 1, &got, &fresh), ERR_OK);
    expect_v4(&got, 100, 64, 0, 106); /* not its first choice, which is kept for `late` */
    assert_int_equal(address_book_add(book, late, 2, &got, &fresh), ERR_OK);
    expect_v4(&got, 100, 64, 0, 99);
    assert_false(fresh);

    address_book_remove(book, late);
    ip6(v6, late);
    assert_int_equal(address_book_find(book, v6, 16, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_find(book, v4, 4, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_assigned_count(book), 3);
    assert_false(address_book_trim(book, late)); /* only one, in a large pool: it may come back */
    assert_int_equal(address_book_add(book, late, 3, &got, &fresh), ERR_OK);
    expect_v4(&got, 100, 64, 0, 99);
    address_book_free(book);
}

/* A directory whose members come and go must use up neither the pool nor ever more memory. */
static void only_the_newest_of_the_absent_are_remembered(void **state)
{
    static const struct {
        const char *pool;
        uint32_t keys, kept;
    } cases[] = {{"100.64.0.0/16", ADDRESS_BOOK_ABSENT_MAX + 3, ADDRESS_BOOK_ABSENT_MAX},
                 {"10.9.8.0/25", 20, 16}};
    struct address_book_addresses got;
    uint8_t key[KEY_SIZE];
    uint8_t gone[KEY_SIZE];
    bool fresh;

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct address_book *book = book_make(cases[c].pool, 10);

        assert_int_equal(address_book_own(book, &got, &fresh), ERR_OK);
        for (uint32_t i = 1; i <= cases[c].keys; i++) {
            key_make(key, i * 7, i);
            assert_int_equal(address_book_add(book, key, i, &got, &fresh), ERR_OK);
            address_book_remove(book, key);
            if (i > cases[c].kept) { /* the oldest goes */
                key_make(key, (i - cases[c].kept) * 7, i - cases[c].kept);
                assert_true(address_book_trim(book, gone));
                assert_memory_equal(gone, key, KEY_SIZE);
            }
            assert_false(address_book_trim(book, gone));
        }
        assert_int_equal(address_book_assigned_count(book), cases[c].kept + 1);
        address_book_free(book);
    }
}

static void full_pools_leave_a_peer_with_ipv6(void **state)
{
    struct address_book *book = book_make("192.168.7.0/30", 10); /* two addresses */
    struct address_book_addresses got;
    uint8_t key[KEY_SIZE];
    uint8_t wanted_key[KEY_SIZE];
    uint8_t wanted[16];
    uint32_t peer = 0;
    bool fresh;

    (void)state;
    assert_int_equal(address_book_own(book, &got, &fresh), ERR_OK);
    key_make(key, 1, 1);
    assert_int_equal(address_book_add(book, key, 1, &got, &fresh), ERR_OK);
    key_make(key, 1, 2);
    assert_int_equal(address_book_add(book, key, 2, &got, &fresh), ERR_LIMIT);
    assert_false(got.has_v4);
    assert_false(fresh);
    ip6(wanted, key);
    assert_memory_equal(got.v6, wanted, 16);
    assert_int_equal(address_book_find(book, got.v6, 16, &peer), ADDRESS_BOOK_OWNER_PEER);
    assert_int_equal(peer, 2);

    /* When an address becomes free, adding the peer again gives it this address. */
    key_make(key, 1, 1);
    address_book_remove(book, key);
    assert_true(address_book_trim(book, wanted_key));
    assert_memory_equal(wanted_key, key, KEY_SIZE);
    key_make(key, 1, 2);
    assert_int_equal(address_book_add(book, key, 2, &got, &fresh), ERR_OK);
    assert_true(got.has_v4 && fresh);
    address_book_free(book);
}

static void too_many_peers_and_the_own_key_are_refused(void **state)
{
    struct address_book *book = book_make("100.64.0.0/16", 2);
    struct address_book_addresses got;
    static const uint8_t zero[16];
    uint8_t key[KEY_SIZE], v6[16];
    uint32_t peer;
    bool fresh;

    (void)state;
    assert_int_equal(address_book_own(book, &got, &fresh), ERR_OK);
    key_make(key, 1, 0);
    assert_int_equal(address_book_add(book, key, 1, &got, &fresh), ERR_LIMIT);
    for (uint32_t i = 1; i <= 3; i++) {
        key_make(key, i * 100, i);
        assert_int_equal(address_book_add(book, key, i, &got, &fresh), i <= 2 ? ERR_OK : ERR_LIMIT);
    }
    assert_memory_equal(got.v6, zero, 16);
    ip6(v6, key);
    assert_int_equal(address_book_find(book, v6, 16, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_assigned_count(book), 3);
    address_book_free(book);
}

static void every_form_of_an_address_finds_its_owner(void **state)
{
    struct address_book *book = book_make("100.64.0.0/16", 10);
    uint8_t eui64[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 1};
    uint8_t own_eui64[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 9};
    struct address_book_addresses own;
    struct address_book_addresses got;
    uint8_t key[KEY_SIZE];
    uint8_t other[KEY_SIZE];
    uint8_t own_key[KEY_SIZE];
    uint8_t ip[16];
    uint32_t peer = 0;
    bool fresh;

    (void)state;
    key_make(key, 500, 1);
    key_make(other, 600, 2);
    key_make(own_key, 1, 0);
    assert_int_equal(address_book_own(book, &own, &fresh), ERR_OK);
    assert_int_equal(address_book_add(book, key, 41, &got, &fresh), ERR_OK);
    assert_int_equal(address_book_find(book, own.v4, 4, &peer), ADDRESS_BOOK_OWNER_SELF);
    assert_int_equal(address_book_find(book, own.v6, 16, &peer), ADDRESS_BOOK_OWNER_SELF);
    addrplan_4in6(ip, own.v4);
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_SELF);
    assert_int_equal(peer, 0);
    addrplan_4in6(ip, got.v4);
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_PEER);
    assert_int_equal(peer, 41);
    ip[5] = 1; /* not of that form any more */
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_find(book, got.v6, 15, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_find(book, got.v6, 0, &peer), ADDRESS_BOOK_OWNER_NONE);

    /* Fixed addresses: the first key that claims one keeps it, as long as it is in the book. */
    addrplan_fixed(ip, (uint8_t[]){9, 8, 7, 6}, eui64);
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_NONE);
    assert_int_equal(address_book_claim(book, other, eui64), ERR_DROP); /* not in the book */
    assert_int_equal(address_book_claim(book, key, eui64), ERR_OK);
    assert_int_equal(address_book_claim(book, key, eui64), ERR_OK);
    assert_int_equal(address_book_claim(book, own_key, own_eui64), ERR_OK);
    peer = 0;
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_PEER);
    assert_int_equal(peer, 41);
    assert_int_equal(address_book_add(book, other, 42, &got, &fresh), ERR_OK);
    assert_int_equal(address_book_claim(book, other, eui64), ERR_DROP);
    assert_int_equal(address_book_claim(book, other, own_eui64), ERR_DROP);
    assert_int_equal(address_book_claim(book, other, (uint8_t[EUI64_SIZE]){0}), ERR_DROP);
    for (uint8_t i = 0; i < ADDRPLAN_FIXED_MAX + 1; i++) {
        uint8_t more[EUI64_SIZE] = {3, i};

        assert_int_equal(address_book_claim(book, other, more),
                         i < ADDRPLAN_FIXED_MAX ? ERR_OK : ERR_LIMIT);
    }
    address_book_unclaim(book, other); /* then it may claim others */
    for (uint8_t i = 0; i < ADDRPLAN_FIXED_MAX; i++) {
        uint8_t more[EUI64_SIZE] = {4, i};

        assert_int_equal(address_book_claim(book, other, more), ERR_OK);
    }
    assert_int_equal(address_book_claim(book, key, (uint8_t[EUI64_SIZE]){3, 0}), ERR_OK);
    address_book_remove(book, key);
    assert_int_equal(address_book_find(book, ip, 16, &peer), ADDRESS_BOOK_OWNER_NONE);
    address_book_free(book);
}

/* The twin: arrays, searched from the front. */
struct twin_key {
    uint8_t key[KEY_SIZE];
    bool assigned, present;
    uint32_t v4, peer;
    uint32_t absent_since;
};

struct twin {
    struct twin_key keys[TWIN_KEYS];
    uint32_t base, size;
};

static struct twin_key *twin_holder(struct twin *twin, uint32_t v4)
{
    for (size_t i = 0; i < TWIN_KEYS; i++) {
        if (twin->keys[i].assigned && twin->keys[i].v4 == v4) {
            return &twin->keys[i];
        }
    }
    return NULL;
}

static bool twin_free(struct twin *twin, uint32_t offset)
{
    return offset != 0 && offset != twin->size - 1 && offset != ADDRESS_BOOK_RESOLVER_OFFSET &&
           twin_holder(twin, twin->base + offset) == NULL;
}

static bool twin_assign(struct twin *twin, struct twin_key *k)
{
    uint32_t offset = 0;

    for (uint32_t attempt = 0; attempt < ADDRESS_BOOK_ATTEMPTS_MAX; attempt++) {
        offset = ip4_hash(k->key, attempt) % twin->size;
        if (twin_free(twin, offset)) {
            goto found;
        }
    }
    for (uint32_t i = 1; i < twin->size; i++) {
        if (twin_free(twin, (offset + i) % twin->size)) {
            offset = (offset + i) % twin->size;
            goto found;
        }
    }
    return false;
found:
    k->assigned = true;
    k->v4 = twin->base + offset;
    return true;
}

/* Which absent key is forgotten next; NULL if there are few enough. */
static struct twin_key *twin_oldest(struct twin *twin)
{
    struct twin_key *oldest = NULL;
    uint32_t count = 0;

    for (size_t i = 0; i < TWIN_KEYS; i++) {
        struct twin_key *k = &twin->keys[i];

        if (!k->assigned || k->present) {
            continue;
        }
        count++;
        if (oldest == NULL || k->absent_since < oldest->absent_since) {
            oldest = k;
        }
    }
    return count > twin->size / ADDRESS_BOOK_ABSENT_SHARE ? oldest : NULL;
}

static void twin_trim(struct twin *twin, struct address_book *book)
{
    struct twin_key *k;
    uint8_t key[KEY_SIZE];

    while ((k = twin_oldest(twin)) != NULL) {
        assert_true(address_book_trim(book, key));
        assert_memory_equal(key, k->key, KEY_SIZE);
        k->assigned = false;
    }
    assert_false(address_book_trim(book, key));
}

static void twin_step(struct twin *twin, struct address_book *book, struct twin_key *k,
                      uint32_t step, struct rng *rng)
{
    struct address_book_addresses got;
    uint8_t v4[4];
    bool fresh = false;

    switch (rng_below(rng, 4)) {
    case 0:
    case 1: {
        bool had = k->assigned;
        bool has = had || twin_assign(twin, k);

        k->peer = k->present ? k->peer : step;
        k->present = true;
        assert_int_equal(address_book_add(book, k->key, step, &got, &fresh),
                         has ? ERR_OK : ERR_LIMIT);
        assert_int_equal(fresh, has && !had);
        assert_int_equal(got.has_v4, has);
        if (has) {
            assert_int_equal(be32_read(got.v4), k->v4);
        }
        break;
    }
    case 2:
        k->absent_since = k->present ? step : k->absent_since;
        k->present = false;
        address_book_remove(book, k->key);
        if (rng_below(rng, 2) == 0) {
            twin_trim(twin, book);
        }
        break;
    default: {
        uint32_t wanted = twin->base + rng_below(rng, twin->size + 4) - 2;
        uint32_t offset = wanted - twin->base;
        bool ok = (k->assigned && k->v4 == wanted) ||
                  (!k->assigned && offset < twin->size && twin_free(twin, offset));

        be32_write(v4, wanted);
        assert_int_equal(address_book_remember(book, k->key, v4), ok ? ERR_OK : ERR_DROP);
        if (ok) {
            k->absent_since = k->assigned ? k->absent_since : step;
            k->assigned = true;
            k->v4 = wanted;
        }
    }
    }
}

static void twin_compare(struct twin *twin, const struct address_book *book)
{
    size_t assigned = 0;

    for (uint32_t offset = 0; offset < twin->size; offset++) {
        struct twin_key *k = twin_holder(twin, twin->base + offset);
        bool there = k != NULL && k->present;
        uint32_t peer = UINT32_MAX;
        uint8_t v4[4];

        be32_write(v4, twin->base + offset);
        assert_int_equal(address_book_find(book, v4, 4, &peer),
                         there ? ADDRESS_BOOK_OWNER_PEER : ADDRESS_BOOK_OWNER_NONE);
        assert_int_equal(peer, there ? k->peer : UINT32_MAX);
    }
    for (size_t i = 0; i < TWIN_KEYS; i++) {
        const struct twin_key *k = &twin->keys[i];
        uint32_t peer;
        uint8_t v6[16];

        assigned += k->assigned ? 1 : 0;
        ip6(v6, k->key);
        assert_int_equal(address_book_find(book, v6, 16, &peer),
                         k->present ? ADDRESS_BOOK_OWNER_PEER : ADDRESS_BOOK_OWNER_NONE);
    }
    assert_int_equal(address_book_assigned_count(book), assigned);
}

static void random_operations_match_the_naive_twin(void **state)
{
    static const char *const pools[] = {"10.9.8.0/26", "10.9.8.32/27", "10.9.8.16/28"};
    struct rng rng = {5};

    (void)state;
    for (size_t round = 0; round < 9; round++) {
        struct address_book *book = book_make(pools[round % 3], TWIN_KEYS);
        struct twin twin = {0};
        struct addrplan_pool pool;

        assert_true(addrplan_pool_parse(&pool, pools[round % 3]));
        twin.base = pool.base;
        twin.size = addrplan_pool_size(&pool);
        for (uint32_t i = 0; i < TWIN_KEYS; i++) {
            key_make(twin.keys[i].key, rng_below(&rng, 30), i + 1); /* many conflicts */
        }
        for (uint32_t step = 0; step < 1500; step++) {
            twin_step(&twin, book, &twin.keys[rng_below(&rng, TWIN_KEYS)], step, &rng);
            twin_compare(&twin, book);
        }
        address_book_free(book);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_choices_follow_the_hash_and_conflicts_the_next_attempt),
        cmocka_unit_test(reserved_addresses_are_never_assigned),
        cmocka_unit_test(remembered_assignments_come_first),
        cmocka_unit_test(only_the_newest_of_the_absent_are_remembered),
        cmocka_unit_test(full_pools_leave_a_peer_with_ipv6),
        cmocka_unit_test(too_many_peers_and_the_own_key_are_refused),
        cmocka_unit_test(every_form_of_an_address_finds_its_owner),
        cmocka_unit_test(random_operations_match_the_naive_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
