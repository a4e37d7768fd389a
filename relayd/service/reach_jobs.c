/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few jobs in a list that is looked through. */
#include "relayd/service/reach_jobs.h"

#include "rendezvous/mesh/node_prefix.h"

#include <string.h>

enum {
    NETS_MAX = 256, /* more than there are neighbours, so that who comes again meets its bucket */
    NET_COST = 60 / REACH_JOBS_OF_NET_PER_MIN, /* in tokens, of which one comes each second */
};

static const struct bucket_rate all_rate = {.per_s = REACH_JOBS_PER_MIN / 60,
                                            .burst = REACH_JOBS_PER_MIN};

int reach_jobs_init(struct reach_jobs *jobs, struct relay_base *base, struct mesh_service *mesh,
                    const struct endpoint *local, struct mono now)
{
    static const struct bucket_rate net_rate = {.per_s = 1, .burst = 60};

    jobs->base = base;
    jobs->mesh = mesh;
    jobs->local = local;
    bucket_init(&jobs->rate, &all_rate, now);
    return bucket_table_new(&jobs->net_rate, sizeof(uint64_t), NETS_MAX, &net_rate, &base->env);
}

void reach_jobs_fini(struct reach_jobs *jobs)
{
    bucket_table_free(jobs->net_rate);
    jobs->net_rate = NULL;
}

static struct reach_job *job_of(struct reach_jobs *jobs, uint64_t id)
{
    for (size_t i = 0; i < REACH_JOBS_MAX; i++) {
        if (jobs->list[i].used && jobs->list[i].id == id) {
            return &jobs->list[i];
        }
    }
    return NULL;
}

/* A place for a job of this neighbour, which has at most a quarter of them, and whose network has a
 * quarter of all measurements. NULL, which is counted: too many. */
static struct reach_job *job_new(struct reach_jobs *jobs, const struct relay_client *client,
                                 struct mono now)
{
    uint64_t net = node_prefix(&client->remote);
    struct reach_job *unused = NULL;
    size_t mine = 0;

    for (size_t i = 0; i < REACH_JOBS_MAX; i++) {
        struct reach_job *job = &jobs->list[i];

        if (!job->used) {
            unused = job;
        } else {
            mine += memcmp(job->from, client->key, KEY_SIZE) == 0 ? 1 : 0;
        }
    }
    if (mine < REACH_JOBS_MAX / 4 && unused != NULL &&
        bucket_table_take(jobs->net_rate, &net, NET_COST, now) &&
        bucket_take(&jobs->rate, &all_rate, 1, now)) {
        return unused;
    }
    jobs->base->counters.reach_jobs_refused++;
    return NULL;
}

static void result_send(struct reach_jobs *jobs, const uint8_t to[KEY_SIZE], uint64_t id,
                        enum reach_result outcome, const uint8_t *attestation, size_t size)
{
    struct neighbour *neighbour = neighbour_of_key(&jobs->base->neighbours, to);
    Ziglan__ReachResult body = ZIGLAN__REACH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.id = id;
    body.outcome = outcome;
    body.attestation = control_bytes(attestation, size);
    message.body_case = ZIGLAN__CONTROL__BODY_REACH_RESULT;
    message.reach_result = &body;
    if (neighbour != NULL) {
        neighbour_tell(&jobs->base->neighbours, neighbour, &message);
    }
}

/* The next station of a walk: a random neighbour that answers, not the one it came from, not its
 * subject, and none behind the same NAT, which could not measure it. NULL: there is none. */
