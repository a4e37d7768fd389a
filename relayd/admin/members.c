/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read from a request about members, and what is answered. */
#include "relayd/admin/members.h"

#include "proto/admin/answer.h"
#include "proto/base/wall_text.h"
#include "proto/wire/name.h"
#include "relayd/admin/asker.h"
#include "relayd/admin/member_order.h"
#include "relayd/admin/terms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So much of a list, and the sentence around it, fit into FAULT_TEXT_SIZE. */
enum { CHOICES_SIZE = 350 };

/* "" for 0. */
static const char *when_text(uint64_t wall_ms, char text[WALL_TEXT_SIZE])
{
    return wall_ms != 0 ? wall_text(wall_ms, text) : "";
}

/* How long ago that was, null: never. */
static json_t *ago_json(uint64_t wall_ms, uint64_t now_ms)
{
    return wall_ms == 0 ? json_null()
                        : json_integer((json_int_t)(now_ms > wall_ms ? now_ms - wall_ms : 0));
}

static json_t *member_json(const struct operator_member *member, uint64_t now_ms)
{
    const struct directory_details *details = &member->details;
    char key[KEY_TEXT_SIZE], address[ENDPOINT_TEXT_SIZE];
    char expires[WALL_TEXT_SIZE], ends[WALL_TEXT_SIZE], joined[WALL_TEXT_SIZE],
        seen[WALL_TEXT_SIZE];

    return json_pack(
        "{s:s, s:s, s:s, s:b, s:s, s:s, s:I, s:s, s:o, s:I, s:I, s:s, s:s, s:b, s:o, "
        "s:s}",
        "key", key_text(member->key, key), "name", member->name, "state",
        member->revoked ? "revoked" : "member", "online", (int)member->online, "expires",
        when_text(member->expires_ms, expires), "address",
        member->online ? endpoint_text(&member->remote, address) : "", "online_ms",
        (json_int_t)member->online_ms, "last_seen", when_text(member->use.seen_ms, seen), "seen_ms",
        ago_json(member->use.seen_ms, now_ms), "rx_bytes", (json_int_t)member->use.rx_bytes,
        "tx_bytes", (json_int_t)member->use.tx_bytes, "joined",
        when_text(details->joined_ms, joined), "ends", when_text(details->ends_ms, ends), "ended",
        (int)member->ended, "groups", terms_groups_json(&member->groups), "note", details->note);
}

json_t *members_list(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *order = json_string_value(json_object_get(request, "sort"));
    uint64_t now_ms = env_wall_ms(&verbs->base->env);
    json_t *list = json_array();
    bool known;
    struct operator_member member;
    uint8_t key[KEY_SIZE] = {0};
    enum verdict verdict = operator_member_next(verbs, key, &member, now);

    while (verdict == VERDICT_OK) {
        /* Without memory member_json returns NULL, which jansson refuses to append. */
        if (json_array_append_new(list, member_json(&member, now_ms)) != 0) {
            json_decref(list);
            return NULL;
        }
        verdict = operator_member_next(verbs, key, &member, now);
    }
    if (verdict != VERDICT_NOT_FOUND) {
        json_decref(list);
        return answer_refuse(EXIT_CODE_FAILURE, "the members cannot be read: %s",
                             verdict_text(verdict));
    }
    list = member_order_sort(list, order, &known);
    return known ? answer_ok(json_pack("{s:i, s:o}", "schema", 1, "members", list))
                 : answer_refuse(EXIT_CODE_USAGE, "members are sorted by %s, not by '%.40s'",
                                 member_orders, order);
}

static const char *state_text(enum who_state state)
{
    static const char *const texts[] = {
        [WHO_STATE_MEMBER] = "member",
        [WHO_STATE_REVOKED] = "revoked",
        [WHO_STATE_LEFT] = "left",
        [WHO_STATE_STRANGER] = "stranger",
    };

    return texts[state];
}

static json_t *who_answer(const struct who *who, const char *state)
{
    char key[KEY_TEXT_SIZE];

    return answer_ok(json_pack("{s:i, s:s, s:s, s:s, s:s, s:b}", "schema", 1, "key",
                               key_text(who->key, key), "name", who->name, "state", state, "before",
                               state_text(who->state), "online", (int)who->online));
}

