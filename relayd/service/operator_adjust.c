/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each changes the directory, then tells the session, the watchers and the log. */
#include "relayd/service/operator_adjust.h"

#include "proto/base/wall_text.h"
#include "relayd/service/member.h"
#include "relayd/service/watch.h"
#include "rendezvous/directory/directory_admission.h"

#include <string.h>

/* Whom the verb is about: a member. */
static enum verdict member_choose(struct operator_service *service, const char *text,
                                  struct who_fits *fits, struct mono now)
{
    enum verdict verdict = operator_choose(service, text, false, fits, now);

    return verdict == VERDICT_OK && fits->list[0].state != WHO_STATE_MEMBER ? VERDICT_NOT_FOUND
                                                                            : verdict;
}

/* The session of a member whose admission was signed anew lasts as long as that says. */
static void session_retime(struct operator_service *service, const uint8_t key[KEY_SIZE],
                           struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client = session_table_of_key(&base->sessions, key);
    struct directory_until until = directory_admitted_until(base->directory, key);

    if (client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER && until.ms != 0) {
        session_admit(service->sessions, client, &until, now);
    }
}

enum verdict operator_expire(struct operator_service *service, const char *text, uint64_t ends_ms,
                             struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    enum verdict verdict = member_choose(service, text, fits, now);
    char when[WALL_TEXT_SIZE];
    char peer[KEY_SHORT_SIZE];

    if (verdict == VERDICT_OK) {
        verdict = directory_set_end(base->directory, who->key, ends_ms);
        store_health_note(&base->health, verdict);
    }
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.expires", "peer=%s name=%s ends=%s",
                  key_short(who->key, peer), who->name,
                  ends_ms != 0 ? wall_text(ends_ms, when) : "never");
        session_retime(service, who->key, now);
        watch_changed(service->sessions->watches, now);
    }
    return verdict;
}

/* What is to go makes room for what comes. */
static int groups_apply(struct operator_groups *groups, const struct directory_entry *row)
{
    struct record_admission admission;
    int rc = ERR_OK;

    memset(&groups->result, 0, sizeof(groups->result));
    if (directory_entry_admission(row, &admission)) {
        groups->result = directory_groups_of(&admission);
    }
    for (size_t i = 0; i < groups->remove.count; i++) {
        (void)directory_groups_remove(&groups->result, groups->remove.list[i]);
    }
    for (size_t i = 0; rc == ERR_OK && i < groups->add.count; i++) {
        rc = directory_groups_add(&groups->result, groups->add.list[i]);
    }
    return rc;
}

enum verdict operator_group(struct operator_service *service, const char *text,
                            struct operator_groups *groups, struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    enum verdict verdict = member_choose(service, text, fits, now);
    char list[DIRECTORY_GROUPS_TEXT_SIZE];
    char peer[KEY_SHORT_SIZE];
    struct directory_entry row;

    if (verdict == VERDICT_OK) {
        verdict = directory_find_key(base->directory, who->key, &row);
    }
    if (verdict == VERDICT_OK && groups_apply(groups, &row) != ERR_OK) {
        return VERDICT_LIMIT;
    }
    if (verdict == VERDICT_OK && (groups->add.count > 0 || groups->remove.count > 0)) {
        verdict = directory_set_groups(base->directory, who->key, &groups->result);
        store_health_note(&base->health, verdict);
        if (verdict == VERDICT_OK) {
            env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.groups", "peer=%s name=%s groups=%s",
                      key_short(who->key, peer), who->name,
                      groups->result.count > 0 ? directory_groups_text(&groups->result, list)
                                               : "-");
            watch_changed(service->sessions->watches, now);
        }
    }
    return verdict;
}

enum verdict operator_note(struct operator_service *service, const char *text, const char *note,
                           struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    enum verdict verdict = member_choose(service, text, fits, now);
    char peer[KEY_SHORT_SIZE];

    if (verdict == VERDICT_OK) {
        verdict = directory_set_note(base->directory, who->key, note);
        store_health_note(&base->health, verdict);
    }
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.noted", "peer=%s name=%s",
                  key_short(who->key, peer), who->name);
    }
    return verdict;
}
