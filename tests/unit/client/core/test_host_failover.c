/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hosts with a direct path that dies under traffic, and a relay beside it. */
#include "client/core/core_internal.h"
#include "relayd/core/core_internal.h"
#include "tests/support/host_fixture.h"

enum { EVERY_MS = 10, NOTICED_MS = 300, SMALL = 500, LARGE = 1280 };

/* Who sends a packet each EVERY_MS. */
enum flow { FLOW_BOTH, FLOW_FORTH };

/* What became of the flow of host 0 to host 1. */
struct outcome {
    unsigned gap_ms;  /* the longest time in which host 1 got nothing */
    unsigned sent, arrived;
};

/* Let packets of that size flow for so long. */
static struct outcome flow(struct lab *lab, enum flow which, size_t size, unsigned for_ms)
{
    struct outcome out = {0};
    size_t begun = lab->hosts[1].delivered;
    unsigned gap_ms = 0;

    for (unsigned ms = 0; ms < for_ms; ms += EVERY_MS) {
        size_t before = lab->hosts[1].delivered;

        send_ping_between(lab, 0, "nas", size);
        out.sent++;
        if (which == FLOW_BOTH) {
            send_ping_between(lab, 1, "anna", size);
        }
        run_ms(lab, EVERY_MS);
        gap_ms = lab->hosts[1].delivered > before ? 0 : gap_ms + EVERY_MS;
        out.gap_ms = gap_ms > out.gap_ms ? gap_ms : out.gap_ms;
    }
    out.arrived = (unsigned)(lab->hosts[1].delivered - begun);
    return out;
}

/* Two hosts that are direct, with this delay each way; each of them to the relay, too. */
static struct lab *lab_direct(unsigned delay_ms)
{
    struct lab *lab = lab_joined();

    lab->wire.delay_us = delay_ms * 1000;
    for (unsigned i = 0; i < 30 && strcmp(state_of_nas(lab), "direct") != 0; i++) {
        (void)flow(lab, FLOW_BOTH, SMALL, 1000);
    }
    assert_string_equal(state_of_nas(lab), "direct");
    (void)flow(lab, FLOW_BOTH, SMALL, 2000);
    return lab;
}

static uint64_t relayed(const struct lab *lab)
{
    return lab->relay.core->base.counters.forwarded_frames;
}

static void a_path_that_dies_is_replaced(void **state)
{
    static const struct {
        const char *name;
        enum flow flow;
        unsigned delay_ms;
        size_t size;
    } cases[] = {
        {"both send", FLOW_BOTH, 1, SMALL},
        {"both send, round trip 80 ms", FLOW_BOTH, 40, SMALL},
        {"both send, round trip 160 ms", FLOW_BOTH, 80, SMALL},
        {"one sends", FLOW_FORTH, 1, SMALL},
        {"one sends, round trip 80 ms", FLOW_FORTH, 40, SMALL},
        {"large packets", FLOW_FORTH, 10, LARGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lab *lab = lab_direct(cases[i].delay_ms);
        unsigned noticed_ms = 6 * cases[i].delay_ms < NOTICED_MS ? NOTICED_MS
                                                                 : 6 * cases[i].delay_ms;
        struct outcome out;

        (void)flow(lab, cases[i].flow, cases[i].size, 1000);
        lab->cut_direct = true;
        out = flow(lab, cases[i].flow, cases[i].size, 3000);
        print_message("%s: gap %u ms, %u of %u\n", cases[i].name, out.gap_ms, out.arrived,
                      out.sent);
        /* What was on its way still came, and the way by the relay is longer by a delay; of a peer
         * that says nothing the last pong may have come a while before. */
        assert_in_range(out.gap_ms, noticed_ms / 2,
                        noticed_ms + 2 * cases[i].delay_ms + 3 * EVERY_MS);
        assert_true(out.arrived + 2 * cases[i].delay_ms / EVERY_MS + out.gap_ms / EVERY_MS + 2 >=
                    out.sent);
        assert_string_equal(state_of_nas(lab), "relayed");
        lab_free(lab);
    }
}

/* Only one direction is dead. What the other host sends, its pings above all, hides nothing. */
static void a_path_that_dies_in_one_direction_is_replaced(void **state)
{
    static const enum flow flows[] = {FLOW_FORTH, FLOW_BOTH};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab *lab = lab_direct(DELAY_MS);
        struct outcome out;

        (void)flow(lab, flows[i], SMALL, 1000);
        lab->direct_mute = &lab->hosts[0].address;
        out = flow(lab, flows[i], SMALL, 3000);
        print_message("gap %u ms, %u of %u\n", out.gap_ms, out.arrived, out.sent);
        /* Where both send, host 1 notices first, and host 0 by its packets that come relayed. */
        assert_in_range(out.gap_ms, NOTICED_MS - 2 * EVERY_MS,
                        (flows[i] == FLOW_BOTH ? 2 : 1) * NOTICED_MS + 100);
        assert_string_equal(state_of_nas(lab), "relayed");
        lab_free(lab);
    }
}

