/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's verbs as JSON, on a core with real members. */
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

#include "proto/base/fault.h"
#include "proto/crypto/identity.h"
#include "relayd/admin/admin.h"
#include "rendezvous/store/store_memory.h"

static json_t *ask(struct world *w, const char *request)
{
    const struct admin_context context = {.core = w->relay.core,
                                          .portmap = "off",
                                          .name = "home",
                                          .public_hosts = "192.0.2.1:4433",
                                          .listen = "[::]:4433"};
    json_t *object = json_loads(request, 0, NULL);
    json_t *answer;

    assert_non_null(object);
    answer = admin_request(&context, object, w->now);
    json_decref(object);
    assert_non_null(answer);
    return answer;
}

static void refused(struct world *w, const char *request, int exit_code, const char *part)
{
    json_t *answer = ask(w, request);
    const char *text = json_string_value(json_object_get(answer, "error"));

    if (text == NULL || strstr(text, part) == NULL ||
        !json_is_false(json_object_get(answer, "ok")) ||
        json_integer_value(json_object_get(answer, "exit_code")) != exit_code) {
        fail_msg("%s: %s", request, text != NULL ? text : "was not refused");
    }
    json_decref(answer);
}

static void members_are_listed_with_what_they_do(void **state)
{
    struct world *w = world_new(NULL);
    json_t *answer;
    json_t *list;
    size_t online = 0;
    char key[KEY_TEXT_SIZE];

    (void)state;
    world_members(w, 3);
    link_hub_close(w->clients[2].hub, w->clients[2].handle, 0, "bye", w->now);
    world_run(w, 200);
    answer = ask(w, "{\"do\":\"members\"}");
    list = json_object_get(answer, "members");
    assert_int_equal(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *member = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(member, "name"));
        int index = name[4] - '0';
        online += json_is_true(json_object_get(member, "online")) ? 1U : 0U;
        assert_string_equal(json_string_value(json_object_get(member, "key")),
                            key_text(w->clients[index].identity.public_key, key));
        assert_int_equal(json_is_true(json_object_get(member, "online")), index != 2);
        assert_string_equal(json_string_value(json_object_get(member, "state")), "member");
    }
    assert_int_equal(online, 2);
    json_decref(answer);
    answer = ask(w, "{\"do\":\"revoke\",\"who\":\"host1\"}");
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    answer = ask(w, "{\"do\":\"members\"}");
    list = json_object_get(answer, "members");
    online = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *member = json_array_get(list, i);
        online += json_is_true(json_object_get(member, "online")) ? 1U : 0U;
        if (strcmp(json_string_value(json_object_get(member, "key")),
                   key_text(w->clients[1].identity.public_key, key)) == 0) {
            assert_string_equal(json_string_value(json_object_get(member, "state")), "revoked");
            assert_string_equal(json_string_value(json_object_get(member, "name")), "host1");
        }
    }
    assert_int_equal(online, 1);
    json_decref(answer);
    world_free(w);
}

/* The names of the list, one behind the other. */
static const char *names_of(const json_t *list, char *text, size_t size)
{
    const json_t *member;
    size_t used = 0;
    size_t i;

    text[0] = '\0';
    json_array_foreach(list, i, member)
    {
        used += (size_t)snprintf(text + used, size - used, "%s ",
                                 json_string_value(json_object_get(member, "name")));
    }
    return text;
}

static void members_are_listed_by_name(void **state)
{
    struct world *w = world_new(NULL);
    char names[128];
    json_t *answer;

    (void)state;
    world_members(w, 5);
    json_decref(ask(w, "{\"do\":\"rename\",\"who\":\"host3\",\"name\":\"attic\"}"));
    json_decref(ask(w, "{\"do\":\"rename\",\"who\":\"host0\",\"name\":\"zoo\"}"));
    json_decref(ask(w, "{\"do\":\"revoke\",\"who\":\"host2\"}"));
    answer = ask(w, "{\"do\":\"members\"}");
    assert_string_equal(names_of(json_object_get(answer, "members"), names, sizeof(names)),
                        "attic host1 host2 host4 zoo ");
    json_decref(answer);
    world_free(w);
}

