/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ziglan that this relay is an entry point of: delegation, lookup, leave, and the verbs of its
 * operator. */
#include "proto/base/bytes.h"
#include "proto/base/wall_text.h"
#include "proto/crypto/delegation.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/invite_url.h"

#include <stdio.h>
#include <string.h>

/* ---- the delegation ---- */

/* The next sessions are told the one that was written to the other slot: the hub borrows it. */
static void delegation_use(struct relay_core *core, uint64_t expires_ms)
{
    core->delegation_index = 1 - core->delegation_index;
    core->delegation_expires_ms = expires_ms;
    core->hello.delegation = core->delegations[core->delegation_index];
    core->hello.delegation_size = core->delegation_sizes[core->delegation_index];
}

/* With the ziglan's key at hand the relay signs its own delegation and renews it every day. */
static int delegation_make(struct relay_core *core)
{
    uint64_t wall_ms = env_wall_ms(&core->env);
    unsigned next = 1 - core->delegation_index;
    int rc = delegation_sign(core->delegations[next], &core->delegation_sizes[next],
                             core->cfg.ziglan_identity, core->cfg.identity->public_key,
                             DELEGATION_DAYS, wall_ms);

    if (rc == ERR_OK) {
        core->delegation_made_ms = wall_ms;
        delegation_use(core, wall_ms + DELEGATION_LIFETIME_MS);
    }
    return rc;
}

/* A delegation that was made elsewhere must be the ziglan's word about this very relay, and of the
 * same ziglan as before. One that is not in force is taken, too: the clock may be ours that is
 * wrong, and delegation_watch tells its owner. */
static int delegation_take(struct relay_core *core, const uint8_t *data, size_t size)
{
    unsigned next = 1 - core->delegation_index;
    struct record_delegation record;

    if (delegation_verify(&record, data, size, core->directory != NULL ? core->ziglan_key : NULL,
                          core->cfg.identity->public_key,
                          env_wall_ms(&core->env)) == DELEGATION_NOT_BELIEVED) {
        env_trace(&core->env, TRACE_LEVEL_ERROR, "ziglan.delegation",
                  "why=\"not this ziglan's delegation for this relay's key\"");
        return ERR_SYSTEM;
    }
    memcpy(core->ziglan_key, record.header.key, KEY_SIZE);
    memcpy(core->delegations[next], data, size);
    core->delegation_sizes[next] = size;
    delegation_use(core, record.expires_ms);
    return ERR_OK;
}

/* Nobody but the ziglan's key can renew it, so its owner must hear of it in time. */
static void delegation_watch(struct relay_core *core, uint64_t wall_ms)
{
    if (core->cfg.ziglan_identity == NULL &&
        core->delegation_expires_ms < wall_ms + DELEGATION_WARN_MS &&
        (wall_ms < core->delegation_warned_ms ||
         wall_ms - core->delegation_warned_ms > DELEGATION_RENEW_MS)) {
        core->delegation_warned_ms = wall_ms;
        env_trace(&core->env, TRACE_LEVEL_WARN, "ziglan.delegation", "%s hint=\"relayd delegate\"",
                  core->delegation_expires_ms < wall_ms ? "over=1" : "ends_soon=1");
    }
}

void ziglan_delegation_renew(struct relay_core *core, const uint8_t *data, size_t size)
{
    if (core->directory != NULL && core->cfg.ziglan_identity == NULL &&
        delegation_take(core, data, size) == ERR_OK) {
        link_hub_set_hello(core->hub, &core->hello);
    }
}

int ziglan_init(struct relay_core *core)
{
    struct directory_config directory = {
        .store = core->store, .env = &core->env, .identity = core->cfg.identity};
    int rc;

    core->hello.session_max = core->cfg.session_max;
    if (core->cfg.ziglan_identity != NULL) {
        memcpy(core->ziglan_key, core->cfg.ziglan_identity->public_key, KEY_SIZE);
        rc = delegation_make(core);
    } else if (core->cfg.delegation != NULL) {
        rc = delegation_take(core, core->cfg.delegation, core->cfg.delegation_size);
        core->cfg.delegation = NULL; /* it was copied */
    } else {
        return ERR_OK; /* a relay without a ziglan */
    }
    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(directory.ziglan_key, core->ziglan_key, KEY_SIZE);
    return directory_new(&core->directory, &directory);
}

/* After a failure nobody may join for a long time, and health would stay bad. */
static void store_try(struct relay_core *core, uint64_t wall_ms)
{
    static const char name[] = "relay.health";
    uint8_t value[8];

    be64_write(value, wall_ms);
    if (!core->store_ok && store_write(core->store, STORE_TABLE_META, name, sizeof(name) - 1, value,
                                       sizeof(value)) == ERR_OK) {
        ziglan_note_store(core, VERDICT_OK);
    }
}

