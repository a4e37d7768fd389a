/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Punching with one peer: every event in every state, and long random sequences of events. */
#include "client/path/punching.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"
#include "tests/support/rng.h"

enum { PACKET_SIZE = 64, ROUND_MS = PUNCH_NEAR_MS + PUNCH_ROUND_MS };

static const struct own_addresses nowhere = {.port = 5000};

/* ---- events ---- */

enum event {
    EVENT_ASKED,
    EVENT_GO,
    EVENT_REFUSED,
    EVENT_WAIT_GOES_ON,
    EVENT_WAIT_OVER,
    EVENT_FIRE,
    EVENT_FIRE_AT_NOBODY,
    EVENT_ROUND_GOES_ON,
    EVENT_ROUND_OVER,
    EVENT_ROUND_OVER_NEW_LIST, /* the peer told other candidates meanwhile */
    EVENT_ROUND_OVER_DIRECT,   /* a direct path is in use by then */
    EVENT_ALL_SENT,            /* nothing is left to send, without any success */
    EVENT_ALL_SENT_DIRECT,
    EVENT_SUCCEEDED,
    EVENT_BEGIN_ANEW,
    EVENT_WANT,
    EVENT_RECEIPT,
    EVENT_COUNT,
};

/* Punching with one peer, which the relay sees at one address. */
struct trial {
    struct punching punching;
    struct candidates candidates;
    struct mono now;
};

static void fire(struct trial *trial)
{
    assert_true(
        punching_fire(&trial->punching, &trial->candidates, &nowhere, PACKET_SIZE, trial->now));
}

static void fire_at_nobody(struct trial *trial)
{
    struct candidates none = {.list = {.sequence = trial->candidates.list.sequence}};

    trial->punching.observed = (struct endpoint){0};
    assert_false(punching_fire(&trial->punching, &none, &nowhere, PACKET_SIZE, trial->now));
    trial->punching.observed = test_endpoint(7, 5000);
}

/* Send all that is due until then, as its owner does, and let the round end. */
static enum punch_end expire(struct trial *trial, uint64_t ms, bool direct)
{
    struct mono until = mono_add_ms(trial->now, ms);
    struct endpoint to;

    while (punching_is_firing(&trial->punching) &&
           mono_due(punch_round_deadline(&trial->punching.round), until)) {
        struct mono at = punch_round_deadline(&trial->punching.round);

        while (punching_next(&trial->punching, &to, at)) {
            assert_true(punching_is_firing(&trial->punching));
        }
    }
    trial->now = until;
    return punching_expire(&trial->punching, direct, &trial->candidates, trial->now);
}

static enum punch_end expire_with_new_list(struct trial *trial)
{
    trial->candidates.list.sequence++;
    return expire(trial, ROUND_MS, false);
}

/* Let an event happen. Returns what its function answers; 0 if it answers nothing. */
static int happens(struct trial *trial, enum event event)
{
    struct punching *p = &trial->punching;
    struct endpoint observed = test_endpoint(7, 5000);

    switch (event) {
    case EVENT_ASKED:
        punching_asked(p, trial->now);
        break;
    case EVENT_GO:
        punching_on_go(p, 9, &observed);
        break;
    case EVENT_REFUSED:
        return punching_on_refused(p, trial->now) ? 1 : 0;
    case EVENT_WAIT_GOES_ON:
        punching_expire_wait(p, mono_add_ms(trial->now, PUNCHING_WAIT_MS - 1));
        break;
    case EVENT_WAIT_OVER:
        trial->now = mono_add_ms(trial->now, PUNCHING_WAIT_MS);
        punching_expire_wait(p, trial->now);
        break;
    case EVENT_FIRE:
        fire(trial);
        break;
    case EVENT_FIRE_AT_NOBODY:
        fire_at_nobody(trial);
        break;
    case EVENT_ROUND_GOES_ON:
        return (int)punching_expire(p, true, &trial->candidates, trial->now);
    case EVENT_ROUND_OVER:
    case EVENT_ROUND_OVER_DIRECT:
        return (int)expire(trial, ROUND_MS, event == EVENT_ROUND_OVER_DIRECT);
    case EVENT_ROUND_OVER_NEW_LIST:
        return (int)expire_with_new_list(trial);
    case EVENT_ALL_SENT:
    case EVENT_ALL_SENT_DIRECT:
        return (int)expire(trial, ROUND_MS - 1, event == EVENT_ALL_SENT_DIRECT);
    case EVENT_SUCCEEDED:
        punching_succeeded(p);
        break;
    case EVENT_BEGIN_ANEW:
        punching_begin_anew(p, trial->now);
        break;
    case EVENT_WANT:
        punching_want(p, trial->now);
        break;
    case EVENT_RECEIPT:
        punching_on_receipt(p, &observed, trial->now);
        break;
    case EVENT_COUNT:
        fail();
    }
    return 0;
}

