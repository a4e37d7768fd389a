/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First the knocks, then the questions, then the verbs. */
#include "client/netcheck/netcheck.h"

#include "proto/base/bytes.h"

#include <string.h>

enum {
    SILENT_MS = 500,     /* the relay that is asked to knock is silent: another one */
    ASKS_MAX = 12,       /* requests of one round */
    SPARED_MS = 600,     /* so long after they began to, those who may knock are sent nothing */
    NO_KNOCKS_MS = 900,  /* so long is waited for a relay that lets knock */
    SIZE_EVERY_MS = 60,  /* between two sizes: what passes makes the smaller ones needless. Relays
                            answer 10 requests a second, of everything, */
    TIME_AFTER_MS = 600, /* so what only times them comes later */
    TIME_EVERY_MS = 250,
    TIME_COUNT = 3,
    HAIRPIN_COUNT = 3,
    HAIRPIN_EVERY_MS = 150,
    LOOK_MS = 10, /* it lives for three seconds, so it may look often what is due */
};

/* Of whole packets that links often have: Ethernet, PPPoE, tunnels, mobile networks, and what IPv6
 * demands. The largest come first. */
static const uint16_t sizes[] = {1500, 1492, 1480, 1472, 1460, 1440, 1420, 1400, 1380, 1340, 1280};

static uint16_t port_of(const struct netcheck *check, enum netcheck_socket socket)
{
    return check->cfg.locals[socket].port;
}

static struct netcheck_knocks *running(struct netcheck *check)
{
    return &check->rounds[check->round];
}

/* ---- knocks ---- */

static void round_begin(struct netcheck *check, size_t relay, struct mono now)
{
    struct netcheck_knocks *round = running(check);

    *round = (struct netcheck_knocks){.relay = relay, .due = now};
    env_random(check->env, round->id, sizeof(round->id));
    round->asked_at = now;
}

/* A relay that does not know LEND answers, too, but does not knock. */
static void round_take(struct netcheck *check, const struct dgram *in,
                       const struct stun_message *message, struct mono now)
{
    struct netcheck_knocks *round = running(check);
    struct lend_answer told;

    round->asked = true;
    if (message->lend_at == 0 ||
        lend_answer_decode(&told, in->data + message->lend_at, message->lend_size) != ERR_OK ||
        told.state == LEND_STATE_BUSY) {
        round->unable = true;
        round->due = MONO_NEVER;
        return;
    }
    if (told.state == LEND_STATE_COOKIE) {
        memcpy(round->cookie, told.cookie, sizeof(round->cookie));
        round->due = round->proved ? round->due : now;
        round->proved = true;
        return;
    }
    if (!round->sent) {
        round->sent = true;
        round->sent_at = now;
    }
    round->told = told;
    round->due = MONO_NEVER;
    for (size_t i = 0; i < told.lenders_count; i++) {
        if (told.lenders[i].result == LEND_RESULT_ASKED) {
            round->due = mono_add_ms(now, NETCHECK_AGAIN_MS);
        }
    }
}

/* True if a socket of this host has sent to this IP address, but to the relay of the knocks. */
static bool was_asked(const struct netcheck *check, const struct endpoint *address)
{
    for (size_t i = 0; i < check->questions.count; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->tries > 0 && endpoint_same_ip(&q->remote, address)) {
            return true;
        }
    }
    return false;
}

static void knock_take(struct netcheck *check, const struct endpoint *from)
{
    bool own = false;

    for (size_t i = 0; i <= check->round; i++) {
        const struct endpoint *relay = &check->cfg.relays[check->rounds[i].relay];

        own = own || endpoint_same_ip(relay, from);
        if (endpoint_equal(relay, from)) {
            return; /* where it was sent to: that says nothing */
        }
    }
    if (own) {
        check->own_port_came = true;
    } else if (!was_asked(check, from)) {
        check->lent_came = true;
    }
}

