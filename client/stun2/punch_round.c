/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which candidate is due in which burst, within the bounds of a round. */
#include "client/stun2/punch_round.h"

#include <string.h>

/* Close together at first, because both sides fire at once and the first packet of each may only
   open its own NAT; then spread, for paths whose round trip was guessed wrong. */
static const uint16_t burst_ms[PUNCH_BURST_COUNT] = {0, 20, 60, 140, 300, 620, 1240};

enum { ECHO_MS = 20 };

/* The third attempt needs routers that forgot the port they chose in the second one. Linux keeps an
 * unanswered connection for 30 s, and a socket's newest port until it collects what is over, which
 * it does at least once a minute (findings/nat-port-outlives-its-connection.sh). */
static const uint32_t retry_ms[] = {10000, 100000, 300000, 1800000};

void punch_round_init(struct punch_round *round, struct mono fire_at, size_t packet_size,
                      uint64_t near_ms)
{
    memset(round, 0, sizeof(*round));
    round->fire_at = fire_at;
    round->packet_size = packet_size;
    round->echo_at = MONO_NEVER;
    round->keep_at = MONO_NEVER;
    round->far_at = mono_add_ms(fire_at, near_ms);
    round->opened = near_ms == 0;
}

void punch_round_keep(struct punch_round *round)
{
    round->keep_at = mono_add_ms(round->fire_at, PUNCH_KEEP_MS);
}

static struct punch_candidate *round_find(struct punch_round *round,
                                          const struct endpoint *endpoint)
{
    for (size_t i = 0; i < round->count; i++) {
        if (endpoint_equal(&round->candidates[i].endpoint, endpoint)) {
            return &round->candidates[i];
        }
    }
    return NULL;
}

static bool endpoint_may_be_target(const struct endpoint *endpoint, bool private_ok)
{
    enum endpoint_scope scope = endpoint_scope(endpoint);

    return endpoint->port != 0 &&
           (scope == ENDPOINT_SCOPE_GLOBAL || (scope == ENDPOINT_SCOPE_LAN && private_ok));
}

bool punch_round_add(struct punch_round *round, const struct endpoint *endpoint, bool observed,
                     bool private_ok)
{
    struct punch_candidate *known = round_find(round, endpoint);

    if (known != NULL) {
        known->observed = known->observed || observed;
        known->listed = known->listed || !observed;
        return true;
    }
    if (round->count == PUNCH_CANDIDATE_MAX || !endpoint_may_be_target(endpoint, private_ok)) {
        return false;
    }
    round->candidates[round->count] =
        (struct punch_candidate){.endpoint = *endpoint, .observed = observed, .listed = !observed};
    round->count++;
    return true;
}

/* Packets to this candidate's IP, over all its ports, and whether a relay observed the peer there:
   otherwise a peer could point many hosts at a victim by naming many of its ports. */
static void round_ip_use(const struct punch_round *round, const struct punch_candidate *candidate,
                         size_t *sent, bool *trusted)
{
    *sent = 0;
    *trusted = false;
    for (size_t i = 0; i < round->count; i++) {
        const struct punch_candidate *other = &round->candidates[i];
        if (endpoint_same_ip(&other->endpoint, &candidate->endpoint)) {
            *sent += other->sent;
            *trusted = *trusted || other->observed || other->answered;
        }
    }
}

static bool candidate_may_receive(const struct punch_round *round,
                                  const struct punch_candidate *candidate)
{
    size_t ip_sent;
    bool ip_trusted;

    if (candidate->answered) {
        return true;
    }
    round_ip_use(round, candidate, &ip_sent, &ip_trusted);
    return candidate->sent < PUNCH_SILENT_PACKETS_MAX &&
           (ip_trusted || ip_sent < PUNCH_UNOBSERVED_PACKETS_MAX);
}

/* Charge one packet to the round; false if its budget is used up. */
static bool round_charge(struct punch_round *round)
{
    if (round->bytes_sent + round->packet_size > PUNCH_ROUND_BYTES_MAX) {
        return false;
    }
    round->bytes_sent += round->packet_size;
    return true;
}

/* How far a burst's ping to this candidate travels; 0: all the way. */
static uint8_t hops_to(const struct punch_round *round, const struct punch_candidate *candidate)
{
    return candidate->observed && !candidate->listed && !round->opened ? PUNCH_NEAR_HOPS : 0;
}

static bool next_echo(struct punch_round *round, struct endpoint *to, struct mono now)
{
    if (!mono_due(round->echo_at, now)) {
        return false;
    }
    /* One step of the echo clock sends at most one packet to each candidate that is owed some;
       `next` says how far this step has come. */
    while (round->next < round->count) {
        struct punch_candidate *candidate = &round->candidates[round->next];
        round->next++;
        if (candidate->echoes > 0) {
            candidate->echoes--;
            if (round_charge(round)) {
                candidate->sent++;
                *to = candidate->endpoint;
                return true;
            }
        }
    }
    round->next = 0;
    round->echo_at = MONO_NEVER;
    for (size_t i = 0; i < round->count; i++) {
        if (round->candidates[i].echoes > 0) {
            round->echo_at = mono_add_ms(now, ECHO_MS);
        }
    }
    return false;
}