void ziglan_housekeeping(struct relay_core *core, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(&core->env);

    if (core->directory == NULL) {
        return;
    }
    store_try(core, wall_ms);
    directory_expire(core->directory, wall_watch_settled_ms(&core->wall, now));
    delegation_watch(core, wall_ms);
    /* A wall clock that was wrong at the start, and then was set, must not leave a delegation
     * that nobody accepts. */
    if (core->cfg.ziglan_identity != NULL &&
        (wall_ms < core->delegation_made_ms ||
         wall_ms - core->delegation_made_ms > DELEGATION_RENEW_MS)) {
        if (delegation_make(core) == ERR_OK) {
            link_hub_set_hello(core->hub, &core->hello);
            env_trace(&core->env, TRACE_LEVEL_DEBUG, "ziglan.delegation", "renewed=1");
        }
    }
}

/* ---- members ---- */

void ziglan_note_store(struct relay_core *core, enum verdict verdict)
{
    bool ok = verdict == VERDICT_OK;

    if (verdict == VERDICT_UNAVAILABLE) {
        core->counters.store_failures++;
    } else if (!ok) {
        return; /* refused before anything was written */
    }
    if (ok != core->store_ok) {
        env_trace(&core->env, ok ? TRACE_LEVEL_INFO : TRACE_LEVEL_ERROR, "store.health", "ok=%d %s",
                  (int)ok,
                  ok ? "" : "hint=\"is the disk full? joins are refused, the rest goes on\"");
    }
    core->store_ok = ok;
}

uint64_t ziglan_admitted_until(struct relay_core *core, const uint8_t key[KEY_SIZE], bool *revoked)
{
    uint64_t until_ms;

    *revoked = core->directory != NULL &&
               directory_status(core->directory, key) == DIRECTORY_STATUS_REVOKED;
    if (core->directory == NULL || *revoked) {
        return 0;
    }
    until_ms = directory_admitted_until(core->directory, key);
    return record_unexpired(until_ms, env_wall_ms(&core->env)) ? until_ms : 0;
}

/* A key and its name for the log, before an action that makes the name free. */
struct who {
    char peer[11];
    char name[NAME_TEXT_SIZE];
};

static struct who who_is(struct relay_core *core, const uint8_t key[KEY_SIZE])
{
    struct directory_entry *entry = &core->entries[0];
    bool known = directory_find_key(core->directory, key, entry) == VERDICT_OK;
    struct who who;

    (void)key_short(key, who.peer);
    (void)snprintf(who.name, sizeof(who.name), "%s",
                   known && entry->name[0] != '\0' ? entry->name : "-");
    return who;
}

void ziglan_member_fill(const struct relay_core *core, Ziglan__Member *out,
                        const struct directory_entry *entry)
{
    const struct relay_client *client = relay_client_of_key(core, entry->key);

    out->member_part = control_bytes(entry->member_part, entry->member_part_size);
    out->admission = control_bytes(entry->admission, entry->admission_size);
    out->revocation = control_bytes(entry->revocation, entry->revocation_size);
    out->online = client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER;
    out->sequence = entry->sequence;
}

void ziglan_on_lookup(struct relay_core *core, struct relay_client *client,
                      const Ziglan__Control *message)
{
    const Ziglan__Lookup *body = message->lookup;
    struct directory_entry *entry = &core->entries[0];
    Ziglan__Member member = ZIGLAN__MEMBER__INIT;
    Ziglan__Found found = ZIGLAN__FOUND__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;
    enum verdict verdict = VERDICT_BAD_REQUEST;

    core->counters.lookups++;
    if (body->key.len == KEY_SIZE) {
        verdict = directory_find_key(core->directory, body->key.data, entry);
    } else if (body->address.len == 16) {
        verdict = directory_find_address(core->directory, body->address.data, entry);
    } else if (body->name != NULL && body->name[0] != '\0') {
        verdict = directory_find_name(core->directory, body->name, entry);
    }
    if (verdict != VERDICT_OK) {
        control_refuse(core, client, message->request_id, verdict, NULL);
        return;
    }
    ziglan_member_fill(core, &member, entry);
    found.member = &member;
    answer.request_id = message->request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_FOUND;
    answer.found = &found;
    control_send(core, client, &answer);
}

