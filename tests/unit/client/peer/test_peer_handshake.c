/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which handshake frames a host accepts and answers: each once, only from the host whose key it
 * proves, none that is older, and only so many from one address. */
#include "client/core/core_internal.h"
#include "client/peer/handshake.h"
#include "client/peer/life.h"
#include "proto/crypto/cookie.h"

#include "tests/support/alone.h"
#include "tests/support/endpoints.h"
#include "tests/support/host_fixture.h"

enum { ANNA_INDEX = 770, NAS_INDEX = 990 };

static struct origin direct_from(const struct lab *lab, size_t host)
{
    return (struct origin){.local = lab->hosts[1 - host].address,
                           .remote = lab->hosts[host].address};
}

/* A frame reaches a host. Returns how many frames of a type it sends in answer. */
static size_t answers(struct lab *lab, size_t host, const struct origin *origin,
                      const uint8_t *frame, size_t size, uint8_t type)
{
    struct host_node *h = &lab->hosts[host];
    size_t count = 0;

    outbox_clear(&h->box);
    handshake_receive(&h->core->handshakes, origin, frame, size, &h->io, lab->now);
    for (size_t i = 0; i < h->box.items_count; i++) {
        count += h->box.bytes[h->box.items[i].offset] == type ? 1 : 0;
    }
    outbox_clear(&h->box);
    return count;
}

static size_t responses(struct lab *lab, const struct origin *origin,
                        const uint8_t frame[HANDSHAKE_INITIATION_SIZE])
{
    return answers(lab, 1, origin, frame, HANDSHAKE_INITIATION_SIZE, FRAME_TYPE_RESPONSE);
}

/* An initiation from anna to nas with this timestamp. */
static void initiation_of_anna(struct lab *lab, uint64_t timestamp_ms,
                               uint8_t frame[HANDSHAKE_INITIATION_SIZE])
{
    struct handshake handshake;

    assert_int_equal(handshake_initiate(&handshake, &lab->hosts[0].core->local,
                                        lab->hosts[1].identity.public_key, ANNA_INDEX, timestamp_ms,
                                        frame),
                     ERR_OK);
    handshake_wipe(&handshake);
}

static void an_initiation_counts_once_and_an_older_one_never(void **state)
{
    struct lab *lab = lab_joined();
    struct origin origin = direct_from(lab, 0);
    const struct host_counters *stats = &lab->hosts[1].core->dataplane.counters;
    uint64_t now_ms = test_env_wall_ms(&lab->ports);
    uint8_t frame[HANDSHAKE_INITIATION_SIZE], older[HANDSHAKE_INITIATION_SIZE];

    (void)state;
    initiation_of_anna(lab, now_ms, frame);
    initiation_of_anna(lab, now_ms - 1, older);
    assert_int_equal(responses(lab, &origin, frame), 1);
    assert_int_equal(stats->stale_timestamp, 0);
    assert_int_equal(responses(lab, &origin, frame), 0); /* the same one again */
    assert_int_equal(stats->stale_timestamp, 1);
    assert_int_equal(responses(lab, &origin, older), 0);
    assert_int_equal(stats->stale_timestamp, 2);
    initiation_of_anna(lab, now_ms + 1, frame);
    assert_int_equal(responses(lab, &origin, frame), 1);
    lab_free(lab);
}

/* Tell a host of a third member of the ziglan, mallory; key becomes mallory's. */
static void mallory_at(struct lab *lab, size_t host, uint8_t key[KEY_SIZE])
{
    struct roster_member mallory = {.name = "mallory", .expires_ms = UINT64_MAX, .sequence = 1};
    struct identity identity;
    uint8_t seed[IDENTITY_SEED_SIZE] = {66};

    identity_from_seed(&identity, seed);
    memcpy(mallory.key, identity.public_key, KEY_SIZE);
    memcpy(key, identity.public_key, KEY_SIZE);
    assert_non_null(peer_learn(&lab->hosts[host].core->peers, ziglan_at(lab, host), &mallory));
}