static struct trial trial_in(enum punch_state state)
{
    struct trial trial = {.now = test_at_ms(0)};

    punching_init(&trial.punching);
    trial.punching.observed = test_endpoint(7, 5000);
    if (state == PUNCH_STATE_ASKED || state == PUNCH_STATE_FIRING_ASKED) {
        punching_asked(&trial.punching, trial.now);
    }
    if (state == PUNCH_STATE_FIRING || state == PUNCH_STATE_FIRING_ASKED) {
        fire(&trial);
    }
    assert_int_equal(trial.punching.state, state);
    return trial;
}

/* ---- all edges ---- */

#define IDLE PUNCH_STATE_IDLE
#define ASKED PUNCH_STATE_ASKED
#define FIRING PUNCH_STATE_FIRING
#define BOTH PUNCH_STATE_FIRING_ASKED

/* The state after each event, from IDLE, ASKED, FIRING and FIRING_ASKED; what the function answers,
 * and whether that counts as one more failure. */
static const struct {
    const char *name;
    enum event event;
    enum punch_state next[PUNCH_STATE_COUNT];
    int answers[PUNCH_STATE_COUNT];
    bool fails[PUNCH_STATE_COUNT];
} edges[] = {
    {"asked", EVENT_ASKED, {ASKED, ASKED, BOTH, BOTH}, {0}, {0}},
    {"go", EVENT_GO, {IDLE, IDLE, FIRING, FIRING}, {0}, {0}},
    {"refused", EVENT_REFUSED, {IDLE, IDLE, FIRING, FIRING}, {0, 1, 0, 1}, {0, 1, 0, 1}},
    {"wait goes on", EVENT_WAIT_GOES_ON, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
    {"wait over", EVENT_WAIT_OVER, {IDLE, IDLE, FIRING, FIRING}, {0}, {0, 1, 0, 1}},
    {"fire", EVENT_FIRE, {FIRING, BOTH, FIRING, BOTH}, {0}, {0}},
    {"fire at nobody", EVENT_FIRE_AT_NOBODY, {IDLE, ASKED, IDLE, ASKED}, {0}, {0}},
    {"round goes on", EVENT_ROUND_GOES_ON, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
    {"round over",
     EVENT_ROUND_OVER,
     {IDLE, ASKED, IDLE, IDLE}, /* the attempt failed: once, whatever becomes of the PunchGo */
     {0, 0, PUNCH_END_FAILED, PUNCH_END_FAILED},
     {0, 0, 1, 1}},
    {"round over, new list",
     EVENT_ROUND_OVER_NEW_LIST,
     {IDLE, ASKED, IDLE, ASKED},
     {0, 0, PUNCH_END_AGAIN, PUNCH_END_AGAIN},
     {0}},
    {"round over, direct", EVENT_ROUND_OVER_DIRECT, {IDLE, ASKED, IDLE, ASKED}, {0}, {0}},
    {"all sent", EVENT_ALL_SENT, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
    {"all sent, direct", EVENT_ALL_SENT_DIRECT, {IDLE, ASKED, IDLE, ASKED}, {0}, {0}},
    {"succeeded", EVENT_SUCCEEDED, {IDLE, IDLE, FIRING, FIRING}, {0}, {0}},
    {"begin anew", EVENT_BEGIN_ANEW, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
    {"want", EVENT_WANT, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
    {"receipt", EVENT_RECEIPT, {IDLE, ASKED, FIRING, BOTH}, {0}, {0}},
};

static void every_event_in_every_state_leads_where_the_drawing_says(void **state)
{
    (void)state;
    assert_int_equal(TEST_COUNT(edges), EVENT_COUNT);
    for (size_t i = 0; i < TEST_COUNT(edges); i++) {
        for (size_t from = 0; from < PUNCH_STATE_COUNT; from++) {
            struct trial trial = trial_in((enum punch_state)from);
            uint8_t failures = trial.punching.retry.failures;
            int answer = happens(&trial, edges[i].event);

            if (trial.punching.state != edges[i].next[from] || answer != edges[i].answers[from] ||
                trial.punching.retry.failures != failures + edges[i].fails[from]) {
                fail_msg("%s in state %zu: state %d, answer %d, %u failures", edges[i].name, from,
                         (int)trial.punching.state, answer, trial.punching.retry.failures);
            }
        }
    }
}

/* A PunchGo may be awaited or not, and a round may run or not, each independent of the other. The
 * four states are these four combinations, and no other is ever reached. */
static void no_sequence_of_events_reaches_a_state_that_the_drawing_does_not_have(void **state)
{
    enum { STEPS = 20000 };
    struct rng rng = {7};
    struct trial trial = trial_in(PUNCH_STATE_IDLE);
    size_t reached[PUNCH_STATE_COUNT][PUNCH_STATE_COUNT] = {0};

    (void)state;
    for (size_t step = 0; step < STEPS; step++) {
        enum punch_state before = trial.punching.state;
        bool asked, firing;

        (void)happens(&trial, edges[rng_below(&rng, TEST_COUNT(edges))].event);
        trial.now = mono_add_ms(trial.now, rng_below(&rng, 700));
        asked = trial.punching.wait_until.ns != MONO_NEVER.ns;
        firing = punching_is_firing(&trial.punching);
        assert_true(trial.punching.state < PUNCH_STATE_COUNT);
        assert_int_equal(trial.punching.state,
                         firing ? (asked ? BOTH : FIRING) : (asked ? ASKED : IDLE));
        reached[before][trial.punching.state]++;
    }
    /* Only a round that failed changes both at once. */
    assert_int_equal(reached[IDLE][BOTH], 0);
    assert_true(reached[BOTH][IDLE] > 0);
    assert_int_equal(reached[ASKED][FIRING] + reached[FIRING][ASKED], 0);
    for (size_t from = 0; from < PUNCH_STATE_COUNT; from++) {
        for (size_t to = 0; to < PUNCH_STATE_COUNT; to++) {
            assert_true(reached[from][to] > 0 || from + to == 3);
        }
    }
}

/* ---- attempts, deadlines, targets ---- */

static void a_first_session_wants_one_attempt(void **state)
{
    struct punching p;

    (void)state;
    punching_init(&p);
    assert_false(punching_ask_due(&p, test_at_ms(1000000)));
    punching_want(&p, test_at_ms(1500));
    assert_false(punching_ask_due(&p, test_at_ms(1499)));
    assert_true(punching_ask_due(&p, test_at_ms(1500)));
    punching_want(&p, test_at_ms(0)); /* the attempt is scheduled already */
    assert_false(punching_ask_due(&p, test_at_ms(1499)));
    punching_asked(&p, test_at_ms(1500));
    assert_false(punching_ask_due(&p, test_at_ms(1000000)));
    assert_true(punching_on_refused(&p, test_at_ms(2000)));
    punching_want(&p, test_at_ms(2000)); /* one failed: the next is scheduled */
    assert_false(punching_ask_due(&p, test_at_ms(2000 + 9999)));
    assert_true(punching_ask_due(&p, test_at_ms(2000 + 10000)));
    punching_begin_anew(&p, test_at_ms(3000));
    assert_true(punching_ask_due(&p, test_at_ms(3000)));
}

static void the_deadline_is_that_of_the_wait_and_of_the_round(void **state)
{
    struct trial trial = trial_in(PUNCH_STATE_IDLE);

    (void)state;
    assert_int_equal(punching_deadline(&trial.punching).ns, MONO_NEVER.ns);
    punching_asked(&trial.punching, test_at_ms(0));
    assert_int_equal(punching_deadline(&trial.punching).ns, test_at_ms(PUNCHING_WAIT_MS).ns);
    trial.now = test_at_ms(3000);
    fire(&trial);
    assert_int_equal(punching_deadline(&trial.punching).ns, test_at_ms(3000).ns);
    (void)expire(&trial, ROUND_MS - 1, false); /* all is sent, and the wait is over */
    assert_int_equal(punching_deadline(&trial.punching).ns, test_at_ms(PUNCHING_WAIT_MS).ns);
    punching_expire_wait(&trial.punching, trial.now);
    assert_int_equal(punching_deadline(&trial.punching).ns, test_at_ms(3000 + ROUND_MS).ns);
}

/* The address that the relay observed comes first. A candidate that is our own address, here or
 * as the relay sees it, is left out. */
static void a_round_aims_at_what_was_observed_and_at_what_the_peer_told(void **state)
{
    struct own_addresses addresses = {.port = 5000, .count = 1};
    struct candidates candidates = {.list = {.sequence = 4, .count = 4}};
    struct endpoint observed = test_endpoint(7, 5000), own = test_endpoint(1, 5000), to;
    struct punching p;

    (void)state;
    memcpy(addresses.addrs[0].ip, own.ip, sizeof(own.ip));
    addresses.addrs[0].prefix_bits = 128;
    candidates.list.list[0] = test_endpoint(8, 5000);
    candidates.list.list[1] = own;
    candidates.list.list[2] = test_endpoint(9, 5000);
    candidates.list.list[3] = test_endpoint(6, 6000);
    punching_init(&p);
    p.observed = observed;
    p.own = test_endpoint(6, 6000);
    assert_true(punching_fire(&p, &candidates, &addresses, PACKET_SIZE, test_at_ms(0)));
    assert_int_equal(candidates.tried, 4);
    assert_int_equal(p.round.count, 3);
    assert_false(punching_next(&p, &to, (struct mono){0}));
    assert_true(punching_next(&p, &to, test_at_ms(0)));
    assert_true(endpoint_equal(&to, &observed));
    assert_true(p.round.candidates[0].observed);
    assert_false(p.round.candidates[1].observed);
}

/* How many of 192.168.8.1 to .8 get packets from 192.168.7.9/24, and how many packets all get. */
static size_t aimed_at(struct trial *trial, size_t *packets)
{
    static const uint8_t own_ip[4] = {192, 168, 7, 9};
    struct own_addresses own = {.count = 1, .port = 5000};
    struct endpoint e = endpoint_v4(own_ip, 0);
    struct mono at = trial->now;
    struct endpoint to;

    memcpy(own.addrs[0].ip, e.ip, sizeof(e.ip));
    own.addrs[0].prefix_bits = 120;
    *packets = 0;
    if (!punching_fire(&trial->punching, &trial->candidates, &own, PACKET_SIZE, at)) {
        return 0;
    }
    size_t targets = trial->punching.round.count;
    for (int i = 0; i < ROUND_MS; i++, at = mono_add_ms(at, 1)) {
        while (punching_next(&trial->punching, &to, at)) {
            *packets += 1;
        }
    }
    trial->now = at;
    (void)punching_expire(&trial->punching, false, &trial->candidates, trial->now);
    return targets;
}

/* Whoever owns these addresses here may be a stranger: he gets two sealed pings, at a few
 * addresses, in two attempts. Where one NAT hides us both, it is likely that he is the peer. */
static void private_addresses_of_other_networks_are_tried_within_bounds(void **state)
{
    struct trial trial = {.candidates = {.list = {.sequence = 1, .count = 8}},
                          .now = test_at_ms(0)};
    size_t packets;

    (void)state;
    for (uint8_t i = 0; i < 8; i++) {
        const uint8_t ip[4] = {192, 168, 8, (uint8_t)(i + 1)};

        trial.candidates.list.list[i] = endpoint_v4(ip, 5000);
    }
    punching_init(&trial.punching);
    for (int attempt = 0; attempt < PUNCHING_FAR_ATTEMPTS; attempt++) {
        assert_int_equal(aimed_at(&trial, &packets), PUNCHING_FAR_MAX);
        assert_int_equal(packets, PUNCHING_FAR_MAX * PUNCH_UNOBSERVED_PACKETS_MAX);
    }
    assert_int_equal(aimed_at(&trial, &packets), 0);
    trial.punching.own = test_endpoint(7, 6000);
    trial.punching.observed = test_endpoint(8, 5000);
    assert_int_equal(aimed_at(&trial, &packets), 1); /* the observed one */
    assert_false(punching_is_one_site(&trial.punching));
    trial.punching.observed = test_endpoint(7, 5000);
    assert_true(punching_is_one_site(&trial.punching));
    assert_int_equal(aimed_at(&trial, &packets), 1 + PUNCHING_FAR_MAX);
}

static void two_without_a_common_family_are_known(void **state)
{
    static const struct {
        const char *name, *own, *ours, *observed, *told;
        enum punch_families want;
    } cases[] = {
        {"IPv4 and IPv6", "198.51.100.1", "192.168.1.10", "2001:db8::1", "2001:db8::1",
         PUNCH_FAMILIES_IPV4_HERE},
        {"IPv6 and IPv4", "2001:db8::1", "fe80::1", "198.51.100.1", "10.0.0.5",
         PUNCH_FAMILIES_IPV6_HERE},
        {"both IPv4", "198.51.100.1", "192.168.1.10", "203.0.113.1", "10.0.0.5",
         PUNCH_FAMILIES_COMMON},
        {"IPv6 here, too", "198.51.100.1", "2001:db8::2", "2001:db8::1", "fd00::1",
         PUNCH_FAMILIES_COMMON},
        {"IPv4 there, too", "198.51.100.1", "192.168.1.10", "2001:db8::1", "10.0.0.5",
         PUNCH_FAMILIES_COMMON},
        {"a LAN's IPv6 leads nowhere", "198.51.100.1", "fd00::2", "2001:db8::1", "fe80::1",
         PUNCH_FAMILIES_IPV4_HERE},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct punching punching = {0};
        struct candidates candidates = {.list = {.sequence = 1, .count = 1}};
        struct own_addresses own = {.count = 1, .port = 5000};
        struct endpoint ours;

        assert_true(endpoint_parse(&punching.own, cases[i].own, 5000));
        assert_true(endpoint_parse(&punching.observed, cases[i].observed, 5000));
        assert_true(endpoint_parse(&candidates.list.list[0], cases[i].told, 5000));
        assert_true(endpoint_parse(&ours, cases[i].ours, 5000));
        memcpy(own.addrs[0].ip, ours.ip, sizeof(ours.ip));
        if (punching_families(&punching, &candidates, &own) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        candidates.list.sequence = 0; /* the peer has told nothing yet */
        assert_int_equal(punching_families(&punching, &candidates, &own), PUNCH_FAMILIES_COMMON);
    }
}

/* Pings of this round, up to `ms` after it began, that travel all the way. */
static size_t far_pings(struct punching *p, uint64_t from_ms, uint64_t ms)
{
    struct endpoint to;
    size_t far = 0;

    for (uint64_t at = from_ms; at <= from_ms + ms; at++) {
        while (punching_next(p, &to, test_at_ms(at))) {
            far += p->round.hops == 0 ? 1 : 0;
        }
    }
    return far;
}

/* It may say so before the round, within it, or never; and it may have said so of where we were. */
static void pings_travel_all_the_way_once_the_peers_nat_is_open(void **state)
{
    struct trial trial = trial_in(PUNCH_STATE_FIRING);
    struct punching *p = &trial.punching;

    (void)state;
    assert_int_equal(far_pings(p, 0, 100), 0);
    punching_on_opened(p, test_at_ms(101));
    assert_int_equal(far_pings(p, 101, 0), 1);
    assert_int_equal(far_pings(p, 102, 2000), PUNCH_BURST_COUNT - 1);
    assert_int_equal(punch_round_end(&p->round).ns, test_at_ms(101 + PUNCH_ROUND_MS).ns);

    trial.now = test_at_ms(4000); /* that word was for the round before */
    fire(&trial);
    assert_int_equal(far_pings(p, 4000, PUNCH_NEAR_MS - 1), 0);
    assert_int_equal(far_pings(p, 4000 + PUNCH_NEAR_MS, 2000), PUNCH_BURST_COUNT);

    trial = trial_in(PUNCH_STATE_IDLE);
    punching_on_opened(p, test_at_ms(0));
    trial.now = test_at_ms(PUNCHING_OPENED_MS - 1);
    fire(&trial);
    assert_int_equal(far_pings(p, PUNCHING_OPENED_MS - 1, 0), 1);

    trial = trial_in(PUNCH_STATE_IDLE);
    punching_on_opened(p, test_at_ms(0));
    trial.now = test_at_ms(PUNCHING_OPENED_MS); /* long ago */
    fire(&trial);
    assert_int_equal(far_pings(p, PUNCHING_OPENED_MS, 100), 0);

    trial = trial_in(PUNCH_STATE_IDLE); /* of where the peer was, or of the path that is lost now */
    for (int moved = 0; moved <= 1; moved++) {
        const struct endpoint there = test_endpoint(7, (uint16_t)(5000 + moved));

        punching_on_observed(p, &(struct endpoint){0});
        punching_on_go(p, 9, &there);
        punching_on_opened(p, test_at_ms(0));
        if (moved == 0) {
            punching_succeeded(p);
        } else {
            const struct endpoint elsewhere = test_endpoint(8, 5000);

            punching_on_observed(p, &elsewhere);
        }
        fire(&trial);
        assert_int_equal(far_pings(p, 0, 100), 0);
        trial = trial_in(PUNCH_STATE_IDLE);
    }

    punching_on_opened(p, test_at_ms(0));
    punching_on_moved(p);
    fire(&trial);
    assert_int_equal(far_pings(p, 0, PUNCHING_MOVED_MS - 1), 0); /* nor a little later */
    assert_int_equal(far_pings(p, PUNCHING_MOVED_MS, 0), 1);
    trial.now = test_at_ms(PUNCHING_MOVED_MS + 1); /* that was one round */
    fire(&trial);
    assert_int_equal(far_pings(p, PUNCHING_MOVED_MS + 1, PUNCH_NEAR_MS - 1), 0);
    assert_int_equal(far_pings(p, PUNCHING_MOVED_MS + 1 + PUNCH_NEAR_MS, 0), 1);
}

/* Both try at once twice. Then who has the smaller key opens its NAT, and keeps it open by pings
 * that go no further than its own router, while the other is silent until routers have forgotten
 * what they took for their own. */
static void the_third_attempt_is_made_in_turns(void **state)
{
    struct trial trial = trial_in(PUNCH_STATE_IDLE);
    struct punching *p = &trial.punching;
    const struct mono at = test_at_ms(0);
    struct endpoint to;
    unsigned kept = 0;

    (void)state;
    for (unsigned i = 0; i < PUNCHING_PATIENT_ROUNDS; i++) {
        assert_int_equal(punching_take_turn(p, true, at).ns, at.ns);
        assert_int_equal(punching_take_turn(p, false, at).ns, at.ns);
        fire(&trial);
        assert_int_equal(far_pings(p, 0, PUNCH_NEAR_MS - 1), 0);
        assert_int_equal(far_pings(p, PUNCH_NEAR_MS, 0), 1);
        assert_int_equal(expire(&trial, ROUND_MS, false), PUNCH_END_FAILED);
        trial.now = at;
    }
    assert_int_equal(punching_take_turn(p, true, at).ns, at.ns);
    fire(&trial);
    for (uint64_t ms = 0; ms < PUNCHING_PATIENCE_MS; ms++) {
        while (punching_next(p, &to, test_at_ms(ms))) {
            assert_in_range(p->round.hops, PUNCH_KEEP_HOPS, PUNCH_NEAR_HOPS);
            kept += p->round.hops == PUNCH_KEEP_HOPS ? 1 : 0;
            assert_true(ms < 2000 || p->round.hops == PUNCH_KEEP_HOPS);
        }
    }
    assert_int_equal(kept, PUNCHING_PATIENCE_MS / PUNCH_KEEP_MS);
    punching_on_opened(p, test_at_ms(PUNCHING_PATIENCE_MS)); /* the other side has sent now */
    assert_int_equal(far_pings(p, PUNCHING_PATIENCE_MS, 2000), PUNCH_BURST_COUNT);

    trial.now = punching_take_turn(p, false, at);
    assert_int_equal(trial.now.ns, test_at_ms(PUNCHING_PATIENCE_MS).ns);
    fire(&trial);
    assert_int_equal(punching_deadline(p).ns, trial.now.ns);
    assert_int_equal(far_pings(p, PUNCHING_PATIENCE_MS, 2000), PUNCH_BURST_COUNT);
    fire(&trial); /* what begins without the relay is no such attempt */
    assert_int_equal(far_pings(p, PUNCHING_PATIENCE_MS, PUNCH_NEAR_MS - 1), 0);
}

static void round_in_vain(struct trial *trial, bool by_go)
{
    if (by_go) {
        (void)punching_take_turn(&trial->punching, true, trial->now);
    }
    fire(trial);
    assert_int_equal(expire(trial, PUNCHING_PATIENCE_MS + ROUND_MS, false), PUNCH_END_FAILED);
}

static bool is_patient(struct trial *trial)
{
    return punching_take_turn(&trial->punching, false, trial->now).ns != trial->now.ns;
}

/* One who waits for its turn while the other does not would be silent when it should send. What
 * only one of the two knows is therefore no round: a relay that refuses, a peer that is asleep, a
 * list of candidates. In world 325 of the simulator a peer slept. */
static void turns_are_taken_only_after_rounds_that_both_know(void **state)
{
    struct trial trial = trial_in(PUNCH_STATE_IDLE);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        punching_asked(&trial.punching, trial.now);
        assert_true(punching_on_refused(&trial.punching, trial.now));
        punching_asked(&trial.punching, trial.now);
        punching_expire_wait(&trial.punching, mono_add_ms(trial.now, PUNCHING_WAIT_MS));
        round_in_vain(&trial, false);
    }
    assert_true(trial.punching.retry.failures > PUNCHING_PATIENT_ROUNDS);
    assert_false(is_patient(&trial));
    trial.punching.by_go = false;
    round_in_vain(&trial, true);
    assert_false(is_patient(&trial));
    round_in_vain(&trial, true);
    punching_begin_anew(&trial.punching, trial.now); /* what this host alone learned */
    assert_true(is_patient(&trial));
}

static void who_is_elsewhere_or_was_reached_meanwhile_is_tried_at_once(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        struct trial trial = trial_in(PUNCH_STATE_IDLE);
        struct punching *p = &trial.punching;
        struct endpoint elsewhere = test_endpoint(9, 5000);

        (void)state;
        for (unsigned k = 0; k < PUNCHING_PATIENT_ROUNDS; k++) {
            round_in_vain(&trial, true);
        }
        assert_true(is_patient(&trial));
        switch (i) {
        case 0:
            punching_on_observed(p, &elsewhere);
            break;
        case 1:
            p->own = elsewhere;
            break;
        case 2:
            punching_succeeded(p);
            break;
        default:
            punching_revive(p, trial.now);
            break;
        }
        assert_false(is_patient(&trial));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_taken_only_after_rounds_that_both_know),
        cmocka_unit_test(who_is_elsewhere_or_was_reached_meanwhile_is_tried_at_once),
        cmocka_unit_test(two_without_a_common_family_are_known),
        cmocka_unit_test(every_event_in_every_state_leads_where_the_drawing_says),
        cmocka_unit_test(no_sequence_of_events_reaches_a_state_that_the_drawing_does_not_have),
        cmocka_unit_test(a_first_session_wants_one_attempt),
        cmocka_unit_test(the_deadline_is_that_of_the_wait_and_of_the_round),
        cmocka_unit_test(a_round_aims_at_what_was_observed_and_at_what_the_peer_told),
        cmocka_unit_test(pings_travel_all_the_way_once_the_peers_nat_is_open),
        cmocka_unit_test(the_third_attempt_is_made_in_turns),
        cmocka_unit_test(private_addresses_of_other_networks_are_tried_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
