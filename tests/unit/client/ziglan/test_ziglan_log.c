/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why the session to a relay ended stands in the log of the host, in words, and not too often. */
#include "client/core/core_internal.h"
#include "client/core/telling.h"

#include "relayd/core/core_internal.h"
#include "tests/support/host_fixture.h"

enum { LINE_SIZE = 256 };

/* The last line of the event that a test looks for, and how many there were. */
struct lines {
    const char *event;
    char last[LINE_SIZE];
    unsigned count;
};

static void on_line(void *context, enum trace_level level, const char *event, const char *text)
{
    struct lines *lines = context;

    (void)level;
    if (strcmp(event, lines->event) == 0) {
        (void)snprintf(lines->last, sizeof(lines->last), "%s", text);
        lines->count++;
    }
}

static struct lab *lab_with(struct lines *lines)
{
    struct lab *lab = lab_joined();

    lab->ports.note = on_line;
    lab->ports.note_context = lines;
    return lab;
}

/* The relay sends host 0 away for this reason. */
static void send_away(struct lab *lab, enum goaway reason, uint32_t again_in_ms)
{
    struct relay_core *core = lab->relay.core;
    struct relay_client *client =
        session_table_of_key(&core->base.sessions, lab->hosts[0].identity.public_key);

    assert_non_null(client);
    session_send_away(&core->session, client, reason, again_in_ms, lab->now);
    (void)relay_node_pump(&lab->relay, lab->now);
    run_ms(lab, 200);
}

static void each_goaway_has_its_word(void **state)
{
    static const struct {
        enum goaway reason;
        const char *word;
    } cases[] = {
        {GOAWAY_SHUTDOWN, "reason=stopped"},          {GOAWAY_REPLACED, "reason=replaced"},
        {GOAWAY_REVOKED, "reason=revoked"},           {GOAWAY_BUSY, "reason=busy"},
        {GOAWAY_NOT_ADMITTED, "reason=not_admitted"}, {GOAWAY_FORGOTTEN, "reason=forgotten"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lines lines = {.event = "relay.closed"};
        struct lab *lab = lab_with(&lines);

        send_away(lab, cases[i].reason, 2000);
        assert_int_equal(lines.count, 1);
        assert_ptr_equal(strstr(lines.last, cases[i].word), lines.last);
        lab_free(lab);
    }
}

static void one_line_a_minute_and_reason_is_written(void **state)
{
    struct lines lines = {.event = "relay.closed"};
    struct lab *lab = lab_with(&lines);

    (void)state;
    for (int i = 0; i < 5; i++) {
        send_away(lab, GOAWAY_SHUTDOWN, 100);
        run_ms(lab, 2000);
    }
    assert_int_equal(lines.count, 1);
    run_ms(lab, 60000);
    send_away(lab, GOAWAY_SHUTDOWN, 100);
    assert_int_equal(lines.count, 2);
    assert_non_null(strstr(lines.last, "left_out=4"));
    lab_free(lab);
}

static void the_link_ends_for_reasons_with_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= LINK_REASON_CLOCK; i++) {
        assert_string_not_equal(link_reason_name((enum link_reason)i), "unknown");
    }
    assert_string_equal(link_reason_name((enum link_reason)(LINK_REASON_CLOCK + 1)), "unknown");
    assert_string_equal(goaway_name(GOAWAY_FORGOTTEN + 1), "unknown");
    assert_string_equal(goaway_name(UINT32_MAX), "unknown");
}

/* A relay may give a reason that this version does not know. */
static void an_unknown_reason_does_no_harm(void **state)
{
    struct lines lines = {.event = "relay.closed"};
    struct lab *lab = lab_with(&lines);
    struct ziglan *ziglan = ziglan_at(lab, 0);
    Ziglan__GoAway go_away = ZIGLAN__GO_AWAY__INIT;

    (void)state;
    go_away.reason = UINT32_MAX;
    go_away.text = control_text("come \"tomorrow\"");
    ziglan_on_go_away(ziglan, ziglan->entry_point, &go_away, lab->now);
    assert_non_null(strstr(lines.last, "reason=unknown"));
    assert_non_null(strstr(lines.last, "hint=\"come 'tomorrow'\""));
    assert_string_equal(ziglan->entry_point->log.refused, "come \"tomorrow\"");
    lab_free(lab);
}

/* The relay says something to host 0. */
static void relay_say(struct lab *lab, const Ziglan__Control *message)
{
    struct relay_core *core = lab->relay.core;

    reply_send(&core->base.reply,
               session_table_of_key(&core->base.sessions, lab->hosts[0].identity.public_key),
               message);
    (void)relay_node_pump(&lab->relay, lab->now);
    run_ms(lab, 100);
}

static void what_a_relay_refuses_stands_in_the_log_and_is_kept(void **state)
{
    static const struct {
        enum verdict verdict;
        unsigned lines;
    } cases[] = {
        {VERDICT_LIMIT, 1}, {VERDICT_UNSUPPORTED, 1}, {VERDICT_NOT_FOUND, 0}, {VERDICT_REFUSED, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lines lines = {.event = "relay.refused"};
        struct lab *lab = lab_with(&lines);
        Ziglan__Error error = ZIGLAN__ERROR__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        error.code = (uint32_t)cases[i].verdict;
        error.text = control_text("it says \"so\" left_out=7");
        message.request_id = TELLING_REQUEST_ID;
        message.body_case = ZIGLAN__CONTROL__BODY_ERROR;
        message.error = &error;
        relay_say(lab, &message);
        relay_say(lab, &message); /* once a minute */
        assert_int_equal(lines.count, cases[i].lines);
        if (cases[i].lines > 0) { /* its quotes end no field */
            assert_non_null(strstr(lines.last, " text=\"it says 'so' left_out=7\" left_out=0"));
        }
        assert_string_equal(ziglan_at(lab, 0)->entry_point->log.refused,
                            cases[i].lines > 0 ? "it says \"so\" left_out=7" : "");
        lab_free(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_goaway_has_its_word),
        cmocka_unit_test(one_line_a_minute_and_reason_is_written),
        cmocka_unit_test(the_link_ends_for_reasons_with_words),
        cmocka_unit_test(an_unknown_reason_does_no_harm),
        cmocka_unit_test(what_a_relay_refuses_stands_in_the_log_and_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
