/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measurements for others: a neighbour that wants to know where it is reached, and walks of which
 * this relay is a station, or the end (docs/protocol.md, section 17, "Reach"). What a neighbour
 * has us do is bounded for its network, so that no one takes the share of all.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/mesh.h"
#include "relayd/service/reach_dials.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REACH_HOPS = 2,         /* of a walk, behind the neighbour that was asked */
    REACH_RESULT_MS = 8000, /* results that come later do not count */
    REACH_JOBS_MAX = 64,    /* at a time */
    REACH_JOBS_PER_MIN = 120,
    REACH_JOBS_OF_NET_PER_MIN = 30, /* of the neighbours of one network */
};

/** ReachResult.outcome, and that there is none. */
enum reach_result {
    REACH_RESULT_NO_ANSWER,
    REACH_RESULT_REACHED,
    REACH_RESULT_BY_PORT, /* the subject has sent to this address, if not to the port that was used
                           */
    REACH_RESULT_NONE,
};

/** A measurement for another relay that passes here. */
struct reach_job {
    bool used;
    uint64_t id;
    uint8_t from[KEY_SIZE]; /* the neighbour that gets the result */
    uint8_t subject[KEY_SIZE];
    uint8_t to[KEY_SIZE]; /* the station that it went on to, from which alone a result counts; zero:
                             it is measured here */
    struct endpoint address; /* measured here: where */
    struct mono until;
};

struct reach_jobs {
    struct relay_base *base; /* these are borrowed */
    struct mesh_service *mesh;
    const struct endpoint *local; /* where packets of relays arrive on this machine */
    struct bucket rate;
    struct bucket_table *net_rate; /* by network */
    struct reach_job list[REACH_JOBS_MAX];
};

/** In zeroed memory. What is given is borrowed. ERR_NOMEM; reach_jobs_fini is legal then. */
int reach_jobs_init(struct reach_jobs *jobs, struct relay_base *base, struct mesh_service *mesh,
                    const struct endpoint *local, struct mono now) MUST_CHECK;
void reach_jobs_fini(struct reach_jobs *jobs);

/** Messages of neighbours. */
void reach_jobs_on_request(struct reach_jobs *jobs, const struct relay_client *client,
                           const Ziglan__ReachRequest *request, struct mono now);
void reach_jobs_on_job(struct reach_jobs *jobs, const struct relay_client *client,
                       const Ziglan__ReachJob *told, struct mono now);

/** True if the result is that of a job that passed here. */
bool reach_jobs_on_result(struct reach_jobs *jobs, const struct relay_client *client,
                          const Ziglan__ReachResult *result);

/** A dial for jobs has ended. */
void reach_jobs_on_dialled(struct reach_jobs *jobs, const struct reach_outcome *dialled);

/** Forget those whose time is over; to be called now and then. */
void reach_jobs_expire(struct reach_jobs *jobs, struct mono now);
