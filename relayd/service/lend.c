/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First what is asked of this relay by hosts, then what is asked by neighbours. */
#include "relayd/service/lend.h"

#include "proto/base/bytes.h"

#include <string.h>

static const struct bucket_rate all_rate = {.per_s = LEND_PER_S, .burst = LEND_PER_S};

int lend_service_init(struct lend_service *service, struct relay_base *base,
                      const struct mesh *mesh, struct mono now)
{
    static const struct bucket_rate address = {.per_s = 1, .burst = LEND_BURST * LEND_COST};
    int rc;

    service->base = base;
    service->mesh = mesh;
    address_cookies_init(&service->cookies, &base->env);
    bucket_init(&service->all, &all_rate, now);
    rc = bucket_table_new(&service->addresses, 16, LEND_ADDRESSES_MAX, &address, &base->env);
    if (rc == ERR_OK) {
        rc = lend_knocks_init(&service->knocks, base, now);
    }
    return rc;
}

void lend_service_fini(struct lend_service *service)
{
    bucket_table_free(service->addresses);
    lend_knocks_fini(&service->knocks);
}

void lend_service_ports(struct lend_service *service, const uint16_t *ports, size_t count)
{
    CHECK(count <= LEND_PORTS_MAX);
    memcpy(service->ports, ports, count * sizeof(ports[0]));
    service->ports_count = count;
}

void lend_service_answer_ports(struct lend_service *service, const uint16_t *ports, size_t count)
{
    CHECK(count <= LEND_ANSWER_PORTS_MAX);
    memcpy(service->answer_ports, ports, count * sizeof(ports[0]));
    service->answer_ports_count = count;
}

uint16_t lend_knock_port(const struct lend_service *service)
{
    return service->ports_count > 0 ? service->ports[service->ports_count - 1] : 0;
}

void lend_note_local(struct lend_service *service, const struct endpoint *local)
{
    service->local = *local;
}

/* ---- lenders ---- */

bool lend_neighbour_address(const struct lend_service *service, const struct neighbour *neighbour,
                            bool v4, struct endpoint *out)
{
    struct node_found found;
    struct record_node node;

    if (endpoint_is_v4(&neighbour->client->remote) == v4) {
        *out = neighbour->client->remote;
        return true;
    }
    if (!mesh_find(service->mesh, neighbour->key, &found) ||
        record_node_decode(&node, found.record, found.record_size - SIGNATURE_SIZE) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < node.addresses_count; i++) {
        if (endpoint_is_v4(&node.addresses[i]) == v4) {
            *out = node.addresses[i];
            return true;
        }
    }
    return false;
}

/* It is another machine than ours, the target's, and the lenders so far. */
static bool is_other(const struct lend_service *service, const struct lend_job *job,
                     const struct endpoint *address)
{
    for (size_t i = 0; i < job->lenders_count; i++) {
        if (endpoint_same_ip(&job->lenders[i].address, address)) {
            return false;
        }
    }
    return !endpoint_same_ip(&service->local, address) && !endpoint_same_ip(&job->target, address);
}

/* Send a job, of which nothing is remembered here. */
static void job_send(const struct lend_service *service, struct neighbour *neighbour,
                     const struct endpoint *to, Ziglan__LendJob *body)
{
    Ziglan__Address target = ZIGLAN__ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    target.ip = control_ip(to);
    target.port = to->port;
    body->target = &target;
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_JOB;
    message.lend_job = body;
    neighbour_tell(&service->base->neighbours, neighbour, &message);
}

static void lender_ask(struct lend_service *service, struct lend_job *job,
                       struct neighbour *neighbour, const struct endpoint *address)
{
    Ziglan__LendJob body = ZIGLAN__LEND_JOB__INIT;

    body.id = job->id;
    body.transaction = control_bytes(job->transaction, STUN_ID_SIZE);
    memcpy(job->keys[job->lenders_count], neighbour->key, KEY_SIZE);
    job->lenders[job->lenders_count] = (struct lend_lender){.address = *address};
    job->lenders_count++;
    job_send(service, neighbour, &job->target, &body);
}