static void an_invite_is_a_url_that_admits_so_many(void **state)
{
    struct world *w = world_new(NULL);
    json_t *answer = ask(w, "{\"do\":\"invite\",\"uses\":2,\"name\":\"guest\"}");
    struct url url;
    char error[URL_ERROR_SIZE];
    const char *text = json_string_value(json_object_get(answer, "url"));

    (void)state;
    assert_int_equal(url_parse(&url, text, strlen(text), error), ERR_OK);
    assert_memory_equal(url.key, w->relay.ziglan_identity.public_key, KEY_SIZE);
    assert_string_equal(url.name, "home");
    assert_true(url.has_invite);
    for (int i = 0; i < 3; i++) {
        client_dial(w, &w->clients[i]);
        client_join(w, &w->clients[i], url.invite, "whatever");
    }
    assert_string_equal(
        client_got(w, &w->clients[0], ZIGLAN__CONTROL__BODY_JOINED)->joined->granted_name, "guest");
    assert_non_null(client_got(w, &w->clients[1], ZIGLAN__CONTROL__BODY_JOINED));
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_INVITE_INVALID);
    json_decref(answer);
    world_free(w);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "(none)";
}

/* How many invites are listed; *out is the one with this id, borrowed from *answer. */
static size_t listed(struct world *w, const char *id, json_t **answer, const json_t **out)
{
    const json_t *invite;
    size_t i, count;

    *answer = ask(w, "{\"do\":\"invites\"}");
    *out = NULL;
    json_array_foreach(json_object_get(*answer, "invites"), i, invite)
    {
        if (strcmp(text_of(invite, "id"), id) == 0) {
            *out = invite;
        }
    }
    count = json_array_size(json_object_get(*answer, "invites"));
    return count;
}

static void an_invite_ends_after_seven_days_unless_told_otherwise(void **state)
{
    struct world *w = world_new(NULL);
    json_t *answer = ask(w, "{\"do\":\"invite\"}");

    (void)state;
    assert_memory_equal(text_of(answer, "expires"), "2026-01-08T00:00:", 17); /* the world began
                                                                                 on the 1st */
    json_decref(answer);
    answer = ask(w, "{\"do\":\"invite\",\"expires_ms\":0}");
    assert_string_equal(text_of(answer, "expires"), "");
    json_decref(answer);
    world_free(w);
}

static void invites_are_listed_with_what_is_left_of_them(void **state)
{
    struct world *w = world_new(NULL);
    json_t *made = ask(w, "{\"do\":\"invite\",\"uses\":2,\"name\":\"guest\"}");
    json_t *answer;
    const json_t *row;
    struct url url;
    char error[URL_ERROR_SIZE];

    (void)state;
    must(url_parse(&url, text_of(made, "url"), strlen(text_of(made, "url")), error), "url_parse");
    assert_int_equal(listed(w, text_of(made, "id"), &answer, &row), 1);
    assert_non_null(row);
    assert_string_equal(text_of(row, "name"), "guest");
    assert_string_equal(text_of(row, "expires"), text_of(made, "expires"));
    assert_int_equal(json_integer_value(json_object_get(row, "uses")), 2);
    assert_int_equal(json_integer_value(json_object_get(row, "used")), 0);
    json_decref(answer);
    client_dial(w, &w->clients[0]);
    client_join(w, &w->clients[0], url.invite, "whatever");
    assert_int_equal(listed(w, text_of(made, "id"), &answer, &row), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "uses")), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "used")), 1);
    json_decref(answer);
    client_dial(w, &w->clients[1]);
    client_join(w, &w->clients[1], url.invite, "whatever");
    assert_int_equal(listed(w, "", &answer, &row), 0);
    json_decref(answer);
    json_decref(made);
    world_free(w);
}

