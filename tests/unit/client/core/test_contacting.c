/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hosts without a common ziglan, which name each other by their keys; both have a session to a
 * relay that is open to strangers. */
#include "client/admin/host_admin.h"
#include "client/core/contacting.h"
#include "client/core/core_internal.h"
#include "tests/support/host_fixture.h"

static const char *key_of(struct lab *lab, size_t host, char text[KEY_TEXT_SIZE])
{
    return key_text(lab->hosts[host].identity.public_key, text);
}

static int add(struct lab *lab, size_t host, const char *key, const char *name)
{
    char error[URL_ERROR_SIZE] = "";
    int rc = contacting_add(lab->hosts[host].core, key, name, error, sizeof(error), lab->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

static int take_out(struct lab *lab, size_t host, const char *name)
{
    char error[URL_ERROR_SIZE] = "";
    int rc = contacting_remove(lab->hosts[host].core, name, error, sizeof(error), lab->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

static void use_the_relay(struct lab *lab, size_t host)
{
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};

    memcpy(url.key, lab->relay.identity.public_key, KEY_SIZE);
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "192.0.2.1");
    url.hosts[0].port = 4433;
    url.hosts[0].numeric = true;
    assert_int_not_equal(host_core_add_relay(lab->hosts[host].core, &url, lab->now), 0);
}

/* The relay is open, and both have a session to it. */
static struct lab *strangers(void)
{
    struct lab *lab = lab_new();

    relay_node_stop(&lab->relay);
    relay_node_set_open(&lab->relay);
    start_relay(lab);
    use_the_relay(lab, 0);
    use_the_relay(lab, 1);
    run_ms(lab, 1000);
    return lab;
}

static struct lab *acquainted(void)
{
    struct lab *lab = strangers();
    char text[KEY_TEXT_SIZE];

    assert_int_equal(add(lab, 0, key_of(lab, 1, text), "nas"), ERR_OK);
    assert_int_equal(add(lab, 1, key_of(lab, 0, text), NULL), ERR_OK);
    return lab;
}

static void two_who_name_each_other_talk_and_go_direct(void **state)
{
    struct lab *lab = acquainted();

    (void)state;
    assert_string_equal(state_of_nas(lab), "unknown");
    send_ping(lab, 84);
    run_ms(lab, 200);
    assert_int_equal(lab->hosts[1].delivered, 1);
    run_ms(lab, 3000);
    assert_string_equal(state_of_nas(lab), "direct");
    next_ping_arrives(lab, 84, 30);
    lab_free(lab);
}

static void who_is_not_named_is_not_let_in(void **state)
{
    struct lab *lab = strangers();
    char text[KEY_TEXT_SIZE];

    (void)state;
    assert_int_equal(add(lab, 0, key_of(lab, 1, text), "nas"), ERR_OK);
    send_ping(lab, 84);
    run_ms(lab, 10000);
    assert_int_equal(lab->hosts[1].delivered, 0);
    assert_int_equal(lab->hosts[1].core->peers.count, 0);
    assert_true(lab->hosts[1].core->dataplane.counters.not_member > 0);
    lab_free(lab);
}

static void a_named_peer_is_known_after_a_restart_and_keeps_its_address(void **state)
{
    struct lab *lab = acquainted();
    struct host_name_record before;
    struct host_name_record after;

    (void)state;
    assert_true(host_core_lookup_name(lab->hosts[0].core, "nas", &before));
    lab_restart(lab, 0);
    assert_true(host_core_lookup_name(lab->hosts[0].core, "NAS", &after));
    assert_memory_equal(&before, &after, sizeof(before));
    use_the_relay(lab, 0);
    run_ms(lab, 1000);
    next_ping_arrives(lab, 84, 3000);
    lab_free(lab);
}

static void a_removed_peer_is_refused_from_then_on(void **state)
{
    struct lab *lab = acquainted();
    struct host_name_record record;
    char text[KEY_TEXT_SIZE];

    (void)state;
    next_ping_arrives(lab, 84, 500);
    assert_int_equal(take_out(lab, 1, key_of(lab, 0, text)), ERR_OK);
    size_t before = lab->hosts[1].delivered;
    send_pings(lab, 20, 500);
    assert_int_equal(lab->hosts[1].delivered, before);
    assert_int_equal(take_out(lab, 0, "Nas"), ERR_OK);
    assert_false(host_core_lookup_name(lab->hosts[0].core, "nas", &record));
    assert_int_equal(take_out(lab, 0, "nas"), ERR_DROP);
    assert_int_equal(lab->hosts[0].core->conversations.count, 0);
    lab_free(lab);
}

/* The entry point of the ziglan that both joined forwards for them; naming adds nothing and takes
 * nothing away but the name. */
static void a_named_member_stays_a_member_when_it_is_removed(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct host_name_record record;
    char text[KEY_TEXT_SIZE];
    uint8_t key[KEY_SIZE];

    (void)state;
    assert_int_equal(add(lab, 0, key_of(lab, 1, text), "disk"), ERR_OK);
    assert_true(host_core_lookup_name(core, "disk", &record));
    assert_true(host_core_lookup_name(core, "nas", &record));
    assert_true(host_core_lookup_address(core, record.v6, 16, text, sizeof(text)));
    assert_string_equal(text, "disk");
    assert_int_equal(take_out(lab, 0, "disk"), ERR_OK);
    next_ping_arrives(lab, 84, 500);
    /* And the other way round: who leaves the ziglan still has whom it named. */
    assert_int_equal(add(lab, 0, key_of(lab, 1, text), "disk"), ERR_OK);
    assert_int_equal(host_core_leave(core, "home", key, lab->now), ERR_OK);
    assert_true(host_core_lookup_name(core, "disk", &record));
    assert_false(host_core_lookup_name(core, "nas", &record));
    run_ms(lab, 5000);
    lab_free(lab);
}

static void names_and_keys_that_cannot_be_are_refused(void **state)
{
    struct lab *lab = lab_joined();
    char own[KEY_TEXT_SIZE];
    char other[KEY_TEXT_SIZE] = "";
    const uint8_t key[KEY_SIZE] = {1}; /* of a point of small order */

    (void)state;
    (void)key_text(lab->relay.identity.public_key, other);
    assert_int_equal(add(lab, 0, "nas", NULL), ERR_DROP);
    assert_int_equal(add(lab, 0, key_of(lab, 0, own), NULL), ERR_DROP);
    assert_int_equal(add(lab, 0, key_text(key, own), NULL), ERR_DROP);
    assert_int_equal(add(lab, 0, other, "two words"), ERR_DROP);
    assert_int_equal(add(lab, 0, other, "localhost"), ERR_DROP);
    assert_int_equal(add(lab, 0, other, "nas"), ERR_DROP);  /* that is a member */
    assert_int_equal(add(lab, 0, other, "anna"), ERR_DROP); /* and that this host */
    assert_int_equal(add(lab, 0, other, "Third"), ERR_OK);
    assert_int_equal(add(lab, 0, other, "third"), ERR_OK);
    assert_int_equal(lab->hosts[0].core->contacts.count, 1);
    lab_free(lab);
}

static void the_configuration_names_peers_until_it_does_not(void **state)
{
    struct lab *lab = strangers();
    struct host_core *core = lab->hosts[0].core;
    struct named_peer peers[2] = {{.name = "nas"}, {.name = ""}};
    struct host_name_record record;
    char text[KEY_TEXT_SIZE];

    (void)state;
    memcpy(peers[0].key, lab->hosts[1].identity.public_key, KEY_SIZE);
    memcpy(peers[1].key, lab->relay.identity.public_key, KEY_SIZE);
    contacting_configure(core, peers, 2, lab->now);
    assert_int_equal(core->contacts.count, 2);
    assert_int_equal(take_out(lab, 0, "nas"), ERR_DROP);
    assert_true(host_core_lookup_name(core, "nas", &record));
    assert_int_equal(add(lab, 1, key_of(lab, 0, text), NULL), ERR_OK);
    next_ping_arrives(lab, 84, 500);
    contacting_configure(core, peers + 1, 1, lab->now);
    assert_false(host_core_lookup_name(core, "nas", &record));
    assert_int_equal(core->contacts.count, 1);
    contacting_configure(core, NULL, 0, lab->now);
    assert_int_equal(core->contacts.count, 0);
    lab_free(lab);
}

static json_t *ask(struct lab *lab, json_t *request)
{
    json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);

    json_decref(request);
    return answer;
}

static void the_control_socket_names_and_shows_them(void **state)
{
    struct lab *lab = strangers();
    char text[KEY_TEXT_SIZE];

    (void)state;
    json_t *answer = ask(lab, json_pack("{s:s, s:s, s:s}", "do", "peer_add", "key",
                                        key_of(lab, 1, text), "name", "nas"));
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    answer = ask(lab, json_pack("{s:s}", "do", "peers"));
    const json_t *row = json_array_get(json_object_get(answer, "peers"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "name")), "nas");
    assert_string_equal(json_string_value(json_object_get(row, "key")), text);
    assert_true(json_is_true(json_object_get(row, "named")));
    json_decref(answer);
    answer = ask(lab, json_pack("{s:s, s:s}", "do", "peer_remove", "peer", "nas.zignet"));
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    answer = ask(lab, json_pack("{s:s, s:s}", "do", "peer_remove", "peer", "nas"));
    assert_false(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_who_name_each_other_talk_and_go_direct),
        cmocka_unit_test(who_is_not_named_is_not_let_in),
        cmocka_unit_test(a_named_peer_is_known_after_a_restart_and_keeps_its_address),
        cmocka_unit_test(a_removed_peer_is_refused_from_then_on),
        cmocka_unit_test(a_named_member_stays_a_member_when_it_is_removed),
        cmocka_unit_test(names_and_keys_that_cannot_be_are_refused),
        cmocka_unit_test(the_configuration_names_peers_until_it_does_not),
        cmocka_unit_test(the_control_socket_names_and_shows_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
