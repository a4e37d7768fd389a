/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sessions are made, open frames, and end. */
#include "client/peer/noise_session.h"

#include <stdlib.h>

/* Its receiver index goes, too. */
static void session_free(struct noise_session *session)
{
    if (session == NULL) {
        return;
    }
    receiver_index_drop(&session->shared->indexes, session->local_index);
    if (session->widened) {
        (void)budget_move(&session->shared->windows, NOISE_SESSION_WINDOW_BYTES, 0);
    }
    transport_sender_free(session->control);
    transport_sender_free(session->data);
    transport_receiver_free(session->receiver);
    free(session);
}

int noise_session_new(struct noise_session **out, struct conversation *owner,
                      struct noise_shared *shared, const struct session_keys *keys, bool initiator,
                      struct mono now)
{
    struct noise_session *session = calloc(1, sizeof(*session));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (session == NULL) {
        return ERR_NOMEM;
    }
    session->conversation = owner;
    session->shared = shared;
    session->local_index = keys->local_index;
    session->remote_index = keys->remote_index;
    session->initiator = initiator;
    session->aead = keys->aead;
    session->made_at = now;
    rc = transport_sender_new(&session->control, keys, FRAME_CHANNEL_CONTROL);
    if (rc == ERR_OK) {
        rc = transport_sender_new(&session->data, keys, FRAME_CHANNEL_DATA);
    }
    if (rc == ERR_OK) {
        rc = transport_receiver_new(&session->receiver, keys);
    }
    if (rc != ERR_OK) {
        session_free(session);
        return rc;
    }
    *out = session;
    return ERR_OK;
}

bool noise_session_over(const struct noise_session *session, struct mono now)
{
    return mono_ms_between(session->made_at, now) >= NOISE_SESSION_REJECT_MS ||
           transport_receiver_exhausted(session->receiver) ||
           transport_sender_exhausted(session->data) ||
           transport_sender_exhausted(session->control);
}

struct mono noise_session_rekey_at(const struct noise_session *session)
{
    return mono_add_ms(session->made_at, session->initiator ? NOISE_SESSION_REKEY_MS
                                                            : NOISE_SESSION_REKEY_RESPONDER_MS);
}

bool noise_session_wants_rekey(const struct noise_session *session, struct mono now)
{
    return mono_due(noise_session_rekey_at(session), now) ||
           transport_sender_wants_rekey(session->data) ||
           transport_sender_wants_rekey(session->control) ||
           transport_receiver_wants_rekey(session->receiver);
}

/* When packets begin to take another path, they overtake those on the slower one: 9,600 frames do
 * at 1 Gbit/s where that is 100 ms slower. So the first frame that comes the other way (relayed or
 * direct) widens the window. True if it shall, and if the budget allows it. */
static bool widens_window(struct noise_session *session, bool relayed, const uint8_t *frame)
{
    return frame[FRAME_CHANNEL_AT] == FRAME_CHANNEL_DATA && session->heard && !session->widened &&
           session->relayed != relayed &&
           budget_move(&session->shared->windows, 0, NOISE_SESSION_WINDOW_BYTES);
}

int noise_session_open(struct noise_session *session, bool relayed, const uint8_t *frame,
                       size_t size, uint8_t *plain, struct transport_opened *opened)
{
    bool widens = widens_window(session, relayed, frame);
    int rc;

    transport_receiver_widen(session->receiver, widens);
    rc = transport_open(session->receiver, frame, size, plain, opened);
    if (rc != ERR_OK) {
        transport_receiver_widen(session->receiver, false);
        if (widens) {
            (void)budget_move(&session->shared->windows, NOISE_SESSION_WINDOW_BYTES, 0);
        }
        return rc;
    }
    session->widened = session->widened || widens;
    if (opened->channel == FRAME_CHANNEL_DATA) {
        session->heard = true;
        session->relayed = relayed;
    }
    return ERR_OK;
}

void noise_sessions_replace(struct noise_session **slot, struct noise_session *session)
{
    session_free(*slot);
    *slot = session;
}

void noise_sessions_fini(struct noise_sessions *sessions)
{
    noise_sessions_replace(&sessions->previous, NULL);
    noise_sessions_replace(&sessions->current, NULL);
    noise_sessions_replace(&sessions->next, NULL);
}

struct noise_session *noise_sessions_find(const struct noise_sessions *sessions,
                                          uint32_t local_index)
{
    struct noise_session *const all[] = {sessions->current, sessions->next, sessions->previous};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL && all[i]->local_index == local_index) {
            return all[i];
        }
    }
    return NULL;
}

bool noise_sessions_none(const struct noise_sessions *sessions)
{
    return sessions->previous == NULL && sessions->current == NULL && sessions->next == NULL;
}

void noise_sessions_expire(struct noise_sessions *sessions, struct mono now)
{
    struct noise_session **const all[] = {&sessions->previous, &sessions->current, &sessions->next};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] != NULL && noise_session_over(*all[i], now)) {
            noise_sessions_replace(all[i], NULL);
        }
    }
}

struct mono noise_sessions_deadline(const struct noise_sessions *sessions)
{
    const struct noise_session *const all[] = {sessions->previous, sessions->current,
                                               sessions->next};
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL) {
            at = mono_min(at, mono_add_ms(all[i]->made_at, NOISE_SESSION_REJECT_MS));
        }
    }
    return at;
}