void ziglan_on_leave(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now)
{
    Ziglan__Done body = ZIGLAN__DONE__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;
    struct who who = who_is(core, client->key);
    enum verdict verdict = directory_leave(core->directory, client->key);

    ziglan_note_store(core, verdict);
    if (verdict != VERDICT_OK) {
        control_refuse(core, client, message->request_id, verdict, NULL);
        return;
    }
    env_trace(&core->env, TRACE_LEVEL_INFO, "ziglan.left", "peer=%s name=%s", who.peer, who.name);
    answer.request_id = message->request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_DONE;
    answer.done = &body;
    control_send(core, client, &answer);
    relay_client_dismiss(core, client, now);
    punch_on_gone(core->punch, client->key);
    punch_flush(core);
    watch_changed(core, now);
}

/* ---- the operator's verbs ---- */

bool relay_core_ziglan_key(const struct relay_core *core, uint8_t key[KEY_SIZE])
{
    memcpy(key, core->ziglan_key, KEY_SIZE);
    return core->directory != NULL;
}

/* Never the invite itself: whoever reads the log could join. */
static void invite_log(const struct relay_core *core, const struct directory_terms *terms,
                       const uint8_t invite[INVITE_SIZE])
{
    char id[DIRECTORY_INVITE_ID_SIZE];
    char when[WALL_TEXT_SIZE];

    env_trace(&core->env, TRACE_LEVEL_INFO, "ziglan.invited", "invite=%s uses=%u expires=%s%s%s",
              directory_invite_id(invite, id), (unsigned)(terms->uses != 0 ? terms->uses : 1),
              terms->expires_ms != 0 ? wall_text(terms->expires_ms, when) : "never",
              terms->name[0] != '\0' ? " name=" : "", terms->name);
}

enum verdict relay_core_invite(struct relay_core *core, const struct directory_terms *terms,
                               char text[URL_SIZE_MAX])
{
    uint8_t invite[INVITE_SIZE] = {0};
    enum verdict verdict;

    if (core->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    /* Tried with no invite first, so that none is made that could not be told to anybody. */
    if (invite_url_print(text, core->ziglan_key, core->public_hosts, core->name, invite) !=
        ERR_OK) {
        return VERDICT_BAD_REQUEST;
    }
    verdict = directory_invite(core->directory, terms, invite);
    ziglan_note_store(core, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    invite_log(core, terms, invite);
    return invite_url_print(text, core->ziglan_key, core->public_hosts, core->name, invite) ==
                   ERR_OK
               ? VERDICT_OK
               : VERDICT_LIMIT;
}

enum verdict relay_core_member_next(struct relay_core *core, uint8_t key[KEY_SIZE],
                                    struct relay_member *out, struct mono now)
{
    struct directory_entry *entry = &core->entries[0];
    const struct relay_client *client;
    enum verdict verdict;

    if (core->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    joins_flush(core, now);
    verdict = directory_next(core->directory, key, entry);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    *out = (struct relay_member){.revoked = entry->admission_size == 0,
                                 .expires_ms = entry->expires_ms};
    memcpy(out->key, entry->key, KEY_SIZE);
    (void)snprintf(out->name, sizeof(out->name), "%s", entry->name);
    client = relay_client_of_key(core, entry->key);
    if (client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER) {
        out->online = true;
        out->remote = client->remote;
        out->online_ms = mono_ms_between(client->opened_at, now);
    }
    return VERDICT_OK;
}

enum verdict relay_core_revoke(struct relay_core *core, const char *text, uint8_t key[KEY_SIZE],
                               struct mono now)
{
    struct relay_client *client;
    struct who who;
    enum verdict verdict;
    bool again;

    if (core->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    joins_flush(core, now);
    verdict = directory_resolve(core->directory, text, key);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    again = directory_status(core->directory, key) == DIRECTORY_STATUS_REVOKED;
    who = who_is(core, key);
    verdict = directory_revoke(core->directory, key);
    ziglan_note_store(core, verdict);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (!again) {
        core->counters.revocations++;
        env_trace(&core->env, TRACE_LEVEL_INFO, "ziglan.revoked", "peer=%s name=%s", who.peer,
                  who.name);
    }
    client = relay_client_of_key(core, key);
    if (client != NULL) {
        relay_client_send_away(core, client, GOAWAY_REVOKED, 0, now);
    }
    watch_changed(core, now);
    return VERDICT_OK;
}

enum verdict relay_core_restore(struct relay_core *core, const char *text, uint8_t key[KEY_SIZE],
                                struct mono now)
{
    enum verdict verdict;
    char peer[11];

    if (core->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    joins_flush(core, now);
    verdict = directory_resolve(core->directory, text, key);
    if (verdict == VERDICT_OK) {
        verdict = directory_restore(core->directory, key);
        ziglan_note_store(core, verdict);
    }
    if (verdict == VERDICT_OK) {
        env_trace(&core->env, TRACE_LEVEL_INFO, "ziglan.restored", "peer=%s", key_short(key, peer));
        watch_changed(core, now);
    }
    return verdict;
}
