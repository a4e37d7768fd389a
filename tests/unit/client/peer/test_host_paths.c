/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses that hosts tell each other, and the places that paths have in a conversation. */
#include "client/core/core_internal.h"
#include "client/peer/introduction.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "client/stun2/punch_round.h"
#include "proto/net/endpoint.h"
#include "proto/wire/intunnel.h"
#include "relayd/core/core.h"
#include "tests/support/host_fixture.h"

/* What the other host knows of the first one's addresses. */
static const struct intunnel_candidates *told(struct lab *lab)
{
    struct host_core *core = lab->hosts[1].core;
    struct peer *peer = peer_find(&core->peers, lab->hosts[0].identity.public_key);

    assert_non_null(peer);
    assert_non_null(peer->conversation);
    return &peer->conversation->candidates.list;
}

static struct host_local_addr local_of(const char *text)
{
    struct host_local_addr addr = {.prefix_bits = 128};
    struct endpoint e;

    assert_true(endpoint_parse(&e, text, 0));
    memcpy(addr.ip, e.ip, sizeof(addr.ip));
    return addr;
}

/* The list with one of them would be refused as a whole. */
static void addresses_that_nobody_may_aim_at_are_not_told(void **state)
{
    static const char *const texts[] = {
        "127.0.0.1",    "::1", "224.0.0.1",    "ff02::1",     "0.0.0.0",
        "198.51.100.1", "::",  "fdd9:f800::1", "192.168.7.7", "255.255.255.255"};
    struct host_local_addr addrs[sizeof(texts) / sizeof(texts[0])];
    struct lab *lab = lab_joined();

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        addrs[i] = local_of(texts[i]);
    }
    host_core_network(lab->hosts[0].core, addrs, sizeof(texts) / sizeof(texts[0]), 5000, lab->now);
    send_ping(lab, 84);
    run_ms(lab, 1000);
    const struct intunnel_candidates *c = told(lab);
    assert_int_equal(c->count, 2);
    assert_memory_equal(c->list[0].ip, addrs[5].ip, sizeof(addrs[5].ip));
    assert_memory_equal(c->list[1].ip, addrs[8].ip, sizeof(addrs[8].ip));
    assert_int_equal(c->list[0].port, 5000);

    /* New ones take their place; the ping finds a way all the time. */
    addrs[8] = local_of("192.168.7.8");
    host_core_network(lab->hosts[0].core, addrs, sizeof(texts) / sizeof(texts[0]), 5000, lab->now);
    send_ping(lab, 84);
    run_ms(lab, 2000);
    assert_int_equal(told(lab)->count, 2);
    assert_memory_equal(told(lab)->list[1].ip, addrs[8].ip, sizeof(addrs[8].ip));
    assert_true(lab->hosts[1].delivered >= 1);
    lab_free(lab);
}

static struct endpoint learnt(unsigned i)
{
    uint8_t ip[4] = {203, 0, 113, (uint8_t)(1 + i)};

    return endpoint_v4(ip, 5000);
}

static int place_of(const struct conversation *a, unsigned i)
{
    struct endpoint e = learnt(i);
    int place = -1;

    for (size_t k = 0; k < a->paths.direct_count; k++) {
        if (endpoint_equal(&a->paths.list[k]->remote, &e)) {
            assert_int_equal(place, -1);
            place = (int)k;
        }
    }
    return place;
}

/* All places are taken; a frame comes from one more address. Exactly this path has gone then (-1:
 * none), and the best one is the same as before. */
static void one_more(struct conversation *a, unsigned *next, int gone, struct mono *now)
{
    struct endpoint best = a->paths.present->remote;
    bool was[256] = {false};
    struct origin route = {.remote = learnt(*next)};

    assert_int_equal(a->paths.direct_count, PATH_TABLE_DIRECT_MAX);
    for (unsigned i = 0; i < *next; i++) {
        was[i] = place_of(a, i) >= 0;
    }
    *now = mono_add_ms(*now, 1000); /* new ones are learnt slowly */
    pathfinder_on_frame(a, &route, *now);
    assert_int_equal(a->paths.direct_count, PATH_TABLE_DIRECT_MAX);
    for (unsigned i = 0; i < *next; i++) {
        assert_int_equal(place_of(a, i) >= 0, was[i] && (int)i != gone);
    }
    assert_int_equal(place_of(a, *next) >= 0, gone >= 0);
    assert_true(endpoint_equal(&a->paths.present->remote, &best));
    (*next)++;
}

static void answers(struct conversation *a, unsigned i)
{
    struct path *path = a->paths.list[place_of(a, i)];

    path->answered = true;
    path->state = PATH_STATE_USABLE;
}

