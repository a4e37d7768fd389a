/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * It uses the tunnel's own ping, which tells the path and is answered by every peer. The daemon
 * gives a ticket at once; then this verb asks for the result until it is there.
 */
#include "client/cli/ping.h"

#include "client/cli/ask.h"
#include "proto/host/fields.h"
#include "proto/host/os_env.h"
#include "proto/host/table.h"

#include <stdio.h>
#include <time.h>

enum {
    REPLY_WAIT_MS = 5000,
    POLL_MS = 10,
    INTERVAL_MS = 1000,
    COUNT_DEFAULT = 4,
};

static void pause_ms(unsigned ms)
{
    const struct timespec step = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};

    (void)nanosleep(&step, NULL);
}

/* One ping. Returns the result, given; NULL with fault if there was no reply. *sent tells whether
 * it was sent at all. */
static json_t *ping_once(const struct cli *cli, bool *sent, struct fault *fault)
{
    struct mono end = mono_add_ms(clock_mono(), REPLY_WAIT_MS);
    json_t *started = ask_verb(cli, "ping", "peer", cli->arguments[0], fault);
    json_t *ticket;

    *sent = started != NULL;
    if (started == NULL) {
        return NULL;
    }
    ticket = json_object_get(started, "ticket");
    while (!mono_due(end, clock_mono())) {
        json_t *result;

        pause_ms(POLL_MS);
        result = ask(cli, json_pack("{s:s, s:O}", "do", "ping_result", "ticket", ticket), fault);
        if (result == NULL || !json_is_true(json_object_get(result, "pending"))) {
            json_decref(started);
            return result;
        }
        json_decref(result);
    }
    json_decref(started);
    fault_set(fault, EXIT_CODE_FAILURE, "no reply from %s within %d s; see: ziglan peers%s",
              cli->arguments[0], REPLY_WAIT_MS / 1000, cli->place.flag);
    return NULL;
}

/* What the pings of one call came to. */
struct summary {
    unsigned sent, replies;
    uint64_t min_us, max_us, sum_us;
};

static void summary_add(struct summary *sum, uint64_t rtt_us)
{
    sum->min_us = sum->replies == 0 || rtt_us < sum->min_us ? rtt_us : sum->min_us;
    sum->max_us = rtt_us > sum->max_us ? rtt_us : sum->max_us;
    sum->sum_us += rtt_us;
    sum->replies++;
}

static void summary_print(const struct summary *sum)
{
    char least[HUMAN_TEXT_SIZE];
    char mean[HUMAN_TEXT_SIZE];
    char most[HUMAN_TEXT_SIZE];

    (void)printf("%u sent, %u repl%s", sum->sent, sum->replies, sum->replies == 1 ? "y" : "ies");
    if (sum->replies > 0) {
        (void)printf(", round trip min/mean/max %s / %s / %s", human_us(sum->min_us, least),
                     human_us(sum->sum_us / sum->replies, mean), human_us(sum->max_us, most));
    }
    (void)fputc('\n', stdout);
}

static void reply_print(const struct cli *cli, const json_t *result)
{
    char rtt[HUMAN_TEXT_SIZE];

    if (cli->json) {
        (void)json_dumpf(result, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
    } else {
        (void)printf("reply from %s: %s, %s\n", cli->arguments[0],
                     human_us(field_number(result, "rtt_us"), rtt), field_text(result, "path"));
    }
    (void)fflush(stdout);
}

int verb_ping(const struct cli *cli)
{
    unsigned count = cli->count > 0 ? cli->count : COUNT_DEFAULT;
    struct summary sum = {0};
    int code = EXIT_CODE_FAILURE;

    for (unsigned i = 0; i < count; i++) {
        struct fault fault = {0};
        bool sent;
        json_t *result = ping_once(cli, &sent, &fault);

        sum.sent += sent ? 1 : 0;
        if (result != NULL) {
            summary_add(&sum, field_number(result, "rtt_us"));
            reply_print(cli, result);
            json_decref(result);
        } else {
            code = cli_fail(cli, &fault);
            if (!sent) { /* no such peer or no daemon: the next would not be sent either */
                return code;
            }
        }
        if (i + 1 < count) {
            pause_ms(INTERVAL_MS);
        }
    }
    if (!cli->json) {
        summary_print(&sum);
    }
    return sum.replies > 0 ? EXIT_CODE_OK : code;
}
