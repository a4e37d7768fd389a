/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control thread's side of the board. */
#include "relayd/service/lane_workers.h"

#include "proto/crypto/lane_frame.h"
#include "relayd/service/forward.h"
#include "relayd/service/forward_foreign.h"

/* Buckets refuse more than they can hold, so a debt is paid in small parts. */
enum { PAID_AT_ONCE = 16384 };

int lane_workers_init(struct lane_workers *workers, struct relay_base *base,
                      struct forward_relay *relays)
{
    *workers = (struct lane_workers){.base = base, .relays = relays, .look_at = MONO_NEVER};
    return base->cfg.workers > 0 ? lane_board_new(&workers->board, base->cfg.workers) : ERR_OK;
}

void lane_workers_fini(struct lane_workers *workers)
{
    lane_board_free(workers->board);
    workers->board = NULL;
}

/* ---- what workers are told ---- */

static void end_tell(struct lane_workers *workers, struct lane_end *end)
{
    const struct lane_end *other = end->other;
    bool forwards = end->bound && other->bound && !end->refused;
    const struct lane_pass pass = {.label = end->label,
                                   .other_label = other->label,
                                   .from = end->remote,
                                   .local = other->local,
                                   .remote = other->remote,
                                   .to = forwards ? LANE_PASS_TO_OTHER : LANE_PASS_TO_CONTROL};

    if (workers->board != NULL) {
        lane_board_put(workers->board, &end->pass, &pass, end);
    }
}

void lane_workers_changed(struct lane_workers *workers, struct lane_end *end)
{
    end_tell(workers, end);
    end_tell(workers, end->other);
}

/* ---- charging ---- */

/* The host of this end is here, or at the neighbour that owns it. */
static bool owner_charge(struct lane_workers *workers, struct lane_end *end, size_t size,
                         struct mono now)
{
    if (!lane_end_is_relays(end)) {
        return forward_charge(workers->base, end->owner, lane_end_peer(end), size, now);
    }
    if (!forward_foreign_charge(workers->relays, end->owner, end->lane->far, end->other->owner,
                                size, now)) {
        return false;
    }
    if (mono_due(end->way_at, now)) { /* for when the two leave the lane */
        end->way_at = mono_add_ms(now, LANE_WAY_MS);
        ways_learn(workers->relays->ways, end->other->owner->key, end->lane->far, end->owner->key,
                   1, now);
    }
    return true;
}

/* True if the lane may carry so much more this way, by the owner's limit for one. */
static bool lane_has_room(struct lane_workers *workers, struct lane_end *end, size_t size,
                          struct mono now)
{
    uint64_t per_s = workers->base->cfg.lane_bytes_per_s;
    uint64_t burst = per_s * ALLOTMENT_BURST_MS / 1000;
    const struct bucket_rate rate = {.per_s = per_s < BUCKET_RATE_MAX ? per_s : BUCKET_RATE_MAX,
                                     .burst =
                                         burst > ALLOTMENT_BURST_MIN ? burst : ALLOTMENT_BURST_MIN};

    if (per_s == 0) {
        return true;
    }
    if (end->bucket.filled_at.ns == 0) {
        bucket_init(&end->bucket, &rate, now);
    }
    if (bucket_take(&end->bucket, &rate, size, now)) {
        return true;
    }
    workers->base->counters.drop_lane_rate++;
    if (!lane_end_is_relays(end)) {
        gone_send(workers->base, end->owner, lane_end_peer(end), GONE_OVER_BANDWIDTH, now);
    }
    return false;
}

static bool charge(struct lane_workers *workers, struct lane_end *end, size_t size, struct mono now)
{
    if (lane_has_room(workers, end, size, now) && owner_charge(workers, end, size, now)) {
        end->owner->use.rx_bytes += size;
        end->other->owner->use.tx_bytes += size;
        return true;
    }
    end->refused_at = now;
    if (!end->refused) {
        end->refused = true;
        end_tell(workers, end);
    }
    return false;
}

/* Pay what workers forwarded. False if something is left. */
static bool pay(struct lane_workers *workers, struct lane_end *end, struct mono now)
{
    while (end->unpaid > 0) {
        size_t part = end->unpaid < PAID_AT_ONCE ? (size_t)end->unpaid : PAID_AT_ONCE;

        if (!charge(workers, end, part, now)) {
            return false;
        }
        end->unpaid -= part;
    }
    return true;
}

bool lane_workers_charge(struct lane_workers *workers, struct lane_end *end, size_t size,
                         struct mono now)
{
    if (!pay(workers, end, now) || !charge(workers, end, size, now)) {
        return false;
    }
    if (end->refused && mono_ms_between(end->refused_at, now) >= LANE_REFUSED_MS) {
        end->refused = false;
        end_tell(workers, end);
    }
    return true;
}

/* ---- what workers tell ---- */