/* True if some lender of this round has knocked, or may do so yet. */
static bool has_lender(const struct netcheck_knocks *round)
{
    for (size_t i = 0; round->sent && i < round->told.lenders_count; i++) {
        if (round->told.lenders[i].result != LEND_RESULT_REFUSED) {
            return true;
        }
    }
    return false;
}

static bool has_own_port(const struct netcheck_knocks *round)
{
    return round->sent && round->told.ports_count > 0;
}

/* All that could come of a round has come, or nothing more will. */
static bool round_is_over(const struct netcheck *check, const struct netcheck_knocks *round,
                          struct mono now)
{
    if (round->unable || round->silent) {
        return true;
    }
    if (!round->sent) {
        return false;
    }
    if (check->lent_came && (check->own_port_came || !has_own_port(round))) {
        return true;
    }
    return mono_due(mono_add_ms(round->sent_at, NETCHECK_KNOCKS_MS + check->rtt_ns / NS_PER_MS),
                    now);
}

/* Something that was sent did not come. */
static bool is_worth_repeating(const struct netcheck *check, const struct netcheck_knocks *round)
{
    return (has_own_port(round) && !check->own_port_came) ||
           (has_lender(round) && !check->lent_came);
}

/* A silent relay gives way to the next one; what was silent is asked for again, once. */
static void rounds_step(struct netcheck *check, struct mono now)
{
    struct netcheck_knocks *round = running(check);

    if (!round->asked && mono_due(mono_add_ms(round->asked_at, SILENT_MS), now)) {
        if (round->relay + 1 < check->cfg.relays_count) {
            round_begin(check, round->relay + 1, now);
        } else {
            round->silent = mono_due(mono_add_ms(check->began_at, NETCHECK_FIRST_MS), now);
        }
        return;
    }
    if (check->rounds_over || !round_is_over(check, round, now)) {
        return;
    }
    if (check->round == 0 && is_worth_repeating(check, round)) {
        check->round = 1;
        round_begin(check, check->rounds[0].relay, now);
        memcpy(check->rounds[1].cookie, check->rounds[0].cookie, LEND_COOKIE_SIZE);
        check->rounds[1].proved = true;
        check->rounds[1].asked = true;
        return;
    }
    check->rounds_over = true;
}

static void round_transmit(struct netcheck *check, struct outbox *out, struct mono now)
{
    struct netcheck_knocks *round = running(check);
    const struct endpoint local = {.port = port_of(check, NETCHECK_SOCKET_FILTER)};
    uint8_t value[LEND_REQUEST_SIZE];
    uint8_t packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];

    if (check->rounds_over || !mono_due(round->due, now) || round->questions == ASKS_MAX) {
        return;
    }
    lend_request_encode(value, round->proved ? round->cookie : NULL);
    size_t size = stun_lend_request(packet, round->id, value, sizeof(value));

    outbox_put(out, &local, &check->cfg.relays[round->relay], packet, size);
    round->questions++;
    round->due = mono_add_ms(now, NETCHECK_AGAIN_MS + 50 * (uint64_t)round->questions);
}

/* ---- questions ---- */

static struct question *ask(struct netcheck *check, enum question_about about,
                            enum netcheck_socket socket, const struct endpoint *remote,
                            struct mono due)
{
    uint8_t id[STUN_ID_SIZE];

    for (size_t i = 0; about == QUESTION_MAPPING && i < check->questions.count; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->about == about && q->socket == port_of(check, socket) &&
            endpoint_equal(&q->remote, remote)) {
            return NULL; /* it was asked already */
        }
    }
    env_random(check->env, id, sizeof(id));
    return questions_add(&check->questions, about, port_of(check, socket), remote, id, due);
}

static void sizes_ask(struct netcheck *check, const struct endpoint *relay, struct mono now)
{
    uint16_t headers = endpoint_is_v4(relay) ? NETCHECK_IP4_HEADERS : NETCHECK_IP6_HEADERS;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct question *q = ask(check, QUESTION_SIZE, NETCHECK_SOCKET_MAPPING, relay,
                                 mono_add_ms(now, SIZE_EVERY_MS * (i + 1)));

        if (q != NULL) {
            q->size = (uint16_t)(sizes[i] - headers);
            q->tries_max = 2;
        }
    }
}

