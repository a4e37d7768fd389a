/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of two hosts one only answers what the other one sends, and hears its relay no more. The other
 * one cannot see that, and goes on by the relay by which its peer speaks from then on.
 */
#include "client/core/core.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

enum {
    EACH_MS = 20,   /* anna sends so often */
    PASSED_MS = 12, /* a packet of hers is past her relay, and not at nas yet */
    FLOWS_MS = 500, /* nas finds out after 300 ms, and says so until anna has waited for 300 ms */
};

/* What nas does not hear: its relay, and what is lost of what it says itself. */
struct deafness {
    struct town *town;
    bool (*passes)(void *context, struct wire_packet *packet); /* the town's own wire */
    struct mono from;
    struct mono mute_from, mute_until;
};

static bool is_heard(void *context, struct wire_packet *packet)
{
    const struct deafness *deaf = context;
    const struct town *town = deaf->town;
    const struct endpoint *nas = &town->hosts[1].address;

    if (mono_due(deaf->from, town->now) && endpoint_equal(&packet->to, nas) &&
        endpoint_equal(&packet->from, &town->relays[0].address)) {
        return false;
    }
    if (mono_due(deaf->mute_from, town->now) && !mono_due(deaf->mute_until, town->now) &&
        endpoint_equal(&packet->from, nas)) {
        return false;
    }
    return deaf->passes(deaf->town, packet);
}

/* Anna sends for so long, and nas answers each packet. True if anna got an answer. */
static bool talk_ms(struct town *town, unsigned ms)
{
    size_t before = town->hosts[0].delivered;

    for (unsigned i = 0; i < ms; i++) {
        size_t came = town->hosts[1].delivered;

        if (i % EACH_MS == 0) {
            town_ping(town);
        }
        street_run_ms(&town->street, 1);
        if (town->hosts[1].delivered > came) {
            assert_true(host_node_ping(&town->hosts[1], "anna", 84, town->now));
        }
    }
    return town->hosts[0].delivered > before;
}

/* They talk, and nas becomes deaf for its relay just before it answers a packet. */
static struct town *town_of_a_deaf_one(struct deafness *deaf)
{
    struct town *town = town_new();

    *deaf = (struct deafness){.town = town,
                              .passes = town->wire.hook,
                              .from = MONO_NEVER,
                              .mute_from = MONO_NEVER,
                              .mute_until = MONO_NEVER};
    town->wire.hook = is_heard;
    town->wire.hook_context = deaf;
    assert_true(town_passes_within(town, 5));
    assert_true(talk_ms(town, 100 * EACH_MS));
    assert_int_equal(town_relay_in_use(town), 0);
    (void)talk_ms(town, PASSED_MS);
    deaf->from = town->now;
    assert_true(talk_ms(town, 2 * EACH_MS));
    return town;
}

/* Nas finds out 300 ms after its answer, and anna had the answer meanwhile: to her the silence is
 * shorter. */
static void who_only_answers_is_followed(void **state)
{
    struct deafness deaf;
    struct town *town = town_of_a_deaf_one(&deaf);

    (void)state;
    (void)talk_ms(town, FLOWS_MS);
    assert_true(talk_ms(town, 2 * EACH_MS));
    assert_int_not_equal(town_relay_in_use(town), 0);
    town_free(town);
}

static void who_only_answers_is_followed_although_its_first_word_was_lost(void **state)
{
    struct deafness deaf;
    struct town *town = town_of_a_deaf_one(&deaf);

    (void)state;
    deaf.mute_from = mono_add_ms(deaf.from, 200);
    deaf.mute_until = mono_add_ms(deaf.from, 400);
    (void)talk_ms(town, FLOWS_MS + 200);
    assert_true(talk_ms(town, 2 * EACH_MS));
    assert_int_not_equal(town_relay_in_use(town), 0);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_only_answers_is_followed),
        cmocka_unit_test(who_only_answers_is_followed_although_its_first_word_was_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
