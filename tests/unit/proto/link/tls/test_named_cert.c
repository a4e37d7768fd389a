/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is shown the certificate of an authority, and which files are none. */
#include "proto/link/certificate_look.h"
#include "proto/link/link.h"
#include "proto/link/quic/conn_state.h"
#include "proto/link/quic/hub.h"
#include "proto/link/tls/cert.h"
#include "proto/link/tls/tls.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

#include <string.h>

/* openssl req -x509, for relay.example and *.relays.example; with the key of nobody. */
static const char chain[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBsTCCAVegAwIBAgIUKh/SYqRVZSKckgtV9ajS1ASgipowCgYIKoZIzj0EAwIw\n"
                            "GDEWMBQGA1UEAwwNcmVsYXkuZXhhbXBsZTAeFw0yNjExMjkxNDQ4MzJaFw00NjEx\n"
                            "MjQxNDQ4MzJaMBgxFjAUBgNVBAMMDXJlbGF5LmV4YW1wbGUwWTATBgcqhkjOPQIB\n"
                            "BggqhkjOPQMBBwNCAARqtVSKSByLLk/HUw00cgyx01HPsXcC8R0q0+MuE9g/5gfu\n"
                            "Ann/ZaHt7Uo+xB3dDCuly9G1ioPYA27T8OJrzMYIo38wfTAdBgNVHQ4EFgQUr1kv\n"
                            "yfG5/9JBXtzAjBBgI92Pez4wHwYDVR0jBBgwFoAUr1kvyfG5/9JBXtzAjBBgI92P\n"
                            "ez4wDwYDVR0TAQH/BAUwAwEB/zAqBgNVHREEIzAhgg1yZWxheS5leGFtcGxlghAq\n"
                            "LnJlbGF5cy5leGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIFs9GB96zYgzcWhXqr5o\n"
                            "gxVMpAfye/R5yZcWEt7Pu6fHAiEA2I3t9Ob/6fpYZpfouZJyeJErTs4hNqeRGBnL\n"
                            "6IVm0S4=\n"
                            "-----END CERTIFICATE-----\n";

static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/XB0+NaDpIenozvT\n"
                          "3ASk6bvtCYv1r/lHr4v363SazsKhRANCAARqtVSKSByLLk/HUw00cgyx01HPsXcC\n"
                          "8R0q0+MuE9g/5gfuAnn/ZaHt7Uo+xB3dDCuly9G1ioPYA27T8OJrzMYI\n"
                          "-----END PRIVATE KEY-----\n";

static const char other_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsvOL85uNzQme9Y7d\n"
                                "BgBwcwqh5KsHV26E5WrG/dkdoUyhRANCAATt3V2X9Jr/9WFUVSeW3z0TS7YwPWld\n"
                                "kaXvrzpbeYHaUsLPVR0iG+oOLMoLVYjtu6kq9bD9iWa6eX2MuzvVUeW6\n"
                                "-----END PRIVATE KEY-----\n";

static const uint8_t chain_spki[LINK_SPKI_SIZE] = {
    0x49, 0x50, 0x94, 0x65, 0xc5, 0xb3, 0x00, 0xa7, 0x89, 0xe6, 0xdc, 0x2b, 0x35, 0x8b, 0xed, 0xba,
    0xac, 0xf6, 0x3d, 0x67, 0x4e, 0x1b, 0xf5, 0x5c, 0x93, 0x7c, 0x5a, 0xfc, 0x73, 0x0f, 0x1f, 0x17,
};

#define CHAIN_BEGIN_S UINT64_C(1795963712)
#define CHAIN_END_S UINT64_C(2426683712)
#define CHAIN_END_MS (CHAIN_END_S * 1000)

static const struct link_certificate files = {
    .chain = chain, .chain_size = sizeof(chain) - 1, .key = key, .key_size = sizeof(key) - 1};

/* Dial by this name, or by none, up to the server's Finished. True if it showed the certificate of
 * the authority, false if its own one. */
static bool is_shown(const char *name)
{
    static struct net net;
    struct handle cursor = HANDLE_NONE;
    struct handle handle;
    struct link_dial dial;
    uint8_t shown[LINK_SPKI_SIZE], own[LINK_SPKI_SIZE];
    struct link_conn *c;

    net_init(&net, 71);
    net_start(&net);
    assert_int_equal(link_hub_certificate(net.hubs[NET_SERVER], &files), LINK_CERTIFICATE_FINE);
    assert_true(link_hub_certificate_end(net.hubs[NET_SERVER]) == CHAIN_END_MS);
    dial = net_whom(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    dial.server_name = name;
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_OK);
    net_shovel(&net, NET_CLIENT);
    net_shovel(&net, NET_SERVER);
    c = slab_next(net.hubs[NET_CLIENT]->shared.tables.conns, &cursor);
    assert_non_null(c);
    assert_int_equal(tls_peer_spki(c->tls.session, shown), ERR_OK);
    link_hub_spki(net.hubs[NET_SERVER], own);
    assert_memory_not_equal(own, chain_spki, sizeof(own));
    net_run(&net, 3000);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN)); /* hosts look at neither */
    net_fini(&net);
    assert_true(memcmp(shown, own, sizeof(own)) == 0 ||
                memcmp(shown, chain_spki, sizeof(shown)) == 0);
    return memcmp(shown, chain_spki, sizeof(shown)) == 0;
}

