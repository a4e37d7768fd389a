/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When members were here last, and their bytes. Sessions count in memory; what they counted goes to
 * the store seldom: every USE_SAVE_MS, some members at a time, and at the stop. A crash loses what
 * was counted since.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/relay_base.h"
#include "rendezvous/directory/directory_use.h"

#include <stddef.h>
#include <stdint.h>

enum {
    USE_SAVE_MS = 300000, /* between two writes about a member who stays */
    USE_ROWS_MAX = 2500,  /* members of one transaction */
    USE_PARTED_MAX = 256, /* sessions that ended since the last write; more are written at once */
};

struct use_service {
    struct relay_base *base; /* borrowed */
    struct directory_use_row parted[USE_PARTED_MAX];
    size_t parted_count;
    uint32_t at; /* how far the present round came, by the cursor of the session table */
    struct mono round_at;
};

/** Start counting; base is borrowed. */
void use_service_init(struct use_service *service, struct relay_base *base, struct mono now);

/** A session ends, of whatever key; what it counted as a member's is kept. */
void use_on_closed(struct use_service *service, const struct relay_client *client);

/** Write what is due; to be called about once a minute. */
void use_keep(struct use_service *service, struct mono now);

/** Write everything, before the stop. */
void use_save(struct use_service *service);

/** What a key used so far, what is not written yet included. UNAVAILABLE: only that. */
enum verdict use_of(const struct use_service *service, const uint8_t key[KEY_SIZE],
                    struct directory_use *out);