static struct mono burst_at(const struct punch_round *round, size_t index)
{
    return mono_add_ms(round->fire_at, burst_ms[index]);
}

static bool next_burst(struct punch_round *round, struct endpoint *to, struct mono now)
{
    while (round->burst < PUNCH_BURST_COUNT && mono_due(burst_at(round, round->burst), now)) {
        /* After a pause of the whole program the bursts that were missed are not made up for:
           they would leave at once, as one burst. */
        while (round->next == 0 && round->burst + 1 < PUNCH_BURST_COUNT &&
               mono_due(burst_at(round, round->burst + 1U), now)) {
            round->burst++;
        }
        while (round->next < round->count) {
            struct punch_candidate *candidate = &round->candidates[round->next];
            round->next++;
            if (!candidate_may_receive(round, candidate)) {
                continue;
            }
            if (!round_charge(round)) {
                round->burst = PUNCH_BURST_COUNT;
                return false;
            }
            *to = candidate->endpoint;
            round->hops = hops_to(round, candidate);
            if (round->hops == 0) { /* others do not get there */
                candidate->sent++;
            }
            return true;
        }
        round->next = 0;
        round->burst++;
    }
    return false;
}

static struct mono keep_at(const struct punch_round *round)
{
    return round->opened || round->burst < PUNCH_BURST_COUNT ? MONO_NEVER : round->keep_at;
}

static bool next_keep(struct punch_round *round, struct endpoint *to, struct mono now)
{
    if (!mono_due(keep_at(round), now)) {
        return false;
    }
    while (round->next < round->count) {
        const struct punch_candidate *candidate = &round->candidates[round->next];

        round->next++;
        if (hops_to(round, candidate) > 0) {
            *to = candidate->endpoint;
            round->hops = PUNCH_KEEP_HOPS;
            return true;
        }
    }
    round->next = 0;
    round->keep_at = mono_add_ms(now, PUNCH_KEEP_MS);
    return false;
}

void punch_round_opened(struct punch_round *round, struct mono now)
{
    if (round->opened) {
        return;
    }
    round->opened = true;
    round->fire_at = now;
    round->burst = 0;
    round->next = 0;
}

bool punch_round_next(struct punch_round *round, struct endpoint *to, struct mono now)
{
    round->hops = 0;
    if (!round->receipt && mono_due(round->far_at, now)) {
        punch_round_opened(round, now);
    }
    if (round->receipt) {
        return next_echo(round, to, now);
    }
    return next_burst(round, to, now) || next_keep(round, to, now);
}

void punch_round_on_receipt(struct punch_round *round, const struct endpoint *from, struct mono now)
{
    struct punch_candidate *candidate = round_find(round, from);

    if (candidate == NULL && round->count < PUNCH_CANDIDATE_MAX) {
        candidate = &round->candidates[round->count];
        *candidate = (struct punch_candidate){.endpoint = *from};
        round->count++;
    }
    if (!round->receipt) {
        round->receipt = true;
        round->next = 0;
    }
    if (candidate != NULL && !candidate->answered) {
        candidate->answered = true;
        candidate->echoes = PUNCH_ECHO_PACKETS;
        round->echo_at = mono_min(round->echo_at, now);
    }
}

struct mono punch_round_deadline(const struct punch_round *round)
{
    if (round->receipt) {
        return round->echo_at;
    }
    struct mono burst =
        round->burst < PUNCH_BURST_COUNT ? burst_at(round, round->burst) : MONO_NEVER;

    return round->opened ? burst : mono_min(mono_min(burst, keep_at(round)), round->far_at);
}

struct mono punch_round_end(const struct punch_round *round)
{
    return mono_add_ms(round->opened ? round->fire_at : round->far_at, PUNCH_ROUND_MS);
}

void punch_retry_reset(struct punch_retry *retry, struct mono now)
{
    retry->failures = 0;
    retry->at = now;
}

void punch_retry_started(struct punch_retry *retry)
{
    retry->at = MONO_NEVER;
}

void punch_retry_failed(struct punch_retry *retry, struct mono now)
{
    const uint8_t last = sizeof(retry_ms) / sizeof(retry_ms[0]) - 1;

    retry->at = mono_add_ms(now, retry_ms[retry->failures]);
    if (retry->failures < last) {
        retry->failures++;
    }
}

void punch_retry_succeeded(struct punch_retry *retry)
{
    retry->failures = 0;
    retry->at = MONO_NEVER;
}
