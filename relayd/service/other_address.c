/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A choice for IPv4 and one for IPv6. Our own ports and the job are those of the lend service. */
#include "relayd/service/other_address.h"

#include <string.h>

static const struct bucket_rate tell_rate = {.per_s = OTHER_CLIENTS_PER_S,
                                             .burst = OTHER_CLIENTS_PER_S};

int other_address_init(struct other_address *other, struct relay_base *base,
                       const struct lend_service *lend, struct mono now)
{
    static const struct bucket_rate address = {.per_s = 1, .burst = OTHER_BURST * OTHER_COST};

    other->base = base;
    other->lend = lend;
    bucket_init(&other->tells, &tell_rate, now);
    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        other->choices[i].due = MONO_NEVER;
    }
    return bucket_table_new(&other->addresses, 16, OTHER_ADDRESSES_MAX, &address, &base->env);
}

void other_address_fini(struct other_address *other)
{
    bucket_table_free(other->addresses);
}

/* Whether this relay lends and borrows at all. */
static bool is_on(const struct other_address *other)
{
    return other->lend->answer_ports_count >= 2 && !other->base->cfg.stun_one_address;
}

static const struct other_choice *choice_of(const struct other_address *other,
                                            const struct endpoint *local)
{
    return &other->choices[endpoint_is_v4(local) ? 0 : 1];
}

/* ---- the neighbour's ports ---- */

static bool tells_port(const struct neighbour *neighbour, uint16_t port)
{
    for (size_t i = 0; i < neighbour->offer.count; i++) {
        if (neighbour->offer.ports[i] == port) {
            return true;
        }
    }
    return false;
}

static size_t ports_in_common(const struct other_address *other, const struct neighbour *neighbour)
{
    size_t count = 0;

    for (size_t i = 0; i < other->lend->answer_ports_count; i++) {
        count += tells_port(neighbour, other->lend->answer_ports[i]) ? 1 : 0;
    }
    return count;
}

static size_t heard_count(const struct other_choice *choice)
{
    size_t count = 0;

    for (size_t i = 0; i < LEND_ANSWER_PORTS_MAX; i++) {
        count += choice->heard[i] ? 1 : 0;
    }
    return count;
}

/* What was heard counts from now on. */
static void heard_take(struct other_choice *choice)
{
    memcpy(choice->answered, choice->heard, sizeof(choice->answered));
    choice->proven = heard_count(choice) >= 2;
}

/* The neighbour that lends, if it is still one that has our ports. */
static struct neighbour *neighbour_of(const struct other_address *other,
                                      const struct other_choice *choice)
{
    struct neighbour *neighbour =
        choice->proven ? neighbour_of_key(&other->base->neighbours, choice->key) : NULL;

    return neighbour != NULL && ports_in_common(other, neighbour) >= 2 ? neighbour : NULL;
}

bool other_address_find(const struct other_address *other, const struct endpoint *local,
                        struct endpoint *out)
{
    const struct other_choice *choice = choice_of(other, local);
    const struct lend_service *lend = other->lend;
    bool same = false;

    *out = choice->address;
    out->port = 0;
    if (!is_on(other) || neighbour_of(other, choice) == NULL) {
        return false;
    }
    for (size_t i = 0; i < lend->answer_ports_count; i++) {
        if (choice->answered[i] && lend->answer_ports[i] == local->port) {
            same = true;
        } else if (choice->answered[i] && out->port == 0) {
            out->port = lend->answer_ports[i];
        }
    }
    return same && out->port != 0;
}

struct mono other_address_all(const struct other_address *other, struct stun_others *out,
                              struct mono now)
{
    static const struct endpoint any[OTHER_FAMILIES] = {[0].ip = {[10] = 0xff, [11] = 0xff}};
    const struct lend_service *lend = other->lend;
    struct mono until = now;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        for (size_t k = 0; k < lend->answer_ports_count; k++) {
            struct endpoint local = any[i], found;

            local.port = lend->answer_ports[k];
            if (other_address_find(other, &local, &found)) {
                memcpy(out->ip[i], found.ip, sizeof(out->ip[i]));
                out->at[i][k] = local.port;
                out->other[i][k] = found.port;
            }
        }
    }
    for (size_t i = 0; i < OTHER_CLIENTS_MAX; i++) {
        until = mono_due(other->clients[i].until, until) ? until : other->clients[i].until;
    }
    return until;
}

/* ---- jobs ---- */

