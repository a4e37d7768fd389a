/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one worker needs to seal and open frames: its buffers, its cache of the last receiver index,
 * the identification of rebuilt packets, and its counters. One per worker; today there is one.
 */
#pragma once

#include "client/peer/host_counters.h"
#include "client/tunnel/train.h"
#include "proto/base/bucket.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct conversation;

/** The receiver index of the last frame and its conversation, so that not each frame costs a
 * look-up in the map. */
struct index_cache {
    uint32_t index;   /* 0: empty */
    uint32_t changes; /* receiver_indexes.changes as it was; `owner` is valid only while equal */
    struct conversation *owner;
};

struct dataplane {
    struct index_cache cache;
    struct bucket icmp;  /* ICMP errors that we put into our own TUN */
    struct mono tell_at; /* a dropped packet is told in the log from then on */
    uint16_t mtu;        /* of the TUN device */
    bool copied;         /* this machine is a copy: first the keys are forgotten (core/copied.h) */
    struct packet_train train; /* how packets are put into the box for it */
    struct host_counters counters;
    uint8_t frame[FRAME_SIZE_MAX + 64]; /* one frame being made */
    uint8_t plain[FRAME_SIZE_MAX + 64]; /* one plaintext being made */
};
