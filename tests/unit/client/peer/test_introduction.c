/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses that hosts tell each other and that relays tell of hosts, and which of them a host
 * aims packets at. */
#include "client/core/core_internal.h"
#include "client/core/nat.h"
#include "client/core/network.h"
#include "client/peer/introduction.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "proto/wire/intunnel.h"

#include "tests/support/host_fixture.h"
#include "tests/support/hostile.h"

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

/* A peer would refuse the whole list if one of these addresses were in it. */
static void addresses_that_nobody_may_aim_at_are_not_told(void **state)
{
    static const char *const texts[] = {
        "127.0.0.1",    "::1", "224.0.0.1",    "ff02::1",     "0.0.0.0",
        "198.51.100.1", "::",  "fdd9:f800::1", "192.168.7.7", "255.255.255.255"};
    struct host_local_addr addrs[TEST_COUNT(texts)];
    struct lab *lab = lab_joined();

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        addrs[i] = local_of(texts[i]);
    }
    host_core_network(lab->hosts[0].core, addrs, TEST_COUNT(texts), 5000, NULL, lab->now);
    send_ping(lab, 84);
    run_ms(lab, 1000);
    const struct intunnel_candidates *c = told(lab);
    assert_int_equal(c->count, 2);
    assert_memory_equal(c->list[0].ip, addrs[8].ip, sizeof(addrs[8].ip)); /* in their order */
    assert_memory_equal(c->list[1].ip, addrs[5].ip, sizeof(addrs[5].ip));
    assert_int_equal(c->list[0].port, 5000);

    /* A new list replaces it; pings arrive all the time. */
    addrs[8] = local_of("192.168.7.8");
    host_core_network(lab->hosts[0].core, addrs, TEST_COUNT(texts), 5000, NULL, lab->now);
    send_ping(lab, 84);
    run_ms(lab, 2000);
    assert_int_equal(told(lab)->count, 2);
    assert_memory_equal(told(lab)->list[0].ip, addrs[8].ip, sizeof(addrs[8].ip));
    assert_true(lab->hosts[1].delivered >= 1);
    lab_free(lab);
}

/* A conversation of host 0, which gets this address, with a peer of no ziglan. */
static struct conversation *alone_at(struct lab *lab, struct peer *peer, const char *own,
                                     uint8_t prefix_bits)
{
    struct host_local_addr addr = local_of(own);

    addr.prefix_bits = prefix_bits;
    *peer = (struct peer){0};
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, NULL, lab->now);
    return life_of(peer, &lab->hosts[0].core->conversations, lab->now);
}

static void hears_candidates(struct lab *lab, struct conversation *a, uint32_t sequence,
                             const char *text)
{
    struct intunnel_candidates candidates = {.sequence = sequence, .count = 1};
    uint8_t body[INTUNNEL_SIZE_MAX];

    assert_true(endpoint_parse(&candidates.list[0], text, 5000));
    introduction_on_control(a, body, intunnel_candidates_encode(&candidates, body),
                            &lab->hosts[0].io, lab->now);
    (void)pathfinder_expire(a, &lab->hosts[0].io, lab->now);
}

static void a_private_address_is_aimed_at_from_a_private_one_only(void **state)
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
        {"198.51.100.1", 120, "[fd00:1:2:3::2]:5000", 0},
        {"192.168.7.9", 120, "192.168.7.200", 1},
        {"192.168.7.9", 120, "192.168.8.200", 1}, /* another network of the site, perhaps */
        {"192.168.7.9", 120, "10.0.0.1", 1},
        {"192.168.7.9", 120, "100.72.0.1", 1},
        {"10.8.0.2", 128, "10.8.0.3", 1},       /* as in a cloud */
        {"192.168.7.9", 120, "192.168.7.9", 0}, /* its own */
        {"192.168.7.9", 120, "169.254.3.4", 0}, /* only on one link */
        {"192.168.7.9", 120, "[fd00:1:2:3::2]:5000", 0},
        {"fd00:1:2:3::1", 64, "[fd00:1:2:3::2]:5000", 1},
        {"fd00:1:2:3::1", 64, "[fd00:1:2:4::2]:5000", 1},
        {"fd00:1:2:3::1", 64, "[fe80::2]:5000", 0},
        {"fd00:1:2:3::1", 64, "192.168.7.7", 0},
        {"192.168.7.9", 120, "127.0.0.1", 0},
    };
    struct lab *lab = lab_new();

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
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
        introduction_on_control(a, damaged, size, &lab->hosts[0].io, lab->now);
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

