/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts whose relay or peer means harm: what they can make a host send, and that it recovers. */
#include "tests/support/host_fixture.h"

#include "client/core/core_internal.h"
#include "client/peer/introduction.h"
#include "client/peer/pathfinder.h"
#include "proto/wire/ping.h"
#include "relayd/core/core.h"

static struct conversation *conversation_at(struct lab *lab, size_t host)
{
    struct host_core *core = lab->hosts[host].core;

    assert_true(core->peers.count > 0);
    assert_non_null(core->peers.list[0]->conversation);
    return core->peers.list[0]->conversation;
}

static struct lab *lab_relayed(void)
{
    struct lab *lab = lab_joined();

    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    return lab;
}

/* Give host 0 a PunchGo as the entry point of a ziglan might send it. */
static void punch_go_of(struct lab *lab, struct ziglan *ziglan, const uint8_t ip[4], uint32_t port)
{
    Ziglan__PunchMessage message = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchGo go = ZIGLAN__PUNCH_GO__INIT;
    uint8_t address[4];

    memcpy(address, ip, sizeof(address));
    message.ip.data = address;
    message.ip.len = sizeof(address);
    message.port = port;
    go.peer.data = lab->hosts[1].identity.public_key;
    go.peer.len = KEY_SIZE;
    go.message = &message;
    introduction_on_go(peer_find_in(&lab->hosts[0].core->peers, ziglan, go.peer.data, go.peer.len),
                       &go, lab->now);
}

static void punch_go(struct lab *lab, const uint8_t ip[4], uint32_t port)
{
    punch_go_of(lab, ziglan_at(lab, 0), ip, port);
}

static void a_relay_cannot_aim_a_host_at_others_without_bound(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    size_t before = lab->direct_frames;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint8_t victim[4] = {203, 0, 113, (uint8_t)(i % 250 + 1)};

        punch_go(lab, victim, 1000 + i);
        run_ms(lab, 5);
    }
    /* Ten seconds: the burst and a little more. */
    assert_true(lab->direct_frames - before <= 256 + 10 * 4 + 64);
    lab_free(lab);
}

/* A second ziglan of host 0, whose entry point has no say about the members of the first. */
static struct ziglan *join_another(struct lab *lab)
{
    struct host_core *core = lab->hosts[0].core;
    struct url url = {.kind = URL_KIND_ZIGLAN, .hosts_count = 1};

    (void)snprintf(url.name, sizeof(url.name), "other");
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "192.0.2.77");
    memset(url.key, 9, KEY_SIZE);
    assert_int_equal(ziglan_list_add(&core->ziglans, &url, NULL, lab->now), ERR_OK);
    return ziglan_list_find(&core->ziglans, url.key);
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
    punch_go_of(lab, other, victim, 4000);
    assert_true(endpoint_equal(&a->punching.observed, &observed));

    /* Whether we talk to the member is not its business: what it asks is answered with no. */
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

/* An address has only a name that leads back to it: not one that means somebody of another ziglan.
 */
static void a_name_of_another_ziglan_is_nobody_elses_in_reverse(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    char name[128];
    char key[KEY_TEXT_SIZE];
    struct host_name_record nas;

    (void)state;
    assert_true(host_core_lookup_name(core, "nas", &nas));
    assert_true(host_core_lookup_address(core, nas.v4, 4, name, sizeof(name)));
    assert_string_equal(name, "nas");
    struct ziglan *other =
        join_another(lab); /* in which we are "nas" ourselves, and looked up first */
    (void)snprintf(other->record.granted, sizeof(other->record.granted), "nas");
    struct ziglan_order order = {.count = 1};
    memcpy(order.keys[0], other->record.url.key, KEY_SIZE);
    assert_int_equal(host_core_order(core, &order), ERR_OK);
    assert_true(host_core_lookup_address(core, nas.v4, 4, name, sizeof(name)));
    assert_string_equal(name, "nas.home");
    (void)snprintf(other->record.name, sizeof(other->record.name),
                   "home"); /* not even that tells them apart */
    assert_true(host_core_lookup_address(core, nas.v6, 16, name, sizeof(name)));
    assert_string_equal(name, key_text(lab->hosts[1].identity.public_key, key));
    lab_free(lab);
}

static void one_address_that_never_answered_gets_eight_pings(void **state)
{
    static const uint8_t victim[4] = {203, 0, 113, 7};
    struct lab *lab = lab_relayed();

    (void)state;
    run_ms(lab, 10000);
    size_t before = lab->direct_frames;
    for (int i = 0; i < 40; i++) {
        punch_go(lab, victim, 4000);
        run_ms(lab, 100);
    }
    /* Both hosts try each other too, now and then: those are few. */
    assert_true(lab->direct_frames - before <= 8 + 16);
    lab_free(lab);
}

/* A member seals pings and sends them with source addresses of others. */
static void forge_ping(struct lab *lab, const struct endpoint *from)
{
    struct conversation *a = conversation_at(lab, 1);
    struct ping ping = {.kind = PING_KIND_PING, .transaction = lab->ports.rng.state | 1};
    uint8_t frame[PING_PLAIN_SIZE + FRAME_OVERHEAD];
    struct dgram in = {.local = lab->hosts[0].address, .remote = *from, .data = frame};

    lab->ports.rng.state++;
    ping.frame_size = sizeof(frame);
    ping_encode(&ping, frame + FRAME_HEADER_SIZE, PING_PLAIN_SIZE);
    in.size = transport_seal(a->sessions.current->control, FRAME_TYPE_PING, frame, PING_PLAIN_SIZE);
    assert_true(in.size > 0);
    host_core_receive(lab->hosts[0].core, &in, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}

static void forged_sources_of_pings_get_a_bounded_number_of_packets(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    size_t before = lab->direct_frames;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint8_t victim[4] = {203, 0, 113, (uint8_t)(i % 40 + 1)};
        struct endpoint from = endpoint_v4(victim, 4000);

        forge_ping(lab, &from);
        run_ms(lab, 5);
    }
    assert_true(lab->direct_frames - before <= 256 + 10 * 4 + 64);
    assert_true(conversation_at(lab, 0)->paths.direct_count <= PATH_TABLE_DIRECT_MAX);
    lab_free(lab);
}

