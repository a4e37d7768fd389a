/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key that the user blocked: refused here at once, and told to each relay with each session. */
#include "client/admin/host_admin.h"
#include "client/core/blocking.h"
#include "client/core/contacting.h"
#include "client/core/core_internal.h"
#include "client/core/homing.h"
#include "client/core/telling.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/host_fixture.h"

static int block(struct lab *lab, const char *text)
{
    char error[URL_ERROR_SIZE] = "";
    uint8_t key[KEY_SIZE];
    int rc = blocking_add(lab->hosts[0].core, text, key, error, sizeof(error), lab->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

static int unblock(struct lab *lab, const char *text)
{
    char error[URL_ERROR_SIZE] = "";
    uint8_t key[KEY_SIZE];
    int rc = blocking_remove(lab->hosts[0].core, text, key, error, sizeof(error), lab->now);

    assert_true((rc == ERR_OK) == (error[0] == '\0'));
    return rc;
}

/* A key that nobody in the test has. */
static const char *key_number(size_t n, char text[KEY_TEXT_SIZE])
{
    const uint8_t key[KEY_SIZE] = {0xaa, (uint8_t)n, (uint8_t)(n >> 8)};

    return key_text(key, text);
}

static uint64_t words_sent(const struct lab *lab)
{
    return link_hub_stats(lab->hosts[0].core->relays.hub)->control_sent;
}

static bool has_session(const struct lab *lab)
{
    const struct relay_session *relay = TAILQ_FIRST(&lab->hosts[0].core->relays.list);

    return relay != NULL && relay->open;
}

static void a_blocked_member_neither_reaches_this_host_nor_is_reached(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct relay_snapshot relay;

    (void)state;
    next_ping_arrives(lab, 84, 500);
    assert_int_equal(block(lab, "nas"), ERR_OK);
    assert_int_equal(core->conversations.count, 0);
    assert_string_equal(state_of_nas(lab), "blocked");
    size_t before[HOSTS] = {lab->hosts[0].delivered, lab->hosts[1].delivered};
    for (int i = 0; i < 20; i++) {
        send_ping(lab, 84);
        send_ping_between(lab, 1, "anna", 84);
        run_ms(lab, 500);
    }
    assert_int_equal(lab->hosts[1].delivered, before[1]);
    assert_int_equal(core->conversations.count, 0);
    /* The relay knows of the block by now; what it lets pass is refused here. */
    relay_core_snapshot(lab->relay.core, &relay, lab->now);
    assert_true(core->dataplane.counters.blocked + relay.counters.drop_blocked > 0);
    assert_int_equal(unblock(lab, "nas"), ERR_OK);
    run_ms(lab, 6000);
    next_ping_arrives(lab, 84, 3000);
    assert_string_not_equal(state_of_nas(lab), "blocked");
    lab_free(lab);
}

static void a_block_holds_over_a_restart(void **state)
{
    struct lab *lab = lab_joined();
    char text[KEY_TEXT_SIZE];

    (void)state;
    assert_int_equal(block(lab, "nas"), ERR_OK);
    assert_int_equal(block(lab, key_number(1, text)), ERR_OK);
    lab_restart(lab, 0);
    run_ms(lab, 2000);
    assert_int_equal(lab->hosts[0].core->blocks.count, 2);
    assert_string_equal(state_of_nas(lab), "blocked");
    assert_int_equal(unblock(lab, text), ERR_OK);
    assert_int_equal(unblock(lab, text), ERR_DROP);
    lab_restart(lab, 0);
    assert_int_equal(lab->hosts[0].core->blocks.count, 1);
    lab_free(lab);
}

static void what_cannot_be_blocked_is_refused(void **state)
{
    struct lab *lab = lab_joined();
    char text[KEY_TEXT_SIZE];

    (void)state;
    assert_int_equal(block(lab, "nobody"), ERR_DROP);
    assert_int_equal(block(lab, "anna"), ERR_DROP); /* that is this host */
    assert_int_equal(block(lab, key_text(lab->hosts[0].identity.public_key, text)), ERR_DROP);
    store_memory_fail_write(lab->hosts[0].store, 1);
    assert_int_equal(block(lab, "nas"), ERR_SYSTEM);
    assert_string_not_equal(state_of_nas(lab), "blocked");
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        assert_int_equal(block(lab, key_number(i, text)), ERR_OK);
    }
    assert_int_equal(block(lab, key_number(0, text)), ERR_OK); /* it is blocked already */
    assert_int_equal(block(lab, "nas"), ERR_LIMIT);
    lab_free(lab);
}

/* A relay takes 100 control messages at once, and 20 a second; who sends more loses its session. */
static void a_relay_is_told_of_many_blocks_at_a_pace_that_it_bears(void **state)
{
    struct lab *lab = lab_joined();
    char text[KEY_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        assert_int_equal(block(lab, key_number(i, text)), ERR_OK);
        run_ms(lab, 100);
    }
    lab_restart(lab, 0);
    run_ms(lab, 500);
    assert_true(has_session(lab));
    assert_in_range(words_sent(lab), TELLING_FIRST, TELLING_FIRST + 10);
    run_ms(lab, 30000);
    assert_true(has_session(lab));
    assert_in_range(words_sent(lab), BLOCKS_MAX, BLOCKS_MAX + 20);
    uint64_t before = words_sent(lab);
    run_ms(lab, 10000); /* and then nothing more */
    assert_in_range(words_sent(lab), before, before + 2);
    assert_int_equal(unblock(lab, text), ERR_OK); /* but a change at once */
    run_ms(lab, 100);
    assert_in_range(words_sent(lab), before + 1, before + 3);
    lab_free(lab);
}

static void a_relay_is_told_the_way_that_the_configuration_names(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *core = lab->hosts[0].core;
    struct named_peer peer = {.name = "disk", .via_count = 2, .via = {{1}, {2}}};

    (void)state;
    memcpy(peer.key, lab->hosts[1].identity.public_key, KEY_SIZE);
    homing_use(core, false, lab->now); /* which would ask for relays */
    uint64_t before = words_sent(lab);
    contacting_configure(core, &peer, 1, lab->now);
    run_ms(lab, 200);
    assert_int_equal(words_sent(lab), before + 1);
    contacting_configure(core, &peer, 1, lab->now); /* the same says nothing new */
    run_ms(lab, 200);
    assert_int_equal(words_sent(lab), before + 1);
    contacting_configure(core, NULL, 0, lab->now);
    run_ms(lab, 200);
    assert_int_equal(words_sent(lab), before + 2);
    lab_free(lab);
}

static void the_control_socket_blocks_by_name_and_key(void **state)
{
    struct lab *lab = lab_joined();
    static const char *const verbs[] = {"block", "unblock"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *request = json_pack("{s:s, s:s}", "do", verbs[i], "peer", "nas.zignet");
        json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);
        char key[KEY_TEXT_SIZE];

        assert_true(json_is_true(json_object_get(answer, "ok")));
        assert_string_equal(json_string_value(json_object_get(answer, "key")),
                            key_text(lab->hosts[1].identity.public_key, key));
        assert_int_equal(lab->hosts[0].core->blocks.count, 1 - i);
        json_decref(answer);
        json_decref(request);
    }
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blocked_member_neither_reaches_this_host_nor_is_reached),
        cmocka_unit_test(a_block_holds_over_a_restart),
        cmocka_unit_test(what_cannot_be_blocked_is_refused),
        cmocka_unit_test(a_relay_is_told_of_many_blocks_at_a_pace_that_it_bears),
        cmocka_unit_test(a_relay_is_told_the_way_that_the_configuration_names),
        cmocka_unit_test(the_control_socket_blocks_by_name_and_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
