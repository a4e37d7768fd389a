/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way of a frame, and the head before it. */
#include "relayd/service/forward_relay.h"

#include "relayd/service/attaching.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)PRESENCE_SIGNED_SIZE_MAX <= (int)RELAYED_ATTACHMENT_SIZE_MAX,
               "an attachment fits into a frame");

int forward_relay_init(struct forward_relay *service, struct relay_base *base,
                       struct presence_service *presence, struct mono now)
{
    int rc = foreign_limits_init(&service->limits, &base->counters, &base->env);

    service->base = base;
    service->presence = presence;
    if (rc == ERR_OK) {
        rc = ways_new(&service->ways, &base->env);
    }
    if (rc == ERR_OK) {
        rc = waiting_new(&service->waiting, &base->env);
    }
    if (rc == ERR_OK) {
        rc = attached_new(&service->attached, ATTACHED_MAX, &base->env);
    }
    if (rc == ERR_OK) {
        rc = marks_new(&service->marks, &base->env);
    }
    if (rc == ERR_OK) {
        rc = forward_words_init(&service->words, base, now);
    }
    return rc;
}

void forward_relay_fini(struct forward_relay *service)
{
    forward_words_fini(&service->words);
    marks_free(service->marks);
    attached_free(service->attached);
    waiting_free(service->waiting);
    ways_free(service->ways);
    foreign_limits_fini(&service->limits);
}

/* ---- kind 3 ---- */

static struct mark_name mark_of(enum forward_mark kind, const uint8_t one[KEY_SIZE],
                                const uint8_t *other)
{
    struct mark_name name = {.kind = kind};

    memcpy(name.one, one, KEY_SIZE);
    if (other != NULL) {
        memcpy(name.other, other, KEY_SIZE);
    }
    return name;
}

/* True if frames of this source to this neighbour bear its attachment now. If the mark is lost to
 * another, some more do. */
static bool attachment_is_due(struct forward_relay *service, const uint8_t neighbour[KEY_SIZE],
                              const uint8_t src[KEY_SIZE], struct mono now)
{
    const struct mark_name name = mark_of(FORWARD_MARK_BEAR, neighbour, src);
    struct mono until;

    if (!marks_find(service->marks, &name, &until) ||
        mono_due(mono_add_ms(until, FORWARD_BEAR_AGAIN_MS), now)) {
        until = mono_add_ms(now, FORWARD_BEAR_MS);
        marks_set(service->marks, &name, until);
    }
    return !mono_due(until, now);
}

static bool is_in_force(const struct forward_relay *service, enum forward_mark kind,
                        const uint8_t one[KEY_SIZE], const uint8_t *other, struct mono now)
{
    const struct mark_name name = mark_of(kind, one, other);
    struct mono until;

    return marks_find(service->marks, &name, &until) && !mono_due(until, now);
}

static bool is_unreachable(const struct forward_relay *service, const uint8_t relay[KEY_SIZE],
                           struct mono now)
{
    return is_in_force(service, FORWARD_MARK_UNREACHABLE, relay, NULL, now);
}

static void out_count(struct forward_relay *service, const struct relayed *frame)
{
    service->base->counters.relayed_out_frames++;
    service->base->counters.relayed_out_bytes += frame->frame_size;
}

/* Send a frame by a word. False if that cannot be, or there is a session. One is made meanwhile, by
 * whoever sent the first word. */
static bool by_word(struct forward_relay *service, const uint8_t next[KEY_SIZE],
                    const struct relayed *frame, struct mono now)
{
    struct neighbour_table *neighbours = &service->base->neighbours;
    uint8_t bytes[FRAME_WORD_BODY_SIZE_MAX], head[RELAYED_HEAD_SIZE_MAX];
    size_t size = 0;

    if (neighbour_of_key(neighbours, next) != NULL ||
        relayed_head_encode(head, &size, frame) != ERR_OK ||
        !forward_words_may(&service->words, next, size + frame->frame_size) ||
        (!is_in_force(service, FORWARD_MARK_EXPECTED, next, NULL, now) &&
         neighbour_want(neighbours, next, now) == NULL)) {
        return false;
    }
    memcpy(bytes, head, size);
    memcpy(bytes + size, frame->frame, frame->frame_size);
    return forward_words_send(&service->words, next, bytes, size + frame->frame_size, now);
}

