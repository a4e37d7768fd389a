/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a session between two hubs: who may open one, and what Hellos say. */
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "tests/support/delegations.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/link_fixture.h"
#include "tests/support/parts.h"

static void session_opens_and_tells_both_who_the_other_is(void **state)
{
    static struct net net;
    struct handle client, server;
    const struct net_event *open;

    (void)state;
    net_init(&net, 1);
    net.configs[NET_SERVER].hello.capabilities = 77;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    open = net_find(&net, NET_CLIENT, LINK_EVENT_OPEN);
    assert_true(open->event.dialled);
    assert_memory_equal(open->event.peer->key, net.identities[NET_SERVER].public_key, KEY_SIZE);
    assert_true(endpoint_equal(&open->event.peer->observed, &net.addrs[NET_CLIENT]));
    assert_int_equal(open->event.peer->capabilities, 77);
    assert_in_range(open->event.peer->server_time_ms, net.ports.wall_ms, net.ports.wall_ms + 3000);
    open = net_find(&net, NET_SERVER, LINK_EVENT_OPEN);
    assert_false(open->event.dialled);
    assert_memory_equal(open->event.peer->key, net.identities[NET_CLIENT].public_key, KEY_SIZE);
    assert_int_equal(open->event.peer->roles, 1);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->half_open, 0);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->opened, 1);
    net_fini(&net);
}

/* ---- what Hellos say beside the keys ---- */

static void the_server_tells_its_rewards_and_the_dialler_its_roles(void **state)
{
    static const struct link_reward rewards[] = {
        {.chain = "sol", .address = "one", .identity = "somebody"},
        {.chain = "any", .address = "two", .identity = ""},
    };
    static struct net net;
    struct handle handle;
    struct link_dial dial;
    const Ziglan__Hello *hello;

    (void)state;
    net_init(&net, 43);
    net.configs[NET_SERVER].hello.rewards = rewards;
    net.configs[NET_SERVER].hello.rewards_count = 2;
    net_start(&net);
    dial = net_whom(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    dial.roles = LINK_ROLE_RELAY;
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_OK);
    net_run(&net, 1000);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    hello = net_find(&net, NET_CLIENT, LINK_EVENT_OPEN)->hello;
    assert_int_equal(hello->n_rewards, 2);
    assert_string_equal(hello->rewards[0]->chain, "sol");
    assert_string_equal(hello->rewards[0]->address, "one");
    assert_string_equal(hello->rewards[0]->identity, "somebody");
    assert_string_equal(hello->rewards[1]->address, "two");
    assert_non_null(net_find(&net, NET_SERVER, LINK_EVENT_OPEN));
    assert_int_equal(net_find(&net, NET_SERVER, LINK_EVENT_OPEN)->event.peer->roles,
                     LINK_ROLE_RELAY);
    net_fini(&net);
}

/* A port for attachments that notes for whom it was asked. */
struct signer {
    struct handle dialled;
    uint8_t relay_key[KEY_SIZE];
    size_t size;
};

static size_t sign_attachment(void *context, struct handle dialled,
                              const uint8_t relay_key[KEY_SIZE],
                              uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    struct signer *signer = context;

    signer->dialled = dialled;
    memcpy(signer->relay_key, relay_key, KEY_SIZE);
    memset(out, 7, signer->size);
    return signer->size;
}

static void a_host_attaches_itself_to_the_relay_that_it_reached(void **state)
{
    static const size_t sizes[] = {0, RECORD_SIGNED_SIZE_MIN, RECORD_OTHER_SIGNED_SIZE_MAX};
    static struct net net;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct signer signer = {.size = sizes[i]};
        struct handle client, server;
        const struct net_event *open;

        net_init(&net, 44);
        net.configs[NET_CLIENT].attachments =
            (struct link_attachments){.context = &signer, .make = sign_attachment};
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        assert_true(handle_equal(signer.dialled, client));
        assert_memory_equal(signer.relay_key, net.identities[NET_SERVER].public_key, KEY_SIZE);
        open = net_find(&net, NET_SERVER, LINK_EVENT_OPEN);
        assert_int_equal(open->hello->attachment.len, sizes[i]);
        assert_true(sizes[i] == 0 || open->hello->attachment.data[sizes[i] - 1] == 7);
        net_fini(&net);
    }
}

/* ---- a certificate that is known ---- */

/* When the server's session opened, in ms after the dial. */
static uint64_t opens_after_ms(struct net *net, const uint8_t *spki)
{
    struct mono began = net->now;
    struct handle handle;
    struct link_dial dial = net_whom(net, LINK_WANT_RELAY, net->identities[NET_SERVER].public_key);

    net->wire.delay_us = 50000;
    dial.spki = spki;
    assert_int_equal(link_hub_dial(net->hubs[NET_CLIENT], &handle, &dial, net->now), ERR_OK);
    for (int i = 0; i < 100 && net_find(net, NET_SERVER, LINK_EVENT_OPEN) == NULL; i++) {
        net_run(net, 10);
    }
    assert_non_null(net_find(net, NET_SERVER, LINK_EVENT_OPEN));
    return mono_ms_between(began, net->now);
}

