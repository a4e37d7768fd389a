/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each relay that is found is an event, and the end is one, too. */
#include "client/libstun2/finds.h"

#include "client/libstun2/failures.h"
#include "proto/crypto/node_record.h"
#include "proto/wire/url.h"

#include <stdio.h>
#include <string.h>

static struct relay_find *find_of(struct finds *finds, uint64_t relay, uint32_t request_id)
{
    for (size_t i = 0; i < FINDS_MAX; i++) {
        struct relay_find *find = &finds->list[i];

        if (relay != 0 && find->relay == relay && find->request_id == request_id) {
            return find;
        }
    }
    return NULL;
}

int finds_ask(struct finds *finds, uint64_t relay, const char *app, const uint32_t *kinds,
              size_t kinds_count, size_t count, struct mono now)
{
    struct relay_session *session = app_base_relay(finds->base, relay);
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint32_t wanted[FIND_NAT_KINDS_MAX];
    char *apps[] = {control_text(app)};
    struct relay_find *find = NULL;

    for (size_t i = 0; i < FINDS_MAX && find == NULL; i++) {
        find = finds->list[i].relay == 0 ? &finds->list[i] : NULL;
    }
    if (session == NULL || find == NULL) {
        return session == NULL ? STUN2_ERROR_STATE : STUN2_ERROR_LIMIT;
    }
    memcpy(wanted, kinds, kinds_count * sizeof(wanted[0]));
    *find = (struct relay_find){.relay = relay,
                                .request_id = app_base_request(finds->base),
                                .count = count,
                                .wait_until = mono_add_ms(now, APP_ANSWER_MS)};
    (void)snprintf(find->app, sizeof(find->app), "%s", app);
    body.apps = apps;
    body.n_apps = 1;
    body.nat_kinds = wanted;
    body.n_nat_kinds = kinds_count;
    body.count = (uint32_t)count;
    message.request_id = find->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    if (!relay_session_send(session, &message)) {
        find->relay = 0;
        return STUN2_ERROR_STATE;
    }
    return STUN2_OK;
}

static void end(struct finds *finds, struct relay_find *find, int code, const char *text)
{
    struct stun2_event *event = app_events_add(&finds->base->events, STUN2_EVENT_FIND_END);

    event->relay = find->relay;
    event->code = code;
    app_text(event->app, sizeof(event->app), find->app);
    if (code != 0) {
        app_text(event->text, sizeof(event->text),
                 text == NULL || text[0] == '\0' ? failure_text(code) : text);
    }
    find->relay = 0;
}

static bool has_app(const struct record_node *node, const char *app)
{
    for (size_t i = 0; i < node->apps_count; i++) {
        if (strcmp(node->apps[i], app) == 0) {
            return true;
        }
    }
    return false;
}

static void url_write(char *text, size_t size, const uint8_t key[KEY_SIZE],
                      const struct endpoint *address)
{
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};
    char ip[ENDPOINT_TEXT_SIZE];

    memcpy(url.key, key, KEY_SIZE);
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "%s",
                   endpoint_ip_text(address, ip));
    url.hosts[0].port = address->port;
    url.hosts[0].numeric = true;
    if (url_print(&url, text, size) != ERR_OK) {
        text[0] = '\0';
    }
}

static void take(struct finds *finds, const struct relay_find *find,
                 const struct relay_session *from, const Ziglan__FoundRelay *found)
{
    const ProtobufCBinaryData *record = &found->node->record;
    struct record_header header;
    struct record_node node;
    struct stun2_event *event;

    if (record_header_peek(&header, record->data, record->len) != ERR_OK ||
        !node_record_verify(&node, record->data, record->len, header.key,
                            env_wall_ms(finds->base->env)) ||
        !has_app(&node, find->app) ||
        (endpoint_scope(&node.addresses[0]) != ENDPOINT_SCOPE_GLOBAL &&
         !endpoint_same_special(&node.addresses[0], &from->remote))) {
        return;
    }
    event = app_events_add(&finds->base->events, STUN2_EVENT_FOUND);
    event->relay = from->number;
    event->nat_kind = node.nat_kind;
    event->pool_size = found->size;
    event->address = app_address(&node.addresses[0]);
    memcpy(event->key, header.key, KEY_SIZE);
    app_text(event->app, sizeof(event->app), find->app);
    url_write(event->text, sizeof(event->text), header.key, &node.addresses[0]);
}

void finds_on_result(struct finds *finds, const struct relay_session *from, uint32_t request_id,
                     const Ziglan__FindResult *result)
{
    struct relay_find *find = find_of(finds, from->number, request_id);

    if (find == NULL) {
        return;
    }
    for (size_t i = 0; i < result->n_relays && i < find->count; i++) {
        take(finds, find, from, result->relays[i]);
    }
    end(finds, find, 0, NULL);
}

bool finds_on_error(struct finds *finds, const struct relay_session *from, uint32_t request_id,
                    const Ziglan__Error *error)
{
    struct relay_find *find = find_of(finds, from->number, request_id);

    if (find == NULL) {
        return false;
    }
    end(finds, find, (int)error->code, error->text);
    return true;
}

void finds_expire(struct finds *finds, struct mono now)
{
    for (size_t i = 0; i < FINDS_MAX; i++) {
        if (finds->list[i].relay != 0 && mono_due(finds->list[i].wait_until, now)) {
            end(finds, &finds->list[i], STUN2_FAILURE_SILENT, NULL);
        }
    }
}

struct mono finds_deadline(const struct finds *finds)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < FINDS_MAX; i++) {
        at = finds->list[i].relay != 0 ? mono_min(at, finds->list[i].wait_until) : at;
    }
    return at;
}