int forward_relay_send(struct forward_relay *service, const uint8_t next[KEY_SIZE],
                       const struct relayed *frame, struct mono now)
{
    struct relay_base *base = service->base;
    struct relayed sent = *frame;
    uint8_t head[RELAYED_HEAD_SIZE_MAX];
    size_t head_size = 0;
    int rc;

    if (is_unreachable(service, next, now)) {
        return ERR_DROP;
    }
    if (by_word(service, next, frame, now)) {
        out_count(service, frame);
        return ERR_OK;
    }
    if (!attachment_is_due(service, next, frame->src, now)) {
        sent.attachment = NULL;
        sent.attachment_size = 0;
    }
    rc = relayed_head_encode(head, &head_size, &sent);
    if (rc == ERR_OK) {
        rc = neighbour_datagram_to(&base->neighbours, next, head, head_size, frame->frame,
                                   frame->frame_size, now);
    }
    if (rc == ERR_OK) {
        out_count(service, frame);
    }
    return rc;
}

/* ---- the way of a frame of a host here ---- */

void forward_relay_unreachable(struct forward_relay *service, const uint8_t relay[KEY_SIZE],
                               struct mono now)
{
    const struct mark_name name = mark_of(FORWARD_MARK_UNREACHABLE, relay, NULL);

    marks_set(service->marks, &name, mono_add_ms(now, FORWARD_UNREACHABLE_MS));
}

void forward_relay_reached(struct forward_relay *service, const uint8_t relay[KEY_SIZE])
{
    const struct mark_name name = mark_of(FORWARD_MARK_UNREACHABLE, relay, NULL);

    marks_clear(service->marks, &name);
}

void forward_relay_expect(struct forward_relay *service, const uint8_t relay[KEY_SIZE],
                          struct mono now)
{
    const struct mark_name name = mark_of(FORWARD_MARK_EXPECTED, relay, NULL);

    marks_set(service->marks, &name, mono_add_ms(now, FORWARD_EXPECTED_MS));
}

/* Words without a receipt, to this relay or (NULL) of long ago, go over its session. */
static void words_send_again(struct forward_relay *service, const uint8_t *to, struct mono now)
{
    struct relay_base *base = service->base;
    struct forward_word word;

    while (forward_words_take(&service->words, to, &word, now)) {
        if (neighbour_datagram_to(&base->neighbours, word.to, word.body, word.size, NULL, 0, now) ==
            ERR_OK) {
            base->counters.frame_words_again++;
        } else {
            base->counters.drop_queue++;
        }
        free(word.body);
    }
}

void forward_relay_on_neighbour(struct forward_relay *service, const struct neighbour_event *event,
                                struct mono now)
{
    const uint8_t *key = event->neighbour->key;
    struct forward_word word;

    if (event->type == NEIGHBOUR_EVENT_OPEN) {
        forward_relay_reached(service, key);
        if (event->neighbour->dialled) { /* a dial takes longer than a receipt */
            words_send_again(service, key, now);
        } else {
            forward_words_hurry(
                &service->words, key,
                link_hub_rtt_ns(service->base->hub, event->neighbour->client->handle));
        }
    } else if (!event->neighbour->opened) {
        forward_relay_unreachable(service, key, now);
        while (forward_words_take(&service->words, key, &word, now)) {
            service->base->counters.drop_no_session++;
            free(word.body);
        }
    }
}

/* A frame of a host here. */
struct outgoing {
    struct relay_client *from;
    const uint8_t *dst;
    const uint8_t *frame;
    size_t size;
    size_t attachment_size; /* 0: no other relay would believe that it is its frame */
    uint8_t attachment[PRESENCE_SIGNED_SIZE_MAX];
};

static void outgoing_init(struct outgoing *out, const struct forward_relay *service,
                          struct relay_client *from, const uint8_t dst[KEY_SIZE],
                          const uint8_t *frame, size_t size)
{
    out->from = from;
    out->dst = dst;
    out->frame = frame;
    out->size = size;
    out->attachment_size = attaching_record(service->presence, from->key, out->attachment);
}

/* It goes nowhere, because nobody knows a way. */
static void no_way(struct forward_relay *service, const struct outgoing *out, struct mono now)
{
    service->base->counters.drop_no_session++;
    gone_send(service->base, out->from, out->dst, GONE_NO_SESSION, now);
}

