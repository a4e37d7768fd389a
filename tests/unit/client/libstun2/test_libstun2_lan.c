/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two applications in one LAN meet there, by the addresses that they tell each other. */
#include "client/stun2/stun2.h"

#include "client/stun2/punch_round.h"
#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SLASH_16 = 96 + 16, PORT = 50000 };

/* No two behind such NATs meet, and nothing comes back inwards. */
static const struct nat_kind symmetric = {.translates = true,
                                          .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                          .lifetime_s = 120};

static struct stun2_local local_of(const struct stun2_address *address)
{
    struct stun2_local local = {.prefix_bits = SLASH_16};

    memcpy(local.ip, address->ip, sizeof(local.ip));
    return local;
}

static struct stun2_local somewhere(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct stun2_local){.ip = {[10] = 0xff, 0xff, a, b, c, d}, .prefix_bits = SLASH_16};
}

static void tell(struct app_guest *app, const struct stun2_local *list, size_t count)
{
    assert_int_equal(stun2_set_locals(app->agent, PORT, list, count, app_guest_now(app)), STUN2_OK);
    app_guest_settle(app);
}

static void two_in_a_lan(struct app_pair *pair, uint64_t seed)
{
    app_pair_init(pair, &symmetric, &symmetric, seed);
    pair->one.lan = true;
    pair->other.lan = true;
    pair->other.says_yes = true;
}

static void two_in_one_lan_meet_there(void **state)
{
    struct app_pair pair;
    struct stun2_local one, other;

    (void)state;
    two_in_a_lan(&pair, 1);
    one = local_of(&pair.one.local[APP_GUEST_OWN]);
    other = local_of(&pair.other.local[APP_GUEST_OWN]);
    tell(&pair.one, &one, 1);
    tell(&pair.other, &other, 1);
    app_pair_ask(&pair);
    relay_net_run(pair.net, 300);
    assert_memory_equal(app_guest_event(&pair.one, STUN2_EVENT_OPEN)->address.ip, other.ip, 16);
    assert_memory_equal(app_guest_event(&pair.other, STUN2_EVENT_OPEN)->address.ip, one.ip, 16);
    app_pair_check_talk(&pair);
    relay_net_run(pair.net, 300000);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_LOST));
    app_pair_fini(&pair);
}

static void who_tells_nothing_meets_nobody_there(void **state)
{
    struct app_pair pair;
    struct stun2_local one;

    (void)state;
    two_in_a_lan(&pair, 2);
    one = local_of(&pair.one.local[APP_GUEST_OWN]);
    tell(&pair.one, &one, 1); /* the other one does not look into its LAN */
    app_pair_ask(&pair);
    relay_net_run(pair.net, 6000);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_OPEN));
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_NO_WAY);
    app_pair_fini(&pair);
}

static void the_same_address_elsewhere_is_not_tried(void **state)
{
    const struct stun2_local same = somewhere(192, 168, 1, 2);
    struct app_pair pair;
    size_t without;

    (void)state;
    app_pair_init(&pair, &symmetric, &symmetric, 3);
    pair.other.says_yes = true;
    app_pair_ask(&pair);
    without = pair.one.sent;
    relay_net_run(pair.net, 6000);
    without = pair.one.sent - without;
    app_pair_fini(&pair);
    app_pair_init(&pair, &symmetric, &symmetric, 3);
    pair.other.says_yes = true;
    tell(&pair.one, &same, 1);
    tell(&pair.other, &same, 1);
    app_pair_ask(&pair);
    relay_net_run(pair.net, 6000);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_NO_WAY);
    assert_in_range(pair.one.sent, 1, without + 60); /* words to the peer go by the relay */
    app_pair_fini(&pair);
}

/* All who are no part of this, and what comes to them. */
struct bystanders {
    struct relay_net_guest guest;
    size_t packets;
};

static bool is_bystander(void *context, const struct endpoint *to)
{
    (void)context;
    return to->ip[12] == 10 || to->ip[12] == 127 || to->ip[12] == 255 || to->ip[12] == 224 ||
           (to->ip[12] == 198 && to->ip[13] == 51);
}

static void on_packet(void *context, struct dgram *in)
{
    struct bystanders *bystanders = context;

    (void)in;
    bystanders->packets++;
}

static struct mono no_deadline(void *context)
{
    (void)context;
    return MONO_NEVER;
}

static void a_peer_can_aim_at_hardly_anybody(void **state)
{
    /* Another LAN, this machine, a broadcast, one who is in public, and a multicast. */
    const struct stun2_local aims[] = {somewhere(10, 0, 0, 1), somewhere(127, 0, 0, 1),
                                       somewhere(255, 255, 255, 255), somewhere(198, 51, 100, 7),
                                       somewhere(224, 0, 0, 1)};
    struct bystanders bystanders = {.packets = 0};
    struct app_pair pair;
    struct stun2_local one;

    (void)state;
    bystanders.guest = (struct relay_net_guest){.context = &bystanders,
                                                .owns = is_bystander,
                                                .receive = on_packet,
                                                .deadline = no_deadline};
    app_pair_init(&pair, &symmetric, &symmetric, 4);
    one = local_of(&pair.one.local[APP_GUEST_OWN]);
    tell(&pair.one, &one, 1);
    tell(&pair.other, aims, sizeof(aims) / sizeof(aims[0]));
    relay_net_guest_add(pair.net, &bystanders.guest);
    pair.other.says_yes = true;
    app_pair_ask(&pair);
    relay_net_run(pair.net, 6000);
    assert_int_equal(bystanders.packets, PUNCH_UNOBSERVED_PACKETS_MAX);
    app_pair_fini(&pair);
}

static void arguments_are_checked(void **state)
{
    struct stun2_local list[STUN2_LOCALS_MAX + 1] = {{.prefix_bits = 129}};
    struct app_pair pair;

    (void)state;
    app_pair_init(&pair, &symmetric, &symmetric, 5);
    assert_int_equal(stun2_set_locals(pair.one.agent, PORT, list, STUN2_LOCALS_MAX + 1, 0),
                     STUN2_ERROR_LIMIT);
    assert_int_equal(stun2_set_locals(pair.one.agent, PORT, list, 1, 0), STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_set_locals(pair.one.agent, 0, list + 1, 1, 0), STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_set_locals(pair.one.agent, PORT, NULL, 1, 0), STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_set_locals(pair.one.agent, 0, NULL, 0, 0), STUN2_OK);
    app_pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_in_one_lan_meet_there),
        cmocka_unit_test(who_tells_nothing_meets_nobody_there),
        cmocka_unit_test(the_same_address_elsewhere_is_not_tried),
        cmocka_unit_test(a_peer_can_aim_at_hardly_anybody),
        cmocka_unit_test(arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