static void a_relay_cannot_aim_a_host_at_others_without_bound(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    size_t before = lab->direct_frames;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint8_t victim[4] = {203, 0, 113, (uint8_t)(i % 250 + 1)};

        hostile_punch_go(lab, victim, 1000 + i);
        run_ms(lab, 5);
    }
    /* In ten seconds: the burst, four in a second, and a few between the hosts. */
    assert_true(lab->direct_frames - before <= 256 + 10 * 4 + 64);
    before = lab->direct_frames;
    for (uint8_t i = 0; i < 10; i++) { /* whom it names for long enough is pinged */
        const uint8_t victim[4] = {203, 0, 113, (uint8_t)(i + 1)};

        hostile_punch_go(lab, victim, 1000);
        run_ms(lab, PUNCH_NEAR_MS + 100);
    }
    assert_true(lab->direct_frames - before >= 10);
    lab_free(lab);
}

static void an_entry_point_has_no_say_about_members_of_another_ziglan(void **state)
{
    static const uint8_t victim[4] = {203, 0, 113, 7};
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);
    struct host_core *core = lab->hosts[0].core;
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    struct relay_session *relay = ziglan_at(lab, 0)->entry_point;

    (void)state;
    run_ms(lab, 6000);
    struct ziglan *other = join_another(lab);
    struct endpoint observed = a->punching.observed;
    hostile_punch_go_of(lab, other, victim, 4000);
    assert_true(endpoint_equal(&a->punching.observed, &observed));

    /* Whether we talk to the member is not its business, so its request is refused. */
    a->candidates.told = 1;
    introduction_on_request(core->env, relay, peer_find_in(&core->peers, other, nas, KEY_SIZE), 1,
                            lab->now);
    assert_int_equal(a->candidates.told, 1);
    introduction_on_request(core->env, relay,
                            peer_find_in(&core->peers, ziglan_at(lab, 0), nas, KEY_SIZE), 1,
                            lab->now);
    assert_int_equal(a->candidates.told, 0);
    lab_free(lab);
}

/* The peer was told by a relay where we are, perhaps before we moved. */
static void that_a_nat_is_open_counts_for_where_a_relay_sees_us(void **state)
{
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);
    struct relay_session *relay = ziglan_at(lab, 0)->entry_point;
    struct endpoint here = relay->observed, before = here;
    uint8_t body[INTUNNEL_OPENED_SIZE];

    (void)state;
    run_ms(lab, 6000); /* no round runs */
    a->punching.opened_at = MONO_NEVER;
    before.port++;
    intunnel_opened_encode(body, &before);
    introduction_on_control(a, body, sizeof(body), &lab->hosts[0].io, lab->now);
    assert_int_equal(a->punching.opened_at.ns, MONO_NEVER.ns);
    intunnel_opened_encode(body, &here);
    relay->moved_at = lab->now; /* we have just moved, and the relay does not know it yet */
    introduction_on_control(a, body, sizeof(body), &lab->hosts[0].io, lab->now);
    assert_int_equal(a->punching.opened_at.ns, MONO_NEVER.ns);
    relay->moved_at = MONO_NEVER; /* now it said so */
    introduction_on_control(a, body, sizeof(body), &lab->hosts[0].io, lab->now);
    assert_int_equal(a->punching.opened_at.ns, lab->now.ns);
    lab_free(lab);
}