void lend_answer_ask(const struct lend_service *service, struct neighbour *neighbour,
                     const struct endpoint *target, const uint8_t transaction[STUN_ID_SIZE],
                     uint16_t from_port)
{
    Ziglan__LendJob body = ZIGLAN__LEND_JOB__INIT;

    body.transaction = control_bytes(transaction, STUN_ID_SIZE);
    body.from_port = from_port;
    job_send(service, neighbour, target, &body);
}

/* Ask neighbours, beginning at a random one. */
static void lenders_ask(struct lend_service *service, struct lend_job *job)
{
    const struct neighbour_table *table = &service->base->neighbours;
    struct neighbour *open[NEIGHBOURS_MAX];
    struct neighbour *neighbour = neighbour_next(table, NULL);
    uint32_t count = 0, first;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && count < NEIGHBOURS_MAX) {
            open[count++] = neighbour;
        }
    }
    env_random(&service->base->env, &first, sizeof(first));
    for (uint32_t i = 0; i < count && job->lenders_count < LEND_LENDERS_MAX; i++) {
        struct endpoint address;

        neighbour = open[(first % count + i) % count];
        if (lend_neighbour_address(service, neighbour, endpoint_is_v4(&job->target), &address) &&
            is_other(service, job, &address)) {
            lender_ask(service, job, neighbour, &address);
        }
    }
}

/* ---- jobs of hosts ---- */

static bool is_over(const struct lend_job *job, struct mono now)
{
    return job->id == 0 || mono_due(mono_add_ms(job->began_at, LEND_JOB_MS), now);
}

/* The job that this request began; NULL: it is a new one. */
static struct lend_job *job_of(struct lend_service *service, const struct endpoint *target,
                               const uint8_t *transaction, struct mono now)
{
    for (size_t i = 0; i < LEND_JOBS_MAX; i++) {
        struct lend_job *job = &service->jobs[i];

        if (!is_over(job, now) && endpoint_equal(&job->target, target) &&
            memcmp(job->transaction, transaction, STUN_ID_SIZE) == 0) {
            return job;
        }
    }
    return NULL;
}

/* Begin to send, and to let others send. NULL: too much of that. */
static struct lend_job *job_begin(struct lend_service *service, const struct dgram *in,
                                  const struct endpoint *target, const uint8_t *transaction,
                                  struct mono now)
{
    struct relay_counters *counters = &service->base->counters;
    struct endpoint from = in->local;
    struct lend_job *job = service->jobs;
    uint8_t prefix[16] = {0};

    memcpy(prefix, in->remote.ip, endpoint_is_v4(&in->remote) ? 16 : 7);
    while (job < service->jobs + LEND_JOBS_MAX && !is_over(job, now)) {
        job++;
    }
    if (!bucket_table_take(service->addresses, prefix, LEND_COST, now)) {
        counters->lend_limited_address++;
        return NULL;
    }
    if (job == service->jobs + LEND_JOBS_MAX || !bucket_take(&service->all, &all_rate, 1, now)) {
        counters->lend_limited_all++;
        return NULL;
    }
    *job = (struct lend_job){.target = *target, .began_at = now};
    memcpy(job->transaction, transaction, STUN_ID_SIZE);
    env_random(&service->base->env, &job->id, sizeof(job->id));
    job->id |= 1;
    if (service->ports_count > 0) {
        from.port = lend_knock_port(service);
        if (!lend_knocks_begin(&service->knocks, &from, &job->target, job->transaction, now)) {
            counters->lend_limited_all++;
            job->id = 0;
            return NULL;
        }
    }
    lenders_ask(service, job);
    counters->lend_begun++;
    return job;
}

static void job_tell(const struct lend_service *service, const struct lend_job *job,
                     struct lend_answer *out, struct mono now)
{
    bool late = mono_due(mono_add_ms(job->began_at, LEND_WAIT_MS), now);

    out->state = LEND_STATE_SENT;
    out->ports_count = service->ports_count;
    memcpy(out->ports, service->ports, sizeof(out->ports));
    out->lenders_count = job->lenders_count;
    memcpy(out->lenders, job->lenders, sizeof(out->lenders));
    for (size_t i = 0; late && i < out->lenders_count; i++) {
        if (out->lenders[i].result == LEND_RESULT_ASKED) {
            out->lenders[i].result = LEND_RESULT_REFUSED;
        }
    }
}