static void who_knows_the_certificate_is_let_in_a_round_trip_earlier(void **state)
{
    static struct net net;
    uint8_t spki[LINK_SPKI_SIZE];
    uint64_t without, with, other;

    (void)state;
    net_init(&net, 45);
    net_start(&net);
    without = opens_after_ms(&net, NULL);
    net_fini(&net);

    net_init(&net, 45);
    net_start(&net);
    link_hub_spki(net.hubs[NET_SERVER], spki);
    with = opens_after_ms(&net, spki);
    net_run(&net, 1000);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_OPEN), 1);
    assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_CLOSED), 0);
    net_fini(&net);

    net_init(&net, 45);
    net_start(&net);
    spki[5] ^= 1; /* it has changed since the record was signed: that is no error */
    other = opens_after_ms(&net, spki);
    net_run(&net, 1000);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_OPEN), 1);
    net_fini(&net);

    assert_in_range(without - with, 90, 110);
    assert_in_range(other, without - 10, without + 10);
}

static void
the_certificate_has_the_same_key_after_a_restart_and_another_at_another_relay(void **state)
{
    static struct net net;
    uint8_t before[LINK_SPKI_SIZE], after[LINK_SPKI_SIZE];

    (void)state;
    net_init(&net, 46);
    net_start(&net);
    link_hub_spki(net.hubs[NET_SERVER], before);
    link_hub_free(net.hubs[NET_SERVER]);
    net_hub_start(&net, NET_SERVER);
    link_hub_spki(net.hubs[NET_SERVER], after);
    assert_memory_equal(before, after, sizeof(before));
    link_hub_free(net.hubs[NET_SERVER]);
    net.configs[NET_SERVER].tls_seed[31] ^= 1;
    net_hub_start(&net, NET_SERVER);
    link_hub_spki(net.hubs[NET_SERVER], after);
    assert_memory_not_equal(before, after, sizeof(before));
    net_fini(&net);
}

/* The Hello of a dialler that does not wait still says whom it wants: another relay with this
 * certificate is refused. */
static void a_known_certificate_does_not_replace_the_proof_of_the_key(void **state)
{
    static struct net net;
    uint8_t spki[LINK_SPKI_SIZE];
    struct handle handle;
    struct link_dial dial;

    (void)state;
    net_init(&net, 47);
    net_start(&net);
    link_hub_spki(net.hubs[NET_SERVER], spki);
    dial = net_whom(&net, LINK_WANT_RELAY, net.identities[NET_CLIENT].public_key);
    dial.spki = spki;
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_OK);
    net_run(&net, 2000);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_WRONG_KEY);
    net_fini(&net);
}

/* A DNS name has up to 253 characters (RFC 1035, section 2.3.4). */
static void the_longest_name_can_be_dialled(void **state)
{
    static struct net net;
    struct link_dial dial;
    char name[HOST_TEXT_SIZE + 1] = {0};
    struct handle handle;

    (void)state;
    net_init(&net, 42);
    net_start(&net);
    for (size_t i = 0; i < HOST_TEXT_SIZE; i++) {
        name[i] = i % 60 == 59 ? '.' : 'a';
    }
    dial = net_whom(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    dial.server_name = name;
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_LIMIT);
    name[HOST_TEXT_SIZE - 1] = 0;
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_OK);
    net_run(&net, 3000);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    net_fini(&net);
}

static void refuse_with(enum link_want want, const uint8_t *key, uint64_t seed,
                        const struct identity *server_identity, const uint8_t *delegation,
                        size_t delegation_size, enum link_reason reason)
{
    static struct net net;

    net_init(&net, seed);
    if (server_identity != NULL) {
        net.identities[NET_SERVER] = *server_identity;
    }
    net.configs[NET_SERVER].hello.delegation = delegation;
    net.configs[NET_SERVER].hello.delegation_size = delegation_size;
    net_start(&net);
    (void)net_dial(&net, want, key);
    net_run(&net, 3000);
    if (reason == LINK_REASON_NONE) {
        const struct net_event *open = net_find(&net, NET_CLIENT, LINK_EVENT_OPEN);

        assert_non_null(open);
        assert_int_equal(open->hello->delegation.len, delegation_size);
        assert_memory_equal(open->hello->delegation.data, delegation, delegation_size);
        assert_non_null(net_find(&net, NET_SERVER, LINK_EVENT_OPEN));
    } else {
        assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
        assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason, reason);
        assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
        assert_null(net_find(&net, NET_SERVER, LINK_EVENT_OPEN));
        assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->auth_failures, 1);
        assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->connections, 0);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
    }
    net_fini(&net);
}

static void wrong_relay_key_is_refused(void **state)
{
    uint8_t key[KEY_SIZE] = {0xee};

    (void)state;
    refuse_with(LINK_WANT_RELAY, key, 2, NULL, NULL, 0, LINK_REASON_WRONG_KEY);
}

