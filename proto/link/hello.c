/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing, signing and checking the protobuf message. */
#include "proto/link/hello.h"

#include "proto/crypto/delegation.h"
#include "proto/wire/record.h"

#include <sodium.h>
#include <string.h>

#define HELLO_LABEL "stun2 hello 1"

enum { HELLO_VERSION = 1, SIGNED_SIZE = 1 + CARRIER_EXPORTER_SIZE };

/* Write what is signed behind the label. */
static int signed_value(struct carrier *carrier, char side, uint8_t out[SIGNED_SIZE])
{
    out[0] = (uint8_t)side;
    return carrier->ops->exporter(carrier, out + 1);
}

/* What a server says. It lies here while the message is packed. */
struct server_parts {
    Ziglan__Address observed;
    Ziglan__Reward rewards[LINK_REWARDS_MAX];
    Ziglan__Reward *list[LINK_REWARDS_MAX];
};

static void rewards_set(const struct link_hello *own, Ziglan__Hello *hello,
                        struct server_parts *parts)
{
    for (size_t i = 0; i < own->rewards_count && i < LINK_REWARDS_MAX; i++) {
        Ziglan__Reward *reward = &parts->rewards[i];

        ziglan__reward__init(reward);
        reward->chain = control_text(own->rewards[i].chain);
        reward->address = control_text(own->rewards[i].address);
        reward->identity = control_text(own->rewards[i].identity);
        parts->list[i] = reward;
        hello->n_rewards = i + 1;
    }
    hello->rewards = parts->list;
}

static void server_fields(const struct hello_self *self, const struct carrier *carrier,
                          Ziglan__Hello *hello, struct server_parts *parts)
{
    const struct link_hello *own = &self->told;
    Ziglan__Address *observed = &parts->observed;

    hello->capabilities = own->capabilities;
    hello->node_record = control_bytes(own->node_record, own->node_record_size);
    hello->delegation = control_bytes(own->delegation, own->delegation_size);
    rewards_set(own, hello, parts);
    hello->server_time_ms = env_wall_ms(self->env);
    hello->session_max = own->session_max;
    ziglan__address__init(observed);
    observed->ip = control_ip(&carrier->remote);
    observed->port = carrier->remote.port;
    hello->observed = observed;
}

int hello_write(const struct hello_self *self, struct carrier *carrier,
                const struct hello_dialler *dialler, uint8_t *out, size_t capacity, size_t *size)
{
    struct server_parts parts;
    Ziglan__Control control;
    Ziglan__Hello hello;
    uint8_t value[SIGNED_SIZE], signature[SIGNATURE_SIZE];
    int rc;

    ziglan__control__init(&control);
    ziglan__hello__init(&hello);
    rc = signed_value(carrier, carrier->dialled ? 'C' : 'S', value);
    if (rc != ERR_OK) {
        goto out;
    }
    identity_sign(self->identity, HELLO_LABEL, value, sizeof(value), signature);
    hello.version = HELLO_VERSION;
    hello.pubkey = control_bytes(self->identity->public_key, KEY_SIZE);
    hello.signature = control_bytes(signature, sizeof(signature));
    if (carrier->dialled) {
        hello.roles = dialler->roles;
        hello.attachment = control_bytes(dialler->attachment, dialler->attachment_size);
    } else {
        server_fields(self, carrier, &hello, &parts);
    }
    control.body_case = ZIGLAN__CONTROL__BODY_HELLO;
    control.hello = &hello;
    if (control_pack(out, capacity, size, &control) != ERR_OK) {
        rc = ERR_SESSION;
    }
out:
    sodium_memzero(value, sizeof(value));
    return rc;
}

/* ziglan_key: who signed the peer's delegation; zero if it has no genuine one. */
static bool is_wanted(const struct hello_want *want, const uint8_t *peer_key,
                      const uint8_t *ziglan_key)
{
    switch (want->want) {
    case LINK_WANT_RELAY:
        return memcmp(want->key, peer_key, KEY_SIZE) == 0;
    case LINK_WANT_ZIGLAN:
        return memcmp(want->key, ziglan_key, KEY_SIZE) == 0;
    }
    return false;
}

static enum link_reason read_server(const struct hello_self *self, const struct hello_want *want,
                                    const Ziglan__Hello *hello, struct link_peer *peer)
{
    const uint8_t *ziglan_key = want->want == LINK_WANT_ZIGLAN ? want->key : NULL;
    enum delegation_verdict verdict = DELEGATION_NOT_BELIEVED;
    struct record_delegation delegation;

    if (hello->delegation.len > 0) {
        verdict = delegation_verify(&delegation, hello->delegation.data, hello->delegation.len,
                                    ziglan_key, hello->pubkey.data, env_wall_ms(self->env));
    }
    if (verdict != DELEGATION_NOT_BELIEVED) {
        memcpy(peer->ziglan_key, delegation.header.key, KEY_SIZE);
    }
    if (!is_wanted(want, hello->pubkey.data, peer->ziglan_key)) {
        return LINK_REASON_WRONG_KEY;
    }
    if (verdict == DELEGATION_NOT_IN_FORCE) {
        /* A delegation that is not in force proves no ziglan. It is an error only for a dialler
         * that wanted the ziglan. */
        memset(peer->ziglan_key, 0, KEY_SIZE);
        if (want->want == LINK_WANT_ZIGLAN) {
            return LINK_REASON_CLOCK;
        }
    }
    peer->capabilities = hello->capabilities;
    peer->server_time_ms = hello->server_time_ms;
    if (hello->observed != NULL && hello->observed->port <= UINT16_MAX) {
        peer->observed = endpoint_of_bytes(hello->observed->ip.data, hello->observed->ip.len,
                                           (uint16_t)hello->observed->port);
    }
    return LINK_REASON_NONE;
}

static bool signature_verifies(struct carrier *carrier, const Ziglan__Hello *hello)
{
    uint8_t value[SIGNED_SIZE];
    bool ok;

    ok = signed_value(carrier, carrier->dialled ? 'S' : 'C', value) == ERR_OK &&
         key_verify(hello->pubkey.data, HELLO_LABEL, value, sizeof(value), hello->signature.data);
    sodium_memzero(value, sizeof(value));
    return ok;
}

enum link_reason hello_read(struct hello_self *self, struct carrier *carrier,
                            const struct hello_want *want, const uint8_t *data, size_t size,
                            struct link_peer *out)
{
    struct link_peer peer = {.roles = 0};
    Ziglan__Control *control;
    const Ziglan__Hello *hello;
    enum link_reason reason;

    if (control_unpack(&control, &self->arena, data, size) != ERR_OK ||
        control->body_case != ZIGLAN__CONTROL__BODY_HELLO) {
        return LINK_REASON_PROTOCOL;
    }
    hello = control->hello;
    if (hello->version != HELLO_VERSION || hello->pubkey.len != KEY_SIZE ||
        hello->signature.len != SIGNATURE_SIZE) {
        return LINK_REASON_PROTOCOL;
    }
    if (!signature_verifies(carrier, hello)) {
        return carrier->dialled ? LINK_REASON_INTERCEPTED : LINK_REASON_PROTOCOL;
    }
    if (carrier->dialled) {
        reason = read_server(self, want, hello, &peer);
        if (reason != LINK_REASON_NONE) {
            return reason;
        }
    } else {
        peer.roles = hello->roles;
    }
    memcpy(peer.key, hello->pubkey.data, KEY_SIZE);
    *out = peer;
    return LINK_REASON_NONE;
}