int lend_on_request(struct lend_service *service, const struct dgram *in,
                    const struct stun_message *request, uint8_t out[STUN_LEND_ANSWER_SIZE_MAX],
                    size_t *size, struct mono now)
{
    static const uint8_t none[LEND_COOKIE_SIZE];
    const uint8_t *transaction = request->transaction + STUN_TRANSACTION_SIZE - STUN_ID_SIZE;
    struct relay_counters *counters = &service->base->counters;
    struct endpoint target = in->remote;
    uint8_t cookie[LEND_COOKIE_SIZE];
    uint16_t port;
    uint8_t value[LEND_ANSWER_SIZE_MAX];
    size_t value_size;
    struct lend_answer answer = {.state = LEND_STATE_BUSY};
    const struct lend_job *job;

    if (request->class != STUN_CLASS_REQUEST || request->method != STUN_METHOD_BINDING ||
        lend_request_decode(cookie, in->data + request->lend_at, request->lend_size) != ERR_OK) {
        counters->lend_malformed++;
        return ERR_DROP;
    }
    /* Whoever receives at an address may have any port of it sent to: the router before it lets
     * that one in, so it was told. */
    port = lend_request_port(in->data + request->lend_at);
    target.port = port != 0 ? port : target.port;
    if (!address_cookie_ok(&service->cookies, &in->remote, now, cookie)) {
        counters->lend_wrong_cookie += memcmp(cookie, none, sizeof(none)) != 0 ? 1 : 0;
        counters->lend_cookies++;
        answer.state = LEND_STATE_COOKIE;
        address_cookie_make(&service->cookies, &in->remote, now, answer.cookie);
    } else {
        job = job_of(service, &target, transaction, now);
        job = job != NULL ? job : job_begin(service, in, &target, transaction, now);
        if (job != NULL) {
            answer.port = port;
            job_tell(service, job, &answer, now);
        }
    }
    lend_answer_encode(value, &value_size, &answer);
    return stun_lend_answer(out, size, request, &in->remote, &in->local, value, value_size);
}

/* ---- messages of neighbours ---- */

/* True if this relay answers from that port for neighbours. */
static bool answers_from(const struct lend_service *service, uint32_t port)
{
    for (size_t i = 0; i < service->answer_ports_count; i++) {
        if (service->answer_ports[i] == port) {
            return !service->base->cfg.stun_one_address;
        }
    }
    return false;
}

void lend_on_job(struct lend_service *service, const struct relay_client *client,
                 const Ziglan__Control *message, struct mono now)
{
    const Ziglan__LendJob *told = message->lend_job;
    Ziglan__LendDone body = ZIGLAN__LEND_DONE__INIT;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;
    struct endpoint own = service->local;
    const struct lend_lent lent = {
        .neighbour = client->key,
        .own = &own,
        .remote = endpoint_of_bytes(told->target->ip.data, told->target->ip.len,
                                    (uint16_t)told->target->port),
        .transaction = told->transaction.data,
    };

    body.id = told->id;
    if (told->from_port == 0) {
        body.sent = lend_knocks_begin_lent(&service->knocks, &lent, now);
    } else if (answers_from(service, told->from_port)) {
        own.port = (uint16_t)told->from_port;
        body.sent = lend_knocks_answer_lent(&service->knocks, &lent, now);
    } else {
        service->base->counters.lent_bad_port++;
    }
    answer.body_case = ZIGLAN__CONTROL__BODY_LEND_DONE;
    answer.lend_done = &body;
    neighbour_tell(&service->base->neighbours, client->neighbour, &answer);
}

void lend_on_done(struct lend_service *service, const struct relay_client *client,
                  const Ziglan__Control *message)
{
    const Ziglan__LendDone *done = message->lend_done;

    for (size_t i = 0; i < LEND_JOBS_MAX; i++) {
        struct lend_job *job = &service->jobs[i];

        for (size_t k = 0; job->id != 0 && job->id == done->id && k < job->lenders_count; k++) {
            if (memcmp(job->keys[k], client->key, KEY_SIZE) == 0 &&
                job->lenders[k].result == LEND_RESULT_ASKED) {
                job->lenders[k].result = done->sent ? LEND_RESULT_SENT : LEND_RESULT_REFUSED;
            }
        }
    }
}
