/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's verbs: each changes the directory, then tells sessions and watchers. */
#include "relayd/service/operator.h"

#include "proto/base/wall_text.h"
#include "proto/crypto/identity.h"
#include "relayd/service/invite_url.h"
#include "relayd/service/member.h"
#include "relayd/service/watch.h"
#include "rendezvous/directory/directory_admission.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The log has the invite's id only: with the invite itself whoever reads the log could join. */
static void invite_log(const struct env *env, const struct directory_terms *terms,
                       const uint8_t invite[INVITE_SIZE])
{
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE], ends[WALL_TEXT_SIZE];
    char groups[DIRECTORY_GROUPS_TEXT_SIZE];

    env_trace(env, TRACE_LEVEL_INFO, "ziglan.invited", "invite=%s uses=%u expires=%s%s%s%s%s%s%s",
              directory_invite_id(invite, id), (unsigned)(terms->uses != 0 ? terms->uses : 1),
              terms->expires_ms != 0 ? wall_text(terms->expires_ms, when) : "never",
              terms->name[0] != '\0' ? " name=" : "", terms->name,
              terms->groups.count > 0 ? " groups=" : "",
              directory_groups_text(&terms->groups, groups), terms->ends_ms != 0 ? " ends=" : "",
              terms->ends_ms != 0 ? wall_text(terms->ends_ms, ends) : "");
}

static int url_of_invite(const struct relay_base *base, const uint8_t invite[INVITE_SIZE],
                         char text[URL_SIZE_MAX])
{
    const struct invite_places places = {.hosts = base->public_hosts,
                                         .relays = base->url_relays.list,
                                         .relays_count = base->url_relays.count};

    return invite_url_print(text, base->ziglan_key, &places, base->name, invite);
}

enum verdict operator_invite(struct operator_service *service, struct directory_terms *terms,
                             char text[URL_SIZE_MAX])
{
    struct relay_base *base = service->base;
    uint8_t invite[INVITE_SIZE] = {0};
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    /* First see that a URL can be printed: an invite without a URL is of no use. */
    if (url_of_invite(base, invite, text) != ERR_OK) {
        return VERDICT_BAD_REQUEST;
    }
    verdict = directory_invite(base->directory, terms, invite);
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    invite_log(&base->env, terms, invite);
    return url_of_invite(base, invite, text) == ERR_OK ? VERDICT_OK : VERDICT_LIMIT;
}

enum verdict operator_invite_next(struct operator_service *service,
                                  uint8_t at[DIRECTORY_INVITE_HASH_SIZE],
                                  struct directory_invite_row *out, struct mono now)
{
    if (service->base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now); /* it may use up an invite */
    return directory_invite_next(service->base->directory, at, out);
}

enum verdict operator_uninvite(struct operator_service *service, const char *text,
                               char id[DIRECTORY_INVITE_ID_SIZE], struct mono now)
{
    struct relay_base *base = service->base;
    char error[URL_ERROR_SIZE];
    struct url url;
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now);
    if (url_parse(&url, text, strlen(text), error) == ERR_OK && url.has_invite) {
        (void)directory_invite_id(url.invite, id);
    } else {
        (void)snprintf(id, DIRECTORY_INVITE_ID_SIZE, "%.*s", DIRECTORY_INVITE_ID_SIZE - 1,
                       strlen(text) < DIRECTORY_INVITE_ID_SIZE ? text : "");
    }
    verdict = directory_uninvite(base->directory, id);
    store_health_note(&base->health, verdict);
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.uninvited", "invite=%s", id);
    }
    return verdict;
}

/* What is kept of a member beside its records, and its groups. False if the store fails. */
static bool kept_read(const struct operator_service *service, const struct directory_entry *row,
                      struct operator_member *out)
{
    struct relay_base *base = service->base;
    struct record_admission admission;

