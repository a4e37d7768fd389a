/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's verbs: each changes the directory, then tells sessions and watchers. */
#include "relayd/service/operator.h"

#include "proto/base/wall_text.h"
#include "proto/crypto/identity.h"
#include "relayd/service/invite_url.h"
#include "relayd/service/member.h"
#include "relayd/service/watch.h"

#include <stdio.h>
#include <string.h>

/* The log has the invite's id only: with the invite itself whoever reads the log could join. */
static void invite_log(const struct env *env, const struct directory_terms *terms,
                       const uint8_t invite[INVITE_SIZE])
{
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE];

    env_trace(env, TRACE_LEVEL_INFO, "ziglan.invited", "invite=%s uses=%u expires=%s%s%s",
              directory_invite_id(invite, id), (unsigned)(terms->uses != 0 ? terms->uses : 1),
              terms->expires_ms != 0 ? wall_text(terms->expires_ms, when) : "never",
              terms->name[0] != '\0' ? " name=" : "", terms->name);
}

enum verdict operator_invite(struct operator_service *service, const struct directory_terms *terms,
                             char text[URL_SIZE_MAX])
{
    struct relay_base *base = service->base;
    uint8_t invite[INVITE_SIZE] = {0};
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    /* First see that a URL can be printed: an invite without a URL is of no use. */
    if (invite_url_print(text, base->ziglan_key, base->public_hosts, base->name, invite) !=
        ERR_OK) {
        return VERDICT_BAD_REQUEST;
    }
    verdict = directory_invite(base->directory, terms, invite);
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    invite_log(&base->env, terms, invite);
    return invite_url_print(text, base->ziglan_key, base->public_hosts, base->name, invite) ==
                   ERR_OK
               ? VERDICT_OK
               : VERDICT_LIMIT;
}

enum verdict operator_member_next(struct operator_service *service, uint8_t key[KEY_SIZE],
                                  struct operator_member *out, struct mono now)
{
    struct relay_base *base = service->base;
    struct directory_entry row;
    const struct relay_client *client;
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now);
    verdict = directory_next(base->directory, key, &row);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *out =
        (struct operator_member){.revoked = row.admission_size == 0, .expires_ms = row.expires_ms};
    memcpy(out->key, row.key, KEY_SIZE);
    (void)snprintf(out->name, sizeof(out->name), "%s", row.name);
    client = member_session(base, row.key);
    if (client != NULL) {
        out->online = true;
        out->remote = client->remote;
        out->online_ms = mono_ms_between(client->opened_at, now);
    }
    return VERDICT_OK;
}

enum verdict operator_revoke(struct operator_service *service, const char *text,
                             uint8_t key[KEY_SIZE], struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client;
    struct member_label who;
    enum verdict verdict;
    bool again;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now);
    verdict = directory_resolve(base->directory, text, key);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    again = directory_status(base->directory, key) == DIRECTORY_STATUS_REVOKED;
    who = member_label(base, key);
    verdict = directory_revoke(base->directory, key);
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (!again) {
        base->counters.revocations++;
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.revoked", "peer=%s name=%s", who.peer,
                  who.name);
    }
    client = session_table_of_key(&base->sessions, key);
    if (client != NULL) {
        session_send_away(service->sessions, client, GOAWAY_REVOKED, 0, now);
    }
    watch_changed(service->sessions->watches, now);
    return VERDICT_OK;
}

enum verdict operator_restore(struct operator_service *service, const char *text,
                              uint8_t key[KEY_SIZE], struct mono now)
{
    struct relay_base *base = service->base;
    enum verdict verdict;
    char peer[KEY_SHORT_SIZE];

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now);
    verdict = directory_resolve(base->directory, text, key);
    if (verdict == VERDICT_OK) {
        verdict = directory_restore(base->directory, key);
        store_health_note(&base->health, verdict);
    }
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.restored", "peer=%s", key_short(key, peer));
        watch_changed(service->sessions->watches, now);
    }
    return verdict;
}
