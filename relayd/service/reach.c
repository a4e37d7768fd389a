/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds of questions to neighbours, and what their answers say together. */
#include "relayd/service/reach.h"

#include "proto/crypto/signed.h"

#include <string.h>

int reach_service_init(struct reach_service *service, struct relay_base *base,
                       struct mesh_service *mesh, struct mono now)
{
    service->base = base;
    service->mesh = mesh;
    service->until = MONO_NEVER;
    service->next_at = MONO_NEVER;
    service->retry.ms = REACH_RETRY_MS_MIN;
    reach_watch_init(&service->watch, base, mesh, now);
    return reach_jobs_init(&service->jobs, base, mesh, &service->local, now);
}

void reach_service_fini(struct reach_service *service)
{
    reach_jobs_fini(&service->jobs);
}

static void enter(struct reach_service *service, enum reach_state next, enum reach_fault fault)
{
    static const char *const names[] = {
        [REACH_STATE_ALONE] = "alone",
        [REACH_STATE_CHECKING] = "checking",
        [REACH_STATE_PUBLIC] = "public",
        [REACH_STATE_FULL_CONE] = "full_cone",
        [REACH_STATE_NOT_REACHABLE] = "not_reachable",
    };
    static const char *const faults[] = {
        [REACH_FAULT_NONE] = "none",
        [REACH_FAULT_CLOSED] = "port_closed",
        [REACH_FAULT_SYMMETRIC] = "symmetric_nat",
        [REACH_FAULT_RESTRICTED] = "restricted_nat",
        [REACH_FAULT_SILENT] = "no_result",
    };
    char text[ENDPOINT_TEXT_SIZE];

    if (service->state != next || service->fault != fault ||
        !endpoint_equal(&service->address, &service->told)) {
        env_trace(&service->base->env, TRACE_LEVEL_INFO, "relay.reach",
                  "state=%s address=%s fault=%s", names[next],
                  endpoint_text(&service->address, text), faults[fault]);
    }
    service->state = next;
    service->fault = fault;
    service->told = service->address;
}

/* A round of measurements is on its way. */
static bool is_running(const struct reach_service *service)
{
    return mono_before(service->until, MONO_NEVER);
}

static bool is_reached(const struct reach_service *service)
{
    return service->state == REACH_STATE_PUBLIC || service->state == REACH_STATE_FULL_CONE;
}

/* The router that lets in strangers does so whatever address it has. */
bool reach_is_doubtful(const struct reach_service *service)
{
    return !endpoint_same_ip(&service->address, &service->local) &&
           !endpoint_same_ip(&service->watch.open, &service->local);
}

static void ask(struct reach_service *service, struct neighbour *neighbour)
{
    Ziglan__ReachRequest body = ZIGLAN__REACH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.body_case = ZIGLAN__CONTROL__BODY_REACH_REQUEST;
    message.reach_request = &body;
    body.port = service->mapping.asked;
    neighbour_tell(&service->base->neighbours, neighbour, &message);
    service->neighbours[service->asked] = (struct reach_asked){.answered = false};
    memcpy(service->neighbours[service->asked].key, neighbour->key, KEY_SIZE);
    service->asked++;
}

/* Those that can be asked: who sees this relay where it is no more would have that measured. */
static uint32_t askable(const struct reach_service *service, struct neighbour *out[NEIGHBOURS_MAX],
                        bool witnesses)
{
    const struct neighbour_table *table = &service->base->neighbours;
    struct neighbour *neighbour = neighbour_next(table, NULL);
    uint32_t count = 0;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && count < NEIGHBOURS_MAX &&
            (!witnesses || reach_watch_is_witness(neighbour, &service->seen))) {
            out[count++] = neighbour;
        }
    }
    return count;
}

