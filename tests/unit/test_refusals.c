/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table "What a relay refuses" of docs/security.md against the counters, codes and sentences of
 * the sources. That the tests which it names exist is asked by test_threat_model. */
#include "proto/wire/control.h"
#include "proto/wire/verdict.h"
#include "relayd/base/counters.h"
#include "relayd/service/session_refusal.h"
#include "tests/support/fixture.h"

#include <ctype.h>
#include <glob.h>

enum { NAME_SIZE = 80, SENTENCE_MAX = 256 };

/* Every counter as "family value", or "family" if it has no label. */
static const struct {
    const char *family, *labels;
} counters[] = {
#define ROW(field, family, labels, help) {family, labels},
    RELAY_COUNTERS(ROW) RELAY_LINK_COUNTERS(ROW) RELAY_PUNCH_COUNTERS(ROW)
        RELAY_PRESENCE_COUNTERS(ROW) RELAY_LOCATE_COUNTERS(ROW) RELAY_NODE_COUNTERS(ROW)
            RELAY_POOL_COUNTERS(ROW) RELAY_FIND_COUNTERS(ROW)
#undef ROW
};

enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };

/* What was served or is only told of. A new counter goes here or into the table. */
static const char *const no_refusals[] = {
    "received_datagrams_total",
    "received_bytes_total",
    "forwarded_packets_total",
    "forwarded_bytes_total",
    "relayed_packets_total out",
    "relayed_packets_total in",
    "relayed_bytes_total out",
    "relayed_bytes_total in",
    "lane_packets_total",
    "lane_bytes_total",
    "worker_packets_total forwarded",
    "worker_packets_total answered",
    "worker_packets_total handed",
    "lane_events_total opened",
    "lane_events_total closed",
    "lane_events_total chained",
    "lane_binds_total bound",
    "lane_binds_total challenged",
    "gone_total sent",
    "stun_requests_total answered",
    "stun_requests_total lent",
    "lend_requests_total cookie",
    "live_requests_total cookie",
    "live_requests_total begun",
    "lend_requests_total begun",
    "lent_jobs_total sent",
    "sessions_opened_total",
    "sessions_closed_total ended",
    "neighbours_opened_total",
    "clock_steps_total",
    "copies_total",
    "session_moves_total",
    "joins_total ok",
    "lookups_total",
    "attachments_total ok",
    "foreign_attachments_total ok",
    "locates_total served",
    "locates_total served_relay",
    "node_lookups_total served",
    "words_total asked",
    "words_total answered_us",
    "words_total answered",
    "frame_words_total sent",
    "frame_words_total taken_there",
    "frame_words_total sent_again",
    "frame_words_total opened",
    "frame_words_total taken",
    "changes_messages_total",
    "revocations_total",
    "http_requests_total 200",
    "connection_events_total accepted",
    "connection_events_total opened",
    "connection_events_total closed",
    "stateless_answers_total retry",
    "stateless_answers_total reset",
    "stateless_answers_total version",
    "session_datagrams_total out",
    "session_datagrams_total in",
    "session_datagram_capsules_total",
    "control_messages_total out",
    "control_messages_total in",
    "punch_requests_total",
    "punch_results_total accepted",
    "punch_results_total direct",
    "punch_results_total failed",
    "punch_updates_total",
    "presence_announced_total new",
    "presence_announced_total renewed",
    "presence_announced_total repeated",
    "presence_forgotten_total absent",
    "presence_forgotten_total expired",
    "lookups_of_places_total found",
    "lookups_of_places_total absent",
    "lookups_of_places_total silent",
    "lookups_of_places_total joined",
    "lookups_of_places_total cached",
    "lookup_answers_total good",
    "lookup_answers_total empty",
    "lookup_answers_total failed",
    "node_records_total known",
    "node_records_total older",
    "node_records_total own",
    "node_records_total vouched",
    "node_records_total believed",
    "nodes_forgotten_total expired",
    "node_dials_total begun",
    "node_dials_total reached",
    "pool_joins_total ok",
    "pool_picks_total ok",
    "searches_total asked",
    "searches_total known",
    "searches_total begun",
    "searches_total enough",
    "searches_total time_over",
    "search_queries_total taken",
    "search_queries_total sent",
    "search_results_total taken",
    "search_results_total relay_passed",
};

