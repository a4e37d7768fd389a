/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A measurement takes as long as what it measures, so it says how far it is. */
#include "client/cli/lifetime.h"

#include "client/admin/lifetime_report.h"
#include "client/cli/ask.h"
#include "client/cli/lines.h"
#include "client/measure/lifetime_run.h"
#include "proto/host/fields.h"
#include "proto/host/os_env.h"

#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 250, LINE_SIZE = 200, WAIT_MS = 330 * 1000 };

static unsigned seconds_of(const json_t *lifetime, const char *kind, const char *field)
{
    return (unsigned)(field_number(json_object_get(lifetime, kind), field) / 1000);
}

/* ---- progress, on a terminal only ---- */

static void progress_print(const json_t *report)
{
    const json_t *lifetime = json_object_get(report, "lifetime");

    if (isatty(STDERR_FILENO) == 1) {
        (void)fprintf(stderr, "\rmeasuring for %u s, 305 s at most; so far at least %u s   ",
                      (unsigned)(field_number(report, "age_ms") / 1000),
                      seconds_of(lifetime, "kept", "alive_ms"));
        (void)fflush(stderr);
    }
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO) == 1) {
        (void)fprintf(stderr, "\r%70s\r", "");
    }
}

static json_t *able_or_fault(json_t *report, struct fault *fault)
{
    progress_end();
    if (report != NULL && json_is_true(json_object_get(report, "unable"))) {
        json_decref(report);
        fault_set(fault, EXIT_CODE_FAILURE,
                  "no lifetime could be measured: the relay is silent, busy or older than this, or "
                  "the network changed meanwhile; try again, or another relay: ziglan netcheck "
                  "--lifetime HOST");
        return NULL;
    }
    return report;
}

/* ---- who measures ---- */

json_t *lifetime_by_daemon(const struct cli *cli, struct fault *fault)
{
    struct mono end = mono_add_ms(clock_mono(), WAIT_MS);
    const struct timespec step = {.tv_nsec = POLL_MS * (long)NS_PER_MS};
    json_t *report = ask_verb(cli, "netcheck_lifetime", "begin", "yes", fault);

    while (report != NULL && json_is_true(json_object_get(report, "pending")) &&
           !mono_due(end, clock_mono())) {
        progress_print(report);
        json_decref(report);
        (void)nanosleep(&step, NULL);
        report = ask_verb(cli, "netcheck_lifetime", NULL, NULL, fault);
    }
    return able_or_fault(report, fault);
}

static void on_poll(struct ev_loop *loop, struct ev_timer *w, int events)
{
    const struct lifetime_run *run = w->data;
    struct lifetime_found found;
    json_t *report;

    (void)events;
    lifetime_run_read(run, &found);
    report = lifetime_report(&found, lifetime_run_age_ms(run) + 1);
    progress_print(report);
    json_decref(report);
    if (lifetime_run_is_done(run)) {
        ev_break(loop, EVBREAK_ALL);
    }
}

json_t *lifetime_by_relays(struct ev_loop *loop, const struct nat_sockets_relays *relays,
                           const struct env *env, struct fault *fault)
{
    struct endpoint list[LIFETIME_RELAYS_MAX];
    struct lifetime_run *run = NULL;
    struct lifetime_found found;
    struct ev_timer poll;
    size_t count = 0;

    for (size_t i = 0; i < NETCHECK_FAMILIES; i++) {
        for (size_t k = 0; k < relays->count[i] && count < LIFETIME_RELAYS_MAX; k++) {
            list[count++] = relays->list[i][k];
        }
    }
    if (lifetime_run_open(&run, loop, env, list, count, fault) != ERR_OK) {
        return NULL;
    }
    ev_timer_init(&poll, on_poll, POLL_MS / 1000.0, POLL_MS / 1000.0);
    poll.data = run;
    ev_timer_start(loop, &poll);
    ev_run(loop, 0);
    ev_timer_stop(loop, &poll);
    lifetime_run_read(run, &found);
    lifetime_run_close(run);
    return able_or_fault(lifetime_report(&found, 0), fault);
}

/* ---- printing ---- */

static void span_print(const char *head, const json_t *lifetime, const char *kind, const char *what)
{
    char text[LINE_SIZE];

    if (seconds_of(lifetime, kind, "gone_ms") == 0) {
        (void)snprintf(text, sizeof(text), "more than %u s: %s",
                       seconds_of(lifetime, kind, "alive_ms"), what);
    } else {
        (void)snprintf(text, sizeof(text), "%u s (more than %u, less than %u): %s",
                       seconds_of(lifetime, kind, "ms"), seconds_of(lifetime, kind, "alive_ms"),
                       seconds_of(lifetime, kind, "gone_ms") + 1, what);
    }
    line_print(head, text);
}

void lifetime_known_print(const json_t *lifetime)
{
    if (json_is_object(lifetime)) {
        span_print("Lifetime", lifetime, "kept", "of mappings used both ways");
    }
}

void lifetime_print(const struct cli *cli, const json_t *report)
{
    const json_t *lifetime = json_object_get(report, "lifetime");
    const json_t *inbound = json_object_get(lifetime, "inbound_keeps");
    const char *answered = field_text(lifetime, "answered_once");

    (void)cli;
    span_print("Kept", lifetime, "kept", "used both ways, as by sessions and direct paths");
    span_print("Unanswered", lifetime, "unanswered", "one packet went out, none came in");
    if (strcmp(answered, "kept") == 0 || strcmp(answered, "unanswered") == 0) {
        line_print("Answered", strcmp(answered, "kept") == 0
                                   ? "one answer makes a mapping last as one that is kept"
                                   : "one answer makes a mapping last no longer");
    }
    if (json_is_boolean(inbound)) {
        line_print("Inbound", json_is_true(inbound) ? "packets from outside keep a mapping, too"
                                                    : "packets from outside do not keep a mapping");
    }
}