static void who_asks_for_a_name_in_it_is_shown_it_and_others_the_relays_own(void **state)
{
    (void)state;
    assert_true(is_shown("relay.example"));
    assert_true(is_shown("one.relays.example"));
    assert_false(is_shown("two.one.relays.example"));
    assert_false(is_shown("relays.example"));
    assert_false(is_shown("other.example"));
    assert_false(is_shown(NULL));
}

static void files_that_are_none_change_nothing(void **state)
{
    static struct net net;
    struct link_certificate_facts facts = {0};
    const struct {
        const char *chain, *key;
        enum link_certificate_problem problem;
    } rows[] = {
        {"", key, LINK_CERTIFICATE_CHAIN},    {"hello", key, LINK_CERTIFICATE_CHAIN},
        {key, key, LINK_CERTIFICATE_CHAIN},   {chain, "", LINK_CERTIFICATE_KEY},
        {chain, chain, LINK_CERTIFICATE_KEY}, {chain, other_key, LINK_CERTIFICATE_PAIR},
    };

    (void)state;
    net_init(&net, 72);
    net_start(&net);
    assert_int_equal(link_hub_certificate(net.hubs[NET_SERVER], &files), LINK_CERTIFICATE_FINE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct link_certificate bad = {.chain = rows[i].chain,
                                             .chain_size = strlen(rows[i].chain),
                                             .key = rows[i].key,
                                             .key_size = strlen(rows[i].key)};

        assert_int_equal(link_hub_certificate(net.hubs[NET_SERVER], &bad), rows[i].problem);
        assert_int_equal(link_certificate_look(&facts, &bad), rows[i].problem);
        assert_int_equal(facts.expires_s, 0);
        assert_true(link_hub_certificate_end(net.hubs[NET_SERVER]) == CHAIN_END_MS);
    }
    assert_int_equal(link_hub_certificate(net.hubs[NET_SERVER], NULL), LINK_CERTIFICATE_FINE);
    assert_true(link_hub_certificate_end(net.hubs[NET_SERVER]) == 0);
    net_fini(&net);
}