/* Who fits, one after the other: "nas-2 (KEY, online)"; "..." stands for those who find no room. A
 * key is written wholly or not at all, because the operator copies it. */
static const char *choices_text(const struct who_fits *fits, char text[CHOICES_SIZE])
{
    static const char more[] = ", ...";
    const size_t room = CHOICES_SIZE - sizeof(more);
    bool all = !fits->more;
    size_t used = 0;

    for (size_t i = 0; i < fits->count; i++) {
        const struct who *who = &fits->list[i];
        const char *what = state_text(who->state);
        char key[KEY_TEXT_SIZE];

        if (who->state == WHO_STATE_MEMBER) {
            what = who->online ? "online" : "offline";
        }
        int size = snprintf(text + used, room - used, "%s%s (%s, %s)", i > 0 ? ", " : "", who->name,
                            key_text(who->key, key), what);
        if (size < 0 || (size_t)size >= room - used) {
            all = false;
            break;
        }
        used += (size_t)size;
    }
    (void)snprintf(text + used, CHOICES_SIZE - used, "%s", all ? "" : more);
    return text;
}

json_t *members_refusal(const json_t *request, const char *wanted, const struct who_fits *fits,
                        enum verdict verdict)
{
    const char *who = json_string_value(json_object_get(request, "who"));
    char text[CHOICES_SIZE];

    switch (verdict) {
    case VERDICT_REFUSED:
        return answer_refuse(EXIT_CODE_FAILURE,
                             "'%.63s' is no single %s, nothing was changed; give the key of the "
                             "one that you mean: %s",
                             who, wanted, choices_text(fits, text));
    case VERDICT_NOT_FOUND:
    case VERDICT_NOT_MEMBER:
        return answer_refuse(EXIT_CODE_FAILURE, "there is no %s '%.60s'; see: relayd members%s",
                             wanted, who, asker_option(request));
    default:
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was changed: %s", verdict_text(verdict));
    }
}

json_t *members_revoke(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    bool undo = json_is_true(json_object_get(request, "undo"));
    struct who_fits fits;
    enum verdict verdict;

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "whom to revoke is missing; give a key or a name");
    }
    verdict =
        undo ? operator_restore(verbs, text, &fits, now) : operator_revoke(verbs, text, &fits, now);
    return verdict == VERDICT_OK
               ? who_answer(&fits.list[0], undo ? "stranger" : "revoked")
               : members_refusal(request, undo ? "revoked member" : "member", &fits, verdict);
}

json_t *members_rename(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    const char *name = json_string_value(json_object_get(request, "name"));
    const char *problem = name != NULL ? name_problem(name, strlen(name)) : "it is no text";
    struct who_fits fits;
    enum verdict verdict;
    char choices[CHOICES_SIZE];
    char key[KEY_TEXT_SIZE];

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "whom to rename is missing; give a key or a name");
    }
    if (problem != NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "the new name is not usable: %s", problem);
    }
    verdict = operator_rename(verbs, text, name, &fits, now);
    if (verdict == VERDICT_NAME_TAKEN) {
        return answer_refuse(EXIT_CODE_FAILURE,
                             "another member has this name: %s; if its host is no more: relayd "
                             "forget%s %s",
                             choices_text(&fits, choices), asker_option(request), name);
    }
    if (verdict != VERDICT_OK) {
        return members_refusal(request, "member", &fits, verdict);
    }
    return answer_ok(json_pack("{s:i, s:s, s:s, s:s}", "schema", 1, "key",
                               key_text(fits.list[0].key, key), "name", name, "former",
                               fits.list[0].name));
}

json_t *members_forget(struct operator_service *verbs, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "who"));
    struct who_fits fits;
    enum verdict verdict;

    if (text == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "whom to forget is missing; give a key or a name");
    }
    verdict = operator_forget(verbs, text, &fits, now);
    if (verdict != VERDICT_OK) {
        return members_refusal(request, "member or former name", &fits, verdict);
    }
    return who_answer(&fits.list[0],
                      fits.list[0].state == WHO_STATE_REVOKED ? "revoked" : "stranger");
}
