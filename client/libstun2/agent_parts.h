/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an agent of libstun2 consists of. */
#pragma once

#include "client/libstun2/app_base.h"
#include "client/libstun2/app_lifetime.h"
#include "client/libstun2/finds.h"
#include "client/libstun2/pool_seats.h"
#include "client/libstun2/punches.h"
#include "client/libstun2/report.h"
#include "proto/crypto/identity.h"
#include "proto/net/dgram.h"
#include "proto/wire/control.h"
#include "rendezvous/store/store.h"

#include <stddef.h>
#include <stdint.h>

struct stun2 {
    struct app_base base;
    struct punches punches;
    struct pool_seats pools;
    struct finds finds;
    struct report report;
    struct app_lifetime lifetime;
    struct identity identity;
    struct store *store;
    struct control_arena *arena;
    size_t box_next;                 /* the next datagram of the box that is to be sent */
    uint8_t scratch[DGRAM_SIZE_MAX]; /* what came, for who may write to it */
};