void other_address_answer(struct other_address *other, const struct endpoint *local,
                          const struct endpoint *remote, const uint8_t transaction[STUN_ID_SIZE],
                          bool change_port, struct mono now)
{
    struct relay_counters *counters = &other->base->counters;
    const struct other_choice *choice = choice_of(other, local);
    struct neighbour *neighbour = neighbour_of(other, choice);
    uint8_t prefix[16] = {0};
    struct endpoint from;

    memcpy(prefix, remote->ip, endpoint_is_v4(remote) ? 16 : 7);
    if (neighbour == NULL || !other_address_find(other, local, &from)) {
        counters->stun_unanswered++;
        return;
    }
    if (!bucket_table_take(other->addresses, prefix, OTHER_COST, now)) {
        counters->stun_lent_limited++;
        return;
    }
    lend_answer_ask(other->lend, neighbour, remote, transaction,
                    change_port ? from.port : local->port);
    counters->stun_lent++;
}

/* ---- clients that neighbours told of this relay ---- */

void other_address_told(struct other_address *other, const struct endpoint *local,
                        const struct endpoint *remote, struct mono now)
{
    struct neighbour *neighbour = neighbour_of(other, choice_of(other, local));
    Ziglan__LendClient body = ZIGLAN__LEND_CLIENT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (neighbour == NULL || !bucket_take(&other->tells, &tell_rate, 1, now)) {
        return;
    }
    body.ip = control_ip(remote);
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_CLIENT;
    message.lend_client = &body;
    neighbour_tell(&other->base->neighbours, neighbour, &message);
}

void other_address_on_client(struct other_address *other, const Ziglan__Control *message,
                             struct mono now)
{
    const ProtobufCBinaryData *ip = &message->lend_client->ip;
    const struct endpoint client = endpoint_of_bytes(ip->data, ip->len, 0);
    struct other_client *row = &other->clients[other->clients_next];

    memcpy(row->ip, client.ip, sizeof(row->ip));
    row->until = mono_add_ms(now, OTHER_CLIENT_MS);
    other->clients_next = (other->clients_next + 1) % OTHER_CLIENTS_MAX;
}

bool other_address_is_told(const struct other_address *other, const struct endpoint *remote,
                           struct mono now)
{
    for (size_t i = 0; i < OTHER_CLIENTS_MAX; i++) {
        const struct other_client *row = &other->clients[i];

        if (!mono_due(row->until, now) && memcmp(row->ip, remote->ip, sizeof(row->ip)) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- messages ---- */

static void ports_tell(const struct other_address *other, struct neighbour *neighbour)
{
    const struct lend_service *lend = other->lend;
    Ziglan__LendPorts body = ZIGLAN__LEND_PORTS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint32_t ports[LEND_ANSWER_PORTS_MAX];

    for (size_t i = 0; i < lend->answer_ports_count; i++) {
        ports[i] = lend->answer_ports[i];
    }
    body.ports = ports;
    body.n_ports = is_on(other) ? lend->answer_ports_count : 0;
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_PORTS;
    message.lend_ports = &body;
    neighbour_tell(&other->base->neighbours, neighbour, &message);
}

/* The neighbour came, went or has other ports: choose now where nobody is chosen, or it was. */
static void reconsider(struct other_address *other, const uint8_t key[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        struct other_choice *choice = &other->choices[i];

        if (choice->state == OTHER_STATE_NONE || memcmp(choice->key, key, KEY_SIZE) == 0) {
            *choice = (struct other_choice){.due = now};
        }
    }
}

void other_address_on_neighbour(struct other_address *other, const struct neighbour_event *event,
                                struct mono now)
{
    if (event->type == NEIGHBOUR_EVENT_GONE) {
        reconsider(other, event->neighbour->key, now);
    } else if (event->neighbour->client != NULL && is_on(other)) {
        ports_tell(other, event->neighbour);
    }
}

void other_address_changed(struct other_address *other, struct mono now)
{
    struct neighbour_table *table = &other->base->neighbours;
    struct neighbour *neighbour = neighbour_next(table, NULL);

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && other->lend->answer_ports_count >= 2) {
            ports_tell(other, neighbour);
        }
    }
    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        other->choices[i].due = now;
    }
}

void other_address_on_ports(struct other_address *other, const struct relay_client *client,
                            const Ziglan__Control *message, struct mono now)
{
    const Ziglan__LendPorts *told = message->lend_ports;
    struct neighbour *neighbour = client->neighbour;

    neighbour->offer.count = 0;
    for (size_t i = 0; i < told->n_ports && i < LEND_ANSWER_PORTS_MAX; i++) {
        neighbour->offer.ports[neighbour->offer.count++] = (uint16_t)told->ports[i];
    }
    reconsider(other, neighbour->key, now);
}

