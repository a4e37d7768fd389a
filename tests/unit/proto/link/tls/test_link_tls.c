/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of TLS that no honest peer sends (RFC 8446, section 4; RFC 9001, section 6), and open
 * sessions, which have no TLS any more. */
#include "proto/base/slab.h"
#include "proto/link/link.h"
#include "proto/link/quic/conn_callbacks.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

#include <stdlib.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

enum { IDLE_SESSIONS = 64, IDLE_SESSION_BYTES_MAX = 56 * 1000 };
/* The guard does not know one strange type from another, so it is tested with one that no version
 * of TLS has. */
enum { TYPE_OF_NOBODY = 99, BODY_SIZE_MAX = 40 };

static const ngtcp2_encryption_level levels[] = {
    NGTCP2_ENCRYPTION_LEVEL_INITIAL,
    NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE,
    NGTCP2_ENCRYPTION_LEVEL_1RTT,
};

enum { LEVELS_COUNT = sizeof(levels) / sizeof(levels[0]) };

/* The only connection of a hub. */
static struct link_conn *only_conn(const struct net *net, int hub)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c = slab_next(net->hubs[hub]->shared.tables.conns, &cursor);

    assert_non_null(c);
    return c;
}

/*
 * Begin a handshake up to the point where `sender` has written its Finished, and let it send one
 * message more at this level: in the same flight, but for the server's at 1RTT, which it can send
 * only when the client has answered. False if the sender has no keys for the level any more.
 */
static bool say_after_finished(struct net *net, int sender, ngtcp2_encryption_level level,
                               const uint8_t *message, size_t size)
{
    (void)net_dial(net, LINK_WANT_RELAY, net->identities[NET_SERVER].public_key);
    net_shovel(net, NET_CLIENT);
    if (sender == NET_CLIENT) {
        net_shovel(net, NET_SERVER);
    }
    if (sender == NET_SERVER && level == NGTCP2_ENCRYPTION_LEVEL_1RTT) {
        net_shovel(net, NET_SERVER);
        net_shovel(net, NET_CLIENT);
    }
    if (level == NGTCP2_ENCRYPTION_LEVEL_INITIAL && sender == NET_CLIENT) {
        return false; /* its keys are gone */
    }
    return ngtcp2_conn_submit_crypto_data(only_conn(net, sender)->quic, level, message, size) == 0;
}

static void assert_a_session_opens(struct net *net)
{
    struct handle client, server;

    net_forget_events(net);
    assert_true(net_open(net, &client, &server));
}

static void a_message_outside_the_handshake_ends_the_connection(void **state)
{
    static const uint8_t strange[] = {TYPE_OF_NOBODY, 0, 0, 1, 0};
    static struct net net;
    const struct net_event *closed;

    (void)state;
    for (int sender = 0; sender < NET_HUBS; sender++) {
        net_init(&net, 60);
        net_start(&net);
        assert_true(say_after_finished(&net, sender, NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE, strange,
                                       sizeof(strange)));
        net_run(&net, 1000);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->opened, 0);
        closed = net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED);
        assert_non_null(closed);
        assert_int_equal(closed->event.reason, LINK_REASON_TLS);
        assert_a_session_opens(&net);
        net_fini(&net);
    }
}

static void a_client_says_nothing_of_tls_after_its_finished(void **state)
{
    static const uint8_t strange[] = {TYPE_OF_NOBODY, 0, 0, 1, 0};
    static struct net net;
    struct handle client, server;

    (void)state;
    for (int with_session = 0; with_session < 2; with_session++) {
        net_init(&net, 61);
        net_start(&net);
        if (with_session == 1) {
            assert_true(net_open(&net, &client, &server));
            assert_int_equal(ngtcp2_conn_submit_crypto_data(
                                 conn_find(&net.hubs[NET_CLIENT]->shared.tables, client)->quic,
                                 NGTCP2_ENCRYPTION_LEVEL_1RTT, strange, sizeof(strange)),
                             0);
            assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, strange, 1, NULL, 0));
        } else {
            assert_true(say_after_finished(&net, NET_CLIENT, NGTCP2_ENCRYPTION_LEVEL_1RTT, strange,
                                           sizeof(strange)));
        }
        net_run(&net, 1000);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
        assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
        assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                         LINK_REASON_TLS);
        net_fini(&net);
    }
}

/* A certificate is public, so it counts only for who has its key (RFC 8446, section 4.4.3). The
 * server here has the certificate of another one. */
static void a_certificate_without_its_key_is_worth_nothing(void **state)
{
    static const uint8_t seed[CERT_SEED_SIZE] = {1, 2, 3};
    static struct net net;
    struct cert other;

    (void)state;
    net_init(&net, 63);
    net_start(&net);
    assert_int_equal(cert_make(&other, seed, &net.ports.env), ERR_OK);
    assert_int_equal(wolfSSL_CTX_use_PrivateKey_buffer(net.hubs[NET_SERVER]->shared.tls.server,
                                                       other.key, (long)other.key_size,
                                                       WOLFSSL_FILETYPE_ASN1),
                     WOLFSSL_SUCCESS);
    (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    net_run(&net, 6000);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason, LINK_REASON_TLS);
    cert_wipe(&other);
    net_fini(&net);
}

