/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each cause has a number of its own, for the gate of the log. */
#include "client/stun2/relay_log.h"

#include "proto/wire/verdict.h"

#include <stdio.h>

/* What a line of the log is about, for its gate: reasons of the link, then these. */
enum {
    CAUSE_GO_AWAY = 16, /* and the reason of the GoAway */
    CAUSE_REFUSED = 24,
    TELL_SIZE = 192,
};

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

void relay_log_go_away(struct relay_log *log, uint32_t reason, uint64_t wait_ms, struct mono now)
{
    static const char *const hints[] = {
        [GOAWAY_SHUTDOWN] = "",
        [GOAWAY_REPLACED] = " hint=\"another host with this key took this one's place; give each "
                            "host a key of its own\"",
        [GOAWAY_REVOKED] = " hint=\"this host was removed from the ziglan; only its operator can "
                           "let it in again\"",
        [GOAWAY_BUSY] = " hint=\"the relay is full, or this host came too often\"",
        [GOAWAY_NOT_ADMITTED] =
            " hint=\"this host did not join in time, or its membership is over\"",
        [GOAWAY_FORGOTTEN] =
            " hint=\"the operator removed this host from the ziglan; another invite "
            "lets it in again\"",
    };
    size_t known = sizeof(hints) / sizeof(hints[0]);
    char more[TELL_SIZE];

    (void)snprintf(more, sizeof(more), " again_in_s=%u%s", (unsigned)(wait_ms / 1000),
                   reason < known ? hints[reason] : "");
    tell_end(log, reason == GOAWAY_SHUTDOWN ? TRACE_LEVEL_INFO : TRACE_LEVEL_WARN,
             CAUSE_GO_AWAY + (reason < known ? reason : (uint32_t)known), goaway_name(reason), more,
             now);
}

void relay_log_refused(struct relay_log *log, const Ziglan__Error *error, struct mono now)
{
    uint32_t left_out;

    if (log_gate_take(&log->gate, CAUSE_REFUSED, &left_out, now)) {
        env_trace(log->env, TRACE_LEVEL_WARN, "ziglan.refused", "reason=%s text=\"%s\" left_out=%u",
                  verdict_name((enum verdict)error->code), error->text, (unsigned)left_out);
    }
}