static void a_receipt_without_a_way_back_neither_spins_nor_ends_the_attempts(void **state)
{
    static const uint8_t ip[4] = {198, 51, 100, 77};
    struct lab *lab = lab_relayed();
    struct conversation *a = conversation_at(lab, 0);
    struct endpoint from = endpoint_v4(ip, 4000);

    (void)state;
    punch_go(lab, ip, 4000);
    run_ms(lab, 10);
    assert_true(punching_is_firing(&a->punching));
    forge_ping(lab, &from);
    for (int i = 0; i < 40; i++) { /* the ways of both stay cut */
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    assert_false(punching_is_firing(&a->punching));
    assert_true(a->punching.retry.at.ns != MONO_NEVER.ns);
    size_t turns = lab->turns;
    run_ms(lab, 1000);
    assert_true(lab->turns - turns < 100);
    lab_free(lab);
}

static void a_host_without_a_relay_does_not_spin(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    relay_node_stop(&lab->relay);
    for (int i = 0; i < 600; i++) { /* until the session to the relay is given up, and beyond */
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    assert_false(ziglan_at(lab, 0)->entry_point->open);
    assert_non_null(conversation_at(lab, 0)->sessions.current);
    size_t turns = lab->turns;
    punch_retry_reset(&conversation_at(lab, 0)->punching.retry, lab->now);
    for (int i = 0; i < 50; i++) {
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    assert_true(lab->turns - turns < 1000); /* it were one each millisecond */
    lab_free(lab);
}

static void noes_that_nobody_asked_for_put_nothing_off(void **state)
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

/* Nas is a member since before anna came, and the relay tells nobody all members. */
static struct lab *lab_too_large_to_be_watched(void)
{
    struct lab *lab = lab_new();

    relay_node_stop(&lab->relay);
    lab->relay.cfg.watch_max = 1;
    start_relay(lab);
    join(lab, 1);
    run_ms(lab, 1500);
    join(lab, 0);
    run_ms(lab, 1500);
    assert_true(host_core_settled(lab->hosts[0].core));
    return lab;
}

/* Somebody whom nobody knows greets anna, from an address of its own. */
static void stranger_greets(struct lab *lab, uint8_t number)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {200, number};
    const uint8_t ip[4] = {203, 0, 113, number};
    struct handshake_local local = lab->hosts[0].core->local;
    struct identity identity;
    struct handshake handshake;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    struct dgram in = {.local = lab->hosts[0].address,
                       .remote = endpoint_v4(ip, 4000),
                       .data = frame,
                       .size = sizeof(frame)};

    identity_from_seed(&identity, seed);
    local.identity = &identity;
    assert_int_equal(handshake_initiate(&handshake, &local, lab->hosts[0].identity.public_key, 16,
                                        test_env_wall_ms(&lab->ports), frame),
                     ERR_OK);
    handshake_wipe(&handshake);
    host_core_receive(lab->hosts[0].core, &in, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}

/* Somebody on anna's machine has a packet for an address made of a key. */
static void packet_for_key(struct lab *lab, const uint8_t key[KEY_SIZE])
{
    uint8_t bytes[48] = {0x60, [5] = 8, [6] = 58, [7] = 64, [40] = 128};
    struct packet packet = {.data = bytes, .size = sizeof(bytes)};

    memcpy(bytes + 8, lab->hosts[0].core->own.v6, 16);
    key_ip6(bytes + 24, key);
    host_core_packets(lab->hosts[0].core, &packet, 1, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}

static void strangers_do_not_keep_us_from_asking_for_whom_we_want(void **state)
{
    struct lab *lab = lab_too_large_to_be_watched();
    struct host_core *anna = lab->hosts[0].core;
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    uint64_t not_member = anna->dataplane.counters.not_member;

    (void)state;
    assert_null(peer_find(&anna->peers, nas));
    for (uint8_t i = 0; i < 40; i++) {
        stranger_greets(lab, i);
        run_ms(lab, 50);
    }
    assert_int_equal(anna->dataplane.counters.not_member,
                     not_member + 40); /* each would be asked for */
    assert_null(peer_find(&anna->peers, nas));
    stranger_greets(lab, 40);
    packet_for_key(lab, nas);
    run_ms(lab, 100);
    assert_non_null(peer_find(&anna->peers, nas));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_cannot_aim_a_host_at_others_without_bound),
        cmocka_unit_test(an_entry_point_has_no_say_about_members_of_another_ziglan),
        cmocka_unit_test(a_name_of_another_ziglan_is_nobody_elses_in_reverse),
        cmocka_unit_test(one_address_that_never_answered_gets_eight_pings),
        cmocka_unit_test(forged_sources_of_pings_get_a_bounded_number_of_packets),
        cmocka_unit_test(a_receipt_without_a_way_back_neither_spins_nor_ends_the_attempts),
        cmocka_unit_test(a_host_without_a_relay_does_not_spin),
        cmocka_unit_test(strangers_do_not_keep_us_from_asking_for_whom_we_want),
        cmocka_unit_test(noes_that_nobody_asked_for_put_nothing_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
