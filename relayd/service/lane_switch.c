/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A train is looked at label by label; most have one label. */
#include "relayd/service/lane_switch.h"

#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "relayd/service/lane.h"

void lane_switch_init(struct lane_switch *lanes, struct lane_board *board, unsigned worker)
{
    *lanes = (struct lane_switch){.board = board,
                                  .worker = worker,
                                  .turn = {.room = LANE_QUEUE_BYTES, .number = 1},
                                  .number = LANE_PASS_NONE};
}

static size_t first_size(const struct dgram_train *in)
{
    return in->size < in->segment_size ? in->size : in->segment_size;
}

/* Take `size` bytes off the front of a train. */
static struct dgram_train train_take(struct dgram_train *in, size_t size)
{
    struct dgram_train taken = *in;

    taken.size = size;
    if (taken.segment_size > size) {
        taken.segment_size = size;
    }
    in->data += size;
    in->size -= size;
    return taken;
}

/* ---- what is not ours to forward ---- */

static bool is_lane_data(const uint8_t *data, size_t size)
{
    return size > 0 && data[0] == FRAME_TYPE_LANE_DATA;
}

/* The datagrams in front that are no data on a lane: sessions share the port, and the kernel joins
 * datagrams by nothing but their ends and sizes. */
static struct dgram_train others_take(struct dgram_train *in)
{
    size_t size = 0;

    while (size < in->size && !is_lane_data(in->data + size, in->size - size)) {
        size_t left = in->size - size;

        size += left < in->segment_size ? left : in->segment_size;
    }
    return train_take(in, size);
}

/* ---- frames of one label ---- */

/* How many bytes in front are frames with this label, in a train that can be sent. */
static size_t run_size(const struct dgram_train *in, uint64_t label)
{
    size_t size = 0, count = 0;

    while (size < in->size && count < DGRAM_TRAIN_MAX) {
        size_t left = in->size - size;
        size_t next = left < in->segment_size ? left : in->segment_size;
        uint64_t found;

        if (size + next > DGRAM_TRAIN_SIZE_MAX ||
            lane_data_decode(&found, in->data + size, next) != ERR_OK || found != label) {
            break;
        }
        size += next;
        count++;
    }
    return size;
}

/* The part of a run that the lane may have, from its front. */
static size_t allowed_size(struct lane_switch *lanes, const struct dgram_train *run)
{
    struct lane_share *share = lane_board_share(lanes->board, lanes->worker, lanes->number);
    size_t size = 0;

    if (lane_share_take(&lanes->turn, share, run->size)) {
        return run->size;
    }
    while (size < run->size) {
        size_t left = run->size - size;
        size_t next = left < run->segment_size ? left : run->segment_size;

        if (!lane_share_take(&lanes->turn, share, next)) {
            break;
        }
        size += next;
    }
    return size;
}

/* Write the other end's label, and where it is. False if the lane had its share. */
static bool run_forward(struct lane_switch *lanes, const struct dgram_train *run,
                        struct dgram_train *out)
{
    struct lane_worker_counts *counts = &lanes->counts;
    struct dgram_train rest = *run;
    size_t allowed = allowed_size(lanes, run);
    size_t frames, bytes;

    counts->received_dgrams += dgram_train_count(run);
    counts->received_bytes += run->size;
    *out = train_take(&rest, allowed);
    counts->drop_share += rest.size > 0 ? dgram_train_count(&rest) : 0;
    if (allowed == 0) {
        return false;
    }
    for (size_t at = 0; at < out->size; at += out->segment_size) {
        be64_write(out->data + at + LANE_LABEL_AT, lanes->pass.other_label);
    }
    out->local = lanes->pass.local;
    out->remote = lanes->pass.remote;
    frames = dgram_train_count(out);
    bytes = out->size - frames * LANE_HEADER_SIZE;
    counts->frames += frames;
    counts->bytes += bytes;
    lane_board_count(lanes->board, lanes->worker, lanes->number, frames, bytes);
    return true;
}

static bool pass_find(struct lane_switch *lanes, uint64_t label)
{
    if (lanes->number != LANE_PASS_NONE && lanes->pass.label == label) {
        return true;
    }
    if (lane_board_find(lanes->board, label, &lanes->pass, &lanes->number)) {
        return true;
    }
    lanes->number = LANE_PASS_NONE;
    return false;
}

static void drop(struct lane_switch *lanes, const struct dgram_train *run, uint64_t *reason)
{
    lanes->counts.received_dgrams += dgram_train_count(run);
    lanes->counts.received_bytes += run->size;
    *reason += dgram_train_count(run);
}

enum lane_fate lane_switch_next(struct lane_switch *lanes, struct dgram_train *in,
                                struct dgram_train *out)
{
    while (in->size > 0) {
        struct dgram_train run;
        uint64_t label;

        if (!is_lane_data(in->data, in->size)) {
            *out = others_take(in);
            return LANE_FATE_OTHERS;
        }
        lanes->used = true;
        if (lane_data_decode(&label, in->data, first_size(in)) != ERR_OK) {
            run = train_take(in, first_size(in));
            drop(lanes, &run, &lanes->counts.drop_frame);
            continue;
        }
        run = train_take(in, run_size(in, label));
        if (!pass_find(lanes, label)) {
            drop(lanes, &run, &lanes->counts.drop_unknown);
        } else if (lanes->pass.to != LANE_PASS_TO_OTHER ||
                   !endpoint_equal(&lanes->pass.from, &run.remote)) {
            *out = run;
            return LANE_FATE_CONTROL;
        } else if (run_forward(lanes, &run, out)) {
            return LANE_FATE_SEND;
        }
    }
    return LANE_FATE_NONE;
}

bool lane_switch_end(struct lane_switch *lanes)
{
    bool used = lanes->used;

    lanes->number = LANE_PASS_NONE;
    lanes->used = false;
    lane_turn_next(&lanes->turn);
    return lane_worker_tells(lanes->board, lanes->worker, &lanes->counts, used);
}
