/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who joins without an invite: keys that are allowed, everybody, and whom a program admits. */
#include "relayd/service/admission.h"

#include "relayd/core/core_internal.h"
#include "relayd/service/operator_allow.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

#include <stdio.h>

static struct world *world_of(struct admission_config *config)
{
    return world_new(&(struct relay_config){.admission = config});
}

/* The client dials anew and asks to join without an invite. */
static void asks(struct world *w, struct client *c, const char *name)
{
    client_forget(c);
    client_dial(w, c);
    client_join(w, c, NULL, name);
}

static const char *joined_as(struct world *w, struct client *c)
{
    const Ziglan__Control *answer = client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED);

    return answer != NULL ? answer->joined->granted_name : "-";
}

static void refused(struct world *w, struct client *c, enum verdict verdict, const char *part)
{
    const Ziglan__Control *answer = client_got(w, c, ZIGLAN__CONTROL__BODY_ERROR);

    assert_non_null(answer);
    assert_int_equal(answer->error->code, verdict);
    assert_non_null(strstr(answer->error->text, part));
}

/* The program answers its next question, which must be about this client. */
static void program_says(struct world *w, const struct client *c,
                         const struct admission_answer *answer)
{
    struct admission_question question;
    uint64_t ticket;

    assert_true(relay_core_script_wanted(w->relay.core, &ticket, &question));
    assert_memory_equal(question.key, c->identity.public_key, KEY_SIZE);
    relay_core_script_answered(w->relay.core, ticket, answer, w->now);
    world_run(w, 200);
}

static bool program_is_wanted(struct world *w)
{
    struct admission_question question;
    uint64_t ticket;

    return relay_core_script_wanted(w->relay.core, &ticket, &question);
}

static void who_is_allowed_needs_no_invite(void **state)
{
    static struct admission_config config = {.allowed_count = 1};
    struct world *w = world_of(NULL);
    struct operator_service *verbs = relay_core_operator(w->relay.core);
    struct directory_terms terms = {.uses = 1, .name = "store"};
    struct operator_allowed at = {0};
    uint8_t key[KEY_SIZE];
    bool member, configured;

    (void)state;
    asks(w, &w->clients[0], "host0");
    refused(w, &w->clients[0], VERDICT_NOT_MEMBER, "an invite is needed");
    memcpy(config.allowed[0].key, w->clients[0].identity.public_key, KEY_SIZE);
    assert_int_equal(directory_groups_add(&config.allowed[0].groups, "family"), ERR_OK);
    admission_configure(&w->relay.core->admission, &config); /* as by a reload */
    asks(w, &w->clients[0], "host0");
    assert_string_equal(joined_as(w, &w->clients[0]), "host0");
    assert_int_equal(operator_allow(verbs, w->clients[1].identity.public_key, &terms), VERDICT_OK);
    asks(w, &w->clients[1], "host1");
    assert_string_equal(joined_as(w, &w->clients[1]), "store");
    assert_int_equal(operator_allowed_next(verbs, &at, key, &terms, &configured), VERDICT_OK);
    assert_true(configured);
    assert_string_equal(terms.groups.list[0], "family");
    assert_int_equal(operator_allowed_next(verbs, &at, key, &terms, &configured), VERDICT_OK);
    assert_false(configured);
    assert_int_equal(operator_allowed_next(verbs, &at, key, &terms, &configured),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_disallow(verbs, key, &member), VERDICT_OK);
    assert_true(member);
    assert_int_equal(operator_disallow(verbs, key, &member), VERDICT_NOT_FOUND);
    asks(w, &w->clients[1], "host1"); /* a member needs nobody's word */
    assert_string_equal(joined_as(w, &w->clients[1]), "store");
    asks(w, &w->clients[2], "host2");
    refused(w, &w->clients[2], VERDICT_NOT_MEMBER, "an invite is needed");
    world_free(w);
}