/* ---- choosing, and asking who was chosen ---- */

bool other_address_on_stun(struct other_address *other, const struct dgram *in)
{
    struct other_choice *choice = &other->choices[endpoint_is_v4(&in->remote) ? 0 : 1];
    const struct lend_service *lend = other->lend;
    struct stun_message message;
    uint8_t id[STUN_ID_SIZE];

    if (choice->state != OTHER_STATE_ASKED || !endpoint_same_ip(&choice->address, &in->remote) ||
        stun_parse(&message, in->data, in->size) != ERR_OK) {
        return false;
    }
    memcpy(id, choice->id, sizeof(id));
    for (size_t i = 0; i < lend->answer_ports_count; i++) {
        id[STUN_ID_SIZE - 1] = (uint8_t)i;
        if (in->remote.port == lend->answer_ports[i] && stun_is_answer(&message, id)) {
            choice->heard[i] = true;
            if (!choice->proven) {
                heard_take(choice);
            }
            return true;
        }
    }
    return false;
}

/* A random neighbour that is elsewhere and has two of our ports. */
static bool choose(struct other_address *other, bool v4, struct other_choice *out)
{
    const struct neighbour_table *table = &other->base->neighbours;
    struct neighbour *neighbour = neighbour_next(table, NULL);
    uint32_t seen = 0, random;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        struct endpoint address;

        if (neighbour->client == NULL || ports_in_common(other, neighbour) < 2 ||
            !lend_neighbour_address(other->lend, neighbour, v4, &address) ||
            endpoint_same_ip(&other->lend->local, &address)) {
            continue;
        }
        env_random(&other->base->env, &random, sizeof(random));
        if (random % ++seen == 0) {
            *out = (struct other_choice){.address = address};
            memcpy(out->key, neighbour->key, KEY_SIZE);
        }
    }
    return seen > 0;
}

static void asking_begin(const struct other_address *other, struct other_choice *choice,
                         struct mono now)
{
    env_random(&other->base->env, choice->id, sizeof(choice->id));
    memset(choice->heard, 0, sizeof(choice->heard));
    choice->state = OTHER_STATE_ASKED;
    choice->tries = 0;
    choice->due = now;
}

static void asking_end(struct other_choice *choice, struct mono now)
{
    heard_take(choice);
    if (choice->proven) {
        choice->state = OTHER_STATE_SETTLED;
        choice->due = mono_add_ms(now, OTHER_KEEP_MS);
    } else {
        *choice = (struct other_choice){.due = mono_add_ms(now, OTHER_AGAIN_MS)};
    }
}

void other_address_expire(struct other_address *other, struct mono now)
{
    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        struct other_choice *choice = &other->choices[i];

        if (!mono_due(choice->due, now)) {
            continue;
        }
        if (!is_on(other)) {
            *choice = (struct other_choice){.due = MONO_NEVER};
        } else if (choice->state == OTHER_STATE_NONE) {
            choice->due = mono_add_ms(now, OTHER_AGAIN_MS);
            if (choose(other, i == 0, choice)) {
                asking_begin(other, choice, now);
            }
        } else if (choice->state == OTHER_STATE_SETTLED) {
            asking_begin(other, choice, now);
        } else if (choice->tries == OTHER_TRIES) {
            asking_end(choice, now);
        }
    }
}

void other_address_transmit(struct other_address *other, struct outbox *out, struct mono now)
{
    const struct lend_service *lend = other->lend;
    const struct endpoint local = {.port = lend_knock_port(lend)};
    uint8_t request[STUN_REQUEST_SIZE];

    for (size_t i = 0; i < OTHER_FAMILIES; i++) {
        struct other_choice *choice = &other->choices[i];

        if (choice->state != OTHER_STATE_ASKED || choice->tries == OTHER_TRIES ||
            !mono_due(choice->due, now)) {
            continue;
        }
        for (size_t k = 0; k < lend->answer_ports_count; k++) {
            choice->address.port = lend->answer_ports[k];
            choice->id[STUN_ID_SIZE - 1] = (uint8_t)k;
            stun_request(request, choice->id);
            outbox_put(out, &local, &choice->address, request, sizeof(request));
        }
        choice->tries++;
        choice->due = mono_add_ms(now, OTHER_TRY_MS);
    }
}

struct mono other_address_deadline(const struct other_address *other)
{
    return mono_min(other->choices[0].due, other->choices[1].due);
}
