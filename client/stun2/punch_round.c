/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stun2/punch_round.h"

#include <string.h>

/* Close together at first, because both sides fire at once and the first packet of each may only
   open its own NAT; then spread, for paths whose round trip was guessed wrong. */
static const uint16_t volley_ms[PUNCH_VOLLEY_COUNT] = {0, 20, 60, 140, 300, 620, 1240};

enum { ECHO_MS = 20 };

static const uint32_t retry_ms[] = {10000, 60000, 300000, 1800000};

void punch_volley_init(struct punch_volley *volley, struct mono fire_at, size_t packet_size)
{
    memset(volley, 0, sizeof(*volley));
    volley->fire_at = fire_at;
    volley->packet_size = packet_size;
    volley->echo_at = MONO_NEVER;
}

static struct punch_candidate *volley_find(struct punch_volley *volley,
                                           const struct endpoint *endpoint)
{
    for (size_t i = 0; i < volley->count; i++) {
        if (endpoint_equal(&volley->candidates[i].endpoint, endpoint)) {
            return &volley->candidates[i];
        }
    }
    return NULL;
}

static bool endpoint_may_be_target(const struct endpoint *endpoint, bool shared_lan)
{
    enum endpoint_scope scope = endpoint_scope(endpoint);

    return endpoint->port != 0 &&
           (scope == ENDPOINT_SCOPE_GLOBAL || (scope == ENDPOINT_SCOPE_LAN && shared_lan));
}

bool punch_volley_add(struct punch_volley *volley, const struct endpoint *endpoint, bool observed,
                      bool shared_lan)
{
    struct punch_candidate *known = volley_find(volley, endpoint);

    if (known != NULL) {
        known->observed = known->observed || observed;
        return true;
    }
    if (volley->count == PUNCH_CANDIDATE_MAX || !endpoint_may_be_target(endpoint, shared_lan)) {
        return false;
    }
    volley->candidates[volley->count] =
        (struct punch_candidate){.endpoint = *endpoint, .observed = observed};
    volley->count++;
    return true;
}

/* Packets to this candidate's IP, over all its ports, and whether a relay observed the peer there:
   otherwise a peer could point many hosts at a victim by naming many of its ports. */
static void volley_ip_use(const struct punch_volley *volley,
                          const struct punch_candidate *candidate, size_t *sent, bool *trusted)
{
    *sent = 0;
    *trusted = false;
    for (size_t i = 0; i < volley->count; i++) {
        const struct punch_candidate *other = &volley->candidates[i];
        if (endpoint_same_ip(&other->endpoint, &candidate->endpoint)) {
            *sent += other->sent;
            *trusted = *trusted || other->observed || other->answered;
        }
    }
}

static bool candidate_may_receive(const struct punch_volley *volley,
                                  const struct punch_candidate *candidate)
{
    size_t ip_sent;
    bool ip_trusted;

    if (candidate->answered) {
        return true;
    }
    volley_ip_use(volley, candidate, &ip_sent, &ip_trusted);
    return candidate->sent < PUNCH_SILENT_PACKETS_MAX &&
           (ip_trusted || ip_sent < PUNCH_UNOBSERVED_PACKETS_MAX);
}

/* Charge one packet to the round; false if its budget is used up. */
static bool volley_charge(struct punch_volley *volley, struct punch_candidate *candidate)
{
    if (volley->bytes_sent + volley->packet_size > PUNCH_ROUND_BYTES_MAX) {
        return false;
    }
    volley->bytes_sent += volley->packet_size;
    candidate->sent++;
    return true;
}

static bool volley_next_echo(struct punch_volley *volley, struct endpoint *to, struct mono now)
{
    if (!mono_due(volley->echo_at, now)) {
        return false;
    }
    /* One step of the echo clock sends at most one packet to each candidate that is owed some;
       `next` says how far this step has come. */
    while (volley->next < volley->count) {
        struct punch_candidate *candidate = &volley->candidates[volley->next];
        volley->next++;
        if (candidate->echoes > 0) {
            candidate->echoes--;
            if (volley_charge(volley, candidate)) {
                *to = candidate->endpoint;
                return true;
            }
        }
    }
    volley->next = 0;
    volley->echo_at = MONO_NEVER;
    for (size_t i = 0; i < volley->count; i++) {
        if (volley->candidates[i].echoes > 0) {
            volley->echo_at = mono_add_ms(now, ECHO_MS);
        }
    }
    return false;
}

static struct mono volley_at(const struct punch_volley *volley, size_t index)
{
    return mono_add_ms(volley->fire_at, volley_ms[index]);
}

static bool volley_next_probe(struct punch_volley *volley, struct endpoint *to, struct mono now)
{
    while (volley->volley < PUNCH_VOLLEY_COUNT &&
           mono_due(volley_at(volley, volley->volley), now)) {
        /* After a pause of the whole program the volleys that were missed are not made up for:
           they would leave at once, as one burst. */
        while (volley->next == 0 && volley->volley + 1 < PUNCH_VOLLEY_COUNT &&
               mono_due(volley_at(volley, volley->volley + 1U), now)) {
            volley->volley++;
        }
        while (volley->next < volley->count) {
            struct punch_candidate *candidate = &volley->candidates[volley->next];
            volley->next++;
            if (!candidate_may_receive(volley, candidate)) {
                continue;
            }
            if (!volley_charge(volley, candidate)) {
                volley->volley = PUNCH_VOLLEY_COUNT;
                return false;
            }
            *to = candidate->endpoint;
            return true;
        }
        volley->next = 0;
        volley->volley++;
    }
    return false;
}

bool punch_volley_next(struct punch_volley *volley, struct endpoint *to, struct mono now)
{
    return volley->receipt ? volley_next_echo(volley, to, now) : volley_next_probe(volley, to, now);
}

void punch_volley_on_receipt(struct punch_volley *volley, const struct endpoint *from,
                             struct mono now)
{
    struct punch_candidate *candidate = volley_find(volley, from);

    if (candidate == NULL && volley->count < PUNCH_CANDIDATE_MAX) {
        candidate = &volley->candidates[volley->count];
        *candidate = (struct punch_candidate){.endpoint = *from};
        volley->count++;
    }
    if (!volley->receipt) {
        volley->receipt = true;
        volley->next = 0;
    }
    if (candidate != NULL && !candidate->answered) {
        candidate->answered = true;
        candidate->echoes = PUNCH_ECHO_PACKETS;
        volley->echo_at = mono_min(volley->echo_at, now);
    }
}

struct mono punch_volley_deadline(const struct punch_volley *volley)
{
    if (volley->receipt) {
        return volley->echo_at;
    }
    return volley->volley < PUNCH_VOLLEY_COUNT ? volley_at(volley, volley->volley) : MONO_NEVER;
}

bool punch_volley_failed(const struct punch_volley *volley, struct mono now)
{
    return !volley->receipt && mono_due(mono_add_ms(volley->fire_at, PUNCH_ROUND_MS), now);
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
