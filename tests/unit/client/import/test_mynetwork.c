/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration of mynetwork or hyprspace (client/import/mynetwork.h): what is taken, and that
 * what is not is named. */
#include "tests/support/fixture.h"
#include "tests/support/libp2p_keys.h"

#include "client/config/config.h"
#include "client/import/mynetwork.h"
#include "proto/crypto/key_form.h"

#include <sodium.h>

static struct mynetwork *read_ok(const char *text)
{
    struct mynetwork *out = NULL;
    struct fault fault = {0};

    if (mynetwork_read(&out, "ms0.json", text, strlen(text), &fault) != ERR_OK) {
        fail_msg("refused: %s", fault.text);
    }
    return out;
}

/* The configuration of ziglan that follows from it. */
static struct client_config *config_of(const struct mynetwork *in)
{
    struct client_config *config = NULL;
    struct fault fault = {0};
    char text[4096];

    (void)snprintf(text, sizeof(text), "name: a\npeers:\n%s", in->peers);
    if (client_config_parse(&config, "x", (const uint8_t *)text, strlen(text), &fault) != ERR_OK) {
        fail_msg("%s\n%s", fault.text, text);
    }
    return config;
}

static void key_peers_and_routes_carry_over(void **state)
{
    struct mynetwork *out = read_ok(
        "{\"peers\": [{\"name\": \"hostname1\", \"id\": \"" LIBP2P_B_ID "\",\n"
        "  \"routes\": [{\"net\": \"10.1.1.1/32\"}, {\"net\": \"fd00:1::/48\"}]}],\n"
        " \"privateKey\": \"" LIBP2P_A_PRIVATE "\"}");
    struct client_config *config = config_of(out);

    (void)state;
    assert_true(out->has_seed);
    assert_int_equal(out->seed[1], 8);
    assert_int_equal(out->left_count, 0);
    assert_int_equal(out->routes_count, 2);
    assert_int_equal(config->peers_count, 1);
    assert_string_equal(config->peers[0].name, "hostname1");
    assert_non_null(strstr(out->peers, "fd00:1::/48"));
    client_config_free(config);
    mynetwork_free(out);
}

static void assert_left(const struct mynetwork *out, const char *words)
{
    for (size_t i = 0; i < out->left_count; i++) {
        if (strstr(out->left[i], words) != NULL) {
            return;
        }
    }
    fail_msg("not named: %s", words);
}

static void what_does_not_carry_over_is_named(void **state)
{
    struct mynetwork *out =
        read_ok("{\"listenAddresses\": [\"/ip4/0.0.0.0/tcp/8001\"], \"services\": {},\n"
                " \"peers\": [{\"name\": \"old\", \"id\": \"" LIBP2P_RSA_ID "\"}, 7,\n"
                "  {\"name\": \"My NAS\", \"id\": \"" LIBP2P_B_ID "\",\n"
                "   \"routes\": [{\"net\": \"10.1.1.1/33\"}, {}, {\"net\": \"10.0.0.0/8\"}]},\n"
                "  {\"name\": \"again\", \"id\": \"" LIBP2P_B_ID "\"},\n"
                "  {\"name\": \"self\", \"id\": \"" LIBP2P_A_ID "\"}],\n"
                " \"privateKey\": \"" LIBP2P_A_PRIVATE "\"}");
    struct client_config *config = config_of(out);

    (void)state;
    assert_left(out, "listenAddresses");
    assert_left(out, "services");
    assert_left(out, "peer old");
    assert_left(out, "peer without a name");
    assert_left(out, "it became my-nas");
    assert_left(out, "10.1.1.1/33");
    assert_left(out, "it has no net");
    assert_left(out, "peer again");
    assert_left(out, "peer self");
    assert_int_equal(out->left_count, 9);
    assert_int_equal(out->peers_count, 1);
    assert_int_equal(out->routes_count, 1);
    assert_string_equal(config->peers[0].name, "my-nas");
    client_config_free(config);
    mynetwork_free(out);
}

static void without_a_private_key_that_is_said(void **state)
{
    struct mynetwork *out = read_ok("{\"peers\": [{\"id\": \"" LIBP2P_B_ID "\"}]}");
    struct client_config *config = config_of(out);

    (void)state;
    assert_false(out->has_seed);
    assert_left(out, "new key");
    assert_int_equal(config->peers_count, 1);
    assert_string_equal(config->peers[0].name, "");
    client_config_free(config);
    mynetwork_free(out);
}

static void other_files_are_refused_with_a_sentence(void **state)
{
    static const char *const wrong[][2] = {
        {"{\n\"peers\": [", "ms0.json:2: that is no JSON"},
        {"[]", "neither peers nor privateKey"},
        {"{\"name\": 1}", "neither peers nor privateKey"},
        {"{\"privateKey\": \"" LIBP2P_SECP256K1_PRIVATE "\"}", "no Ed25519 key"},
        {"{\"privateKey\": 5}", "no Ed25519 key"},
        {"{\"peers\": 5}", "peers is no list"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct mynetwork *out = NULL;
        struct fault fault = {0};

        assert_int_equal(
            mynetwork_read(&out, "ms0.json", wrong[i][0], strlen(wrong[i][0]), &fault), ERR_DROP);
        assert_null(out);
        assert_int_equal(fault.exit_code, EXIT_CODE_USAGE);
        if (strstr(fault.text, wrong[i][1]) == NULL) {
            fail_msg("'%s' has not '%s'", fault.text, wrong[i][1]);
        }
        assert_null(strstr(fault.text, LIBP2P_SECP256K1_PRIVATE));
    }
}

static int sodium_ready(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_peers_and_routes_carry_over),
        cmocka_unit_test(what_does_not_carry_over_is_named),
        cmocka_unit_test(without_a_private_key_that_is_said),
        cmocka_unit_test(other_files_are_refused_with_a_sentence),
    };

    return cmocka_run_group_tests(tests, sodium_ready, NULL);
}
