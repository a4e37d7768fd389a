/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use the pools, and their messages. */
#include "relayd/service/pool.h"

#include <string.h>

int pool_service_init(struct pool_service *service, struct relay_base *base)
{
    int rc;

    service->base = base;
    rc = app_pools_new(&service->pools, &base->env);
    if (rc == ERR_OK) {
        app_pools_configure(service->pools, &base->cfg.pools);
    }
    return rc;
}

void pool_service_fini(struct pool_service *service)
{
    app_pools_free(service->pools);
}

/* Tell an application that it is in this pool no more. */
static void left_send(struct pool_service *service, const struct relay_client *client,
                      const char *app)
{
    Ziglan__PoolLeave body = ZIGLAN__POOL_LEAVE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.app = control_text(app);
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_LEAVE;
    message.pool_leave = &body;
    reply_send(&service->base->reply, client, &message);
}

/* This pool is closed: everybody in it is told. */
static void pool_close(struct pool_service *service, const char *app)
{
    const struct session_table *sessions = &service->base->sessions;
    uint32_t at = 0;

    for (const struct relay_client *client = session_table_next(sessions, &at); client != NULL;
         client = session_table_next(sessions, &at)) {
        if (app_pools_leave(service->pools, app, client->key)) {
            left_send(service, client, app);
        }
    }
}

static bool config_has(const struct app_pool_config *config, const char *app)
{
    for (size_t i = 0; i < config->apps_count; i++) {
        if (strcmp(config->apps[i], app) == 0) {
            return true;
        }
    }
    return false;
}

void pool_service_configure(struct pool_service *service)
{
    const struct app_pool_config *before = app_pools_config(service->pools);

    for (size_t i = 0; i < before->apps_count; i++) {
        if (!config_has(&service->base->cfg.pools, before->apps[i])) {
            pool_close(service, before->apps[i]);
        }
    }
    app_pools_configure(service->pools, &service->base->cfg.pools);
}

bool pool_service_may(const struct pool_service *service, const struct relay_client *client)
{
    return client->state == RELAY_CLIENT_STATE_MEMBER ||
           (client->state == RELAY_CLIENT_STATE_STRANGER && service->base->cfg.open_relay);
}

static bool may_or_refuse(struct pool_service *service, const struct relay_client *client,
                          uint32_t request_id)
{
    if (pool_service_may(service, client)) {
        return true;
    }
    reply_refuse(&service->base->reply, client, request_id, VERDICT_NOT_MEMBER,
                 "the pools of this relay are for members of its ziglan");
    return false;
}

static const char *refusal_text(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_UNSUPPORTED:
        return "this relay has no pool of that application";
    case VERDICT_LIMIT:
        return "the pool is full, or your network has its share of it; try again later";
    default:
        return NULL; /* the verdict's own */
    }
}

static void joined_send(struct pool_service *service, const struct relay_client *client,
                        const Ziglan__Control *asked)
{
    const struct record_reward *reward;
    Ziglan__Reward reward_body = ZIGLAN__REWARD__INIT;
    Ziglan__PoolJoined body = ZIGLAN__POOL_JOINED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.app = asked->pool_join->app;
    (void)app_pools_size(service->pools, body.app, &body.size, &body.limit);
    reward = reward_for(&service->base->cfg.rewards, body.app);
    if (reward != NULL) {
        reward_body.chain = control_text(reward->chain);
        reward_body.address = control_text(reward->address);
        reward_body.identity = control_text(reward->identity);
        body.reward = &reward_body;
    }
    message.request_id = asked->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_JOINED;
    message.pool_joined = &body;
    reply_send(&service->base->reply, client, &message);
}

void pool_service_on_join(struct pool_service *service, const struct relay_client *client,
                          const Ziglan__Control *message, struct mono now)
{
    struct app_pool_joiner joiner = {
        .address = client->remote,
        .stranger = client->state != RELAY_CLIENT_STATE_MEMBER,
        .nat_kind = message->pool_join->nat_kind,
    };
    uint8_t left[KEY_SIZE];
    bool displaced = false;
    const struct relay_client *other;
    enum verdict verdict;

    if (!may_or_refuse(service, client, message->request_id)) {
        return;
    }
    memcpy(joiner.key, client->key, KEY_SIZE);
    verdict =
        app_pools_join(service->pools, message->pool_join->app, &joiner, &displaced, left, now);
    other = displaced ? session_table_of_key(&service->base->sessions, left) : NULL;
    if (other != NULL) {
        left_send(service, other, message->pool_join->app);
    }
    if (verdict == VERDICT_OK) {
        joined_send(service, client, message);
    } else {
        reply_refuse(&service->base->reply, client, message->request_id, verdict,
                     refusal_text(verdict));
    }
}

void pool_service_on_leave(struct pool_service *service, const struct relay_client *client,
                           const Ziglan__Control *message)
{
    Ziglan__Done body = ZIGLAN__DONE__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;

    (void)app_pools_leave(service->pools, message->pool_leave->app, client->key);
    answer.request_id = message->request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_DONE;
    answer.done = &body;
    if (message->request_id != 0) {
        reply_send(&service->base->reply, client, &answer);
    }
}

bool pool_service_pick(struct pool_service *service, const struct relay_client *client,
                       uint32_t request_id, const char *app, uint8_t out[KEY_SIZE])
{
    uint32_t size, limit;

    if (!may_or_refuse(service, client, request_id)) {
        return false;
    }
    if (!app_pools_size(service->pools, app, &size, &limit)) {
        reply_refuse(&service->base->reply, client, request_id, VERDICT_UNSUPPORTED,
                     refusal_text(VERDICT_UNSUPPORTED));
        return false;
    }
    if (!app_pools_pick(service->pools, app, client->key, out)) {
        reply_refuse(&service->base->reply, client, request_id, VERDICT_NOT_FOUND,
                     "nobody else is in this pool now");
        return false;
    }
    return true;
}

void pool_service_gone(struct pool_service *service, const uint8_t key[KEY_SIZE])
{
    app_pools_leave_all(service->pools, key);
}