/* Send a frame by this way. False if its first relay cannot be reached. */
static bool send_by(struct forward_relay *service, const struct outgoing *out,
                    const struct way_relays *way, struct mono now)
{
    struct relay_base *base = service->base;
    const struct relayed relayed = {
        .hops = (uint8_t)(way->count - 1),
        .dst = out->dst,
        .src = out->from->key,
        .passed = base->cfg.identity->public_key,
        .passed_count = 1,
        .via = way->keys[0] + KEY_SIZE,
        .via_count = way->count - 1,
        .attachment = out->attachment,
        .attachment_size = out->attachment_size,
        .frame = out->frame,
        .frame_size = out->size,
    };
    int rc = forward_relay_send(service, way->keys[0], &relayed, now);

    if (rc != ERR_OK && rc != ERR_DROP) {
        base->counters.drop_queue++;
    }
    return rc != ERR_DROP;
}

/* A relay of the way that the host named is not reached: no other way is taken in its place. If it
 * is the last one, dst may be elsewhere by now. */
static void named_way_failed(struct forward_relay *service, struct relay_client *from,
                             const uint8_t dst[KEY_SIZE], const struct way_relays *way, size_t at,
                             struct mono now)
{
    if (at + 1 == way->count) {
        ways_failed(service->ways, from->key, dst);
    }
    gone_send_relay(service->base, from, dst, GONE_RELAY_UNREACHED, way->keys[at], now);
}

/* Learn where presence says that the receiver is. False if no relay there can be reached. */
static bool send_found(struct forward_relay *service, const struct outgoing *out,
                       const struct presence_answer *found, struct mono now)
{
    struct ways *ways = service->ways;
    struct way_relays way;

    for (size_t i = 0; i < found->count; i++) {
        if (is_unreachable(service, found->relays[i], now)) {
            continue;
        }
        ways_found(ways, out->from->key, out->dst, found->relays[i], now);
        if (!ways_find(ways, out->from->key, out->dst, &way, now)) {
            continue; /* no memory for it */
        }
        if (send_by(service, out, &way, now)) {
            return true;
        }
        if (way.named) {
            service->base->counters.drop_no_session++;
            named_way_failed(service, out->from, out->dst, &way, 0, now);
            return true;
        }
    }
    ways_failed(ways, out->from->key, out->dst);
    return false;
}

/* Ask presence, and, where it knows of no relay that can be reached, the relays that keep the key:
 * the receiver may be elsewhere meanwhile. True if their answer will come. */
static bool is_sought(struct forward_relay *service, const struct outgoing *out, struct mono now)
{
    struct presence_answer found;
    enum presence_find result = presence_find(service->presence, out->from, out->dst, &found, now);

    if (result == PRESENCE_FIND_KNOWN && send_found(service, out, &found, now)) {
        return false;
    }
    if (result == PRESENCE_FIND_KNOWN) {
        result = presence_find_others(service->presence, out->from, out->dst, &found, now);
        if (result == PRESENCE_FIND_KNOWN && !send_found(service, out, &found, now)) {
            no_way(service, out, now);
        }
    }
    service->base->counters.drop_seeking += result == PRESENCE_FIND_BUSY ? 1 : 0;
    return result == PRESENCE_FIND_SOUGHT;
}

/* Ask presence, unless it was asked already; the frame waits. */
static void seek(struct forward_relay *service, const struct outgoing *out, struct mono now)
{
    if (!waiting_has(service->waiting, out->dst) && !is_sought(service, out, now)) {
        return;
    }
    if (!waiting_put(service->waiting, out->dst, out->from->key, out->frame, out->size, now)) {
        service->base->counters.drop_seeking++;
    }
}

void forward_relay_take(struct forward_relay *service, struct relay_client *from,
                        const uint8_t dst[KEY_SIZE], const uint8_t *frame, size_t size,
                        struct mono now)
{
    struct way_relays way;
    struct outgoing out;

    outgoing_init(&out, service, from, dst, frame, size);
    if (is_in_force(service, FORWARD_MARK_BLOCKED, from->key, dst, now)) {
        service->base->counters.drop_blocked++;
        gone_send(service->base, from, dst, GONE_NOT_ALLOWED, now);
    } else if (out.attachment_size == 0) {
        no_way(service, &out, now);
    } else if (!ways_find(service->ways, from->key, dst, &way, now)) {
        seek(service, &out, now);
    } else if (send_by(service, &out, &way, now)) {
        return;
    } else if (way.named) {
        service->base->counters.drop_no_session++;
        named_way_failed(service, from, dst, &way, 0, now);
    } else {
        ways_failed(service->ways, from->key, dst);
        seek(service, &out, now);
    }
}