/* All clients of the fixture are of one network. */
static void an_open_ziglan_takes_so_many_of_a_network(void **state)
{
    static struct admission_config config = {.mode = ADMISSION_MODE_OPEN};
    struct world *w = world_of(&config);
    uint8_t invite[INVITE_SIZE] = {0};

    (void)state;
    asks(w, &w->clients[0], "host0");
    assert_string_equal(joined_as(w, &w->clients[0]), "host0");
    client_dial(w, &w->clients[1]);
    client_join(w, &w->clients[1], invite, "host1"); /* with one that is over */
    assert_string_equal(joined_as(w, &w->clients[1]), "host1");
    for (int i = 2; i < OPEN_NET_BURST / OPEN_COST; i++) {
        assert_true(limits_open_take(&w->relay.core->base.limits, &w->clients[2].address, w->now));
    }
    asks(w, &w->clients[2], "host2");
    refused(w, &w->clients[2], VERDICT_LIMIT, "try again later");
    asks(w, &w->clients[0], "host0"); /* members are not counted */
    assert_string_equal(joined_as(w, &w->clients[0]), "host0");
    world_run(w, 61000);
    asks(w, &w->clients[2], "host2");
    assert_string_equal(joined_as(w, &w->clients[2]), "host2");
    world_free(w);
}

static void a_program_admits_and_refuses(void **state)
{
    static struct admission_config config = {.mode = ADMISSION_MODE_SCRIPT, .cache_s = 60};
    struct admission_answer yes = {.word = ADMISSION_SCRIPT, .terms = {.uses = 1, .name = "desk"}};
    struct admission_answer no = {.word = ADMISSION_REFUSED, .text = "not on a Sunday"};
    struct admission_answer silent = {.word = ADMISSION_FAILED};
    struct world *w = world_of(&config);
    struct client *c = w->clients;
    uint8_t invite[INVITE_SIZE];

    (void)state;
    asks(w, &c[0], "host0");
    assert_string_equal(joined_as(w, &c[0]), "-"); /* it waits */
    assert_int_equal(client_error(w, &c[0]), 0);
    program_says(w, &c[0], &yes);
    assert_string_equal(joined_as(w, &c[0]), "desk");
    asks(w, &c[1], "host1");
    program_says(w, &c[1], &no);
    refused(w, &c[1], VERDICT_REFUSED, "not on a Sunday");
    assert_int_equal(world_counters(w).join_refused, 1);
    asks(w, &c[1], "host1"); /* that is remembered */
    refused(w, &c[1], VERDICT_REFUSED, "not on a Sunday");
    assert_false(program_is_wanted(w));
    asks(w, &c[2], "host2");
    program_says(w, &c[2], &silent);
    refused(w, &c[2], VERDICT_UNAVAILABLE, "gave no answer");
    world_invite(w, 1, invite); /* with an invite, nobody is asked */
    client_dial(w, &c[3]);
    client_join(w, &c[3], invite, "host3");
    assert_string_equal(joined_as(w, &c[3]), "host3");
    asks(w, &c[0], "host0"); /* nor for a member */
    assert_string_equal(joined_as(w, &c[0]), "desk");
    assert_false(program_is_wanted(w));
    world_run(w, ADMISSION_FAILED_MS); /* a mistake is not remembered for long */
    asks(w, &c[2], "host2");
    program_says(w, &c[2], &yes);
    assert_string_equal(joined_as(w, &c[2]), "desk-2");
    world_run(w, 60000); /* and nothing for ever */
    asks(w, &c[1], "host1");
    assert_true(program_is_wanted(w));
    world_free(w);
}