static void a_withdrawn_invite_admits_nobody(void **state)
{
    struct world *w = world_new(NULL);
    json_t *made = ask(w, "{\"do\":\"invite\",\"uses\":5}");
    json_t *other = ask(w, "{\"do\":\"invite\",\"uses\":5}");
    json_t *answer;
    const json_t *row;
    struct url url;
    char error[URL_ERROR_SIZE];
    char request[2600];

    (void)state;
    must(url_parse(&url, text_of(made, "url"), strlen(text_of(made, "url")), error), "url_parse");
    client_dial(w, &w->clients[0]);
    client_join(w, &w->clients[0], url.invite, "first");
    assert_int_equal(listed(w, "", &answer, &row), 2);
    json_decref(answer);
    (void)snprintf(request, sizeof(request), "{\"do\":\"uninvite\",\"invite\":\"%s\"}",
                   text_of(made, "id"));
    answer = ask(w, request);
    assert_string_equal(text_of(answer, "id"), text_of(made, "id"));
    json_decref(answer);
    refused(w, request, 1, "there is no invite");
    client_dial(w, &w->clients[1]);
    client_join(w, &w->clients[1], url.invite, "second");
    assert_int_equal(client_error(w, &w->clients[1]), VERDICT_INVITE_INVALID);
    /* The URL that somebody finds again names it, too. */
    (void)snprintf(request, sizeof(request), "{\"do\":\"uninvite\",\"invite\":\"%s\"}",
                   text_of(other, "url"));
    answer = ask(w, request);
    assert_string_equal(text_of(answer, "id"), text_of(other, "id"));
    json_decref(answer);
    assert_int_equal(listed(w, "", &answer, &row), 0);
    json_decref(answer);
    json_decref(made);
    json_decref(other);
    world_free(w);
}

static void names_are_given_and_freed_by_the_operators_word(void **state)
{
    struct world *w = world_new(NULL);
    char key[KEY_TEXT_SIZE];
    char part[200];
    json_t *answer;

    (void)state;
    world_members(w, 2);
    (void)key_text(w->clients[0].identity.public_key, key);
    (void)snprintf(part, sizeof(part), "host0 (%s, online); if its host is no more: relayd forget",
                   key);
    refused(w, "{\"do\":\"rename\",\"who\":\"host1\",\"name\":\"host0\"}", 1, part);
    refused(w, "{\"do\":\"rename\",\"who\":\"host1\",\"name\":\"a.b\"}", 2, "not usable");
    refused(w, "{\"do\":\"rename\",\"name\":\"nas\"}", 2, "missing");
    refused(w, "{\"do\":\"forget\"}", 2, "missing");
    answer = ask(w, "{\"do\":\"forget\",\"who\":\"host0\"}");
    assert_string_equal(text_of(answer, "key"), key);
    assert_string_equal(text_of(answer, "before"), "member");
    assert_true(json_is_true(json_object_get(answer, "online")));
    json_decref(answer);
    answer = ask(w, "{\"do\":\"rename\",\"who\":\"HOST1\",\"name\":\"host0\"}");
    assert_string_equal(text_of(answer, "name"), "host0");
    assert_string_equal(text_of(answer, "former"), "host1");
    json_decref(answer);
    world_free(w);
}