/* Everything that waits for this answer. */
static void answer_take(struct forward_relay *service, const struct presence_answer *found,
                        struct mono now)
{
    struct waiting_frame *frame;
    struct outgoing out;

    while ((frame = waiting_take(service->waiting, found->key)) != NULL) {
        struct relay_client *from = session_table_of_key(&service->base->sessions, frame->src);

        if (from != NULL) {
            outgoing_init(&out, service, from, found->key, frame->data, frame->size);
            if (!send_found(service, &out, found, now)) {
                no_way(service, &out, now);
            }
        }
        free(frame);
    }
}

void forward_relay_step(struct forward_relay *service, struct mono now)
{
    struct presence_answer found;

    while (presence_answer_next(service->presence, &found)) {
        answer_take(service, &found, now);
    }
}

bool forward_relay_where(struct forward_relay *service, struct relay_client *client,
                         const uint8_t key[KEY_SIZE], uint8_t relay[KEY_SIZE], struct mono now)
{
    struct presence_answer found;
    struct way_relays way;

    if (!ways_find(service->ways, client->key, key, &way, now)) {
        if (presence_find(service->presence, client, key, &found, now) != PRESENCE_FIND_KNOWN ||
            found.count == 0) {
            return false;
        }
        ways_found(service->ways, client->key, key, found.relays[0], now);
        memcpy(relay, found.relays[0], KEY_SIZE);
        return true;
    }
    memcpy(relay, way.keys[way.count - 1], KEY_SIZE);
    return true;
}

bool forward_relay_ends_at(struct forward_relay *service, const uint8_t here[KEY_SIZE],
                           const uint8_t far[KEY_SIZE], const uint8_t relay[KEY_SIZE],
                           struct mono now)
{
    struct way_relays way;

    return ways_find(service->ways, here, far, &way, now) &&
           memcmp(way.keys[way.count - 1], relay, KEY_SIZE) == 0;
}

/* ---- messages ---- */

/* Why the relays that a host names cannot be a way. */
static enum verdict via_check(const struct relay_base *base, const Ziglan__Via *body)
{
    for (size_t i = 0; i < body->n_relays; i++) {
        const uint8_t *key = body->relays[i].data;

        if (memcmp(key, base->cfg.identity->public_key, KEY_SIZE) == 0) {
            return VERDICT_BAD_REQUEST;
        }
        for (size_t j = 0; j < i; j++) {
            if (memcmp(key, body->relays[j].data, KEY_SIZE) == 0) {
                return VERDICT_BAD_REQUEST;
            }
        }
    }
    return VERDICT_OK;
}

void forward_relay_on_via(struct forward_relay *service, const struct relay_client *client,
                          const Ziglan__Control *message, struct mono now)
{
    struct reply *reply = &service->base->reply;
    const Ziglan__Via *body = message->via;
    uint8_t via[RELAYED_VIA_MAX][KEY_SIZE];
    enum verdict verdict = via_check(service->base, body);
    int rc;

    if (verdict == VERDICT_OK) {
        for (size_t i = 0; i < body->n_relays; i++) {
            memcpy(via[i], body->relays[i].data, KEY_SIZE);
        }
        rc = ways_name(service->ways, client->key, body->dst.data, (const uint8_t(*)[KEY_SIZE])via,
                       body->n_relays, now);
        verdict = rc == ERR_OK ? VERDICT_OK : rc == ERR_LIMIT ? VERDICT_LIMIT : VERDICT_UNAVAILABLE;
        service->base->counters.vias_limit += rc == ERR_LIMIT ? 1 : 0;
    }
    if (verdict == VERDICT_LIMIT) {
        reply_refuse(reply, client, message->request_id, verdict,
                     "this relay remembers no more ways for this host; take via from some peers");
        return;
    }
    reply_result(reply, client, message->request_id, verdict);
}

/* The relay of dst, the last one of the way, says that dst gets nothing. */
static void gone_at_last(struct forward_relay *service, struct relay_client *from,
                         const Ziglan__Gone *body, const uint8_t relay[KEY_SIZE], struct mono now)
{
    if (body->reason == GONE_NO_SESSION) {
        ways_failed(service->ways, from->key, body->dst.data);
        presence_on_absent(service->presence, body->dst.data, relay, now);
    }
    gone_send(service->base, from, body->dst.data,
              body->reason <= GONE_OVER_VOLUME ? (enum gone_reason)body->reason : GONE_NO_SESSION,
              now);
}