/* Ask some neighbours, beginning at a random one. */
static void check(struct reach_service *service, struct mono now)
{
    struct neighbour *open[NEIGHBOURS_MAX];
    bool changed = reach_watch_take(&service->watch);
    uint32_t count, first;

    service->seen = service->watch.seen;
    service->mapping.asked = service->mapping.failed ? 0 : service->mapping.port;
    if (service->mapping.asked != 0 && !endpoint_is_none(&service->seen)) {
        service->seen.port = service->mapping.asked;
    }
    count = askable(service, open, true);
    if (count == 0) {
        count = askable(service, open, false);
    }
    service->next_at = MONO_NEVER;
    service->checked_at = now;
    service->asked = service->answered = service->reached = service->by_port = 0;
    if (count == 0) {
        enter(service, REACH_STATE_ALONE, REACH_FAULT_NONE);
        return;
    }
    env_random(&service->base->env, &first, sizeof(first));
    service->address = service->seen;
    if (changed) {
        reach_watch_redial(&service->watch, now);
    }
    for (uint32_t i = 0; i < count && i < REACH_ASKED_MAX; i++) {
        ask(service, open[(first % count + i) % count]);
    }
    service->until = mono_add_ms(now, REACH_RESULT_MS);
    if (!is_reached(service)) {
        enter(service, REACH_STATE_CHECKING, REACH_FAULT_NONE);
        mesh_dials_wait(service->mesh->mesh, service->until);
    }
}

/* No NAT is before the address at which others reach this relay. */
static bool has_address(const struct reach_service *service)
{
    return endpoint_same_ip(&service->address, &service->local);
}

/* Enough relays reached this one at service->address: it announces itself. */
static void reached(struct reach_service *service, struct mono now)
{
    service->until = MONO_NEVER;
    if (service->mapping.asked == 0) {
        reach_watch_found(&service->watch, &service->address);
    }
    mesh_dials_wait(service->mesh->mesh, now);
    service->retry.ms = REACH_RETRY_MS_MIN;
    service->retry.silent = 0;
    service->next_at =
        mono_add_ms(now, reach_is_doubtful(service) ? REACH_DOUBT_MS : REACH_RETRY_MS_MAX);
    enter(service, has_address(service) ? REACH_STATE_PUBLIC : REACH_STATE_FULL_CONE,
          REACH_FAULT_NONE);
}

/* It is tried again. That no result came says nothing about a relay that was reached before, and
 * one round that failed may be lost packets. */
static void not_reached(struct reach_service *service, enum reach_fault fault, struct mono now)
{
    static const struct endpoint none = {.port = 0};
    struct reach_retry *retry = &service->retry;
    bool silent = fault == REACH_FAULT_SILENT;
    bool first = is_reached(service) && retry->silent == 0;

    service->until = MONO_NEVER;
    mesh_dials_wait(service->mesh->mesh, now);
    if (!silent) { /* what the router says is not so, perhaps */
        service->mapping.failed = service->mapping.asked != 0;
    }
    if (service->mapping.failed) {
        service->next_at = mono_add_ms(now, REACH_OBSERVED_MS);
    } else if (silent ? retry->silent < REACH_SILENT_MAX : first) {
        retry->silent++;
        service->next_at = mono_add_ms(now, REACH_SILENT_MS);
    } else {
        retry->silent = silent ? retry->silent : 0;
        service->next_at = mono_add_ms(now, retry->ms);
        retry->ms = retry->ms < REACH_RETRY_MS_MAX / 2 ? 2 * retry->ms : REACH_RETRY_MS_MAX;
    }
    if (is_reached(service) && (silent || first)) {
        service->address = service->mesh->own.address;
        return;
    }
    node_own_set(&service->mesh->own, &none, 0, now);
    enter(service, REACH_STATE_NOT_REACHABLE, fault);
}

/* Where most got through, and how many that were. Between as many of two addresses what the
 * neighbours observe decides. */
static void count_through(struct reach_service *service)
{
    uint32_t most = 0;

    service->reached = service->by_port = 0;
    for (uint32_t i = 0; i < service->asked; i++) {
        const struct reach_asked *one = &service->neighbours[i];
        uint32_t reached = 0, by_port = 0;

        for (uint32_t k = 0; one->through && k < service->asked; k++) {
            const struct reach_asked *other = &service->neighbours[k];
            bool same = other->through && endpoint_equal(&other->address, &one->address);

            reached += same && !other->by_port ? 1 : 0;
            by_port += same && other->by_port ? 1 : 0;
        }
        if (reached + by_port > most || (reached + by_port == most && most > 0 &&
                                         endpoint_equal(&one->address, &service->seen))) {
            most = reached + by_port;
            service->address = one->address;
            service->reached = reached;
            service->by_port = by_port;
        }
    }
}