static void an_initiation_under_another_members_key_is_refused(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *nas = lab->hosts[1].core;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE], key[KEY_SIZE];
    const struct peer *anna = peer_find(&nas->peers, lab->hosts[0].identity.public_key);

    (void)state;
    assert_non_null(anna);
    uint64_t known_ms = anna->timestamp_ms;
    mallory_at(lab, 1, key);
    initiation_of_anna(lab, test_env_wall_ms(&lab->ports), frame);
    struct origin origin = {.relay = ziglan_at(lab, 1)->entry_point, .source_key = key};
    assert_null(anna->conversation);
    (void)responses(lab, &origin, frame);
    assert_null(anna->conversation);
    assert_int_equal(anna->timestamp_ms, known_ms); /* otherwise the true one would be stale */
    assert_int_equal(nas->dataplane.counters.stale_timestamp, 0);
    origin.source_key = lab->hosts[0].identity.public_key;
    (void)responses(lab, &origin, frame);
    assert_non_null(anna->conversation);
    lab_free(lab);
}

static void a_response_under_another_members_key_is_refused(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *anna = lab->hosts[0].core;
    struct peer *nas = peer_find(&anna->peers, lab->hosts[1].identity.public_key);
    uint8_t frame[HANDSHAKE_INITIATION_SIZE], response[HANDSHAKE_RESPONSE_SIZE], key[KEY_SIZE];
    struct handshake_initiation initiation;
    struct session_keys keys;

    (void)state;
    assert_non_null(nas);
    mallory_at(lab, 0, key);
    struct conversation *a = life_of(nas, &anna->conversations, lab->now);
    assert_non_null(a);
    uint32_t index = receiver_index_new(&a->shared->noise.indexes, a);
    assert_int_equal(handshake_initiate(&a->initiating.handshake, &anna->local, nas->key, index,
                                        test_env_wall_ms(&lab->ports), frame),
                     ERR_OK);
    a->initiating.active = true;
    assert_int_equal(
        handshake_read_initiation(&initiation, &lab->hosts[1].core->local, frame, sizeof(frame)),
        ERR_OK);
    assert_int_equal(
        handshake_respond(&initiation, &lab->hosts[1].core->local, NAS_INDEX, response, &keys),
        ERR_OK);
    struct origin origin = {.relay = ziglan_at(lab, 0)->entry_point, .source_key = key};
    uint64_t unknown = anna->dataplane.counters.unknown_index;
    (void)answers(lab, 0, &origin, response, sizeof(response), 0);
    assert_true(a->initiating.active);
    assert_int_equal(anna->dataplane.counters.unknown_index, unknown + 1);
    origin.source_key = nas->key;
    (void)answers(lab, 0, &origin, response, sizeof(response), 0);
    assert_false(a->initiating.active);
    assert_int_equal(anna->dataplane.counters.unknown_index, unknown + 1);
    lab_free(lab);
}

static void restart(struct lab *lab, size_t host)
{
    lab_restart(lab, host);
    run_ms(lab, 3000);
}

/* Both hosts ping each other every 5 ms, so that some packets are always on their way. None may be
 * lost. */
static void both_ping(struct lab *lab, size_t ms)
{
    size_t before[HOSTS] = {lab->hosts[0].delivered, lab->hosts[1].delivered};

    for (size_t i = 0; i < ms / 5; i++) {
        send_ping_between(lab, 0, "nas", 84);
        send_ping_between(lab, 1, "anna", 84);
        run_ms(lab, 5);
    }
    run_ms(lab, 500);
    for (size_t i = 0; i < HOSTS; i++) {
        assert_int_equal(lab->hosts[i].delivered - before[i], ms / 5);
    }
}

/* nas does not know anna's timestamps after a restart, so it answers an initiation that somebody
 * recorded, wherever it comes from. That must change nothing: neither the session in use, nor where
 * frames go, nor what nas says of anna, nor the next rekey. */