/* A host that only gets packets, and whose own way is dead, learns it by how they come. */
static void who_only_receives_sends_by_the_relay_then(void **state)
{
    struct lab *lab = lab_direct(DELAY_MS);

    (void)state;
    (void)flow(lab, FLOW_FORTH, SMALL, 1000);
    lab->cut_direct = true;
    (void)flow(lab, FLOW_FORTH, SMALL, 2000);
    size_t before = lab->hosts[0].delivered;
    send_ping_between(lab, 1, "anna", SMALL);
    run_ms(lab, 5 * DELAY_MS);
    assert_true(lab->hosts[0].delivered > before);
    lab_free(lab);
}

static void what_goes_twice_arrives_once(void **state)
{
    static const size_t sizes[] = {SMALL, LARGE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab *lab = lab_direct(DELAY_MS);
        struct outcome out;

        lab->direct_size_max = 600; /* the large ones travel in fragments */
        (void)flow(lab, FLOW_BOTH, sizes[i], 2000);
        assert_string_equal(state_of_nas(lab), "direct");
        for (int turn = 0; turn < 5; turn++) { /* so short that only some of it goes twice */
            lab->cut_direct = true;
            (void)flow(lab, FLOW_BOTH, sizes[i], NOTICED_MS + 20);
            lab->cut_direct = false;
            out = flow(lab, FLOW_BOTH, sizes[i], 1000);
            assert_in_range(out.arrived, out.sent - 1, out.sent + 3); /* and what was on its way */
            assert_string_equal(state_of_nas(lab), "direct");
        }
        lab_free(lab);
    }
}

/* The relay does not answer either: what passes first is used. */
static void both_ways_are_tried_while_neither_answers(void **state)
{
    struct lab *lab = lab_direct(DELAY_MS);
    struct outcome out;

    (void)state;
    lab->cut_direct = true;
    lab->relay_deaf_to = &lab->hosts[1].address;
    (void)flow(lab, FLOW_BOTH, SMALL, NOTICED_MS + 150);
    assert_string_equal(state_of_nas(lab), "direct");
    lab->cut_direct = false;
    out = flow(lab, FLOW_BOTH, SMALL, 1000);
    assert_true(out.gap_ms <= 4 * EVERY_MS);
    assert_string_equal(state_of_nas(lab), "direct");
    lab_free(lab);
}

static void a_path_that_lives_is_not_doubted(void **state)
{
    static const enum flow flows[] = {FLOW_BOTH, FLOW_FORTH};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab *lab = lab_direct(DELAY_MS);
        uint64_t before = relayed(lab);
        struct outcome out;

        lab->wire.loss_per_mille = 20;
        out = flow(lab, flows[i], SMALL, 20000);
        assert_true(out.arrived > out.sent * 9 / 10);
        assert_int_equal(relayed(lab), before);
        lab->wire.loss_per_mille = 0;
        run_ms(lab, 100 * 1000); /* idle, but for what keeps it */
        assert_int_equal(relayed(lab), before);
        assert_string_equal(state_of_nas(lab), "direct");
        lab_free(lab);
    }
}

/* One sends into a queue that becomes 600 ms long: pongs are late, and come. */
static void a_queue_that_fills_is_no_doubt(void **state)
{
    enum { TURN_MS = 100, MORE_MS = 20, FULL_MS = 300 };
    struct lab *lab = lab_direct(DELAY_MS);
    uint64_t before = relayed(lab);

    (void)state;
    for (unsigned delay_ms = DELAY_MS; delay_ms < FULL_MS; delay_ms += MORE_MS) {
        lab->wire.delay_us = delay_ms * 1000;
        (void)flow(lab, FLOW_FORTH, SMALL, TURN_MS);
    }
    (void)flow(lab, FLOW_FORTH, SMALL, 5000);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(relayed(lab), before);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_dies_is_replaced),
        cmocka_unit_test(a_path_that_dies_in_one_direction_is_replaced),
        cmocka_unit_test(who_only_receives_sends_by_the_relay_then),
        cmocka_unit_test(what_goes_twice_arrives_once),
        cmocka_unit_test(both_ways_are_tried_while_neither_answers),
        cmocka_unit_test(a_path_that_lives_is_not_doubted),
        cmocka_unit_test(a_queue_that_fills_is_no_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
