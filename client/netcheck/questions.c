/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table that is walked from end to end: it lives for three seconds. */
#include "client/netcheck/questions.h"

#include "proto/base/bytes.h"

#include <string.h>

/* After each try, when the next one follows, and after the last, how long it is waited for. */
static const uint32_t gaps_ms[QUESTION_TRIES_MAX] = {250, 400, 600};

struct question *questions_add(struct questions *questions, enum question_about about,
                               uint16_t socket, const struct endpoint *remote,
                               const uint8_t id[STUN_ID_SIZE], struct mono due)
{
    struct question *q = &questions->list[questions->count];

    if (questions->count == QUESTIONS_MAX) {
        return NULL;
    }
    questions->count++;
    *q = (struct question){.about = about,
                           .socket = socket,
                           .remote = *remote,
                           .size = STUN_REQUEST_SIZE,
                           .tries_max = QUESTION_TRIES_MAX,
                           .due = due,
                           .rtt_ns = UINT64_MAX};
    memcpy(q->id, id, STUN_ID_SIZE);
    return q;
}

/* Which try of a question a message answers; -1: none. */
static int try_of(const struct question *q, const struct stun_message *message)
{
    uint8_t id[STUN_ID_SIZE];

    memcpy(id, q->id, sizeof(id));
    for (int i = 0; i < q->tries; i++) {
        id[STUN_ID_SIZE - 1] = (uint8_t)i;
        if (stun_is_answer(message, id)) {
            return i;
        }
    }
    return -1;
}

struct question *questions_on_answer(struct questions *questions, uint16_t socket,
                                     const struct endpoint *remote,
                                     const struct stun_message *message, struct mono now)
{
    for (size_t i = 0; i < questions->count; i++) {
        struct question *q = &questions->list[i];
        int which =
            q->socket == socket && endpoint_equal(&q->remote, remote) ? try_of(q, message) : -1;

        if (which < 0 || mono_before(now, q->sent_at[which])) {
            continue;
        }
        uint64_t rtt_ns = now.ns - q->sent_at[which].ns;

        q->rtt_ns = rtt_ns < q->rtt_ns ? rtt_ns : q->rtt_ns;
        /* The first packet may have been lost before it came to the NAT. */
        q->order = !q->answered && which > 0 ? UINT32_MAX : q->order;
        q->answered = true;
        q->answers = q->answers < q->tries ? (uint8_t)(q->answers + 1) : q->tries;
        q->mapped = message->mapped;
        return q;
    }
    return NULL;
}

static bool has_more(const struct question *q)
{
    return !q->answered && q->tries < q->tries_max;
}

void questions_transmit(struct questions *questions, struct outbox *out, struct mono now)
{
    uint8_t packet[STUN_MEASURE_SIZE_MAX];

    for (size_t i = 0; i < questions->count; i++) {
        struct question *q = &questions->list[i];
        const struct endpoint local = {.port = q->socket};

        if (!has_more(q) || !mono_due(q->due, now)) {
            continue;
        }
        q->id[STUN_ID_SIZE - 1] = q->tries;
        if (q->size == STUN_REQUEST_SIZE) {
            stun_request(packet, q->id);
        } else {
            stun_request_of_size(packet, q->size, q->id);
        }
        outbox_put(out, &local, &q->remote, packet, q->size);
        q->order = q->tries == 0 ? ++questions->orders : q->order;
        q->sent_at[q->tries] = now;
        q->due = mono_add_ms(now, gaps_ms[q->tries]);
        q->tries++;
    }
}

struct mono questions_deadline(const struct questions *questions)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < questions->count; i++) {
        const struct question *q = &questions->list[i];

        at = has_more(q) ? mono_min(at, q->due) : at;
    }
    return at;
}

void questions_end_smaller(struct questions *questions, uint16_t size)
{
    for (size_t i = 0; i < questions->count; i++) {
        struct question *q = &questions->list[i];

        if (q->about == QUESTION_SIZE && q->size < size) {
            q->tries_max = q->tries;
            q->due = (struct mono){0};
        }
    }
}

bool questions_over(const struct questions *questions, struct mono now)
{
    for (size_t i = 0; i < questions->count; i++) {
        const struct question *q = &questions->list[i];

        if (has_more(q) || (!q->answered && !mono_due(q->due, now))) {
            return false;
        }
    }
    return true;
}