static void the_measured_kind_of_nat_is_told_to_the_other_host(void **state)
{
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0), *b = conversation_at(lab, 1);

    (void)state;
    host_core_set_nat(lab->hosts[0].core, NAT_NAME_P_RC, NULL, lab->now);
    host_core_set_nat(lab->hosts[1].core, NAT_NAME_SYM, NULL, lab->now);
    for (int i = 0; i < 30; i++) { /* until it was tried again */
        send_ping(lab, 84);
        run_ms(lab, 1000);
    }
    assert_int_equal(a->peer_nat_kind, NAT_NAME_SYM);
    assert_int_equal(b->peer_nat_kind, NAT_NAME_P_RC);
    assert_int_equal(a->why.code, WHY_NO_WAY);
    assert_int_equal(a->why.nat_here, NAT_NAME_P_RC);
    assert_int_equal(a->why.nat_there, NAT_NAME_SYM);
    lab_free(lab);
}

static void one_address_that_never_answered_gets_eight_pings(void **state)
{
    static const uint8_t victim[4] = {203, 0, 113, 7};
    struct lab *lab = lab_relayed();

    (void)state;
    run_ms(lab, 10000);
    size_t before = lab->direct_frames;
    for (int i = 0; i < 4; i++) {
        hostile_punch_go(lab, victim, 4000);
        run_ms(lab, PUNCH_NEAR_MS + 100);
    }
    /* Both hosts try each other too, now and then: those are few. */
    assert_true(lab->direct_frames - before <= 8 + 16);
    assert_true(lab->direct_frames - before >= 8);
    lab_free(lab);
}

static void a_receipt_without_a_way_back_neither_spins_nor_ends_the_attempts(void **state)
{
    static const uint8_t ip[4] = {198, 51, 100, 77};
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);
    struct endpoint from = endpoint_v4(ip, 4000);

    (void)state;
    hostile_punch_go(lab, ip, 4000);
    run_ms(lab, 10);
    assert_true(punching_is_firing(&a->punching));
    hostile_ping(lab, &from);
    send_pings(lab, 40, 100); /* meanwhile nothing passes between the two hosts */
    assert_false(punching_is_firing(&a->punching));
    assert_true(a->punching.retry.at.ns != MONO_NEVER.ns);
    size_t turns = lab->street.turns;
    run_ms(lab, 1000);
    assert_true(lab->street.turns - turns < 100);
    lab_free(lab);
}

static void refusals_that_answer_no_request_delay_nothing(void **state)
{
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);

    (void)state;
    run_ms(lab, 6000);
    uint8_t failures = a->punching.retry.failures;
    for (int i = 0; i < 100; i++) {
        introduction_on_refused(a, "no", lab->now);
    }
    assert_true(a->punching.retry.failures <= failures + 1);
    lab_free(lab);
}

/* A way on which only small packets pass is not taken for one that no packet passes. */
static void the_reason_tells_a_narrow_way_from_none(void **state)
{
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++) {
        struct lab *lab = lab_joined();

        lab->cut_direct = narrow == 0;
        lab->direct_size_max = narrow == 1 ? 300 : 0;
        send_pings(lab, 200, 100);
        const struct conversation *a = lab->hosts[0].core->peers.list[0]->conversation;
        assert_null(path_table_direct(&a->paths));
        assert_int_equal(a->why.code, narrow == 1 ? WHY_SMALL_ONLY : WHY_NO_WAY);
        lab_free(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_nobody_may_aim_at_are_not_told),
        cmocka_unit_test(a_private_address_is_aimed_at_from_a_private_one_only),
        cmocka_unit_test(only_newer_lists_that_are_whole_count),
        cmocka_unit_test(a_relay_cannot_aim_a_host_at_others_without_bound),
        cmocka_unit_test(an_entry_point_has_no_say_about_members_of_another_ziglan),
        cmocka_unit_test(that_a_nat_is_open_counts_for_where_a_relay_sees_us),
        cmocka_unit_test(the_measured_kind_of_nat_is_told_to_the_other_host),
        cmocka_unit_test(one_address_that_never_answered_gets_eight_pings),
        cmocka_unit_test(a_receipt_without_a_way_back_neither_spins_nor_ends_the_attempts),
        cmocka_unit_test(refusals_that_answer_no_request_delay_nothing),
        cmocka_unit_test(the_reason_tells_a_narrow_way_from_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
