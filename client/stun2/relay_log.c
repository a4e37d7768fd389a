/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each cause has a number of its own, for the gate of the log. */
#include "client/stun2/relay_log.h"

#include "proto/wire/verdict.h"

#include <stdio.h>

/* What a line of the log is about, for its gate: reasons of the link, then these. */
enum {
    CAUSE_GO_AWAY = 16, /* and the reason of the GoAway */
    CAUSE_REFUSED = 24,
    CAUSE_ERROR,
    CAUSE_TOO_FAST,
    TELL_SIZE = CONTROL_TEXT_SIZE_MAX + 64,
};

/* A relay's text as the value of a field: a quote of its own would end that, and begin others. */
static const char *field(char out[CONTROL_TEXT_SIZE_MAX + 1], const char *text)
{
    (void)snprintf(out, CONTROL_TEXT_SIZE_MAX + 1, "%s", text);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '"' ? '\'' : *at;
    }
    return out;
}

/* Keep it for who asks why. */
static void note(struct relay_log *log, const char *text, struct mono now)
{
    (void)snprintf(log->refused, sizeof(log->refused), "%s", text);
    log->refused_at = now;
}

/* The session ended; `more` ends the line. */
static void tell_end(struct relay_log *log, enum trace_level level, unsigned cause,
                     const char *reason, const char *more, struct mono now)
{
    uint32_t left_out;

    if (log_gate_take(&log->gate, cause, &left_out, now)) {
        env_trace(log->env, level, "relay.closed", "reason=%s left_out=%u%s", reason,
                  (unsigned)left_out, more);
    }
}

void relay_log_closed(struct relay_log *log, enum link_reason reason, struct mono now)
{
    tell_end(log, TRACE_LEVEL_INFO, reason, link_reason_name(reason), "", now);
}

/* What to do about a relay that sent us away, where it does not say so itself. */
static const char *hint_of(uint32_t reason)
{
    static const char *const hints[] = {
        [GOAWAY_SHUTDOWN] = "",
        [GOAWAY_REPLACED] = "another host with this key took this one's place; give each host a "
                            "key of its own",
        [GOAWAY_REVOKED] = "this host was removed from the ziglan; only its operator can let it "
                           "in again",
        [GOAWAY_BUSY] = "the relay is full, or this host came too often",
        [GOAWAY_NOT_ADMITTED] = "this host did not join in time, or its membership is over",
        [GOAWAY_FORGOTTEN] = "the operator removed this host from the ziglan; another invite lets "
                             "it in again",
    };

    return reason < sizeof(hints) / sizeof(hints[0]) ? hints[reason] : "";
}

void relay_log_go_away(struct relay_log *log, const Ziglan__GoAway *go_away, uint64_t wait_ms,
                       struct mono now)
{
    uint32_t reason = go_away->reason;
    const char *hint = go_away->text[0] != '\0' ? go_away->text : hint_of(reason);
    uint32_t cause = reason <= GOAWAY_FORGOTTEN ? reason : GOAWAY_FORGOTTEN + 1;
    char more[TELL_SIZE], value[CONTROL_TEXT_SIZE_MAX + 1];

    (void)snprintf(more, sizeof(more), " again_in_s=%u%s%s%s", (unsigned)(wait_ms / 1000),
                   hint[0] != '\0' ? " hint=\"" : "", field(value, hint),
                   hint[0] != '\0' ? "\"" : "");
    note(log, hint, now);
    tell_end(log, reason == GOAWAY_SHUTDOWN ? TRACE_LEVEL_INFO : TRACE_LEVEL_WARN,
             CAUSE_GO_AWAY + cause, goaway_name(reason), more, now);
}

void relay_log_refused(struct relay_log *log, const Ziglan__Error *error, struct mono now)
{
    char value[CONTROL_TEXT_SIZE_MAX + 1];
    uint32_t left_out;

    if (log_gate_take(&log->gate, CAUSE_REFUSED, &left_out, now)) {
        env_trace(log->env, TRACE_LEVEL_WARN, "ziglan.refused", "reason=%s text=\"%s\" left_out=%u",
                  verdict_name((enum verdict)error->code), field(value, error->text),
                  (unsigned)left_out);
    }
}

/* One line of a cause, and what is kept. */
static void tell_refused(struct relay_log *log, unsigned cause, const char *reason,
                         const char *text, struct mono now)
{
    char value[CONTROL_TEXT_SIZE_MAX + 1];
    uint32_t left_out;

    note(log, text, now);
    if (log_gate_take(&log->gate, cause, &left_out, now)) {
        env_trace(log->env, TRACE_LEVEL_INFO, "relay.refused", "reason=%s text=\"%s\" left_out=%u",
                  reason, field(value, text), (unsigned)left_out);
    }
}

void relay_log_error(struct relay_log *log, const Ziglan__Error *error, struct mono now)
{
    if (error->code != VERDICT_NOT_FOUND && error->code != VERDICT_REFUSED) {
        tell_refused(log, CAUSE_ERROR, verdict_name((enum verdict)error->code), error->text, now);
    }
}

void relay_log_too_fast(struct relay_log *log, enum gone_reason reason, struct mono now)
{
    bool own = reason == GONE_OVER_RATE;

    tell_refused(log, CAUSE_TOO_FAST, own ? "rate" : "bandwidth",
                 own ? "this host sends more than this relay forwards for who is no member of its "
                       "ziglan; what is beyond that is lost. An invite, or a direct path, ends that"
                     : "all hosts together send more than the owner of this relay gives "
                       "(bandwidth); what is beyond that is lost. Use another relay, or ask its "
                       "owner",
                 now);
}