static struct neighbour *station(const struct reach_jobs *jobs, const struct reach_job *job,
                                 const struct endpoint *address)
{
    const struct neighbour_table *table = &jobs->base->neighbours;
    struct neighbour *fit[NEIGHBOURS_MAX];
    struct neighbour *neighbour = neighbour_next(table, NULL);
    uint32_t count = 0, chosen;

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && !mono_before(neighbour->deadline, MONO_NEVER) &&
            count < NEIGHBOURS_MAX && memcmp(neighbour->key, job->from, KEY_SIZE) != 0 &&
            memcmp(neighbour->key, job->subject, KEY_SIZE) != 0 &&
            !endpoint_same_ip(&neighbour->client->remote, address)) {
            fit[count++] = neighbour;
        }
    }
    env_random(&jobs->base->env, &chosen, sizeof(chosen));
    return count == 0 ? NULL : fit[chosen % count];
}

/* True if this IP address is that of the NAT behind which we are: it need not let us in from
 * inside.
 */
static bool is_own_nat(const struct reach_jobs *jobs, const struct endpoint *address)
{
    const struct neighbour_table *table = &jobs->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);

    if (endpoint_same_ip(address, jobs->local)) {
        return false;
    }
    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && endpoint_same_ip(&neighbour->observed, address)) {
            return true;
        }
    }
    return false;
}

/* Nobody is dialled where nobody may send. Special addresses are those of a LAN, in which this
 * relay must be, too. */
static bool may_dial(const struct reach_jobs *jobs, const struct endpoint *address)
{
    return address->port != 0 && (endpoint_scope(address) == ENDPOINT_SCOPE_GLOBAL ||
                                  endpoint_same_special(address, jobs->local));
}

/* Measure here. Who is a neighbour of ours has sent to our port, which has opened its NAT for it:
 * it can only be measured from a second one. It may become a neighbour at any time. */
static bool measure(struct reach_jobs *jobs, struct reach_job *job, const struct endpoint *address,
                    struct mono now)
{
    struct reach_aim aim = {.address = *address, .job = job->id};

    job->address = *address;
    memcpy(aim.key, job->subject, KEY_SIZE);
    memcpy(aim.from, job->from, KEY_SIZE);
    return (jobs->mesh->dials.port != 0 ||
            neighbour_of_key(&jobs->base->neighbours, aim.key) == NULL) &&
           may_dial(jobs, address) && !is_own_nat(jobs, address) &&
           (reach_dials_has(&jobs->mesh->dials, &aim) ||
            reach_dials_begin(&jobs->mesh->dials, &aim, now));
}

/* A job goes one station further, or ends here. */
static void job_go(struct reach_jobs *jobs, struct reach_job *job, const struct endpoint *address,
                   uint32_t hops, struct mono now)
{
    Ziglan__Address where = ZIGLAN__ADDRESS__INIT;
    Ziglan__ReachJob body = ZIGLAN__REACH_JOB__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct neighbour *next = hops > 0 ? station(jobs, job, address) : NULL;

    if (next == NULL) {
        job->used = measure(jobs, job, address, now);
        return; /* that it cannot measure says nothing about the subject */
    }
    where.ip = control_ip(address);
    where.port = address->port;
    body.id = job->id;
    body.subject = control_bytes(job->subject, KEY_SIZE);
    body.address = &where;
    body.hops = hops - 1;
    message.body_case = ZIGLAN__CONTROL__BODY_REACH_JOB;
    message.reach_job = &body;
    memcpy(job->to, next->key, KEY_SIZE);
    neighbour_tell(&jobs->base->neighbours, next, &message);
}

void reach_jobs_on_request(struct reach_jobs *jobs, const struct relay_client *client,
                           const Ziglan__ReachRequest *request, struct mono now)
{
    struct reach_job *job = job_new(jobs, client, now);
    struct endpoint address = client->remote;

    if (job == NULL) {
        return;
    }
    if (request->port != 0) {
        address.port = (uint16_t)request->port;
    }
    *job = (struct reach_job){.used = true, .until = mono_add_ms(now, REACH_RESULT_MS)};
    env_random(&jobs->base->env, &job->id, sizeof(job->id));
    job->id |= 1; /* never 0, which is the mesh's own dial */
    memcpy(job->from, client->key, KEY_SIZE);
    memcpy(job->subject, client->key, KEY_SIZE);
    job_go(jobs, job, &address, REACH_HOPS, now);
}