static void times_ask(struct netcheck *check, struct mono now)
{
    for (size_t i = 0; i < check->cfg.relays_count; i++) {
        for (uint64_t k = 0; k < TIME_COUNT; k++) {
            struct question *q =
                ask(check, QUESTION_TIME, NETCHECK_SOCKET_MAPPING, &check->cfg.relays[i],
                    mono_add_ms(now, TIME_AFTER_MS + TIME_EVERY_MS * k));

            if (q != NULL) {
                q->tries_max = 1;
            }
        }
    }
}

/* A relay may name any address, so nobody is asked to whom it may not lead this host. */
static bool may_ask(const struct netcheck *check, const struct endpoint *address)
{
    return address->port != 0 &&
           (endpoint_scope(address) == ENDPOINT_SCOPE_GLOBAL ||
            endpoint_same_special(address, &check->cfg.relays[check->rounds[0].relay]));
}

/* The NAT keeps the port, so far. If it has several addresses, their choice alone shows on what its
 * mappings depend; and chance makes the same choice again now and then. */
static bool keeps_port(const struct netcheck *check)
{
    struct nat_sample samples[NAT_SAMPLES_MAX];
    struct nat_facts facts;

    nat_facts_judge(&facts, &check->cfg.locals[NETCHECK_SOCKET_FILTER], samples,
                    netcheck_samples(check, samples));
    return facts.preserving && facts.translated;
}

/* More samples, where they are needed: of another socket, too. */
static void sample_ask(struct netcheck *check, const struct endpoint *remote, bool twice,
                       struct mono now)
{
    (void)ask(check, QUESTION_MAPPING, NETCHECK_SOCKET_MAPPING, remote, now);
    if (twice) {
        (void)ask(check, QUESTION_MAPPING, NETCHECK_SOCKET_SECOND, remote, now);
    }
}

/* The other ports of the relay that knocks, and its lenders. The last one of each may be spared, so
 * that it can knock. */
static void told_ask(struct netcheck *check, bool spare, struct mono now)
{
    const struct netcheck_knocks *round = &check->rounds[0];
    const struct lend_answer *told = &round->told;
    size_t ports = told->ports_count, lenders = told->lenders_count;
    bool twice = keeps_port(check);

    if (!round->sent) {
        return;
    }
    ports -= spare && ports > 1 ? 1 : 0;
    lenders -= spare && lenders > 1 ? 1 : 0;
    for (size_t i = 0; i < ports; i++) {
        struct endpoint remote = check->cfg.relays[round->relay];

        remote.port = told->ports[i];
        sample_ask(check, &remote, twice, now);
    }
    for (size_t i = 0; i < lenders; i++) {
        const struct endpoint *lender = &told->lenders[i].address;

        if (may_ask(check, lender)) {
            sample_ask(check, lender, twice, now);
        }
    }
}

/* Now who may knock had the time to. */
static void others_ask(struct netcheck *check, struct mono now)
{
    const struct netcheck_knocks *round = &check->rounds[0];
    struct mono at = mono_add_ms(check->began_at, NO_KNOCKS_MS);
    bool twice;

    if (check->others_asked) {
        return;
    }
    at = round->sent ? mono_add_ms(round->sent_at, SPARED_MS) : at;
    if (!mono_due(at, now) && check->round == 0 && !round_is_over(check, round, now)) {
        return;
    }
    check->others_asked = true;
    twice = keeps_port(check);
    for (size_t i = 0; i < check->cfg.relays_count; i++) {
        sample_ask(check, &check->cfg.relays[i], twice, now);
    }
    check->told_asked = round->sent;
    told_ask(check, true, now);
    sizes_ask(check, &check->cfg.relays[round->relay], now);
    times_ask(check, now);
}

