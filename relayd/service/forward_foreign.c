/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks stand in this order: what costs nothing, what the neighbour may bring, whether the
 * source is believed, and what the source may have. */
#include "relayd/service/forward_foreign.h"

#include "proto/base/bytes.h"

#include <string.h>

/* Numbers of sessions are smaller. */
#define WORD_NUMBER_FLAG (UINT64_C(1) << 63)

/* The relay that brings a frame, which is charged for it. */
struct bringer {
    const uint8_t *key;
    uint64_t number;             /* in the queue of a receiver */
    struct neighbour *neighbour; /* NULL: it brings it by a word. Then it is told nothing: it brings
                                    what it got no receipt for again, over a session */
};

static struct bringer bringer_of(const struct relay_client *neighbour)
{
    return (struct bringer){.key = neighbour->key,
                            .number = relay_client_number(neighbour),
                            .neighbour = neighbour->neighbour};
}

/* Tell a relay something about a frame that a neighbour brought. */
static void relay_tell(struct forward_relay *service, const struct bringer *from,
                       const uint8_t relay[KEY_SIZE], const Ziglan__Control *message,
                       struct mono now)
{
    if (foreign_limits_word(&service->limits, from->key, now)) {
        /* What is lost is said again about a later frame. */
        (void)!neighbour_send_brief(&service->base->neighbours, relay, message, now);
    }
}

/* True once in a while for each pair of hosts and kind of word. */
static bool pair_may_be_told(struct forward_relay *service, uint8_t kind,
                             const struct relayed *frame, struct mono now)
{
    struct mark_name name = {.kind = kind};

    memcpy(name.one, frame->src, KEY_SIZE);
    memcpy(name.other, frame->dst, KEY_SIZE);
    return marks_take(service->marks, &name, FORWARD_WORD_MS, now);
}

/* Tell the entry relay that a frame went nowhere, once in a while for each pair. */
static void gone_tell(struct forward_relay *service, const struct bringer *from,
                      const struct relayed *frame, enum gone_reason reason, struct mono now)
{
    Ziglan__Gone body = ZIGLAN__GONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (from->neighbour == NULL || !pair_may_be_told(service, FORWARD_MARK_GONE, frame, now)) {
        return;
    }
    body.dst = control_bytes(frame->dst, KEY_SIZE);
    body.src = control_bytes(frame->src, KEY_SIZE);
    body.reason = (uint32_t)reason;
    message.body_case = ZIGLAN__CONTROL__BODY_GONE;
    message.gone = &body;
    relay_tell(service, from, frame->passed, &message, now);
}

