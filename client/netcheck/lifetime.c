/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First the packets of the sockets, then those of CONTROL, then the verbs. */
#include "client/netcheck/lifetime.h"

#include "proto/wire/live.h"
#include "proto/wire/stun.h"

#include <string.h>

enum {
    TRIES_MAX = 5,
    REPEAT_MS = 200, /* besides two round trips */
    LATE_MS = 50,    /* after next_at this process was kept from running */
    LATE_LOOK_MS = 20,
    HEADERS_SIZE = 28,
    LATE_MS_MAX = 5000, /* ... or the machine slept */
    CONFIRM_MS = 200,   /* QUIET gets no answer: so long after it, CONTROL asks whether it came */
};

/* ---- requests ---- */

static void request_send(struct lifetime *l, size_t index, const struct live_request *request,
                         uint8_t id[STUN_ID_SIZE], struct outbox *out)
{
    const struct endpoint local = {.port = l->cfg.ports[index]};
    struct live_request filled = *request;
    uint8_t value[LIVE_REQUEST_SIZE_MAX];
    uint8_t packet[LIVE_REQUEST_SIZE_MAX + STUN_REQUEST_SIZE + 4];
    size_t size;

    memcpy(filled.round, l->round, sizeof(filled.round));
    memcpy(filled.cookie, l->cookie, sizeof(filled.cookie));
    env_random(l->env, id, STUN_ID_SIZE);
    live_request_encode(value, &size, &filled);
    size = stun_live_request(packet, id, value, size);
    l->bytes_sent += size + HEADERS_SIZE;
    if (l->bytes_sent > LIFETIME_BYTES_MAX) { /* too much gets lost */
        l->failed = true;
        return;
    }
    outbox_put(out, &local, &l->cfg.relay, packet, size);
}

static struct mono repeat_at(const struct lifetime *l, struct mono sent_at)
{
    return mono_add_ns(sent_at, REPEAT_MS * NS_PER_MS + 2 * l->rtt_ns);
}

/* ---- sockets ---- */

static bool is_quiet(size_t index)
{
    return index >= LADDER_QUIET && index < LADDER_KEPT;
}

static bool is_kept(size_t index)
{
    return index >= LADDER_KEPT;
}

/* So long after a last packet that goes now the relay sends: when that was planned, also if packets
 * before it got lost. */
static uint32_t delay_of(const struct lifetime *l, size_t index, struct mono now)
{
    struct mono at = mono_add_ms(l->began_at, LADDER_BOTH_WAYS_MS + ladder_age_ms(index));

    return ladder_age_ms(index) == 0 ? LIVE_HELD : (uint32_t)mono_ms_between(now, at);
}

/* The packet after which a socket is silent. */
static void enter(struct lifetime *l, size_t index, struct outbox *out, struct mono now)
{
    struct lifetime_socket *s = &l->sockets[index];
    const struct live_request request = {.kind =
                                             is_quiet(index) ? LIVE_KIND_QUIET : LIVE_KIND_ENTER,
                                         .index = (uint8_t)index,
                                         .delay_ms = delay_of(l, index, now)};

    if (s->tries == TRIES_MAX) {
        s->state = LIFETIME_SOCKET_LOST;
        return;
    }
    request_send(l, index, &request, s->id, out);
    s->state = LIFETIME_SOCKET_ENTERING;
    s->entered_at = now;
    s->fire_at = request.delay_ms == LIVE_HELD ? MONO_NEVER : mono_add_ms(now, request.delay_ms);
    s->tries++;
}

/* The packet before the last one: some NATs keep a mapping for longer when it was used again. */
static void touch(struct lifetime *l, size_t index, struct outbox *out, struct mono now)
{
    struct lifetime_socket *s = &l->sockets[index];
    const struct live_request request = {
        .kind = LIVE_KIND_ENTER, .index = (uint8_t)index, .delay_ms = LIVE_HELD};

    if (s->tries == TRIES_MAX) {
        s->state = LIFETIME_SOCKET_LOST;
        return;
    }
    request_send(l, index, &request, s->id, out);
    s->state = LIFETIME_SOCKET_TOUCHED;
    s->touched_at = now;
    s->tries++;
}