/* One in the middle means a relay: itself, if it does not pass frames on, or the next one, if that
 * is not reached. Of a way that the host did not name it needs not know: the next frame takes
 * another. */
void forward_relay_on_gone(struct forward_relay *service, const struct relay_client *client,
                           const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Gone *body = message->gone;
    struct way_relays way;
    struct relay_client *from;
    size_t at = 0;

    if (body->src.len != KEY_SIZE ||
        !ways_find(service->ways, body->src.data, body->dst.data, &way, now)) {
        return;
    }
    while (at < way.count && memcmp(way.keys[at], client->key, KEY_SIZE) != 0) {
        at++;
    }
    from = session_table_of_key(&service->base->sessions, body->src.data);
    if (at == way.count || from == NULL) {
        return; /* a relay that has nothing to do with it */
    }
    if (gone_is_too_fast(body->reason)) {
        gone_send(service->base, from, body->dst.data, (enum gone_reason)body->reason, now);
    } else if (at + 1 == way.count) {
        gone_at_last(service, from, body, client->key, now);
    } else if (!way.named) {
        ways_failed(service->ways, body->src.data, body->dst.data);
    } else if (body->reason == GONE_NO_SESSION) {
        named_way_failed(service, from, body->dst.data, &way, at + 1, now);
    } else {
        gone_send_relay(service->base, from, body->dst.data, GONE_RELAY_REFUSES, way.keys[at], now);
    }
}

void forward_relay_on_blocked(struct forward_relay *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Blocked *body = message->blocked;
    const struct mark_name name = mark_of(FORWARD_MARK_BLOCKED, body->src.data, body->dst.data);

    /* Only the last relay of the way can know. */
    if (!forward_relay_ends_at(service, body->src.data, body->dst.data, client->key, now)) {
        return;
    }
    if (body->over) {
        marks_clear(service->marks, &name);
    } else {
        marks_set(service->marks, &name, mono_add_ms(now, FORWARD_BLOCKED_MS));
    }
}

/* Tell the entry relay that it may send what src has for dst again. */
static void unblocked_tell(struct forward_relay *service, const struct forward_blocked *told,
                           struct mono now)
{
    const struct mark_name said = mark_of(FORWARD_MARK_BLOCKED_TOLD, told->src, told->dst);
    Ziglan__Blocked body = ZIGLAN__BLOCKED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    marks_clear(service->marks, &said); /* a new block is told at once */
    body.src = control_bytes(told->src, KEY_SIZE);
    body.dst = control_bytes(told->dst, KEY_SIZE);
    body.over = true;
    message.body_case = ZIGLAN__CONTROL__BODY_BLOCKED;
    message.blocked = &body;
    /* What is lost costs FORWARD_BLOCKED_MS. */
    (void)!neighbour_send_brief(&service->base->neighbours, told->entry_relay, &message, now);
}

void forward_relay_unblocked(struct forward_relay *service, const uint8_t dst[KEY_SIZE],
                             const uint8_t src[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; i < FORWARD_BLOCKED_TOLD_MAX; i++) {
        struct forward_blocked *told = &service->told[i];

        if (!mono_due(told->until, now) && memcmp(told->dst, dst, KEY_SIZE) == 0 &&
            memcmp(told->src, src, KEY_SIZE) == 0) {
            unblocked_tell(service, told, now);
            told->until = now;
        }
    }
}

void forward_relay_on_wanted(struct forward_relay *service, const struct relay_client *client,
                             const Ziglan__Control *message)
{
    const struct mark_name name =
        mark_of(FORWARD_MARK_BEAR, client->key, message->attachment_wanted->src.data);

    marks_clear(service->marks, &name);
}

/* ---- the life of what is kept ---- */

void forward_relay_gone(struct forward_relay *service, const uint8_t key[KEY_SIZE])
{
    ways_gone(service->ways, key);
}

void forward_relay_expire(struct forward_relay *service, struct mono now)
{
    service->base->counters.drop_seeking += waiting_expire(service->waiting, now);
    words_send_again(service, NULL, now);
}

struct mono forward_relay_deadline(const struct forward_relay *service)
{
    return mono_min(waiting_deadline(service->waiting), forward_words_deadline(&service->words));
}

void forward_relay_sweep(struct forward_relay *service, struct mono now)
{
    ways_expire(service->ways, now);
    attached_expire(service->attached, now);
}