static void a_certificate_that_is_cut_has_no_key_to_know_it_by(void **state)
{
    static const uint8_t seed[CERT_SEED_SIZE] = {1, 2, 3};
    static struct net net;
    struct cert cert;
    uint8_t spki[CERT_SPKI_SIZE], again[CERT_SPKI_SIZE];

    (void)state;
    net_init(&net, 64);
    assert_int_equal(cert_make(&cert, seed, &net.ports.env), ERR_OK);
    assert_int_equal(cert_spki(spki, cert.der, cert.der_size), ERR_OK);
    for (size_t size = 0; size < cert.der_size; size++) {
        uint8_t *cut = malloc(size + 1); /* so that a read behind the end is seen */

        assert_non_null(cut);
        memcpy(cut, cert.der, size);
        assert_int_equal(cert_spki(again, cut, size), ERR_DROP);
        free(cut);
    }
    for (size_t at = 0; at < cert.der_size; at++) {
        cert.der[at] ^= 0xff;
        (void)!cert_spki(again, cert.der, cert.der_size);
        cert.der[at] ^= 0xff;
    }
    net_fini(&net);
}

/* A server sends a NewSessionTicket (RFC 8446, section 4.6.1): the client ignores it. */
static void a_ticket_is_let_lie(void **state)
{
    static const uint8_t ticket[] = {4, 0, 0, 13, 0, 0, 0, 60, 1, 2, 3, 4, 0, 0, 0, 0, 0};
    static struct net net;

    (void)state;
    net_init(&net, 62);
    net_start(&net);
    assert_true(
        say_after_finished(&net, NET_SERVER, NGTCP2_ENCRYPTION_LEVEL_1RTT, ticket, sizeof(ticket)));
    net_run(&net, 5000);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    net_fini(&net);
}

static void a_message_is_of_one_level_and_known_in_any_pieces(void **state)
{
    /* Two messages; only the first is of a handshake. */
    static const uint8_t bytes[] = {20, 0, 0, 3, 99, 99, 99, TYPE_OF_NOBODY, 0, 0, 1, 0};
    enum { FIRST_SIZE = 7 };

    (void)state;
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        struct tls_scan scan = {.left = 0}, other;
        bool whole = cut == 0 || cut == FIRST_SIZE;

        assert_int_equal(tls_scan_allows(&scan, levels[0], bytes, cut), cut <= FIRST_SIZE);
        if (cut > FIRST_SIZE) {
            continue;
        }
        other = scan;
        assert_int_equal(tls_scan_allows(&other, levels[1], bytes, FIRST_SIZE), whole);
        other = scan;
        assert_true(tls_scan_allows(&other, levels[0], bytes + cut, FIRST_SIZE - cut));
        assert_false(tls_scan_allows(&other, levels[1], bytes + FIRST_SIZE, 1));
        assert_false(tls_scan_allows(&scan, levels[0], bytes + cut, sizeof(bytes) - cut));
    }
}

/* Send a message of this type behind Finished. Whatever becomes of that connection, the next one
 * must open. Returns 1 if it could be sent. */
static unsigned say_out_of_place(int sender, ngtcp2_encryption_level level, uint8_t type,
                                 size_t body_size)
{
    static struct net net;
    uint8_t message[4 + BODY_SIZE_MAX] = {type, 0, 0, (uint8_t)body_size, type % 2};
    bool said;

    net_init(&net, 1000 + type);
    net_start(&net);
    said = say_after_finished(&net, sender, level, message, 4 + body_size);
    net_run(&net, LINK_HANDSHAKE_MS_MAX + 1000);
    assert_a_session_opens(&net);
    net_fini(&net);
    return said ? 1 : 0;
}

/* The messages of a handshake and some that nobody sends, from either end, at every level. */
static void messages_out_of_place_abort_nobody(void **state)
{
    static const uint8_t types[] = {1, 2, 8, 11, 13, 15, 20, 27, TYPE_OF_NOBODY, 200, 254};
    static const size_t body_sizes[] = {0, 1, BODY_SIZE_MAX};
    unsigned said = 0;

    (void)state;
    for (size_t t = 0; t < sizeof(types); t++) {
        for (int i = 0; i < LEVELS_COUNT * NET_HUBS; i++) {
            for (int k = 0; k < 3; k++) {
                said +=
                    say_out_of_place(i % NET_HUBS, levels[i / NET_HUBS], types[t], body_sizes[k]);
            }
        }
    }
    /* All but the client's at the first level, whose keys are gone. */
    assert_int_equal(said, sizeof(types) * 3 * (LEVELS_COUNT * NET_HUBS - 1));
}

