/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First the directory forgets the member; then its session and those who watch are told. */
#include "relayd/service/leave.h"

#include "relayd/service/member.h"
#include "relayd/service/watch.h"

void leave_on_leave(struct session_service *sessions, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = sessions->base;
    Ziglan__Done body = ZIGLAN__DONE__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;
    struct member_label who;
    enum verdict verdict;

    if (base->directory == NULL) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_NOT_MEMBER, NULL);
        return;
    }
    who = member_label(base, client->key);
    verdict = directory_leave(base->directory, client->key);
    store_health_note(&base->health, verdict);
    if (verdict != VERDICT_OK) {
        reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
        return;
    }
    env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.left", "peer=%s name=%s", who.peer, who.name);
    answer.request_id = message->request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_DONE;
    answer.done = &body;
    reply_send(&base->reply, client, &answer);
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        session_dismiss(sessions, client, now);
    }
    watch_changed(sessions->watches, now);
}
