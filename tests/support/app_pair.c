/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two say to each other begins as QUIC does, or as nothing that the library knows. */
#include "tests/support/app_pair.h"

#include "proto/base/bytes.h"

#include <string.h>

const struct nat_kind app_pair_restricted = {.translates = true,
                                             .mapping = NAT_ENDPOINT_INDEPENDENT,
                                             .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                             .lifetime_s = 120};

void app_pair_place(struct app_pair *pair, const struct nat_kind *one, const struct nat_kind *other,
                    uint64_t seed)
{
    pair->punch = 0;
    pair->net = app_net_new(1, seed);
    app_guest_init(&pair->one, pair->net, 1, one);
    app_guest_init(&pair->other, pair->net, 2, other);
}

void app_pair_init(struct app_pair *pair, const struct nat_kind *one, const struct nat_kind *other,
                   uint64_t seed)
{
    struct app_guest *both[] = {&pair->one, &pair->other};

    app_pair_place(pair, one, other, seed);
    for (size_t i = 0; i < 2; i++) {
        app_guest_relay(both[i], 0);
        CHECK(stun2_set_nat_kind(both[i]->agent, STUN2_NAT_P_RC, app_guest_now(both[i])) ==
              STUN2_OK);
    }
    relay_net_run(pair->net, 500);
}

void app_pair_fini(struct app_pair *pair)
{
    app_guest_fini(&pair->one);
    app_guest_fini(&pair->other);
    app_net_free(pair->net);
}

void app_pair_ask(struct app_pair *pair)
{
    CHECK(stun2_punch(pair->one.agent, pair->one.relay, stun2_key(pair->other.agent), &pair->punch,
                      app_guest_now(&pair->one)) == STUN2_OK);
    app_guest_settle(&pair->one);
}

void app_pair_meet(struct app_pair *pair)
{
    pair->one.says_yes = true;
    pair->other.says_yes = true;
    app_pair_ask(pair);
    relay_net_run(pair->net, 1000);
    CHECK(app_guest_event(&pair->one, STUN2_EVENT_OPEN) != NULL);
    CHECK(app_guest_event(&pair->other, STUN2_EVENT_OPEN) != NULL);
}

/* Where this one believes the other to be. */
static struct stun2_address way_of(const struct app_guest *app, const struct app_guest *other)
{
    const struct stun2_event *open = app_guest_event(app, STUN2_EVENT_OPEN);
    struct stun2_address at;

    CHECK(open != NULL && memcmp(open->key, stun2_key(other->agent), STUN2_KEY_SIZE) == 0);
    CHECK(stun2_punch_address(app->agent, open->punch, &at) == 1);
    CHECK(stun2_punch_of(app->agent, &at) == open->punch);
    return at;
}

void app_pair_check_talk(struct app_pair *pair)
{
    struct stun2_address to = way_of(&pair->one, &pair->other);
    struct stun2_address back = way_of(&pair->other, &pair->one);

    CHECK(app_guest_event(&pair->one, STUN2_EVENT_OPEN)->listens +
              app_guest_event(&pair->other, STUN2_EVENT_OPEN)->listens ==
          1);
    pair->one.got_count = 0;
    pair->other.got_count = 0;
    app_guest_send(&pair->one, &to, "hello");
    app_guest_send(&pair->other, &back, "\xc1 looks like QUIC");
    relay_net_run(pair->net, 100);
    CHECK(app_guest_has(&pair->other, &back, "hello"));
    CHECK(app_guest_has(&pair->one, &to, "\xc1 looks like QUIC"));
}