/* Tell the entry relay that dst blocks src, so that it stops sending. */
static void blocked_tell(struct forward_relay *service, const struct bringer *from,
                         const struct relayed *frame, struct mono now)
{
    struct forward_blocked *told = &service->told[service->told_next];
    Ziglan__Blocked body = ZIGLAN__BLOCKED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (from->neighbour == NULL ||
        !pair_may_be_told(service, FORWARD_MARK_BLOCKED_TOLD, frame, now)) {
        return;
    }
    body.src = control_bytes(frame->src, KEY_SIZE);
    body.dst = control_bytes(frame->dst, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_BLOCKED;
    message.blocked = &body;
    relay_tell(service, from, frame->passed, &message, now);
    told->until = mono_add_ms(now, FORWARD_BLOCKED_MS);
    memcpy(told->src, frame->src, KEY_SIZE);
    memcpy(told->dst, frame->dst, KEY_SIZE);
    memcpy(told->entry_relay, frame->passed, KEY_SIZE);
    service->told_next = (service->told_next + 1) % FORWARD_BLOCKED_TOLD_MAX;
}

/* The neighbour shall send the attachment of this source. */
static void attachment_want(struct forward_relay *service, const struct bringer *from,
                            const uint8_t src[KEY_SIZE], struct mono now)
{
    struct mark_name name = {.kind = FORWARD_MARK_WANTED};
    Ziglan__AttachmentWanted body = ZIGLAN__ATTACHMENT_WANTED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    memcpy(name.one, from->key, KEY_SIZE);
    memcpy(name.other, src, KEY_SIZE);
    if (from->neighbour == NULL || !marks_take(service->marks, &name, FORWARD_WORD_MS, now)) {
        return;
    }
    body.src = control_bytes(src, KEY_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_ATTACHMENT_WANTED;
    message.attachment_wanted = &body;
    relay_tell(service, from, from->key, &message, now);
}

/* Read the attachment in the frame, if it is not known yet. */
static void attachment_take(struct forward_relay *service, const struct bringer *from,
                            const struct relayed *frame, struct mono now)
{
    struct relay_base *base = service->base;

    if (frame->attachment == NULL ||
        attached_is_known(service->attached, frame->src, frame->passed, frame->attachment,
                          frame->attachment_size) ||
        !foreign_limits_check(&service->limits, from->key, now)) {
        return;
    }
    switch (attached_take(service->attached, frame->src, frame->passed, from->key,
                          frame->attachment, frame->attachment_size, env_wall_ms(&base->env),
                          now)) {
    case ATTACHED_TAKEN:
        base->counters.attachment_foreign_ok++;
        break;
    case ATTACHED_OLDER:
        base->counters.attachment_foreign_old++;
        break;
    case ATTACHED_REFUSED:
        base->counters.attachment_foreign_bad++;
        break;
    case ATTACHED_NO_ROOM:
        base->counters.attachment_foreign_limit++;
        break;
    }
}

bool forward_foreign_believes(struct forward_relay *service, const struct relay_client *neighbour,
                              const uint8_t src[KEY_SIZE], const ProtobufCBinaryData *attachment,
                              struct mono now)
{
    const struct bringer bringer = bringer_of(neighbour);
    const struct relayed brought = {
        .src = src,
        .passed = neighbour->key,
        .passed_count = 1,
        .attachment = attachment->len > 0 ? attachment->data : NULL,
        .attachment_size = attachment->len,
    };
    struct attached known;

    attachment_take(service, &bringer, &brought, now);
    return attached_find(service->attached, src, neighbour->key, &known, now);
}

/* True if the frame may have come this way: its last relay is who brought it, and it makes no
 * circle. */
static bool path_is_possible(struct relay_base *base, const struct bringer *from,
                             const struct relayed *frame)
{
    const uint8_t *last = frame->passed + (frame->passed_count - 1) * KEY_SIZE;

    if (memcmp(last, from->key, KEY_SIZE) != 0) {
        base->counters.drop_not_its_way++;
        return false;
    }
    if (relayed_names(frame, base->cfg.identity->public_key)) {
        base->counters.drop_loop++;
        return false;
    }
    return true;
}

/* True if the source is believed, and may have so much more. *known is its attachment then. */
static bool source_is_good(struct forward_relay *service, const struct bringer *from,
                           const struct relayed *frame, struct attached *known, struct mono now)
{
    attachment_take(service, from, frame, now);
    if (!attached_find(service->attached, frame->src, frame->passed, known, now)) {
        service->base->counters.drop_not_attached++;
        attachment_want(service, from, frame->src, now);
        return false;
    }
    if (!foreign_limits_source(&service->limits, from->key, frame->passed, frame->src,
                               frame->frame_size, now)) {
        gone_tell(service, from, frame, GONE_OVER_RATE, now);
        return false;
    }
    return true;
}

/* True if all may have so many bytes more; the frame counts as a member's, or as a stranger's. */
static bool allotment_ok(struct forward_relay *service, const struct bringer *from,
                         const struct relayed *frame, bool member, struct mono now)
{
    struct relay_base *base = service->base;

    switch (allotment_take(&base->allotment, member, frame->frame_size, now)) {
    case ALLOTMENT_OK:
        return true;
    case ALLOTMENT_BANDWIDTH:
        base->counters.drop_bandwidth++;
        gone_tell(service, from, frame, GONE_OVER_BANDWIDTH, now);
        return false;
    case ALLOTMENT_VOLUME:
        base->counters.drop_volume++;
        gone_tell(service, from, frame, GONE_OVER_VOLUME, now);
        return false;
    }
    return false;
}

bool forward_foreign_charge(struct forward_relay *service, const struct relay_client *neighbour,
                            const uint8_t src[KEY_SIZE], const struct relay_client *to, size_t size,
                            struct mono now)
{
    const struct bringer from = bringer_of(neighbour);
    const struct relayed frame = {.src = src,
                                  .dst = to->key,
                                  .passed = neighbour->key,
                                  .passed_count = 1,
                                  .frame_size = size};

    if (!foreign_limits_bytes(&service->limits, from.key, size, now)) {
        return false;
    }
    if (!foreign_limits_source(&service->limits, from.key, from.key, src, size, now)) {
        gone_tell(service, &from, &frame, GONE_OVER_RATE, now);
        return false;
    }
    if (from.neighbour != NULL) {
        neighbour_used(&service->base->neighbours, from.neighbour, now);
    }
    return allotment_ok(service, &from, &frame, to->state == RELAY_CLIENT_STATE_MEMBER, now);
}

/* ---- for a host here ---- */

/* The session of the receiver. NULL, which is counted, if there is none that may be reached. */
static struct relay_client *receiver_find(struct forward_relay *service, const struct bringer *from,
                                          const struct relayed *frame, struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *to = session_table_of_key(&base->sessions, frame->dst);

    if (to == NULL || !relay_client_is_active(to)) {
        base->counters.drop_no_session++;
        gone_tell(service, from, frame, GONE_NO_SESSION, now);
        return NULL;
    }
    if (block_table_has(base->blocks, frame->dst, frame->src)) {
        base->counters.drop_blocked++;
        blocked_tell(service, from, frame, now);
        return NULL;
    }
    if (to->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) {
        base->counters.drop_not_allowed++;
        gone_tell(service, from, frame, GONE_NOT_ALLOWED, now);
        return NULL;
    }
    return to;
}

/* What it may have of the receiver's queue is the share of the neighbour: sources cost nothing to
 * make, a neighbour does. True if the receiver gets it. */
static bool deliver(struct forward_relay *service, const struct bringer *from,
                    const struct relayed *frame, struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *to = receiver_find(service, from, frame, now);
    const struct fair_sender sender = {.number = from->number};
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    if (to == NULL) {
        return false;
    }
    if (!fair_take(&to->fair, sender, frame->frame_size,
                   link_hub_datagrams_waiting(base->hub, to->handle), LINK_SESSION_QUEUE_BYTES,
                   now)) {
        base->counters.drop_share++;
        return false;
    }
    if (!allotment_ok(service, from, frame, to->state == RELAY_CLIENT_STATE_MEMBER, now)) {
        return false;
    }
    head[0] = SESSION_DGRAM_FROM;
    memcpy(head + 1, frame->src, KEY_SIZE);
    if (!link_hub_datagram(base->hub, to->handle, head, sizeof(head), frame->frame,
                           frame->frame_size)) {
        base->counters.drop_queue++;
        return false;
    }
    ways_learn(service->ways, to->key, frame->src, frame->passed, frame->passed_count, now);
    base->counters.relayed_in_frames++;
    base->counters.relayed_in_bytes += frame->frame_size;
    to->use.tx_bytes += frame->frame_size;
    return true;
}

/* ---- for another relay ---- */

static bool is_member_here(const struct relay_base *base, const uint8_t key[KEY_SIZE])
{
    const struct relay_client *client = session_table_of_key(&base->sessions, key);

    return client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER;
}

/* True if the next relay gets it. */
static bool pass_on(struct forward_relay *service, const struct bringer *from,
                    const struct relayed *frame, const struct attached *known, struct mono now)
{
    struct relay_base *base = service->base;
    uint8_t passed[RELAYED_PASSED_MAX * KEY_SIZE];
    struct relayed next = *frame;
    bool member = is_member_here(base, frame->src) || is_member_here(base, frame->dst);
    int rc;

    if (!member && !base->cfg.open_relay) {
        base->counters.drop_not_allowed++;
        gone_tell(service, from, frame, GONE_NOT_ALLOWED, now);
        return false;
    }
    if (frame->hops == 0 || frame->passed_count == RELAYED_PASSED_MAX) {
        base->counters.drop_hops++;
        return false;
    }
    if (!allotment_ok(service, from, frame, member, now)) {
        return false;
    }
    memcpy(passed, frame->passed, frame->passed_count * KEY_SIZE);
    memcpy(passed + frame->passed_count * KEY_SIZE, base->cfg.identity->public_key, KEY_SIZE);
    next.passed = passed;
    next.passed_count++;
    next.via += KEY_SIZE;
    next.via_count--;
    next.hops--;
    next.attachment = known->record;
    next.attachment_size = known->record_size;
    rc = forward_relay_send(service, frame->via, &next, now);
    if (rc == ERR_DROP) {
        base->counters.drop_no_session++;
        gone_tell(service, from, frame, GONE_NO_SESSION, now);
    } else if (rc != ERR_OK) {
        base->counters.drop_queue++;
    }
    return rc == ERR_OK;
}

/* Take a datagram of kind 3 of any content. True if it goes on. */
static bool take(struct forward_relay *service, const struct bringer *from, const uint8_t *data,
                 size_t size, struct mono now)
{
    struct relay_base *base = service->base;
    struct relayed frame;
    struct attached known;

    if (size > 0 && data[0] != SESSION_DGRAM_RELAY) {
        base->counters.drop_kind++;
        return false;
    }
    if (relayed_decode(&frame, data, size) != ERR_OK) {
        base->counters.drop_malformed++;
        return false;
    }
    if (!path_is_possible(base, from, &frame) ||
        !foreign_limits_bytes(&service->limits, from->key, size, now) ||
        !source_is_good(service, from, &frame, &known, now)) {
        return false;
    }
    if (from->neighbour != NULL) {
        neighbour_used(&base->neighbours, from->neighbour, now);
    }
    return frame.via_count == 0 ? deliver(service, from, &frame, now)
                                : pass_on(service, from, &frame, &known, now);
}

void forward_foreign_take(struct forward_relay *service, const struct relay_client *neighbour,
                          const struct link_event *event, struct mono now)
{
    const struct bringer bringer = bringer_of(neighbour);

    (void)take(service, &bringer, event->data, event->size, now);
}

void forward_foreign_word(struct forward_relay *service, const struct dgram *in, struct mono now)
{
    struct forward_word_in word;
    struct bringer bringer = {.key = word.from};

    if (!forward_words_open(&service->words, &word, in, now)) {
        return;
    }
    bringer.number = be64_read(word.from) | WORD_NUMBER_FLAG;
    if (take(service, &bringer, word.body, word.size, now)) {
        service->base->counters.frame_words_taken++;
        forward_words_receipt(&service->words, &word, in, now);
        forward_relay_expect(service, word.from, now);
    }
}
