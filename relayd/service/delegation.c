/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signs, takes and renews the delegation, and warns before it ends. */
#include "relayd/service/delegation.h"

#include "proto/crypto/delegation.h"

#include <string.h>

enum { DAY_MS = 24 * 3600 * 1000 }; /* between renewals, and between warnings */

#define LIFETIME_MS ((uint64_t)DAY_MS * DELEGATION_DAYS)
#define WARN_MS ((uint64_t)DAY_MS * 7)

/* Use the record that was just written to the other place. The former one stays untouched, because
 * the link borrows it until it is given the new hello. */
static void use(struct delegation_service *service, uint64_t expires_ms)
{
    service->index = 1 - service->index;
    service->expires_ms = expires_ms;
    service->hello.delegation = service->records[service->index];
    service->hello.delegation_size = service->sizes[service->index];
}

/* Sign a delegation with the ziglan's key, which is at hand. */
static int make(struct delegation_service *service)
{
    const struct relay_base *base = service->base;
    uint64_t wall_ms = env_wall_ms(&base->env);
    unsigned next = 1 - service->index;
    int rc =
        delegation_sign(service->records[next], &service->sizes[next], base->cfg.ziglan_identity,
                        base->cfg.identity->public_key, DELEGATION_DAYS, wall_ms);

    if (rc == ERR_OK) {
        service->made_ms = wall_ms;
        use(service, wall_ms + LIFETIME_MS);
    }
    return rc;
}

/* Take a delegation that was signed elsewhere. It must be for this relay, and of the same ziglan as
 * before. One that is not in force is taken, too: this relay's clock may be the wrong one, and
 * warn() tells its owner. */
static int take(struct delegation_service *service, const uint8_t *data, size_t size)
{
    struct relay_base *base = service->base;
    unsigned next = 1 - service->index;
    struct record_delegation record;

    if (delegation_verify(&record, data, size, base->directory != NULL ? base->ziglan_key : NULL,
                          base->cfg.identity->public_key,
                          env_wall_ms(&base->env)) == DELEGATION_NOT_BELIEVED) {
        env_trace(&base->env, TRACE_LEVEL_ERROR, "ziglan.delegation",
                  "why=\"not this ziglan's delegation for this relay's key\"");
        return ERR_SYSTEM;
    }
    memcpy(base->ziglan_key, record.header.key, KEY_SIZE);
    memcpy(service->records[next], data, size);
    service->sizes[next] = size;
    use(service, record.expires_ms);
    return ERR_OK;
}

/* Hosts choose relays that would have them. */
static void capabilities_set(struct delegation_service *service)
{
    service->hello.capabilities = LINK_CAPABILITY_RELAYS;
    if (service->base->cfg.open_relay) {
        service->hello.capabilities |= LINK_CAPABILITY_OPEN;
    }
}

int delegation_service_init(struct delegation_service *service, struct relay_base *base)
{
    int rc = ERR_OK;

    service->base = base;
    capabilities_set(service);
    service->hello.session_max = base->cfg.session_max;
    service->hello.rewards = base->rewards;
    service->hello.rewards_count = base->cfg.rewards.count;
    if (base->cfg.ziglan_identity != NULL) {
        memcpy(base->ziglan_key, base->cfg.ziglan_identity->public_key, KEY_SIZE);
        rc = make(service);
    } else if (base->cfg.delegation != NULL) {
        rc = take(service, base->cfg.delegation, base->cfg.delegation_size);
        base->cfg.delegation = NULL; /* it was copied */
    }
    return rc;
}

void delegation_service_hello(struct delegation_service *service)
{
    service->hello.rewards_count = service->base->cfg.rewards.count;
    capabilities_set(service);
    link_hub_set_hello(service->base->hub, &service->hello);
}

ProtobufCBinaryData delegation_service_field(const struct delegation_service *service)
{
    return control_bytes(service->hello.delegation, service->hello.delegation_size);
}

void delegation_service_take(struct delegation_service *service, const uint8_t *data, size_t size)
{
    const struct relay_base *base = service->base;

    if (base->directory != NULL && base->cfg.ziglan_identity == NULL &&
        take(service, data, size) == ERR_OK) {
        link_hub_set_hello(base->hub, &service->hello);
    }
}

/* Only the owner of the ziglan's key can renew it, so the log tells its end in time. */
static void warn(struct delegation_service *service, uint64_t wall_ms)
{
    if (service->expires_ms < wall_ms + WARN_MS &&
        (wall_ms < service->warned_ms || wall_ms - service->warned_ms > DAY_MS)) {
        service->warned_ms = wall_ms;
        env_trace(&service->base->env, TRACE_LEVEL_WARN, "ziglan.delegation",
                  "%s hint=\"relayd delegate\"",
                  service->expires_ms < wall_ms ? "over=1" : "ends_soon=1");
    }
}

void delegation_service_keep(struct delegation_service *service)
{
    const struct relay_base *base = service->base;
    uint64_t wall_ms = env_wall_ms(&base->env);

    if (base->cfg.ziglan_identity == NULL) {
        warn(service, wall_ms);
        return;
    }
    /* A clock that was set back makes the delegation one of the future, which nobody accepts: it is
     * renewed at once. */
    if ((wall_ms < service->made_ms || wall_ms - service->made_ms > DAY_MS) &&
        make(service) == ERR_OK) {
        link_hub_set_hello(base->hub, &service->hello);
        env_trace(&base->env, TRACE_LEVEL_DEBUG, "ziglan.delegation", "renewed=1");
    }
}