/* When a socket has to send something. What QUIET sent is repeated when the relay does not know it
 * (confirm_take). */
static struct mono socket_due(const struct lifetime *l, size_t index)
{
    const struct lifetime_socket *s = &l->sockets[index];

    switch (s->state) {
    case LIFETIME_SOCKET_WAITING:
        return mono_add_ms(l->began_at, ladder_offset_ms(index));
    case LIFETIME_SOCKET_TOUCHED:
        return repeat_at(l, s->touched_at);
    case LIFETIME_SOCKET_ANSWERED:
        return mono_add_ms(s->touched_at, LADDER_BOTH_WAYS_MS);
    case LIFETIME_SOCKET_ENTERING:
        return is_quiet(index) ? MONO_NEVER : repeat_at(l, s->entered_at);
    case LIFETIME_SOCKET_SILENT:
    case LIFETIME_SOCKET_CAME:
    case LIFETIME_SOCKET_GONE:
    case LIFETIME_SOCKET_LOST:
        break;
    }
    return MONO_NEVER;
}

static void sockets_transmit(struct lifetime *l, struct outbox *out, struct mono now)
{
    for (size_t i = LADDER_ANSWERED; i < LIFETIME_SOCKETS; i++) {
        struct lifetime_socket *s = &l->sockets[i];

        if (!mono_due(socket_due(l, i), now)) {
            continue;
        }
        if (is_kept(i) &&
            (s->state == LIFETIME_SOCKET_WAITING || s->state == LIFETIME_SOCKET_TOUCHED)) {
            touch(l, i, out, now);
        } else {
            enter(l, i, out, now);
        }
    }
}

static void socket_answered(struct lifetime_socket *s)
{
    if (s->state == LIFETIME_SOCKET_TOUCHED) {
        s->state = LIFETIME_SOCKET_ANSWERED;
        s->tries = 0;
    } else if (s->state == LIFETIME_SOCKET_ENTERING) {
        s->state = LIFETIME_SOCKET_SILENT;
    }
}

/* The relay was heard after the silence. */
static void socket_came(struct lifetime *l, size_t index, struct mono now)
{
    struct lifetime_socket *s = &l->sockets[index];

    if (s->state == LIFETIME_SOCKET_CAME && index == l->again &&
        l->inbound == LIFETIME_INBOUND_UNKNOWN) {
        l->inbound = LIFETIME_INBOUND_YES;
    }
    if (s->state != LIFETIME_SOCKET_SILENT && s->state != LIFETIME_SOCKET_ENTERING) {
        return;
    }
    s->state = LIFETIME_SOCKET_CAME;
    s->came_at = now;
    s->age_ms = (uint32_t)mono_ms_between(s->entered_at, now);
}

/* ---- what CONTROL asks ---- */

/* True if something was sent by a QUIET socket that the relay may have by now. */
static bool is_to_confirm(const struct lifetime_socket *s, struct mono now)
{
    return s->state == LIFETIME_SOCKET_ENTERING &&
           mono_due(mono_add_ms(s->entered_at, CONFIRM_MS), now);
}

/* When CONTROL asks: for a cookie, and then which of the QUIET sockets the relay knows. */
static struct mono ask_at(const struct lifetime *l)
{
    struct mono at = MONO_NEVER;

    if (!l->running || l->asking.tries > 0) {
        return l->asking.due;
    }
    for (size_t i = LADDER_QUIET; i < LADDER_KEPT; i++) {
        const struct lifetime_socket *s = &l->sockets[i];

        if (s->state == LIFETIME_SOCKET_ENTERING) {
            at = mono_min(at, mono_add_ms(s->entered_at, CONFIRM_MS));
        }
    }
    return at;
}

