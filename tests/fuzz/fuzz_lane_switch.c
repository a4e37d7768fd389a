/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trains that reach a worker: two bytes are the size of a datagram, the rest is the train. Each
 * datagram goes on with another label and nothing else changed, or is handed over as it came, or is
 * counted as dropped.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "relayd/service/lane_switch.h"

#include <string.h>

enum { ROOM = 65536, LABEL = 0x0102030405060708 % 251, OTHER = 99 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lane_board *board_new(const struct endpoint *from)
{
    static const uint16_t port = 4433;
    const struct lane_pass pass = {.label = LABEL,
                                   .other_label = OTHER,
                                   .from = *from,
                                   .local = {.port = port},
                                   .to = LANE_PASS_TO_OTHER};
    struct lane_board *board = NULL;
    uint32_t number = LANE_PASS_NONE;

    CHECK(lane_board_new(&board, 1) == ERR_OK);
    lane_board_set_ports(board, &port, 1);
    lane_board_put(board, &number, &pass, board);
    return board;
}

/* What goes on is what came, but for the label. */
static void sent_check(const struct dgram_train *out, const uint8_t *came)
{
    CHECK(dgram_train_count(out) <= DGRAM_TRAIN_MAX && out->size <= DGRAM_TRAIN_SIZE_MAX);
    for (size_t at = 0; at < out->size; at += out->segment_size) {
        size_t left = out->size - at;
        size_t one = left < out->segment_size ? left : out->segment_size;
        uint64_t label = 0;

        CHECK(lane_data_decode(&label, came + at, one) == ERR_OK && label == LABEL);
        CHECK(lane_data_decode(&label, out->data + at, one) == ERR_OK && label == OTHER);
        CHECK(memcmp(out->data + at + LANE_HEADER_SIZE, came + at + LANE_HEADER_SIZE,
                     one - LANE_HEADER_SIZE) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lane_board *board; /* it is large */
    static struct lane_switch lanes;
    static uint8_t bytes[ROOM];
    const struct endpoint from = {.port = 7};
    struct dgram_train in = {.remote = from, .data = bytes}, out;
    uint64_t handed = 0, count;
    enum lane_fate fate;

    if (size < 3 || size - 2 > ROOM) {
        return 0;
    }
    if (board == NULL) {
        board = board_new(&from);
    }
    lane_switch_init(&lanes, board, 0);
    memcpy(bytes, data + 2, size - 2);
    in.size = size - 2;
    in.segment_size = be16_read(data);
    in.segment_size = in.segment_size == 0 || in.segment_size > in.size ? in.size : in.segment_size;
    count = dgram_train_count(&in);
    while ((fate = lane_switch_next(&lanes, &in, &out)) != LANE_FATE_NONE) {
        const uint8_t *came = data + 2 + (out.data - bytes);

        if (fate == LANE_FATE_SEND) {
            sent_check(&out, came);
        } else {
            CHECK(memcmp(out.data, came, out.size) == 0);
            handed += dgram_train_count(&out);
        }
    }
    (void)lane_switch_end(&lanes);
    CHECK(lanes.counts.received_dgrams + handed == count);
    CHECK(lanes.counts.received_dgrams == lanes.counts.frames + lanes.counts.drop_frame +
                                              lanes.counts.drop_unknown + lanes.counts.drop_share);
    return 0;
}