/* RFC 8446, appendix B.3, without what comes after a handshake or belongs to TCP. */
static void types_of_a_handshake_get_through(void **state)
{
    static const uint8_t types[] = {1, 2, 8, 11, 13, 15, 20};

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        struct tls_scan scan = {.left = 0};
        const uint8_t byte = (uint8_t)type;

        assert_int_equal(tls_scan_allows(&scan, levels[0], &byte, 1),
                         memchr(types, byte, sizeof(types)) != NULL);
    }
}

/* ---- an open session has no TLS any more ---- */

/* Both ends of an open session. */
struct ends {
    struct handle handles[NET_HUBS];
};

static void open_ends(struct net *net, struct ends *ends, uint64_t seed)
{
    net_init(net, seed);
    net_start(net);
    assert_true(net_open(net, &ends->handles[NET_CLIENT], &ends->handles[NET_SERVER]));
}

static ngtcp2_conn *quic_of(const struct net *net, const struct ends *ends, int hub)
{
    return conn_find(&net->hubs[hub]->shared.tables, ends->handles[hub])->quic;
}

/* One datagram each way arrives. */
static void assert_talks(struct net *net, const struct ends *ends)
{
    const uint8_t byte = 1;
    uint64_t before[NET_HUBS] = {net->datagrams[0], net->datagrams[1]};

    for (int i = 0; i < NET_HUBS; i++) {
        assert_true(link_hub_datagram(net->hubs[i], ends->handles[i], &byte, 1, NULL, 0));
    }
    net_run(net, 200);
    for (int i = 0; i < NET_HUBS; i++) {
        assert_int_equal(net->datagrams[i], before[i] + 1);
    }
}

static void keys_are_updated_by_either_end(void **state)
{
    static struct net net;
    struct ends ends;

    (void)state;
    open_ends(&net, &ends, 50);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(
            ngtcp2_conn_initiate_key_update(quic_of(&net, &ends, i % NET_HUBS), net.now.ns), 0);
        assert_talks(&net, &ends);
        net_run(&net, 2000); /* the old keys are kept for three PTOs, RFC 9002 */
        assert_talks(&net, &ends);
    }
    net_fini(&net);
}

/* Packets of the handshake are lost and repeated, so that repetitions come when one end or both
 * have no TLS any more. */
static void handshakes_that_are_repeated_late_do_no_harm(void **state)
{
    static struct net net;
    struct ends ends;
    unsigned opened = 0;

    (void)state;
    for (uint64_t seed = 200; seed < 240; seed++) {
        net_init(&net, seed);
        net.wire.loss_per_mille = 300;
        net_start(&net);
        if (net_open(&net, &ends.handles[NET_CLIENT], &ends.handles[NET_SERVER])) {
            opened++;
            net_run(&net, 5000);
            net.wire.loss_per_mille = 0;
            net_run(&net, 10000);
            assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
            assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED));
            assert_talks(&net, &ends);
        }
        net_fini(&net);
    }
    assert_in_range(opened, 10, 40);
}

/* Bytes of the handshake can come when TLS is gone, because QUIC keeps the handshake's keys a
 * little longer. */
static void what_is_left_of_a_handshake_finds_no_tls(void **state)
{
    static const uint8_t finished[] = {20, 0, 0, 1, 0};
    static struct net net;
    struct ends ends;

    (void)state;
    open_ends(&net, &ends, 51);
    for (int i = 0; i < NET_HUBS; i++) {
        struct link_conn *c = conn_find(&net.hubs[i]->shared.tables, ends.handles[i]);

        assert_int_equal(conn_client_callbacks.recv_crypto_data(c->quic,
                                                                NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE,
                                                                100, finished, sizeof(finished), c),
                         NGTCP2_ERR_CRYPTO);
    }
    net_fini(&net);
}

/* Skipped under the sanitizers, whose allocator does not tell how much is in use. */
static void an_idle_session_is_small(void **state)
{
    static struct net net;
    size_t bytes;

    (void)state;
    net_init(&net, 2);
    net.wire.size_max = 1472;
    net_start(&net);
    bytes = net_session_heap(&net, IDLE_SESSIONS);
    net_fini(&net);
    if (bytes == 0) {
        skip();
    }
    assert_in_range(bytes, 1, IDLE_SESSION_BYTES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_outside_the_handshake_ends_the_connection),
        cmocka_unit_test(types_of_a_handshake_get_through),
        cmocka_unit_test(a_client_says_nothing_of_tls_after_its_finished),
        cmocka_unit_test(a_certificate_without_its_key_is_worth_nothing),
        cmocka_unit_test(a_certificate_that_is_cut_has_no_key_to_know_it_by),
        cmocka_unit_test(a_ticket_is_let_lie),
        cmocka_unit_test(a_message_is_of_one_level_and_known_in_any_pieces),
        cmocka_unit_test(messages_out_of_place_abort_nobody),
        cmocka_unit_test(keys_are_updated_by_either_end),
        cmocka_unit_test(handshakes_that_are_repeated_late_do_no_harm),
        cmocka_unit_test(what_is_left_of_a_handshake_finds_no_tls),
        cmocka_unit_test(an_idle_session_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
