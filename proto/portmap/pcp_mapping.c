/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 6887: 8.1.1 for retries, 8.5 for the epoch, 11.2.1 for renewals, 14.1 for announcements. */
#include "proto/portmap/pcp_mapping.h"

#include <string.h>

enum { MS_PER_S = 1000, EPOCH_SLACK_S = 2, EPOCH_SLACK_PART = 16, PORT_FREE_MIN = 1024 };

/* A time in ms give or take a tenth, so that not all clients of a router ask at once. */
static uint64_t jittered(const struct env *env, uint64_t ms)
{
    return ms - ms / 10 + env_random_below(env, (uint32_t)(ms / 5) + 1);
}

uint16_t pcp_port_other(const struct env *env)
{
    return (uint16_t)(PORT_FREE_MIN + env_random_below(env, UINT16_MAX - PORT_FREE_MIN + 1));
}

static void ask_anew(struct pcp_mapping *mapping, enum pcp_state state, struct mono at)
{
    mapping->state = state;
    mapping->tries = 0;
    mapping->due = at;
}

void pcp_begin(struct pcp_mapping *mapping, const struct env *env, const struct pcp_place *place,
               struct mono now)
{
    *mapping =
        (struct pcp_mapping){.env = env, .server = place->router, .internal = place->internal};
    mapping->server.port = PCP_SERVER_PORT;
    mapping->external.port = place->internal.port;
    memcpy(mapping->nonce, place->nonce, sizeof(mapping->nonce));
    ask_anew(mapping, PCP_STATE_ASKING, now);
}

static bool is_mapped(const struct pcp_mapping *mapping)
{
    return mapping->state == PCP_STATE_MAPPED || mapping->state == PCP_STATE_RENEWING;
}

const struct endpoint *pcp_external(const struct pcp_mapping *mapping)
{
    return is_mapped(mapping) ? &mapping->external : NULL;
}

/* Whether the router has lost its mappings since its last answer: its epoch went back, or differs
 * from ours by more than a sixteenth and 2 s. */
static bool epoch_is_new(struct pcp_mapping *mapping, uint32_t epoch_s, struct mono now)
{
    uint64_t ours_s = mono_ms_between(mapping->epoch_at, now) / MS_PER_S;
    uint64_t theirs_s = epoch_s - mapping->epoch_s;
    bool lost = false;

    if (mapping->epoch_known) {
        lost = (epoch_s < mapping->epoch_s && mapping->epoch_s - epoch_s > 1) ||
               (epoch_s >= mapping->epoch_s &&
                (ours_s + EPOCH_SLACK_S < theirs_s - theirs_s / EPOCH_SLACK_PART ||
                 theirs_s + EPOCH_SLACK_S < ours_s - ours_s / EPOCH_SLACK_PART));
    }
    mapping->epoch_known = true;
    mapping->epoch_s = epoch_s;
    mapping->epoch_at = now;
    return lost;
}

static void wait_for(struct pcp_mapping *mapping, uint8_t result, uint64_t ms, struct mono now)
{
    mapping->state = PCP_STATE_WAITING;
    mapping->result = result;
    mapping->due = mono_add_ms(now, ms);
}

static bool on_success(struct pcp_mapping *mapping, const struct pcp_answer *answer,
                       struct mono now)
{
    uint32_t lifetime_s =
        answer->lifetime_s < PCP_LIFETIME_S_MAX ? answer->lifetime_s : PCP_LIFETIME_S_MAX;
    uint64_t renew_ms = jittered(mapping->env, (uint64_t)lifetime_s * MS_PER_S / 2);
    bool same = is_mapped(mapping) && endpoint_equal(&mapping->external, &answer->external);

    if (lifetime_s == 0 || answer->external.port == 0) {
        return false; /* the end of a mapping, which we did not ask for */
    }
    mapping->external = answer->external;
    mapping->expires_at = mono_add_ms(now, (uint64_t)lifetime_s * MS_PER_S);
    mapping->tries = mapping->refused = 0;
    mapping->check_at = mono_add_ms(now, jittered(mapping->env, PCP_CHECK_MS));
    mapping->state = PCP_STATE_MAPPED;
    mapping->due =
        mono_add_ms(now, renew_ms > PCP_RENEW_MS_MIN ? renew_ms : (uint64_t)PCP_RENEW_MS_MIN);
    return !same;
}

/* The router may grant another port outside. */
static bool is_about_port(uint8_t result)
{
    return result == PCP_RESULT_NOT_AUTHORIZED || result == PCP_RESULT_NO_RESOURCES ||
           result == PCP_RESULT_CANNOT_PROVIDE_EXTERNAL;
}

static bool on_error(struct pcp_mapping *mapping, const struct pcp_answer *answer, struct mono now)
{
    uint32_t lasts_s = answer->lifetime_s;
    bool was = is_mapped(mapping);

    if (mapping->refused < PCP_PORTS_MAX - 1 && is_about_port(answer->result)) {
        mapping->refused++;
        mapping->external = (struct endpoint){.port = pcp_port_other(mapping->env)};
        ask_anew(mapping, PCP_STATE_ASKING, now);
        return was;
    }
    mapping->refused = 0;
    lasts_s = lasts_s > PCP_ERROR_S_MIN ? lasts_s : (uint32_t)PCP_ERROR_S_MIN;
    lasts_s = lasts_s < PCP_LIFETIME_S_MAX ? lasts_s : (uint32_t)PCP_LIFETIME_S_MAX;
    wait_for(mapping, answer->result, (uint64_t)lasts_s * MS_PER_S, now);
    return was;
}