/* The member of a name went, and another has it with a number: which one is meant? */
static void a_revocation_that_could_meet_several_names_them(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    char key[KEY_TEXT_SIZE];
    char part[200];
    json_t *answer;

    (void)state;
    world_members(w, 1);
    world_invite(w, 1, invite);
    client_dial(w, &w->clients[1]);
    client_join(w, &w->clients[1], invite, "host0");
    client_ask(&w->clients[0], ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    (void)snprintf(part, sizeof(part), "host0 (%s, left)",
                   key_text(w->clients[0].identity.public_key, key));
    refused(w, "{\"do\":\"revoke\",\"who\":\"host0\"}", 1, part);
    (void)snprintf(part, sizeof(part), "host0-2 (%s, online)",
                   key_text(w->clients[1].identity.public_key, key));
    refused(w, "{\"do\":\"revoke\",\"who\":\"host0\"}", 1, part);
    answer = ask(w, "{\"do\":\"revoke\",\"who\":\"host0-2\"}");
    assert_string_equal(text_of(answer, "key"), key);
    assert_string_equal(text_of(answer, "before"), "member");
    json_decref(answer);
    world_free(w);
}

/* The longest names: who is asked to give a key must not get half of one. */
static void a_choice_among_many_shows_whole_keys(void **state)
{
    struct world *w = world_new(NULL);
    char name[NAME_TEXT_SIZE] = "";
    uint8_t invite[INVITE_SIZE];
    char request[200];
    const char *text;
    json_t *answer;

    (void)state;
    memset(name, 'a', NAME_SIZE_MAX);
    world_invite(w, 4, invite);
    for (int i = 0; i < 4; i++) {
        client_dial(w, &w->clients[i]);
        client_join(w, &w->clients[i], invite, name);
    }
    (void)snprintf(request, sizeof(request), "{\"do\":\"revoke\",\"who\":\"%s\"}", name);
    json_decref(ask(w, request));
    memset(name, 'a', NAME_SIZE_MAX - 2);
    name[NAME_SIZE_MAX - 2] = '\0'; /* what is left of it before -2, -3 and -4 */
    (void)snprintf(request, sizeof(request), "{\"do\":\"revoke\",\"who\":\"%s\"}", name);
    answer = ask(w, request);
    text = text_of(answer, "error");
    assert_true(strlen(text) < FAULT_TEXT_SIZE - 1);
    assert_string_equal(text + strlen(text) - strlen("), ..."), "), ...");
    json_decref(answer);
    world_free(w);
}

/* What the core logged at info level since it was made. */
static char log_text[4096];

static void log_keep(void *context, enum trace_level level, const char *event, const char *text)
{
    size_t used = strlen(log_text);

    (void)context;
    if (level <= TRACE_LEVEL_INFO) {
        (void)snprintf(log_text + used, sizeof(log_text) - used, "%s %s\n", event, text);
    }
}

static void logged(const char *format, ...) PRINTF_LIKE(1, 2);

static void logged(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (strstr(log_text, line) == NULL) {
        fail_msg("the log does not say: %s\nbut:\n%s", line, log_text);
    }
}

static void the_log_tells_who_was_let_in_and_thrown_out(void **state)
{
    struct world *w = world_new(NULL);
    struct url url;
    char error[URL_ERROR_SIZE];
    char peer[KEY_SHORT_SIZE];
    json_t *answer;
    const char *id, *secret;
    char token[27];

    (void)state;
    relay_node_stop(&w->relay);
    log_text[0] = '\0';
    w->ports.note = log_keep;
    world_core_start(w);
    answer = ask(w, "{\"do\":\"invite\",\"uses\":2,\"expires_ms\":1767312000000}");
    id = json_string_value(json_object_get(answer, "id"));
    secret = json_string_value(json_object_get(answer, "url"));
    must(url_parse(&url, secret, strlen(secret), error), "url_parse");
    (void)snprintf(token, sizeof(token), "%s", strstr(secret, "invite=") + strlen("invite="));
    assert_non_null(id);
    assert_int_equal(strlen(id), 10);
    logged("ziglan.invited invite=%s uses=2 expires=2026-01-02T00:00:00Z\n", id);
    for (int i = 0; i < 2; i++) {
        client_dial(w, &w->clients[i]);
        client_join(w, &w->clients[i], url.invite, i == 0 ? "nas" : "desk");
    }
    (void)key_short(w->clients[0].identity.public_key, peer);
    logged("ziglan.joined peer=%s name=nas invite=%s\n", peer, id);
    client_join(w, &w->clients[0], NULL, "nas"); /* a member that only comes again */
    json_decref(ask(w, "{\"do\":\"revoke\",\"who\":\"nas\"}"));
    logged("ziglan.revoked peer=%s name=nas\n", peer);
    json_decref(ask(w, "{\"do\":\"revoke\",\"who\":\"nas\"}"));
    json_decref(ask(w, "{\"do\":\"revoke\",\"who\":\"nas\",\"undo\":true}"));
    logged("ziglan.restored peer=%s\n", peer);
    client_ask(&w->clients[1], ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    logged("ziglan.left peer=%s name=desk\n", key_short(w->clients[1].identity.public_key, peer));
    json_decref(ask(w, "{\"do\":\"invite\",\"name\":\"guest\",\"expires_ms\":0}"));
    logged("uses=1 expires=never name=guest\n");
    assert_int_equal(world_counters(w).revocations, 1); /* once, although it was asked twice */
    assert_null(strstr(strstr(log_text, "ziglan.revoked") + 1, "ziglan.revoked"));
    assert_null(strstr(strstr(log_text, "name=nas invite") + 1, "name=nas invite"));
    assert_null(strstr(log_text, token));
    json_decref(answer);
    world_free(w);
}

static void wrong_requests_get_a_sentence_and_a_code(void **state)
{
    struct world *w = world_new(NULL);

    (void)state;
    refused(w, "{}", 2, "no \"do\"");
    refused(w, "{\"do\":7}", 2, "no \"do\"");
    refused(w, "{\"do\":\"dance\"}", 2, "knows no 'dance'");
    refused(w, "{\"do\":\"invite\",\"uses\":0}", 2, "uses must be");
    refused(w, "{\"do\":\"invite\",\"uses\":\"3\"}", 2, "uses must be");
    refused(w, "{\"do\":\"invite\",\"expires_ms\":-1}", 2, "expires_ms must be");
    refused(w, "{\"do\":\"invite\",\"expires_ms\":1000}", 1, "no invite was made");
    refused(w, "{\"do\":\"invite\",\"name\":\"a.b\"}", 2, "not usable");
    refused(w, "{\"do\":\"invite\",\"name\":3}", 2, "not usable");
    refused(w, "{\"do\":\"uninvite\"}", 2, "which invite is missing");
    refused(w, "{\"do\":\"uninvite\",\"invite\":\"\"}", 1, "there is no invite ''");
    refused(w, "{\"do\":\"revoke\"}", 2, "missing");
    refused(w, "{\"do\":\"revoke\",\"who\":\"nobody\"}", 1, "no member 'nobody'");
    refused(w, "{\"do\":\"revoke\",\"who\":\"\\u00e4\\u0007\"}", 1, "no member '\u00e4?'");
    refused(w, "{\"do\":\"revoke\",\"who\":\"nobody\",\"undo\":true}", 1, "no revoked member");
    store_memory_fail_commit(w->relay.store, true);
    refused(w, "{\"do\":\"invite\"}", 1, "no invite was made");
    world_free(w);
}

static void status_tells_what_runs(void **state)
{
    struct world *w = world_new(NULL);
    json_t *answer;

    (void)state;
    world_members(w, 2);
    answer = ask(w, "{\"do\":\"status\"}");
    assert_int_equal(json_integer_value(json_object_get(answer, "members")), 2);
    assert_int_equal(json_integer_value(json_object_get(answer, "sessions")), 2);
    assert_int_equal(json_integer_value(json_object_get(answer, "strangers")), 0);
    assert_true(json_is_true(json_object_get(answer, "store_healthy")));
    json_decref(answer);
    world_free(w);
}

static void status_tells_pools_and_rewards(void **state)
{
    struct relay_config cfg = {.pools = {.apps = {"chess"}, .apps_count = 1},
                               .rewards = {.list = {{"sol", "abc", "me"}}, .count = 1}};
    struct world *w = world_new(&cfg);
    json_t *answer = ask(w, "{\"do\":\"status\"}");
    char *pools = json_dumps(json_object_get(answer, "pools"), JSON_COMPACT);
    char *rewards = json_dumps(json_object_get(answer, "rewards"), JSON_COMPACT);

    (void)state;
    assert_string_equal(pools, "[{\"app\":\"chess\",\"size\":0,\"limit\":500}]");
    assert_string_equal(rewards, "[{\"chain\":\"sol\",\"address\":\"abc\",\"identity\":\"me\"}]");
    free(pools);
    free(rewards);
    json_decref(answer);
    world_free(w);
}

/* The names of the members in this order. */
static void in_order(struct world *w, const char *order, const char *want)
{
    char request[64], names[8] = "";
    json_t *answer;
    json_t *member;
    size_t i;

    (void)snprintf(request, sizeof(request), "{\"do\":\"members\",\"sort\":\"%s\"}", order);
    answer = ask(w, request);
    json_array_foreach(json_object_get(answer, "members"), i, member)
    {
        names[i] = json_string_value(json_object_get(member, "name"))[strlen("host")];
    }
    if (strcmp(names, want) != 0) {
        fail_msg("by %s: %s, not %s", order, names, want);
    }
    json_decref(answer);
}

static void members_are_sorted_as_asked_for(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = w->clients;
    char request[128];

    (void)state;
    world_members(w, 3);
    assert_true(client_frame_passes(w, &c[1], &c[2]));
    assert_true(client_frame_passes(w, &c[2], &c[1]));
    assert_true(client_frame_passes(w, &c[0], &c[1]));
    link_hub_close(c[2].hub, c[2].handle, 0, "bye", w->now);
    world_run(w, 2000);
    link_hub_close(c[0].hub, c[0].handle, 0, "bye", w->now);
    world_run(w, 2000);
    (void)snprintf(request, sizeof(request),
                   "{\"do\":\"expire\",\"who\":\"host2\",\"ends_ms\":%llu}",
                   (unsigned long long)env_wall_ms(&w->ports.env) + 1000000);
    json_decref(ask(w, request));
    in_order(w, "name", "012");
    in_order(w, "seen", "102");
    in_order(w, "traffic", "120");
    in_order(w, "joined", "201"); /* the first two in the same second */
    in_order(w, "expires", "201");
    refused(w, "{\"do\":\"members\",\"sort\":\"size\"}", EXIT_CODE_USAGE,
            "sorted by name, seen, traffic, joined or expires");
    world_free(w);
}

static void ends_groups_and_notes_are_told_as_they_are(void **state)
{
    struct world *w = world_new(NULL);
    json_t *answer;
    json_t *member;

    (void)state;
    world_members(w, 1);
    json_decref(ask(w, "{\"do\":\"group\",\"who\":\"host0\",\"add\":[\"family\",\"tv\"]}"));
    json_decref(ask(w, "{\"do\":\"note\",\"who\":\"host0\",\"note\":\"Zoë's\"}"));
    answer = ask(w, "{\"do\":\"members\"}");
    member = json_array_get(json_object_get(answer, "members"), 0);
    assert_string_equal(json_string_value(json_object_get(member, "note")), "Zoë's");
    assert_int_equal(json_array_size(json_object_get(member, "groups")), 2);
    assert_string_equal(json_string_value(json_object_get(member, "ends")), "");
    assert_true(json_is_false(json_object_get(member, "ended")));
    assert_int_equal(json_integer_value(json_object_get(member, "seen_ms")), 0);
    assert_int_equal(strlen(json_string_value(json_object_get(member, "joined"))),
                     strlen("2026-12-31T12:00:00Z"));
    json_decref(answer);
    refused(w, "{\"do\":\"group\",\"who\":\"host0\",\"add\":[\"No Group\"]}", EXIT_CODE_USAGE,
            "'No Group' is no name of a group");
    refused(w, "{\"do\":\"group\",\"who\":\"host0\",\"add\":[7]}", EXIT_CODE_USAGE, "no name");
    refused(w, "{\"do\":\"expire\",\"who\":\"host0\",\"ends_ms\":5}", EXIT_CODE_USAGE, "past");
    refused(w, "{\"do\":\"expire\",\"who\":\"nas\",\"ends_ms\":0}", EXIT_CODE_FAILURE,
            "there is no member 'nas'");
    refused(w, "{\"do\":\"note\",\"note\":\"x\"}", EXIT_CODE_USAGE, "missing");
    answer = ask(w, "{\"do\":\"invite\",\"note\":\"for Zoë\",\"groups\":[\"family\"]}");
    assert_string_equal(json_string_value(json_object_get(answer, "note")), "for Zoë");
    json_decref(answer);
    answer = ask(w, "{\"do\":\"invites\"}");
    assert_int_equal(json_array_size(json_object_get(answer, "invites")), 1);
    member = json_array_get(json_object_get(answer, "invites"), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(member, "groups"), 0)),
                        "family");
    json_decref(answer);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_listed_with_what_they_do),
        cmocka_unit_test(members_are_listed_by_name),
        cmocka_unit_test(an_invite_is_a_url_that_admits_so_many),
        cmocka_unit_test(an_invite_ends_after_seven_days_unless_told_otherwise),
        cmocka_unit_test(invites_are_listed_with_what_is_left_of_them),
        cmocka_unit_test(a_withdrawn_invite_admits_nobody),
        cmocka_unit_test(names_are_given_and_freed_by_the_operators_word),
        cmocka_unit_test(a_revocation_that_could_meet_several_names_them),
        cmocka_unit_test(a_choice_among_many_shows_whole_keys),
        cmocka_unit_test(the_log_tells_who_was_let_in_and_thrown_out),
        cmocka_unit_test(wrong_requests_get_a_sentence_and_a_code),
        cmocka_unit_test(status_tells_what_runs),
        cmocka_unit_test(status_tells_pools_and_rewards),
        cmocka_unit_test(members_are_sorted_as_asked_for),
        cmocka_unit_test(ends_groups_and_notes_are_told_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