size_t netcheck_samples(const struct netcheck *check, struct nat_sample out[NAT_SAMPLES_MAX])
{
    size_t count = 0;

    if (check->first_sampled) {
        out[count++] = check->first_sample;
    }
    for (size_t i = 0; i < check->questions.count && count < NAT_SAMPLES_MAX; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->about == QUESTION_MAPPING && q->answered) {
            out[count++] = (struct nat_sample){q->socket, q->remote, q->mapped, q->order};
        }
    }
    return count;
}

/* A relay that answers late tells of others late. */
static void late_ask(struct netcheck *check, struct mono now)
{
    const struct netcheck_knocks *round = &check->rounds[0];

    if (check->others_asked && !check->told_asked && round->sent &&
        mono_due(mono_add_ms(round->sent_at, SPARED_MS), now)) {
        check->told_asked = true;
        told_ask(check, true, now);
    }
}

/* Ask those that were spared. */
static void rest_ask(struct netcheck *check, struct mono now)
{
    struct nat_sample samples[NAT_SAMPLES_MAX];
    struct nat_facts facts;

    if (!check->others_asked || check->rest_asked) {
        return;
    }
    nat_facts_judge(&facts, &check->cfg.locals[NETCHECK_SOCKET_FILTER], samples,
                    netcheck_samples(check, samples));
    /* Where the mapping depends on something, more samples tell how ports are chosen; and when
     * nobody knocks any more, one more address can do no harm. */
    if (check->rounds_over || facts.mapping == NAT_DEPENDS_ON_ADDRESS ||
        facts.mapping == NAT_DEPENDS_ON_ADDRESS_AND_PORT ||
        facts.mapping == NAT_DEPENDS_ON_SOMETHING) {
        check->rest_asked = true;
        told_ask(check, false, now);
    }
}

/* ---- hairpin ---- */

/* Where a relay sees a socket; NULL: no relay told so far. */
static const struct question *seen(const struct netcheck *check, enum netcheck_socket socket)
{
    for (size_t i = 0; i < check->questions.count; i++) {
        const struct question *q = &check->questions.list[i];

        if (q->about == QUESTION_MAPPING && q->answered && q->socket == port_of(check, socket)) {
            return q;
        }
    }
    return NULL;
}

/* Each of two sockets sends to where the other one is seen; each opens the NAT for the other. */
static void hairpin_transmit(struct netcheck *check, struct outbox *out, struct mono now)
{
    const struct question *a = seen(check, NETCHECK_SOCKET_MAPPING);
    const struct question *b = seen(check, NETCHECK_SOCKET_SECOND);
    uint8_t packet[STUN_REQUEST_SIZE];

    if (!check->cfg.hairpin || a == NULL || b == NULL || check->hairpin_came ||
        check->hairpin_sent == HAIRPIN_COUNT || !mono_due(check->hairpin_due, now) ||
        !may_ask(check, &a->mapped) || !may_ask(check, &b->mapped)) {
        return;
    }
    const struct endpoint from_a = {.port = a->socket}, from_b = {.port = b->socket};

    stun_indication(packet, check->hairpin_id);
    outbox_put(out, &from_a, &b->mapped, packet, sizeof(packet));
    outbox_put(out, &from_b, &a->mapped, packet, sizeof(packet));
    check->hairpin_sent++;
    check->hairpin_due = mono_add_ms(now, HAIRPIN_EVERY_MS);
}

/* ---- verbs ---- */

void netcheck_init(struct netcheck *check, const struct netcheck_config *cfg, const struct env *env,
                   struct mono now)
{
    memset(check, 0, sizeof(*check));
    check->cfg = *cfg;
    check->env = env;
    check->began_at = now;
    env_random(env, check->hairpin_id, sizeof(check->hairpin_id));
    CHECK(cfg->relays_count > 0 && cfg->relays_count <= NETCHECK_RELAYS_MAX);
    round_begin(check, 0, now);
    check->first_sample.order = 0;
    (void)ask(check, QUESTION_MAPPING, NETCHECK_SOCKET_MAPPING, &cfg->relays[0], now);
    if (cfg->hairpin) {
        (void)ask(check, QUESTION_MAPPING, NETCHECK_SOCKET_SECOND, &cfg->relays[0], now);
    }
}

