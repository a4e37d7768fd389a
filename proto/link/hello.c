/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/hello.h"

#include "proto/crypto/delegation.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"
#include "proto/wire/record.h"

#include <sodium.h>
#include <string.h>

#define HELLO_LABEL "stun2 hello 1"

enum { HELLO_VERSION = 1, SIGNED_SIZE = 1 + TLS_EXPORTER_SIZE };

/* What is signed besides the label. */
static int signed_value(struct link_conn *c, char side, uint8_t out[SIGNED_SIZE])
{
    out[0] = (uint8_t)side;
    return tls_export(c->tls, out + 1);
}

static void server_fields(const struct link_conn *c, Ziglan__Hello *hello,
                          Ziglan__Address *observed)
{
    const struct link_hello *own = &c->hub->cfg.hello;

    hello->capabilities = own->capabilities;
    hello->node_record = control_bytes(own->node_record, own->node_record_size);
    hello->delegation = control_bytes(own->delegation, own->delegation_size);
    hello->reward_address = control_text(own->reward_address);
    hello->server_time_ms = env_wall_ms(c->hub->env);
    hello->session_max = own->session_max;
    observed->ip = control_ip(&c->remote);
    observed->port = c->remote.port;
    hello->observed = observed;
}

int hello_write(struct link_conn *c, uint8_t *out, size_t capacity, size_t *size)
{
    const struct identity *identity = c->hub->cfg.identity;
    Ziglan__Control control;
    Ziglan__Hello hello;
    Ziglan__Address observed;
    uint8_t value[SIGNED_SIZE], signature[SIGNATURE_SIZE];
    int rc;

    ziglan__control__init(&control);
    ziglan__hello__init(&hello);
    ziglan__address__init(&observed);
    rc = signed_value(c, c->dialled ? 'C' : 'S', value);
    if (rc != ERR_OK) {
        goto out;
    }
    identity_sign(identity, HELLO_LABEL, value, sizeof(value), signature);
    hello.version = HELLO_VERSION;
    hello.pubkey = control_bytes(identity->public_key, KEY_SIZE);
    hello.signature = control_bytes(signature, sizeof(signature));
    if (c->dialled) {
        hello.roles = c->hub->cfg.server ? HELLO_ROLE_RELAY : HELLO_ROLE_HOST;
    } else {
        server_fields(c, &hello, &observed);
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

/* Is it whom we dialled? */
static bool is_wanted(const struct link_session *session, const uint8_t *peer_key)
{
    switch (session->want) {
    case LINK_WANT_RELAY:
        return memcmp(session->want_key, peer_key, KEY_SIZE) == 0;
    case LINK_WANT_ZIGLAN:
        return memcmp(session->want_key, session->peer.ziglan_key, KEY_SIZE) == 0;
    }
    return false;
}

static enum link_reason read_server(struct link_conn *c, const Ziglan__Hello *hello)
{
    struct link_session *session = &c->session;
    const uint8_t *ziglan_key = session->want == LINK_WANT_ZIGLAN ? session->want_key : NULL;
    enum delegation_verdict verdict = DELEGATION_NOT_BELIEVED;
    struct record_delegation delegation;

    if (hello->delegation.len > 0) {
        verdict = delegation_verify(&delegation, hello->delegation.data, hello->delegation.len,
                                    ziglan_key, hello->pubkey.data, env_wall_ms(c->hub->env));
    }
    memset(session->peer.ziglan_key, 0, KEY_SIZE);
    if (verdict != DELEGATION_NOT_BELIEVED) {
        memcpy(session->peer.ziglan_key, delegation.header.key, KEY_SIZE);
    }
    if (!is_wanted(session, hello->pubkey.data)) {
        return LINK_REASON_WRONG_KEY;
    }
    if (verdict == DELEGATION_NOT_IN_FORCE) {
        /* No word of the ziglan's; who wanted the relay itself does not mind. */
        memset(session->peer.ziglan_key, 0, KEY_SIZE);
        if (session->want == LINK_WANT_ZIGLAN) {
            return LINK_REASON_CLOCK;
        }
    }
    session->peer.capabilities = hello->capabilities;
    session->peer.server_time_ms = hello->server_time_ms;
    if (hello->observed != NULL && hello->observed->port <= UINT16_MAX) {
        session->peer.observed = endpoint_of_bytes(
            hello->observed->ip.data, hello->observed->ip.len, (uint16_t)hello->observed->port);
    }
    return LINK_REASON_NONE;
}

static bool signature_verifies(struct link_conn *c, const Ziglan__Hello *hello)
{
    uint8_t value[SIGNED_SIZE];
    bool ok;

    ok = signed_value(c, c->dialled ? 'S' : 'C', value) == ERR_OK &&
         key_verify(hello->pubkey.data, HELLO_LABEL, value, sizeof(value), hello->signature.data);
    sodium_memzero(value, sizeof(value));
    return ok;
}

enum link_reason hello_read(struct link_conn *c, const uint8_t *data, size_t size,
                            const uint8_t **delegation, size_t *delegation_size)
{
    Ziglan__Control *control;
    const Ziglan__Hello *hello;
    enum link_reason reason;

    *delegation = NULL;
    *delegation_size = 0;
    if (control_unpack(&control, &c->hub->arena, data, size) != ERR_OK ||
        control->body_case != ZIGLAN__CONTROL__BODY_HELLO) {
        return LINK_REASON_PROTOCOL;
    }
    hello = control->hello;
    if (hello->version != HELLO_VERSION || hello->pubkey.len != KEY_SIZE ||
        hello->signature.len != SIGNATURE_SIZE) {
        return LINK_REASON_PROTOCOL;
    }
    if (!signature_verifies(c, hello)) {
        return c->dialled ? LINK_REASON_INTERCEPTED : LINK_REASON_PROTOCOL;
    }
    if (c->dialled) {
        reason = read_server(c, hello);
        if (reason != LINK_REASON_NONE) {
            return reason;
        }
        *delegation = hello->delegation.data;
        *delegation_size = hello->delegation.len;
    } else {
        c->session.peer.roles = hello->roles;
    }
    memcpy(c->session.peer.key, hello->pubkey.data, KEY_SIZE);
    return LINK_REASON_NONE;
}