/* True if the router lets in everybody: a stranger got through; or somebody did at a mapped port,
 * as which none of our packets is seen, so that none of them has opened it. */
static bool is_let_in(const struct reach_service *service)
{
    const struct neighbour_table *table = &service->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);
    bool mapped = service->mapping.asked != 0 && service->address.port == service->mapping.asked;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        mapped = mapped && neighbour->observed.port != service->mapping.asked;
    }
    return service->reached > 0 || (mapped && service->by_port > 0);
}

/* It is proven where this relay is: that goes into the record, and what attests to it travels with
 * it. Who answers first may lie about the address, so it must wait for the others. */
static void announce(struct reach_service *service, struct mono now)
{
    if (is_let_in(service)) {
        service->watch.open = service->local;
    }
    node_own_set(&service->mesh->own, &service->address,
                 has_address(service) ? RECORD_NODE_NAT_PUBLIC : RECORD_NODE_NAT_FULL_CONE, now);
    for (uint32_t i = 0; i < service->asked; i++) {
        const struct reach_asked *asked = &service->neighbours[i];

        if (asked->through && !asked->by_port &&
            endpoint_equal(&asked->address, &service->address)) {
            (void)mesh_own_attested(service->mesh->mesh, asked->attestation,
                                    asked->attestation_size);
        }
    }
    reached(service, now);
}

/* One more got through. */
static void take_through(struct reach_service *service, struct reach_asked *asked,
                         const struct record_attestation *record, const Ziglan__ReachResult *result,
                         struct mono now)
{
    asked->through = true;
    asked->by_port = result->outcome == REACH_RESULT_BY_PORT ||
                     reach_met_has(&service->watch.met, record->header.key, now);
    asked->address = record->address;
    asked->attestation_size = result->attestation.len;
    memcpy(asked->attestation, result->attestation.data, result->attestation.len);
    count_through(service);
    if (2 * service->reached > service->asked) {
        announce(service, now);
    }
}

/* The neighbour that was asked and has not answered yet; NULL: this one was not. */
static struct reach_asked *asked_of(struct reach_service *service, const uint8_t key[KEY_SIZE])
{
    for (uint32_t i = 0; i < service->asked; i++) {
        struct reach_asked *asked = &service->neighbours[i];

        if (!asked->answered && memcmp(asked->key, key, KEY_SIZE) == 0) {
            return asked;
        }
    }
    return NULL;
}

/* A result for ourselves, from a neighbour that was asked for one. Who measured is nobody that we
 * know, perhaps; its signature stands for it, and others judge what it is worth to them. */
void reach_on_result(struct reach_service *service, const struct relay_client *client,
                     const Ziglan__ReachResult *result, struct mono now)
{
    struct reach_asked *asked = asked_of(service, client->key);
    struct record_attestation record;
    struct record_parts parts;

    if (asked == NULL || !is_running(service)) {
        return;
    }
    asked->answered = true;
    service->answered++;
    if ((result->outcome == REACH_RESULT_REACHED || result->outcome == REACH_RESULT_BY_PORT) &&
        result->attestation.len <= sizeof(asked->attestation) &&
        signed_open(&parts, RECORD_TYPE_ATTESTATION, result->attestation.data,
                    result->attestation.len) == ERR_OK &&
        record_attestation_decode(&record, parts.record, parts.record_size) == ERR_OK &&
        memcmp(record.subject_key, service->base->cfg.identity->public_key, KEY_SIZE) == 0 &&
        record_live(&record.header, env_wall_ms(&service->base->env))) {
        take_through(service, asked, &record, result, now);
    }
    if (service->answered >= service->asked && is_running(service)) {
        service->until = now;
    }
}

/* A relay that is no neighbour is known: its packets would come from where we never sent to. */
static bool strangers_known(const struct reach_service *service)
{
    struct node_found found;
    size_t cursor = 0;

    while (mesh_next(service->mesh->mesh, &cursor, &found)) {
        if (!found.own && neighbour_of_key(&service->base->neighbours, found.key) == NULL) {
            return true;
        }
    }
    return false;
}

/* What the results of a round say together. What did not get through was lost, or is one that lies.
 * Behind a NAT the word of neighbours is little: to them it may be open, since this relay sends to
 * them. It does if no other relay is there, or none was found for so long. */
static enum reach_fault judge(const struct reach_service *service)
{
    uint32_t through = service->reached + service->by_port, ports;
    bool most = 2 * through > service->asked;