static bool is_knock(const struct netcheck *check, const struct stun_message *message)
{
    for (size_t i = 0; i <= check->round; i++) {
        if (check->rounds[i].proved && stun_is_indication(message, check->rounds[i].id)) {
            return true;
        }
    }
    return false;
}

/* What came to the socket FILTER. */
static void filter_take(struct netcheck *check, const struct dgram *in,
                        const struct stun_message *message, struct mono now)
{
    struct netcheck_knocks *round = running(check);

    if (is_knock(check, message)) {
        knock_take(check, &in->remote);
        return;
    }
    if (!stun_is_answer(message, round->id) ||
        !endpoint_equal(&in->remote, &check->cfg.relays[round->relay])) {
        return;
    }
    if (!check->first_sampled || !endpoint_equal(&check->first_sample.remote, &in->remote)) {
        check->first_sampled = true;
        check->first_sample.socket = port_of(check, NETCHECK_SOCKET_FILTER);
        check->first_sample.remote = in->remote;
        check->first_sample.mapped = message->mapped;
        check->first_sample.order = round->questions > 1 ? NAT_ORDER_UNKNOWN : 0;
        check->rtt_ns = now.ns - round->asked_at.ns;
    }
    round_take(check, in, message, now);
}

static void answer_take(struct netcheck *check, const struct dgram *in,
                        const struct stun_message *message, struct mono now)
{
    const struct question *q =
        questions_on_answer(&check->questions, in->local.port, &in->remote, message, now);

    if (q != NULL && q->about == QUESTION_SIZE) {
        questions_end_smaller(&check->questions, q->size);
    }
}

void netcheck_receive(struct netcheck *check, const struct dgram *in, struct mono now)
{
    struct stun_message message;

    if (stun_parse(&message, in->data, in->size) != ERR_OK) {
        return;
    }
    if (check->cfg.hairpin && stun_is_indication(&message, check->hairpin_id)) {
        check->hairpin_came = check->hairpin_came || check->hairpin_sent > 0;
        return;
    }
    if (in->local.port == port_of(check, NETCHECK_SOCKET_FILTER)) {
        filter_take(check, in, &message, now);
    } else {
        answer_take(check, in, &message, now);
    }
}

void netcheck_transmit(struct netcheck *check, struct outbox *out, struct mono now)
{
    if (netcheck_is_done(check, now)) {
        check->look_at = MONO_NEVER;
        return;
    }
    check->look_at = mono_add_ms(now, LOOK_MS);
    rounds_step(check, now);
    others_ask(check, now);
    late_ask(check, now);
    rest_ask(check, now);
    round_transmit(check, out, now);
    questions_transmit(&check->questions, out, now);
    hairpin_transmit(check, out, now);
}

struct mono netcheck_deadline(const struct netcheck *check)
{
    return mono_min(questions_deadline(&check->questions), check->look_at);
}

bool netcheck_has_verdict(const struct netcheck *check, struct mono now)
{
    return mono_due(mono_add_ms(check->began_at, NETCHECK_FIRST_MS), now) ||
           netcheck_is_done(check, now);
}

static bool hairpin_is_over(const struct netcheck *check, struct mono now)
{
    return !check->cfg.hairpin || check->hairpin_came ||
           (check->hairpin_sent == HAIRPIN_COUNT && mono_due(check->hairpin_due, now));
}

bool netcheck_is_done(const struct netcheck *check, struct mono now)
{
    if (mono_due(mono_add_ms(check->began_at, NETCHECK_DONE_MS), now)) {
        return true;
    }
    return check->rounds_over && check->rest_asked && hairpin_is_over(check, now) &&
           questions_over(&check->questions, now);
}

unsigned netcheck_progress(const struct netcheck *check, struct mono now)
{
    uint64_t past_ms =
        mono_before(now, check->began_at) ? 0 : (now.ns - check->began_at.ns) / NS_PER_MS;

    if (netcheck_is_done(check, now)) {
        return 100;
    }
    return (unsigned)(past_ms * 99 / NETCHECK_DONE_MS);
}