void lane_workers_count(struct lane_workers *workers, struct lane_end *end, uint64_t frames,
                        uint64_t bytes, struct mono now)
{
    struct relay_counters *counters = &workers->base->counters;

    end->lane->used_at = now;
    end->frames += frames;
    end->bytes += bytes + frames * LANE_HEADER_SIZE;
    if (lane_end_is_relays(end)) {
        counters->relayed_in_frames += frames;
        counters->relayed_in_bytes += bytes;
    } else if (lane_end_is_relays(end->other)) {
        counters->relayed_out_frames += frames;
        counters->relayed_out_bytes += bytes;
    } else {
        counters->forwarded_frames += frames;
        counters->forwarded_bytes += bytes;
    }
}

static void use_take(struct lane_workers *workers, const struct lane_use *use, struct mono now)
{
    struct lane_end *end = use->owner;

    lane_workers_count(workers, end, use->frames, use->bytes, now);
    end->unpaid += use->bytes;
    (void)pay(workers, end, now);
}

static uint64_t stun_received(const struct lane_worker_counts *counts)
{
    return counts->stun_answered + counts->stun_error_answered + counts->stun_malformed +
           counts->stun_limited_address + counts->stun_limited_all;
}

/* What is new of STUN. */
static void stun_take(struct lane_workers *workers, const struct lane_worker_counts *sum)
{
    struct relay_counters *counters = &workers->base->counters;
    const struct lane_worker_counts *old = &workers->seen;
    uint64_t answered = sum->stun_answered - old->stun_answered;
    uint64_t errors = sum->stun_error_answered - old->stun_error_answered;

    counters->worker_answered += answered + errors;
    counters->stun_answered += answered;
    counters->stun_error_answered += errors;
    counters->stun_malformed += sum->stun_malformed - old->stun_malformed;
    counters->stun_limited_address += sum->stun_limited_address - old->stun_limited_address;
    counters->stun_limited_all += sum->stun_limited_all - old->stun_limited_all;
    allotment_count_all(&workers->base->allotment, answered + errors,
                        sum->stun_sent_bytes - old->stun_sent_bytes);
}

/* True if there was something new, but for STUN: for that nobody looks again. */
static bool counts_take(struct lane_workers *workers)
{
    struct relay_counters *counters = &workers->base->counters;
    struct allotment *allotment = &workers->base->allotment;
    const struct lane_worker_counts *old = &workers->seen;
    struct lane_worker_counts sum = lane_board_counts(workers->board);
    uint64_t frames = sum.frames - old->frames;
    uint64_t bytes = sum.bytes - old->bytes;
    uint64_t sent = bytes + frames * LANE_HEADER_SIZE;
    uint64_t received = sum.received_dgrams - old->received_dgrams;
    uint64_t handed = sum.handed - old->handed;
    uint64_t lost = sum.drop_ring - old->drop_ring;
    uint64_t of_lanes = received - (stun_received(&sum) - stun_received(old));

    counters->received_dgrams += received;
    counters->received_bytes += sum.received_bytes - old->received_bytes;
    allotment_count_all(allotment, received, sum.received_bytes - old->received_bytes);
    allotment_count_all(allotment, frames, sent);
    counters->worker_frames += frames;
    counters->lane_frames += frames;
    counters->lane_bytes += sent;
    counters->drop_lane_frame += sum.drop_frame - old->drop_frame;
    counters->drop_lane_unknown += sum.drop_unknown - old->drop_unknown;
    counters->drop_lane_share += sum.drop_share - old->drop_share;
    counters->drop_lane_blocked += sum.drop_blocked - old->drop_blocked;
    counters->worker_handed += handed;
    counters->drop_worker_queue += lost;
    stun_take(workers, &sum);
    workers->seen = sum;
    return of_lanes > 0 || handed > 0 || lost > 0;
}

void lane_workers_counts(struct lane_workers *workers)
{
    if (workers->board != NULL) {
        (void)counts_take(workers);
    }
}

static bool take(struct lane_workers *workers, struct mono now)
{
    struct lane_use use;
    size_t cursor = 0;

    while (lane_board_use(workers->board, &cursor, &use)) {
        use_take(workers, &use, now);
    }
    return counts_take(workers);
}

void lane_workers_closed(struct lane_workers *workers, struct lane_end *end)
{
    if (workers->board != NULL) {
        lane_board_remove(workers->board, &end->pass);
        lane_board_remove(workers->board, &end->other->pass);
    }
}

void lane_workers_look(struct lane_workers *workers, struct mono now)
{
    workers->look_at = mono_min(workers->look_at, mono_add_ms(now, LANE_LOOK_MS));
}

void lane_workers_expire(struct lane_workers *workers, struct mono now)
{
    if (workers->board == NULL || !mono_due(workers->look_at, now)) {
        return;
    }
    workers->look_at = MONO_NEVER;
    if (!take(workers, now)) {
        lane_board_sleep(workers->board);
        if (!take(workers, now)) { /* nor meanwhile */
            return;
        }
    }
    lane_workers_look(workers, now);
}

struct mono lane_workers_deadline(const struct lane_workers *workers)
{
    return workers->look_at;
}