static void the_path_that_is_missed_least_makes_room(void **state)
{
    struct lab *lab = lab_new();
    struct peer peer = {0};
    struct mono now = lab->now;
    struct conversation *a = life_of(&peer, &lab->hosts[0].core->conversations, now);
    unsigned next = 0;

    (void)state;
    assert_non_null(a);
    while (next < PATH_TABLE_DIRECT_MAX) {
        struct origin route = {.remote = learnt(next++)};

        now = mono_add_ms(now, 1000);
        for (int i = 0; i < 20; i++) { /* frames on a path that is known cost nothing */
            pathfinder_on_frame(a, &route, now);
        }
    }
    for (unsigned i = 0; i < PATH_TABLE_DIRECT_MAX; i++) {
        answers(a, i);
    }
    a->paths.present = a->paths.list[PATH_TABLE_DIRECT_MAX - 1]; /* it moves into the place of the
                                                                       first that goes */
    one_more(a, &next, -1, &now);
    a->paths.list[3]->answered = false;
    a->paths.list[5]->state = PATH_STATE_SUSPECT;
    a->paths.list[5]->at.entered_at = mono_add_ms(now, 1);
    a->paths.list[7]->state = PATH_STATE_SUSPECT;
    a->paths.list[7]->at.entered_at = now;
    one_more(a, &next, 3, &now); /* never answered */
    assert_ptr_equal(a->paths.present, a->paths.list[3]);
    answers(a, next - 1);
    one_more(a, &next, 7, &now); /* silent for longest */
    answers(a, next - 1);
    one_more(a, &next, 5, &now);
    answers(a, next - 1);
    one_more(a, &next, -1, &now);
    a->paths.list[4]->answered = false; /* both never answered; one fell silent */
    a->paths.list[4]->at.entered_at = now;
    a->paths.list[6]->answered = false;
    a->paths.list[6]->state = PATH_STATE_SUSPECT;
    a->paths.list[6]->at.entered_at = mono_add_ms(now, 1);
    one_more(a, &next, 6, &now);
    answers(a, next - 1);
    one_more(a, &next, 4, &now);
    answers(a, next - 1);
    a->paths.present->state = PATH_STATE_SUSPECT; /* the best one never goes */
    one_more(a, &next, -1, &now);
    life_end(a);
    lab_free(lab);
}

static void new_addresses_are_learnt_slowly(void **state)
{
    enum { AT_ONCE = 8 };
    struct lab *lab = lab_new();
    struct peer peer = {0};
    struct mono now = lab->now;
    struct conversation *a = life_of(&peer, &lab->hosts[0].core->conversations, now);

    (void)state;
    assert_non_null(a);
    for (unsigned i = 0; i < 3 * AT_ONCE; i++) {
        struct origin route = {.remote = learnt(i)};

        if (i >= 2 * AT_ONCE) {
            now = mono_add_ms(now, 500); /* one in a second */
        }
        pathfinder_on_frame(a, &route, now);
        assert_true(a->paths.direct_count <= AT_ONCE + (i < 2 * AT_ONCE ? 0 : 4));
    }
    assert_int_equal(a->paths.direct_count, AT_ONCE + 4);
    life_end(a);
    lab_free(lab);
}

/* A lone conversation of a host that has this address, as far as paths go. */
static struct conversation *alone_at(struct lab *lab, struct peer *peer, const char *own,
                                     uint8_t prefix_bits)
{
    struct host_local_addr addr = local_of(own);

    addr.prefix_bits = prefix_bits;
    *peer = (struct peer){0};
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, lab->now);
    return life_of(peer, &lab->hosts[0].core->conversations, lab->now);
}

static void hears_candidates(struct lab *lab, struct conversation *a, uint32_t sequence,
                             const char *text)
{
    struct intunnel_candidates candidates = {.sequence = sequence, .count = 1};
    uint8_t body[INTUNNEL_SIZE_MAX];

    assert_true(endpoint_parse(&candidates.list[0], text, 5000));
    introduction_on_candidates(a, body, intunnel_candidates_encode(&candidates, body), lab->now);
    (void)pathfinder_expire(a, &lab->hosts[0].io, lab->now);
}