static void ask_transmit(struct lifetime *l, struct outbox *out, struct mono now)
{
    const struct live_request request = {.kind = LIVE_KIND_ASK};

    if (!mono_due(ask_at(l), now)) {
        return;
    }
    if (l->asking.tries == TRIES_MAX) {
        l->failed = true;
        return;
    }
    request_send(l, LADDER_CONTROL, &request, l->asking.id, out);
    l->asking.tries++;
    l->asking.sent_at = now;
    l->asking.due = repeat_at(l, now);
}

/* The relay said which sockets it knew when it was asked. Others send again. */
static void confirm_take(struct lifetime *l, const struct live_set *known)
{
    for (size_t i = LADDER_QUIET; i < LADDER_KEPT; i++) {
        struct lifetime_socket *s = &l->sockets[i];

        if (is_to_confirm(s, l->asking.sent_at)) {
            s->state = live_set_has(known, i) ? LIFETIME_SOCKET_SILENT : LIFETIME_SOCKET_WAITING;
        }
    }
}

/* ---- what the relay is told ---- */

static void orders_transmit(struct lifetime *l, struct outbox *out, struct mono now)
{
    for (size_t i = 0; i < LIFETIME_ORDERS_MAX; i++) {
        struct lifetime_order *order = &l->orders[i];
        const struct live_request request = {.kind = LIVE_KIND_SET, .set = order->set};

        if (!order->used || !mono_due(order->due, now)) {
            continue;
        }
        if (order->tries == TRIES_MAX) {
            l->failed = true;
            return;
        }
        request_send(l, LADDER_CONTROL, &request, order->id, out);
        order->tries++;
        order->due = repeat_at(l, now);
    }
}

/* The relay has it: its packets are on their way. */
static void order_answered(struct lifetime *l, struct lifetime_order *order, struct mono now)
{
    order->used = false;
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        if (live_set_has(&order->set, i)) {
            l->sockets[i].fire_at = now;
            l->again_due = i == l->again ? mono_add_ns(now, lifetime_wait_ns(l)) : l->again_due;
        }
    }
}

/* All is known: the relay need not send any more. If this gets lost, it sends some packets in
 * vain. */
static void hold_transmit(struct lifetime *l, struct outbox *out)
{
    struct live_request request = {.kind = LIVE_KIND_SET, .delay_ms = LIVE_HELD};
    uint8_t id[STUN_ID_SIZE];

    for (size_t i = LADDER_ANSWERED; i < LIFETIME_SOCKETS; i++) {
        live_set_add(&request.set, i);
    }
    request_send(l, LADDER_CONTROL, &request, id, out);
}

static struct mono next_of(const struct lifetime *l)
{
    struct mono at = ask_at(l);

    for (size_t i = LADDER_ANSWERED; l->running && i < LIFETIME_SOCKETS; i++) {
        at = mono_min(at, socket_due(l, i));
    }
    for (size_t i = 0; i < LIFETIME_ORDERS_MAX; i++) {
        at = l->orders[i].used ? mono_min(at, l->orders[i].due) : at;
    }
    return mono_min(at, lifetime_steps_deadline(l));
}

/* Whoever slept cannot say how old anything was when it came. After a short delay packets may wait
 * to be received: nothing is judged before they were. */
static bool is_late(struct lifetime *l, struct mono now)
{
    l->failed = mono_due(mono_add_ms(l->next_at, LATE_MS_MAX), now);
    l->late = !l->late && mono_due(mono_add_ms(l->next_at, LATE_MS), now);
    if (l->late) {
        l->next_at = mono_add_ms(now, LATE_LOOK_MS);
    }
    return l->failed || l->late;
}

/* ---- verbs ---- */

void lifetime_init(struct lifetime *l, const struct lifetime_config *cfg, const struct env *env,
                   struct mono now)
{
    memset(l, 0, sizeof(*l));
    l->cfg = *cfg;
    l->env = env;
    l->began_at = now;
    l->asking.due = now;
    l->next_at = now;
    l->again_due = MONO_NEVER;
    env_random(env, l->round, sizeof(l->round));
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        l->sockets[i].fire_at = MONO_NEVER;
    }
}

