/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is not plain goes to the control thread, and is counted and limited there. */
#include "relayd/service/stun_switch.h"

/* What needs nothing but an answer: a binding request of RFC 8489 that wants no other address and
 * nothing that is ours. */
static bool is_plain(const struct stun_message *request)
{
    return request->class == STUN_CLASS_REQUEST && request->method == STUN_METHOD_BINDING &&
           !request->classic && request->lend_at == 0 && request->live_at == 0;
}

/* The other address to be named in the answer, if it is for a worker to say: where a stock client
 * is told of one, the neighbour hears of that, and what wants to be answered from there is the
 * neighbour's. */
static enum stun_other_state other_of(const struct stun_board *board, const struct dgram *in,
                                      const struct stun_message *request, struct mono now,
                                      struct endpoint *other)
{
    enum stun_other_state state = stun_board_other(board, &in->local, now, other);
    bool changes = request->change_ip || request->change_port;

    if (state == STUN_OTHER_KNOWN && (changes || !request->fingerprint)) {
        return STUN_OTHER_ASK;
    }
    return state;
}

static void received(struct lane_worker_counts *counts, const struct dgram *in)
{
    counts->received_dgrams++;
    counts->received_bytes += in->size;
}

static enum stun_fate malformed(struct lane_worker_counts *counts, const struct dgram *in)
{
    received(counts, in);
    counts->stun_malformed++;
    return STUN_FATE_NONE;
}

static enum stun_fate limited(struct lane_worker_counts *counts, enum stun_verdict verdict)
{
    counts->stun_limited_address += verdict == STUN_VERDICT_SOURCE ? 1 : 0;
    counts->stun_limited_all += verdict == STUN_VERDICT_ALL ? 1 : 0;
    return STUN_FATE_NONE;
}

enum stun_fate stun_switch_take(const struct stun_board *board, struct lane_worker_counts *counts,
                                const struct dgram *in, struct mono now,
                                uint8_t answer[STUN_ANSWER_SIZE_MAX], size_t *size)
{
    struct stun_message request;
    enum stun_other_state state;
    enum stun_verdict verdict;
    struct endpoint other;

    if (stun_parse(&request, in->data, in->size) != ERR_OK) {
        return malformed(counts, in);
    }
    if (!is_plain(&request)) {
        return STUN_FATE_CONTROL;
    }
    state = other_of(board, in, &request, now, &other);
    if (state == STUN_OTHER_ASK) {
        return STUN_FATE_CONTROL;
    }
    received(counts, in);
    verdict = stun_board_take(board, &in->remote, now);
    if (verdict != STUN_VERDICT_OK) {
        return limited(counts, verdict);
    }
    if (stun_answer(answer, size, &request, &in->remote, &in->local,
                    state == STUN_OTHER_KNOWN ? &other : NULL) != ERR_OK) {
        counts->stun_malformed++; /* never: a binding request with the cookie is answered */
        return STUN_FATE_NONE;
    }
    if (request.unknown_count > 0 || request.change_ip || request.change_port) {
        counts->stun_error_answered++;
    } else {
        counts->stun_answered++;
    }
    counts->stun_sent_bytes += *size;
    return STUN_FATE_ANSWER;
}