static void a_private_address_is_aimed_at_on_a_shared_lan_only(void **state)
{
    static const struct {
        const char *own;
        uint8_t bits; /* of the 16-byte form: an IPv4 /24 is 120 */
        const char *candidate;
        size_t paths;
    } cases[] = {
        {"198.51.100.1", 120, "203.0.113.9", 1},
        {"198.51.100.1", 120, "192.168.7.7", 0},
        {"198.51.100.1", 120, "10.0.0.1", 0},
        {"192.168.7.9", 120, "192.168.7.200", 1},
        {"192.168.7.9", 120, "192.168.8.200", 0},
        {"192.168.7.9", 124, "192.168.7.1", 1},
        {"192.168.7.9", 124, "192.168.7.17", 0},
        {"192.168.7.9", 123, "192.168.7.17", 1},
        {"192.168.7.9", 123, "192.168.7.33", 0},
        {"192.168.7.9", 128, "192.168.7.8", 0},
        {"192.168.7.9", 120, "192.168.7.9", 0}, /* its own */
        {"fd00:1:2:3::1", 64, "[fd00:1:2:3::2]:5000", 1},
        {"fd00:1:2:3::1", 64, "[fd00:1:2:4::2]:5000", 0},
        {"192.168.7.9", 120, "127.0.0.1", 0},
    };
    struct lab *lab = lab_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer peer;
        struct conversation *a = alone_at(lab, &peer, cases[i].own, cases[i].bits);

        hears_candidates(lab, a, 1, cases[i].candidate);
        if (a->paths.direct_count != cases[i].paths) {
            fail_msg("%s/%u aims at %s: %zu", cases[i].own, cases[i].bits, cases[i].candidate,
                     a->paths.direct_count);
        }
        life_end(a);
    }
    lab_free(lab);
}

static void only_newer_lists_that_are_whole_count(void **state)
{
    struct lab *lab = lab_new();
    struct peer peer;
    struct conversation *a = alone_at(lab, &peer, "198.51.100.1", 120);
    uint64_t dropped = lab->hosts[0].core->dataplane.counters.plaintext_dropped;
    uint8_t damaged[INTUNNEL_SIZE_MAX] = {INTUNNEL_KIND_CANDIDATES, 1, 0, 0, 0, 0, 0, 9};

    (void)state;
    hears_candidates(lab, a, 5, "203.0.113.1");
    lab->now = mono_add_ms(lab->now, PUNCH_ROUND_MS + 1);
    (void)pathfinder_expire(a, &lab->hosts[0].io, lab->now); /* the round is over */
    hears_candidates(lab, a, 5, "203.0.113.2");
    hears_candidates(lab, a, 4, "203.0.113.3");
    for (size_t size = 0; size < 26; size++) {
        introduction_on_candidates(a, damaged, size, lab->now);
    }
    assert_int_equal(lab->hosts[0].core->dataplane.counters.plaintext_dropped, dropped + 26);
    assert_int_equal(a->candidates.list.sequence, 5);
    assert_int_equal(a->candidates.list.list[0].ip[15], 1);
    hears_candidates(lab, a, 6, "203.0.113.4");
    assert_int_equal(a->candidates.list.sequence, 6);
    assert_int_equal(a->candidates.list.list[0].ip[15], 4);
    life_end(a);
    lab_free(lab);
}

/* Pings for so long, or until the first host says that it is in this state. */
static void ping_until(struct lab *lab, const char *state, unsigned s)
{
    for (unsigned i = 0; i < 5 * s && strcmp(state_of_nas(lab), state) != 0; i++) {
        send_ping(lab, 84);
        run_ms(lab, 200);
    }
}

static struct punch_stats punches(struct lab *lab)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(lab->relay.core, &snapshot, lab->now);
    return snapshot.punch;
}

static void a_direct_path_is_counted_when_it_comes_and_when_it_goes(void **state)
{
    struct lab *lab = lab_joined();
    const struct host_counters *stats = &lab->hosts[0].core->dataplane.counters;

    (void)state;
    lab->cut_direct = true;
    ping_until(lab, "direct", 8);
    assert_int_equal(stats->direct_established + stats->direct_lost, 0);
    assert_int_equal(punches(lab).direct, 0);
    assert_int_equal(punches(lab).failed, 1);
    lab->cut_direct = false;
    ping_until(lab, "direct", 20);
    assert_int_equal(stats->direct_established, 1);
    assert_int_equal(stats->direct_lost, 0);
    assert_true(punches(lab).direct > 0);
    lab->cut_direct = true;
    ping_until(lab, "relayed", 3);
    assert_string_equal(state_of_nas(lab), "relayed");
    assert_int_equal(stats->direct_established, 1);
    assert_int_equal(stats->direct_lost, 1);
    lab->cut_direct = false;
    ping_until(lab, "direct", 20);
    assert_int_equal(stats->direct_established, 2);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_nobody_may_aim_at_are_not_told),
        cmocka_unit_test(a_private_address_is_aimed_at_on_a_shared_lan_only),
        cmocka_unit_test(only_newer_lists_that_are_whole_count),
        cmocka_unit_test(the_path_that_is_missed_least_makes_room),
        cmocka_unit_test(new_addresses_are_learnt_slowly),
        cmocka_unit_test(a_direct_path_is_counted_when_it_comes_and_when_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