static void an_initiation_replayed_after_a_restart_takes_nothing_away(void **state)
{
    static const uint8_t elsewhere[4] = {203, 0, 113, 9};
    struct lab *lab = lab_joined();
    struct origin replayer = {.local = lab->hosts[1].address,
                              .remote = endpoint_v4(elsewhere, 4000)};
    uint8_t recorded[HANDSHAKE_INITIATION_SIZE];

    (void)state;
    initiation_of_anna(lab, test_env_wall_ms(&lab->ports), recorded);
    run_ms(lab, 1000);
    restart(lab, 1);
    send_ping_between(lab, 1, "anna", 84);
    run_ms(lab, 3000);
    struct peer *anna = peer_find(&lab->hosts[1].core->peers, lab->hosts[0].identity.public_key);
    const struct noise_session *current = anna->conversation->sessions.current;
    size_t paths_count = anna->conversation->paths.direct_count;
    struct mono seen_at = anna->traffic.last_seen_at;
    assert_non_null(current);
    assert_true(current->initiator);
    run_ms(lab, 1000);
    assert_int_equal(responses(lab, &replayer, recorded), 1);
    assert_ptr_equal(anna->conversation->sessions.current, current);
    assert_non_null(
        anna->conversation->sessions.next); /* only a frame of anna's makes it current */
    assert_int_equal(anna->conversation->paths.direct_count, paths_count);
    assert_int_equal(anna->traffic.last_seen_at.ns, seen_at.ns);
    both_ping(lab, 1000);
    assert_ptr_equal(anna->conversation->sessions.current, current);
    assert_int_equal(anna->conversation->paths.direct_count, paths_count);
    run_ms(lab, NOISE_SESSION_REKEY_MS - 10 * 1000);
    both_ping(lab, 10 * 1000);
    assert_ptr_not_equal(anna->conversation->sessions.current, current);
    lab_free(lab);
}

/* A stranger sends the host an initiation without any fault, from this address. */
static void initiate(struct alone *alone, const struct endpoint *from)
{
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {2};
    struct identity stranger;
    struct handshake_local local = {
        .identity = &stranger, .aeads = aead_list_local(), .env = &alone->ports.env};
    struct handshake handshake;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    struct dgram in = {.remote = *from, .data = frame, .size = sizeof(frame)};

    identity_from_seed(&stranger, seed);
    assert_int_equal(handshake_initiate(&handshake, &local, alone->node.identity.public_key, 16,
                                        TEST_WALL_MS, frame),
                     ERR_OK);
    host_core_receive(alone->node.core, &in, &alone->node.io, alone->now);
    handshake_wipe(&handshake);
}

static void under_load_strangers_get_cookies_smaller_than_what_they_sent(void **state)
{
    struct alone *alone = *state;
    struct endpoint last = test_endpoint(1000, 5000);

    for (unsigned i = 0; i < HANDSHAKE_UNDER_LOAD_PER_S; i++) {
        struct endpoint from = test_endpoint(i, 5000);

        initiate(alone, &from);
    }
    assert_int_equal(alone->node.core->dataplane.counters.not_member, HANDSHAKE_UNDER_LOAD_PER_S);
    assert_int_equal(alone->node.box.items_count, 0); /* strangers get no answer at all */
    initiate(alone, &last);
    assert_int_equal(alone->node.core->dataplane.counters.cookies_sent, 1);
    assert_int_equal(alone->node.box.items_count, 1);
    assert_int_equal(alone->node.box.items[0].size, COOKIE_REPLY_SIZE);
    assert_true(endpoint_equal(&alone->node.box.items[0].remote, &last));
    assert_int_equal(alone->node.core->conversations.count, 0);
}

static void one_address_gets_its_share_of_handshakes_only(void **state)
{
    enum { BURST = 2 * HANDSHAKE_PER_SOURCE_PER_S };
    struct alone *alone = *state;

    for (unsigned i = 0; i < BURST + 5; i++) { /* each from another port, which must not help */
        struct endpoint from = test_endpoint(7, (uint16_t)(5000 + i));

        initiate(alone, &from);
    }
    assert_int_equal(alone->node.core->dataplane.counters.not_member, BURST);
    assert_int_equal(alone->node.core->dataplane.counters.initiations_refused, 5);
    assert_int_equal(alone->node.box.items_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_initiation_counts_once_and_an_older_one_never),
        cmocka_unit_test(an_initiation_under_another_members_key_is_refused),
        cmocka_unit_test(a_response_under_another_members_key_is_refused),
        cmocka_unit_test(an_initiation_replayed_after_a_restart_takes_nothing_away),
        cmocka_unit_test_setup_teardown(
            under_load_strangers_get_cookies_smaller_than_what_they_sent, alone_new, alone_free),
        cmocka_unit_test_setup_teardown(one_address_gets_its_share_of_handshakes_only, alone_new,
                                        alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