/* ---- the documents ---- */

/* The rows of the table, as one text that is to be freed. */
static char *table_text(void)
{
    char *text = fixture_file_text(TESTS_DIR "/../docs/security.md");
    char *begin = strstr(text, "| what is refused |");
    char *end = begin == NULL ? NULL : strstr(begin, "\n\n");
    char *out;

    assert_non_null(begin);
    assert_non_null(end);
    out = strndup(begin, (size_t)(end - begin));
    assert_non_null(out);
    free(text);
    return out;
}

/* Append a file without what separates the parts of a long string. */
static void source_add(char **all, size_t *size, const char *path)
{
    char *text = fixture_file_text(path);
    size_t text_size = strlen(text);

    *all = realloc(*all, *size + text_size + 1);
    assert_non_null(*all);
    for (const char *at = text; *at != '\0';) {
        size_t space = at[0] == '"' ? strspn(at + 1, " \n") : 0;

        if (space > 0 && memchr(at + 1, '\n', space) != NULL && at[1 + space] == '"') {
            at += space + 2;
        } else {
            (*all)[(*size)++] = *at++;
        }
    }
    (*all)[*size] = '\0';
    free(text);
}

/* The sources of some folders; to be freed. */
static char *sources_text(const char *const *patterns, size_t count)
{
    char *all = NULL;
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        char pattern[256];
        glob_t found;

        snprintf(pattern, sizeof(pattern), "%s/../%s", TESTS_DIR, patterns[i]);
        assert_int_equal(glob(pattern, 0, NULL, &found), 0);
        for (size_t k = 0; k < found.gl_pathc; k++) {
            source_add(&all, &size, found.gl_pathv[k]);
        }
        globfree(&found);
    }
    return all;
}

/* ---- counters ---- */

static void counter_name(size_t i, char out[NAME_SIZE])
{
    const char *value = strchr(counters[i].labels, '"');

    snprintf(out, NAME_SIZE, "%s", counters[i].family);
    if (value != NULL) {
        snprintf(out + strlen(out), NAME_SIZE - strlen(out), " %.*s", (int)strcspn(value + 1, "\""),
                 value + 1);
    }
}