    if (service->answered == 0) {
        return REACH_FAULT_SILENT;
    }
    /* The word of few must agree with what the neighbours observe. */
    if (through == 0 || 2 * through < service->answered ||
        !(most || endpoint_is_none(&service->seen) ||
          endpoint_equal(&service->address, &service->seen))) {
        (void)reach_watch_most(&service->watch, &ports);
        return ports > 1 ? REACH_FAULT_SYMMETRIC : REACH_FAULT_CLOSED;
    }
    if (is_let_in(service) || !reach_is_doubtful(service)) {
        return REACH_FAULT_NONE;
    }
    if (through < service->answered) {
        return REACH_FAULT_RESTRICTED;
    }
    return is_reached(service) || service->retry.silent >= REACH_SILENT_MAX ||
                   !strangers_known(service)
               ? REACH_FAULT_NONE
               : REACH_FAULT_SILENT;
}

/* The round is over. */
static void finish(struct reach_service *service, struct mono now)
{
    enum reach_fault fault = judge(service);

    if (fault == REACH_FAULT_NONE) {
        announce(service, now);
    } else {
        not_reached(service, fault, now);
    }
}

void reach_on_neighbour(struct reach_service *service, const struct neighbour_event *event,
                        struct mono now)
{
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__ObservedAddress body = ZIGLAN__OBSERVED_ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    const struct neighbour *neighbour = event->neighbour;

    reach_met_note(&service->watch.met, neighbour->key, now);
    if (event->type != NEIGHBOUR_EVENT_OPEN) {
        return;
    }
    if (neighbour->dialled) { /* it only sees where we are; now it hears where it is */
        address.ip = control_ip(&neighbour->client->remote);
        address.port = neighbour->client->remote.port;
        body.address = &address;
        message.body_case = ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS;
        message.observed_address = &body;
        neighbour_tell(&service->base->neighbours, event->neighbour, &message);
    }
    if (service->state == REACH_STATE_ALONE) {
        service->next_at = now;
    } else {
        reach_watch_on_seen(&service->watch, neighbour, now);
    }
}

void reach_on_observed(struct reach_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Address *told = message->observed_address->address;
    struct neighbour *neighbour = client->neighbour;

    neighbour->observed = endpoint_of_bytes(told->ip.data, told->ip.len, (uint16_t)told->port);
    reach_watch_on_seen(&service->watch, neighbour, now);
}

void reach_on_mapping(struct reach_service *service, uint16_t port, struct mono now)
{
    if (port == service->mapping.port) {
        return;
    }
    service->mapping.port = port;
    service->mapping.failed = false;
    service->retry.ms = REACH_RETRY_MS_MIN;
    service->mapping.waits = is_running(service); /* its results may still be on their way */
    if (!service->mapping.waits && service->state != REACH_STATE_ALONE) {
        service->next_at = now;
    }
}

void reach_note_local(struct reach_service *service, const struct endpoint *local)
{
    if (local->port != service->mesh->dials.port) {
        service->local = *local;
    }
}

/* The address has changed: it is measured at once, but not as often as neighbours say so. */
static void moved(struct reach_service *service)
{
    service->mapping.failed = false;
    service->retry.ms = REACH_RETRY_MS_MIN;
    service->next_at =
        mono_min(service->next_at, mono_add_ms(service->checked_at, REACH_OBSERVED_MS));
}

void reach_expire(struct reach_service *service, struct mono now)
{
    reach_jobs_expire(&service->jobs, now);
    if (mono_due(service->until, now)) {
        finish(service, now);
    }
    if (service->mapping.waits && !is_running(service)) {
        service->mapping.waits = false;
        service->next_at = now;
    }
    if (!is_running(service) && reach_watch_has_moved(&service->watch, now)) {
        moved(service);
    }
    if (mono_due(service->next_at, now)) {
        check(service, now);
    }
    if (service->state == REACH_STATE_FULL_CONE) {
        reach_watch_expire(&service->watch, now);
    }
}

struct mono reach_deadline(const struct reach_service *service)
{
    struct mono at = mono_min(service->until, service->next_at);

    return mono_min(at, reach_watch_deadline(&service->watch, !is_running(service),
                                             service->state == REACH_STATE_FULL_CONE));
}