static void cookie_take(struct lifetime *l, const struct live_answer *answer, struct mono now)
{
    if (l->running || answer->state != LIVE_STATE_COOKIE) {
        l->failed = l->failed || !l->running;
        return;
    }
    memcpy(l->cookie, answer->cookie, sizeof(l->cookie));
    l->rtt_ns = mono_ns_between(l->asking.sent_at, now);
    l->running = true;
    l->asking.tries = 0;
    l->began_at = now;
}

static bool is_known(const struct live_set *set, const struct live_set *known)
{
    struct live_set both = *known;

    live_set_join(&both, set);
    return live_set_count(&both) == live_set_count(known);
}

/* CONTROL got an answer. */
static void control_take(struct lifetime *l, const struct stun_message *message,
                         const struct live_answer *answer, struct mono now)
{
    if (l->asking.tries > 0 && stun_is_answer(message, l->asking.id)) {
        if (!l->running || answer->state != LIVE_STATE_OPEN) {
            cookie_take(l, answer, now);
        } else {
            l->asking.tries = 0;
            confirm_take(l, &answer->known);
        }
        return;
    }
    for (size_t i = 0; i < LIFETIME_ORDERS_MAX; i++) {
        struct lifetime_order *order = &l->orders[i];

        if (!order->used || order->tries == 0 || !stun_is_answer(message, order->id)) {
            continue;
        }
        if (answer->state == LIVE_STATE_OPEN && is_known(&order->set, &answer->known)) {
            order_answered(l, order, now);
        } else {
            l->failed = true; /* it began anew, and sent nothing to anybody */
        }
    }
}

/* The index of the socket with this port; LIFETIME_SOCKETS: none. */
static size_t socket_of(const struct lifetime *l, uint16_t port)
{
    size_t i = 0;

    while (i < LIFETIME_SOCKETS && l->cfg.ports[i] != port) {
        i++;
    }
    return i;
}

void lifetime_receive(struct lifetime *l, const struct dgram *in, struct mono now)
{
    struct live_answer answer = {.state = LIVE_STATE_BUSY};
    struct stun_message message;
    size_t index = socket_of(l, in->local.port);

    if (index == LIFETIME_SOCKETS || !endpoint_equal(&in->remote, &l->cfg.relay) ||
        stun_parse(&message, in->data, in->size) != ERR_OK) {
        return;
    }
    l->heard = true;
    if (stun_is_indication(&message, l->round)) {
        socket_came(l, index, now);
        return;
    }
    /* A relay that does not know LIVE answers, too. */
    if (message.live_at != 0 &&
        live_answer_decode(&answer, in->data + message.live_at, message.live_size) != ERR_OK) {
        return;
    }
    if (index == LADDER_CONTROL) {
        control_take(l, &message, &answer, now);
        return;
    }
    if (!stun_is_answer(&message, l->sockets[index].id)) {
        return;
    }
    if (answer.state == LIVE_STATE_OPEN) {
        socket_answered(&l->sockets[index]);
    } else if (answer.state == LIVE_STATE_BUSY) {
        l->failed = true;
    }
}

void lifetime_transmit(struct lifetime *l, struct outbox *out, struct mono now)
{
    if (lifetime_is_done(l)) {
        return;
    }
    l->heard = false;
    if (is_late(l, now)) {
        return;
    }
    if (l->running) {
        sockets_transmit(l, out, now);
        lifetime_steps_take(l, now);
        orders_transmit(l, out, now);
    }
    ask_transmit(l, out, now);
    if (lifetime_steps_are_over(l)) {
        hold_transmit(l, out);
    }
    l->next_at = next_of(l);
}

struct mono lifetime_deadline(const struct lifetime *l)
{
    if (lifetime_is_done(l)) {
        return MONO_NEVER;
    }
    return l->heard ? (struct mono){0} : l->next_at;
}

bool lifetime_is_done(const struct lifetime *l)
{
    return l->failed || lifetime_steps_are_over(l);
}

uint32_t lifetime_age_ms(const struct lifetime *l, struct mono now)
{
    return (uint32_t)mono_ms_between(l->began_at, now);
}