/* A Join that is wrong, or whose session is gone, asks for nothing. */
static void a_question_that_is_over_is_not_asked(void **state)
{
    static struct admission_config config = {.mode = ADMISSION_MODE_SCRIPT};
    struct admission_answer yes = {.word = ADMISSION_SCRIPT, .terms = {.uses = 1}};
    struct admission_question question;
    struct world *w = world_of(&config);
    struct client *c = w->clients;
    uint64_t ticket;

    (void)state;
    asks(w, &c[0], "host0");
    link_hub_close(c[0].hub, c[0].handle, 0, "bye", w->now);
    world_run(w, 500);
    assert_false(program_is_wanted(w));
    asks(w, &c[0], "host0"); /* one that asks again and again has one question */
    client_join(w, &c[0], NULL, "host0");
    client_join(w, &c[0], NULL, "host0");
    assert_true(relay_core_script_wanted(w->relay.core, &ticket, &question));
    assert_false(program_is_wanted(w));
    relay_core_script_answered(w->relay.core, ticket + 7, &yes, w->now); /* nobody's */
    admission_configure(&w->relay.core->admission, &config);             /* a reload */
    relay_core_script_answered(w->relay.core, ticket, &yes, w->now);
    world_run(w, 200);
    assert_string_equal(joined_as(w, &c[0]), "-");
    client_join(w, &c[0], NULL, "host0");
    program_says(w, &c[0], &yes);
    assert_string_equal(joined_as(w, &c[0]), "host0");
    world_free(w);
}

/* Strangers who come in crowds have few places, and those of one address a part of them. */
static void who_waits_is_bounded(void **state)
{
    static struct admission_config config = {.mode = ADMISSION_MODE_SCRIPT};
    struct world *w = world_of(&config);
    struct admission_service *service = &w->relay.core->admission;
    struct admission_question question = {.remote = w->clients[0].address};
    struct admission_answer no = {.word = ADMISSION_REFUSED};
    struct admission_ruling ruling;
    size_t place;

    (void)state;
    for (uint8_t i = 0; i < ADMISSION_ADDRESS_PLACES; i++) {
        question.key[0] = i + 1;
        assert_int_equal(admission_wait(service, &question, &place), ERR_OK);
    }
    question.key[0] = 1; /* this one waits already */
    assert_int_equal(admission_wait(service, &question, &place), ERR_OK);
    question.key[0] = 200;
    assert_int_equal(admission_wait(service, &question, &place), ERR_LIMIT);
    asks(w, &w->clients[0], "host0"); /* which its user is told */
    refused(w, &w->clients[0], VERDICT_LIMIT, "many hosts wait");
    for (uint8_t i = ADMISSION_ADDRESS_PLACES; i < ADMISSION_PLACES; i++) {
        question.key[0] = i + 1;
        question.remote.ip[15] = i; /* of IPv4 and IPv6 some byte of the address */
        question.remote.ip[0] = i;
        assert_int_equal(admission_wait(service, &question, &place), ERR_OK);
    }
    question.key[0] = 200;
    question.remote.ip[0] = 250;
    assert_int_equal(admission_wait(service, &question, &place), ERR_LIMIT);
    /* Answers push older ones out. */
    admission_configure(service, &config);
    for (int i = 0; i <= ADMISSION_CACHE_MAX; i++) {
        uint64_t ticket;

        question.key[1] = (uint8_t)(i % 250);
        question.key[2] = (uint8_t)(i / 250);
        assert_int_equal(admission_wait(service, &question, &place), ERR_OK);
        assert_true(admission_wanted(service, &ticket, &place, &question));
        assert_true(admission_answered(service, ticket, &no, &place, w->now));
        admission_rule(service, question.key, &ruling, w->now);
        assert_int_equal(ruling.word, ADMISSION_REFUSED);
    }
    question.key[1] = question.key[2] = 0; /* the first */
    admission_rule(service, question.key, &ruling, w->now);
    assert_int_equal(ruling.word, ADMISSION_ASK);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_allowed_needs_no_invite),
        cmocka_unit_test(an_open_ziglan_takes_so_many_of_a_network),
        cmocka_unit_test(a_program_admits_and_refuses),
        cmocka_unit_test(a_question_that_is_over_is_not_asked),
        cmocka_unit_test(who_waits_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