bool pcp_on_datagram(struct pcp_mapping *mapping, const struct endpoint *from, const uint8_t *data,
                     size_t size, struct mono now)
{
    struct pcp_answer answer;
    bool ours;

    if (mapping->state == PCP_STATE_OFF || !endpoint_equal(from, &mapping->server)) {
        return false;
    }
    if (mapping->state == PCP_STATE_ASKING && pcp_is_natpmp(data, size)) {
        mapping->natpmp = true;
        wait_for(mapping, PCP_RESULT_UNSUPPORTED_VERSION, PCP_SILENT_MS, now);
        return false;
    }
    if (pcp_answer_decode(&answer, data, size) != ERR_OK) {
        return false;
    }
    ours = answer.opcode == PCP_OPCODE_MAP &&
           memcmp(answer.nonce, mapping->nonce, PCP_NONCE_SIZE) == 0 &&
           answer.internal_port == mapping->internal.port;
    if (answer.opcode == PCP_OPCODE_MAP && !ours) {
        return false; /* of another mapping, or forged by who cannot see our requests */
    }
    if (epoch_is_new(mapping, answer.epoch_s, now) && is_mapped(mapping) && !ours) {
        ask_anew(mapping, PCP_STATE_RENEWING, mono_add_ms(now, jittered(mapping->env, 500)));
        return false;
    }
    if (!ours) {
        return false;
    }
    return answer.result == PCP_RESULT_SUCCESS ? on_success(mapping, &answer, now)
                                               : on_error(mapping, &answer, now);
}

static void request_make(const struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE],
                         uint32_t lifetime_s)
{
    struct pcp_map_request request = {
        .internal = mapping->internal,
        .external = mapping->external,
        .lifetime_s = lifetime_s,
    };

    memcpy(request.nonce, mapping->nonce, PCP_NONCE_SIZE);
    pcp_map_encode(out, &request);
}

/* Ask how old its mappings are, between two renewals. */
static size_t check(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE], struct mono now)
{
    if (mapping->state != PCP_STATE_MAPPED || !mono_due(mapping->check_at, now)) {
        return 0;
    }
    mapping->check_at = mono_add_ms(now, jittered(mapping->env, PCP_CHECK_MS));
    pcp_announce_encode(out, &mapping->internal);
    return PCP_HEADER_SIZE;
}

size_t pcp_expire(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE], struct mono now)
{
    uint64_t retry_ms;

    if (is_mapped(mapping) && mono_due(mapping->expires_at, now)) {
        ask_anew(mapping, PCP_STATE_ASKING, now);
    }
    if (mapping->state == PCP_STATE_OFF || !mono_due(mapping->due, now)) {
        return check(mapping, out, now);
    }
    if (mapping->state == PCP_STATE_WAITING) {
        ask_anew(mapping, PCP_STATE_ASKING, now);
    } else if (mapping->state == PCP_STATE_MAPPED) {
        ask_anew(mapping, PCP_STATE_RENEWING, now);
    } else if (mapping->state == PCP_STATE_ASKING && mapping->tries >= PCP_TRIES_MAX) {
        wait_for(mapping, 0, PCP_SILENT_MS, now);
        return 0;
    }
    retry_ms = (uint64_t)PCP_RETRY_MS_MIN << (mapping->tries < 9 ? mapping->tries : 9);
    retry_ms = retry_ms < PCP_RETRY_MS_MAX ? retry_ms : (uint64_t)PCP_RETRY_MS_MAX;
    mapping->tries++;
    mapping->due = mono_add_ms(now, jittered(mapping->env, retry_ms));
    request_make(mapping, out, PCP_LIFETIME_S);
    return PCP_MAP_SIZE;
}

void pcp_doubt(struct pcp_mapping *mapping, struct mono now)
{
    if (mapping->state == PCP_STATE_MAPPED) {
        ask_anew(mapping, PCP_STATE_RENEWING, mono_add_ms(now, jittered(mapping->env, 500)));
    }
}

struct mono pcp_deadline(const struct pcp_mapping *mapping)
{
    if (mapping->state == PCP_STATE_OFF) {
        return MONO_NEVER;
    }
    if (mapping->state == PCP_STATE_MAPPED) {
        return mono_min(mono_min(mapping->due, mapping->check_at), mapping->expires_at);
    }
    return is_mapped(mapping) ? mono_min(mapping->due, mapping->expires_at) : mapping->due;
}

bool pcp_end(struct pcp_mapping *mapping, uint8_t out[PCP_MAP_SIZE])
{
    bool was = is_mapped(mapping);

    if (was) {
        mapping->external = (struct endpoint){0}; /* section 15.1: zero when it is deleted */
        request_make(mapping, out, 0);
    }
    mapping->state = PCP_STATE_OFF;
    return was;
}
