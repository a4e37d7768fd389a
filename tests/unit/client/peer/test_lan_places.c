/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where peers were heard on a LAN, and for how long that counts (client/peer/lan_places.h). */
#include "client/peer/lan_places.h"

#include "proto/base/bytes.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <string.h>

struct world {
    struct test_env ports;
    struct own_addresses own; /* 192.168.1.2/24 */
    struct lan_places places;
    struct mono now;
};

static struct endpoint at(uint8_t net, uint8_t last)
{
    const uint8_t ip4[4] = {192, 168, net, last};

    return endpoint_v4(ip4, 5000);
}

static void world_init(struct world *w)
{
    struct host_local_addr addr = {.prefix_bits = 120};
    struct endpoint here = at(1, 2);

    memset(w, 0, sizeof(*w));
    test_env_init(&w->ports, 3);
    memcpy(addr.ip, here.ip, sizeof(addr.ip));
    (void)own_addresses_set(&w->own, &addr, 1, 5000);
    assert_int_equal(lan_places_init(&w->places, &w->ports.env, w->now), ERR_OK);
    w->now.ns = NS_PER_S;
}

static struct lan_notice notice_of(uint32_t who, const struct endpoint *where, uint64_t sequence)
{
    struct lan_notice notice = {.sequence = sequence, .port = where->port, .count = 1};

    be32_write(notice.key, who);
    memcpy(notice.ips[0], where->ip, 16);
    return notice;
}

static void hear(struct world *w, uint32_t who, const struct endpoint *where, uint64_t sequence)
{
    struct lan_notice notice = notice_of(who, where, sequence);

    assert_non_null(lan_places_hear(&w->places, &notice, &w->own, w->now));
}

static const struct lan_place *find(const struct world *w, uint32_t who)
{
    uint8_t key[KEY_SIZE] = {0};

    be32_write(key, who);
    return lan_places_find(&w->places, key, w->now);
}

static void only_addresses_of_our_lans_are_kept(void **state)
{
    struct endpoint wheres[] = {at(1, 3), at(2, 3), at(1, 2)};
    struct world w;

    (void)state;
    world_init(&w);
    for (uint32_t i = 0; i < 3; i++) {
        hear(&w, i, &wheres[i], 1);
    }
    assert_non_null(find(&w, 0));
    assert_true(endpoint_equal(&find(&w, 0)->at[0], &wheres[0]));
    assert_null(find(&w, 1));
    assert_null(find(&w, 2)); /* that is where we are ourselves */
    lan_places_fini(&w.places);
}

static void what_was_heard_is_forgotten_after_a_while(void **state)
{
    struct endpoint where = at(1, 3);
    struct world w;

    (void)state;
    world_init(&w);
    hear(&w, 7, &where, 1);
    w.now = mono_add_ms(w.now, LAN_PLACE_MS - 1);
    assert_non_null(find(&w, 7));
    w.now = mono_add_ms(w.now, 1);
    assert_null(find(&w, 7));
    hear(&w, 7, &where, 2);
    assert_non_null(find(&w, 7));
    lan_places_leave(&w.places);
    assert_null(find(&w, 7));
    assert_false(lan_places_is_newer(&w.places, (const uint8_t[KEY_SIZE]){0, 0, 0, 7}, 2));
    assert_true(lan_places_is_newer(&w.places, (const uint8_t[KEY_SIZE]){0, 0, 0, 7}, 3));
    lan_places_fini(&w.places);
}

static void who_was_heard_longest_ago_makes_room(void **state)
{
    struct endpoint where = at(1, 3);
    struct world w;

    (void)state;
    world_init(&w);
    for (uint32_t i = 0; i < LAN_PLACES_MAX; i++) {
        hear(&w, i, &where, 1);
    }
    hear(&w, 0, &where, 2); /* again: now the second one is the oldest */
    hear(&w, LAN_PLACES_MAX, &where, 1);
    assert_non_null(find(&w, 0));
    assert_null(find(&w, 1));
    assert_non_null(find(&w, 2));
    assert_non_null(find(&w, LAN_PLACES_MAX));
    lan_places_fini(&w.places);
}

/* A proof that is too much must not take what is left for notices. */
static void what_is_refused_costs_nothing(void **state)
{
    struct world w;
    unsigned proofs = 0;

    (void)state;
    world_init(&w);
    while (lan_places_may_verify(&w.places, 3, w.now)) {
        proofs++;
    }
    assert_int_equal(proofs, 5 * LAN_VERIFIES_PER_S / 3);
    assert_int_equal(5 * LAN_VERIFIES_PER_S % 3, 1);
    assert_true(lan_places_may_verify(&w.places, 1, w.now));
    assert_false(lan_places_may_verify(&w.places, 1, w.now));
    lan_places_fini(&w.places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_of_our_lans_are_kept),
        cmocka_unit_test(what_was_heard_is_forgotten_after_a_while),
        cmocka_unit_test(who_was_heard_longest_ago_makes_room),
        cmocka_unit_test(what_is_refused_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