static void signature_of_another_key_means_interception(void **state)
{
    uint8_t seed_a[IDENTITY_SEED_SIZE] = {50}, seed_b[IDENTITY_SEED_SIZE] = {51};
    struct identity claimed, real;

    (void)state;
    identity_from_seed(&claimed, seed_a);
    identity_from_seed(&real, seed_b);
    memcpy(claimed.secret_key, real.secret_key, sizeof(claimed.secret_key));
    refuse_with(LINK_WANT_RELAY, claimed.public_key, 3, &claimed, NULL, 0, LINK_REASON_INTERCEPTED);
}

/* Dial the ziglan `wanted`; the relay that answers has this delegation, or none (NULL). */
static void believe(enum link_reason reason, const struct identity *wanted, uint64_t seed,
                    const struct part *delegation)
{
    const uint8_t *bytes = delegation == NULL ? NULL : delegation->bytes;

    refuse_with(LINK_WANT_ZIGLAN, wanted->public_key, seed, NULL, bytes,
                delegation == NULL ? 0 : delegation->size, reason);
}

static void ziglan_is_believed_only_with_its_delegation(void **state)
{
    const uint64_t wall = TEST_WALL_MS, hour = 3600000, minute = 60000;
    uint8_t entry_seed[IDENTITY_SEED_SIZE] = {NET_SERVER + 1};
    struct identity ziglan = node_of(60), other = node_of(61), entry;
    const uint32_t right = RECORD_RIGHT_ADMIT_FLAG;
    struct part part;

    (void)state;
    identity_from_seed(&entry, entry_seed);
    part = delegation_of(wall, &ziglan, &entry, right, wall + hour);
    believe(LINK_REASON_NONE, &ziglan, 10, &part);
    believe(LINK_REASON_WRONG_KEY, &other, 11, &part);
    believe(LINK_REASON_WRONG_KEY, &ziglan, 12, NULL);
    part.bytes[part.size - 1] ^= 1;
    believe(LINK_REASON_WRONG_KEY, &ziglan, 13, &part);
    part = delegation_of(wall - hour, &ziglan, &entry, right, wall - 11 * minute);
    believe(LINK_REASON_CLOCK, &ziglan, 14, &part);
    believe(LINK_REASON_WRONG_KEY, &other, 17, &part);
    part = delegation_of(wall + 11 * minute, &ziglan, &entry, right, wall + hour);
    believe(LINK_REASON_CLOCK, &ziglan, 18, &part);
    part = delegation_of(wall - hour, &ziglan, &entry, right, wall - 9 * minute);
    believe(LINK_REASON_NONE, &ziglan, 15, &part);
    part = delegation_of(wall, &ziglan, &other, right, wall + hour);
    believe(LINK_REASON_WRONG_KEY, &ziglan, 16, &part);
}

/* Every case of a delegation: a dialler of the ziglan refuses the wrong ones; a dialler of the
 * relay opens in any case. */
static void every_wrong_delegation_is_refused(void **state)
{
    static const enum link_reason reasons[] = {
        [DELEGATION_BELIEVED] = LINK_REASON_NONE,
        [DELEGATION_NOT_IN_FORCE] = LINK_REASON_CLOCK,
        [DELEGATION_NOT_BELIEVED] = LINK_REASON_WRONG_KEY,
    };
    uint8_t entry_seed[IDENTITY_SEED_SIZE] = {NET_SERVER + 1};
    struct identity ziglan = node_of(1), entry;

    (void)state;
    identity_from_seed(&entry, entry_seed);
    for (size_t i = 0; i < delegation_case_count; i++) {
        const struct delegation_case *c = &delegation_cases[i];
        struct part part = delegation_case_make(c, &ziglan, &entry, TEST_WALL_MS);

        print_message("%s\n", c->name);
        refuse_with(LINK_WANT_ZIGLAN, ziglan.public_key, 30 + i, NULL, part.bytes, part.size,
                    reasons[c->is]);
        refuse_with(LINK_WANT_RELAY, entry.public_key, 60 + i, NULL, part.bytes, part.size,
                    LINK_REASON_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_opens_and_tells_both_who_the_other_is),
        cmocka_unit_test(the_server_tells_its_rewards_and_the_dialler_its_roles),
        cmocka_unit_test(a_host_attaches_itself_to_the_relay_that_it_reached),
        cmocka_unit_test(who_knows_the_certificate_is_let_in_a_round_trip_earlier),
        cmocka_unit_test(
            the_certificate_has_the_same_key_after_a_restart_and_another_at_another_relay),
        cmocka_unit_test(a_known_certificate_does_not_replace_the_proof_of_the_key),
        cmocka_unit_test(the_longest_name_can_be_dialled),
        cmocka_unit_test(wrong_relay_key_is_refused),
        cmocka_unit_test(signature_of_another_key_means_interception),
        cmocka_unit_test(ziglan_is_believed_only_with_its_delegation),
        cmocka_unit_test(every_wrong_delegation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