    if (directory_entry_admission(row, &admission)) {
        out->groups = directory_groups_of(&admission);
    }
    if (directory_details_read(base->directory, row->key, &out->details) != ERR_OK) {
        return false;
    }
    out->ended = directory_is_ended(out->details.ends_ms, env_wall_ms(&base->env));
    return use_of(service->sessions->uses, row->key, &out->use) == VERDICT_OK;
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
    do {
        verdict = directory_next(base->directory, key, &row);
    } while (verdict == VERDICT_OK && row.admission_size == 0 && !directory_entry_is_revoked(&row));
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *out =
        (struct operator_member){.revoked = row.admission_size == 0, .expires_ms = row.expires_ms};
    if (!out->revoked && !kept_read(service, &row, out)) {
        return VERDICT_UNAVAILABLE;
    }
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

/* True if the text is the key, a shortened key or the name of this one, and not only the beginning
 * of its name. */
static bool is_exact(const char *text, const struct who *who)
{
    return key_begins(who->key, text) || strcasecmp(text, who->name) == 0;
}

enum verdict operator_choose(struct operator_service *service, const char *text, bool revoked,
                             struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    enum verdict verdict;

    memset(fits, 0, sizeof(*fits));
    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    join_flush(service->joins, now);
    verdict = revoked ? who_find_revoked(base, text, fits) : who_find(base, text, fits);
    return verdict == VERDICT_OK && (fits->count > 1 || !is_exact(text, &fits->list[0]))
               ? VERDICT_REFUSED
               : verdict;
}

/* As long as hosts leave us alone that know why they were cut off. */
enum { CUT_OFF_RETRY_MS = 300000 };

/* The key is no member any more: its session ends, and all are told. */
static void cut_off(struct operator_service *service, const uint8_t key[KEY_SIZE],
                    enum goaway reason, struct mono now)
{
    struct relay_client *client = session_table_of_key(&service->base->sessions, key);

    if (client != NULL) {
        session_send_away(service->sessions, client, reason, CUT_OFF_RETRY_MS, now);
    }
    lane_kept_leave(&service->sessions->lanes->kept, key);
    watch_changed(service->sessions->watches, now);
}

enum verdict operator_revoke(struct operator_service *service, const char *text,
                             struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    struct member_label label;
    enum verdict verdict = operator_choose(service, text, false, fits, now);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    label = member_label(base, who->key);
    verdict = directory_revoke(base->directory, who->key);
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (who->state != WHO_STATE_REVOKED) {
        base->counters.revocations++;
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.revoked", "peer=%s name=%s", label.peer,
                  label.name);
    }
    cut_off(service, who->key, GOAWAY_REVOKED, now);
    return VERDICT_OK;
}

enum verdict operator_restore(struct operator_service *service, const char *text,
                              struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const uint8_t *key = fits->list[0].key;
    enum verdict verdict = operator_choose(service, text, true, fits, now);
    char peer[KEY_SHORT_SIZE];

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

enum verdict operator_rename(struct operator_service *service, const char *text, const char *name,
                             struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    enum verdict verdict = operator_choose(service, text, false, fits, now);
    uint8_t holder[KEY_SIZE];
    char peer[KEY_SHORT_SIZE];

    if (verdict == VERDICT_OK) {
        verdict = directory_rename(base->directory, who->key, name, holder);
        store_health_note(&base->health, verdict);
    }
    if (verdict == VERDICT_NAME_TAKEN) {
        char other[KEY_TEXT_SIZE];
        (void)who_find(base, key_text(holder, other), fits);
    }
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.renamed", "peer=%s name=%s before=%s",
                  key_short(who->key, peer), name, who->name);
        watch_changed(service->sessions->watches, now);
    }
    return verdict;
}

/* No member has this name: whose it was does not matter, it becomes free. */
static enum verdict forget_name(struct relay_base *base, const char *text, struct who_fits *fits)
{
    struct who *who = &fits->list[0];
    struct directory_entry row;
    enum verdict verdict;

    memset(fits, 0, sizeof(*fits));
    if (!name_fold(who->name, text, strlen(text))) {
        return VERDICT_NOT_FOUND;
    }
    verdict = directory_forget_name(base->directory, who->name, who->key);
    if (verdict == VERDICT_OK) {
        fits->count = 1;
        who->state = directory_find_key(base->directory, who->key, &row) == VERDICT_OK
                         ? who_of(base, &row).state
                         : WHO_STATE_STRANGER;
    }
    return verdict;
}

enum verdict operator_forget(struct operator_service *service, const char *text,
                             struct who_fits *fits, struct mono now)
{
    struct relay_base *base = service->base;
    const struct who *who = &fits->list[0];
    enum verdict verdict = operator_choose(service, text, false, fits, now);
    char peer[KEY_SHORT_SIZE];

    if (verdict == VERDICT_OK && who->state == WHO_STATE_MEMBER) {
        verdict = directory_forget(base->directory, who->key);
    } else if (base->directory != NULL && verdict != VERDICT_UNAVAILABLE) {
        bool known = verdict == VERDICT_OK && who->name[0] != '\0'; /* a key that had a name */
        char name[NAME_TEXT_SIZE];
        memcpy(name, who->name, sizeof(name)); /* fits is filled anew */
        verdict = forget_name(base, known ? name : text, fits);
    }
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.forgotten", "peer=%s name=%s",
              key_short(who->key, peer), who->name);
    if (who->state == WHO_STATE_MEMBER) {
        cut_off(service, who->key, GOAWAY_FORGOTTEN, now);
    }
    return VERDICT_OK;
}