static bool is_no_refusal(const char *name)
{
    for (size_t i = 0; i < sizeof(no_refusals) / sizeof(no_refusals[0]); i++) {
        if (strcmp(no_refusals[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void every_counter_of_a_refusal_has_a_row(void **state)
{
    char *table = table_text();

    (void)state;
    for (size_t i = 0; i < COUNTERS; i++) {
        char name[NAME_SIZE], quoted[NAME_SIZE + 2];

        counter_name(i, name);
        snprintf(quoted, sizeof(quoted), "`%s`", name);
        if ((strstr(table, quoted) == NULL) != is_no_refusal(name)) {
            fail_msg("%s stands in the table of docs/security.md, or among those that count no "
                     "refusals, and not in both",
                     quoted);
        }
    }
    free(table);
}

static bool is_counter(const char *name)
{
    for (size_t i = 0; i < COUNTERS; i++) {
        char known[NAME_SIZE];

        counter_name(i, known);
        if (strcmp(known, name) == 0) {
            return true;
        }
    }
    return false;
}

static void every_counter_of_the_table_exists(void **state)
{
    char *table = table_text();
    size_t count = 0;

    (void)state;
    for (const char *at = strchr(table, '`'); at != NULL; at = strchr(at + 1, '`')) {
        size_t size = strcspn(at + 1, "`/\n");
        char name[NAME_SIZE];

        snprintf(name, sizeof(name), "%.*s", (int)size, at + 1);
        if (at[1 + size] != '`' || strstr(name, "_total") == NULL) {
            continue;
        }
        if (!is_counter(name)) {
            fail_msg("docs/security.md names the counter %s, which is no more", name);
        }
        count++;
    }
    assert_true(count > 100);
    free(table);
}

/* ---- sentences ---- */

static void every_sentence_of_the_table_is_said(void **state)
{
    static const char *const patterns[] = {"client/*/*.c", "relayd/*/*.c", "proto/wire/*.c"};
    char *table = table_text();
    char *sources = sources_text(patterns, sizeof(patterns) / sizeof(patterns[0]));
    size_t count = 0;

    (void)state;
    for (const char *at = strchr(table, '"'); at != NULL; at = strchr(at + 1, '"')) {
        size_t size = strcspn(at + 1, "\"");
        char sentence[SENTENCE_MAX];

        assert_true(size < sizeof(sentence));
        snprintf(sentence, sizeof(sentence), "%.*s", (int)size, at + 1);
        if (strstr(sources, sentence) == NULL) {
            fail_msg("docs/security.md says \"%s\", and no source does", sentence);
        }
        count++;
        at += 1 + size;
    }
    assert_true(count > 40);
    free(sources);
    free(table);
}

/* The strings in the calls of reply_refuse. */
static void every_sentence_of_an_error_has_a_row(void **state)
{
    static const char *const patterns[] = {"relayd/service/*.c", "relayd/base/control.c",
                                           "relayd/core/*.c"};
    char *table = table_text();
    char *sources = sources_text(patterns, sizeof(patterns) / sizeof(patterns[0]));
    size_t count = 0;

    (void)state;
    for (const char *at = strstr(sources, "reply_refuse("); at != NULL;
         at = strstr(at + 1, "reply_refuse(")) {
        const char *end = strstr(at, ");");
        const char *begin = strchr(at, '"');

        if (begin != NULL && end != NULL && begin < end) {
            char sentence[SENTENCE_MAX];

            snprintf(sentence, sizeof(sentence), "%.*s", (int)strcspn(begin + 1, "\""), begin + 1);
            if (strstr(table, sentence) == NULL) {
                fail_msg("docs/security.md has no row for \"%s\"", sentence);
            }
            count++;
        }
    }
    assert_true(count > 10);
    free(sources);
    free(table);
}

/* ---- codes ---- */

static void every_code_has_a_row(void **state)
{
    char *table = table_text();
    struct relay_counters none = {0};
    char code[32];

    (void)state;
    for (int verdict = VERDICT_BAD_REQUEST; verdict < VERDICT_COUNT; verdict++) {
        assert_non_null(strstr(table, verdict_text((enum verdict)verdict)));
        snprintf(code, sizeof(code), "%s", verdict_name((enum verdict)verdict));
        for (char *at = code; *at != '\0'; at++) {
            *at = (char)toupper((unsigned char)*at);
        }
        assert_non_null(strstr(table, code));
    }
    for (int reason = GOAWAY_SHUTDOWN; reason <= GOAWAY_FORGOTTEN; reason++) {
        snprintf(code, sizeof(code), "GoAway %d", reason);
        assert_non_null(strstr(table, code));
    }
    for (int reason = GONE_NO_SESSION; reason <= GONE_OVER_BANDWIDTH; reason++) {
        snprintf(code, sizeof(code), "Gone %d", reason);
        assert_non_null(strstr(table, code));
    }
    for (int refusal = 0; refusal < SESSION_REFUSAL_COUNT; refusal++) {
        const struct session_refusal_words *words =
            session_refusal_note(&none, (enum session_refusal)refusal);

        assert_non_null(strstr(table, words->text));
    }
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_of_a_refusal_has_a_row),
        cmocka_unit_test(every_counter_of_the_table_exists),
        cmocka_unit_test(every_sentence_of_the_table_is_said),
        cmocka_unit_test(every_sentence_of_an_error_has_a_row),
        cmocka_unit_test(every_code_has_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