void reach_jobs_on_job(struct reach_jobs *jobs, const struct relay_client *client,
                       const Ziglan__ReachJob *told, struct mono now)
{
    struct endpoint address = endpoint_of_bytes(told->address->ip.data, told->address->ip.len,
                                                (uint16_t)told->address->port);
    struct reach_job *job;

    if (told->id == 0 || job_of(jobs, told->id) != NULL) {
        return; /* it came round in a circle; the first one's time-out ends it */
    }
    job = job_new(jobs, client, now);
    if (job == NULL) {
        return;
    }
    *job = (struct reach_job){
        .used = true, .id = told->id, .until = mono_add_ms(now, REACH_RESULT_MS)};
    memcpy(job->from, client->key, KEY_SIZE);
    memcpy(job->subject, told->subject.data, KEY_SIZE);
    job_go(jobs, job, &address, told->hops < REACH_HOPS ? told->hops : REACH_HOPS - 1, now);
}

/* A neighbour has sent something to this address, if not to the second port; that may have let us
 * in. */
static enum reach_result outcome_of(const struct reach_outcome *dialled, bool neighbour,
                                    bool second)
{
    if (!dialled->proved) {
        return REACH_RESULT_NO_ANSWER;
    }
    if (!neighbour) {
        return REACH_RESULT_REACHED;
    }
    return second ? REACH_RESULT_BY_PORT : REACH_RESULT_NONE;
}

/* True if a job is measured here, by dials of this aim. */
static bool is_measured_by(const struct reach_job *job, const struct reach_aim *aim)
{
    static const uint8_t nowhere[KEY_SIZE];

    return job->used && memcmp(job->to, nowhere, KEY_SIZE) == 0 &&
           memcmp(job->subject, aim->key, KEY_SIZE) == 0 &&
           endpoint_equal(&job->address, &aim->address);
}

void reach_jobs_on_dialled(struct reach_jobs *jobs, const struct reach_outcome *dialled)
{
    bool neighbour = neighbour_of_key(&jobs->base->neighbours, dialled->aim.key) != NULL;
    enum reach_result outcome = outcome_of(dialled, neighbour, jobs->mesh->dials.port != 0);
    uint8_t attestation[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct node_found found = {.sequence = 0};
    size_t size = 0;

    (void)mesh_find(jobs->mesh->mesh, dialled->aim.key, &found);
    if (dialled->proved && !mesh_attest(jobs->mesh->mesh, dialled->aim.key, found.sequence,
                                        &dialled->aim.address, !neighbour, attestation, &size)) {
        outcome = REACH_RESULT_NONE;
    }
    for (size_t i = 0; i < REACH_JOBS_MAX; i++) {
        struct reach_job *job = &jobs->list[i];

        if (!is_measured_by(job, &dialled->aim)) {
            continue;
        }
        if (outcome != REACH_RESULT_NONE) {
            result_send(jobs, job->from, job->id, outcome, attestation, size);
        }
        job->used = false;
    }
}

bool reach_jobs_on_result(struct reach_jobs *jobs, const struct relay_client *client,
                          const Ziglan__ReachResult *result)
{
    struct reach_job *job = job_of(jobs, result->id);

    if (job == NULL) {
        return false;
    }
    /* Else it was not asked, or the measurement is made here. */
    if (memcmp(job->to, client->key, KEY_SIZE) == 0) {
        result_send(jobs, job->from, job->id, (enum reach_result)result->outcome,
                    result->attestation.data, result->attestation.len);
        job->used = false;
    }
    return true;
}

void reach_jobs_expire(struct reach_jobs *jobs, struct mono now)
{
    for (size_t i = 0; i < REACH_JOBS_MAX; i++) {
        jobs->list[i].used = jobs->list[i].used && !mono_due(jobs->list[i].until, now);
    }
}