/* openssl req -x509 -subj /CN=relay.example, without any other name, for the key of nobody. */
static const char nameless_chain[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhTCCASugAwIBAgIUV1NjMm4ipP96fK5qgGNh/KBMQigwCgYIKoZIzj0EAwIw\n"
    "GDEWMBQGA1UEAwwNcmVsYXkuZXhhbXBsZTAeFw0yNjExMjkxOTM4MDdaFw00NjAx\n"
    "MjgxOTM4MDdaMBgxFjAUBgNVBAMMDXJlbGF5LmV4YW1wbGUwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAQbiyYyDuFVtR8GWYU7taWVCCG4q0fcI6ZY6IXhvaKxqQop\n"
    "XXZEfRmZXqSoWNQegqk/zivMcPzznp2ZrVQRQ20po1MwUTAdBgNVHQ4EFgQUino6\n"
    "3IudnMaRHKAJvoOsNpdeEK4wHwYDVR0jBBgwFoAUino63IudnMaRHKAJvoOsNpde\n"
    "EK4wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAo5zCC6FEKHlR\n"
    "khb4lHUovERchQJPlyfhtHpXO+66j9oCIDqAA/yXqtsp0xiW/owkejzY5yHuR0iI\n"
    "X6G4GAsd8D0C\n"
    "-----END CERTIFICATE-----\n";

static const char nameless_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg85/f8fV8I2U0Unb4\n"
    "mFceYnKqH24p3L9fgCpFg1nf6xahRANCAAQbiyYyDuFVtR8GWYU7taWVCCG4q0fc\n"
    "I6ZY6IXhvaKxqQopXXZEfRmZXqSoWNQegqk/zivMcPzznp2ZrVQRQ20p\n"
    "-----END PRIVATE KEY-----\n";

static void what_a_certificate_says_of_itself_is_told_without_a_hub(void **state)
{
    static struct net net; /* for the library */
    const struct link_certificate nameless = {.chain = nameless_chain,
                                              .chain_size = sizeof(nameless_chain) - 1,
                                              .key = nameless_key,
                                              .key_size = sizeof(nameless_key) - 1};
    struct link_certificate_facts facts = {0};

    (void)state;
    net_init(&net, 76);
    assert_int_equal(link_certificate_look(&facts, &files), LINK_CERTIFICATE_FINE);
    assert_int_equal(facts.begins_s, CHAIN_BEGIN_S);
    assert_int_equal(facts.expires_s, CHAIN_END_S);
    assert_true(facts.named);
    assert_int_equal(link_certificate_look(&facts, &nameless), LINK_CERTIFICATE_FINE);
    assert_false(facts.named);
    net_fini(&net);
}

static void spki_of(uint8_t out[CERT_SPKI_SIZE], const uint8_t seed[CERT_SEED_SIZE],
                    uint64_t random)
{
    static struct net net; /* for the library, and for other random numbers */
    struct cert cert;

    net_init(&net, random);
    net_start(&net);
    assert_int_equal(cert_make(&cert, seed, &net.ports.env), ERR_OK);
    assert_int_equal(cert_spki(out, cert.der, cert.der_size), ERR_OK);
    cert_wipe(&cert);
    net_fini(&net);
}

/* What a node record says of the relay's own certificate holds over a restart, in which all that is
 * random is another. */
static void the_relays_own_key_follows_from_its_secret(void **state)
{
    static const uint8_t seed[CERT_SEED_SIZE] = {1, 2, 3}, other_seed[CERT_SEED_SIZE] = {1, 2, 4};
    uint8_t first[CERT_SPKI_SIZE], second[CERT_SPKI_SIZE], other[CERT_SPKI_SIZE];

    (void)state;
    spki_of(first, seed, 74);
    spki_of(second, seed, 75);
    spki_of(other, other_seed, 74);
    assert_memory_equal(first, second, sizeof(first));
    assert_memory_not_equal(first, other, sizeof(first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_a_name_in_it_is_shown_it_and_others_the_relays_own),
        cmocka_unit_test(files_that_are_none_change_nothing),
        cmocka_unit_test(what_a_certificate_says_of_itself_is_told_without_a_hub),
        cmocka_unit_test(the_relays_own_key_follows_from_its_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
