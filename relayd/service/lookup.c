/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to the directory and its answer. */
#include "relayd/service/lookup.h"

#include "relayd/service/member.h"

static enum verdict find(struct directory *directory, const Ziglan__Lookup *body,
                         struct directory_entry *row)
{
    if (body->key.len == KEY_SIZE) {
        return directory_find_key(directory, body->key.data, row);
    }
    if (body->address.len == 16) {
        return directory_find_address(directory, body->address.data, row);
    }
    if (body->name != NULL && body->name[0] != '\0') {
        return directory_find_name(directory, body->name, row);
    }
    return VERDICT_BAD_REQUEST;
}

void lookup_on_lookup(struct relay_base *base, const struct relay_client *client,
                      const Ziglan__Control *message)
{
    struct directory_entry row;
    Ziglan__Member member = ZIGLAN__MEMBER__INIT;
    Ziglan__Found found = ZIGLAN__FOUND__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;
    enum verdict verdict = find(base->directory, message->lookup, &row);

    base->counters.lookups++;
    if (verdict != VERDICT_OK) {
        reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
        return;
    }
    member_fill(base, &member, &row);
    found.member = &member;
    answer.request_id = message->request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_FOUND;
    answer.found = &found;
    reply_send(&base->reply, client, &answer);
}
