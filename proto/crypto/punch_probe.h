/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punch probes, 0x85, for two hosts that share a PunchGo but no session (docs/protocol.md, section
 * 13): of applications of libstun2. Hosts of a ziglan have a session, and ping.
 *
 *   type(1) side(1) reserved(6) punch id(8) transaction(8)
 *   observed ip(16) observed port(2) reserved(6) mac(16)                             = 64 bytes
 *
 * side: that of who sends the frame, 1 listens, 0 dials (PunchGo tells which); an answer adds 0x80.
 * observed: zero in a probe; in its answer the source address of the probe (IPv4 in mapped form).
 * So an answer is as large as its probe. mac = BLAKE2b-128(key = probe_key of PunchGo, all bytes
 * before it).
 *
 * A frame with our own side was reflected and is dropped. The caller answers each transaction once,
 * and never an answer.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_PROBE_SIZE = 64,
    PUNCH_PROBE_ANSWER_FLAG = 0x80,
};

enum punch_probe_side {
    PUNCH_PROBE_SIDE_DIAL = 0,
    PUNCH_PROBE_SIDE_LISTEN = 1,
};

struct punch_probe {
    enum punch_probe_side side; /* of who sent it */
    bool answer;
    uint64_t punch_id;
    uint64_t transaction;     /* random, chosen by who probes; an answer echoes it */
    struct endpoint observed; /* answer: where the probe came from; else none */
};

/** Write a probe or an answer with its mac. m->observed counts in answers only. */
void punch_probe_encode(const struct punch_probe *m, const uint8_t key[PUNCH_PROBE_KEY_SIZE],
                        uint8_t out[PUNCH_PROBE_SIZE]);

/** The punch id of a frame, by which the caller finds its key. False, with *punch_id untouched, if
 * it is no punch probe by type and size. Nothing else is checked. */
bool punch_probe_id(const uint8_t *data, size_t size, uint64_t *punch_id);

/**
 * Check and decode size bytes of any content. own_side is ours by PunchGo.
 * ERR_DROP, with out untouched: wrong size, type or mac, unknown bits, reserved bytes not zero, our
 * own side, an observed address in a probe, or none in an answer. Pure.
 */
int punch_probe_decode(struct punch_probe *out, const uint8_t key[PUNCH_PROBE_KEY_SIZE],
                       enum punch_probe_side own_side, const uint8_t *data, size_t size) MUST_CHECK;
