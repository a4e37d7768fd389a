/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joins. Each that changes the directory must be on the disk before it is answered, and that wait
 * is long: 8 ms or more, in which nothing is forwarded. So the joins of one turn wait for each
 * other, and are one transaction. They are carried out before anything else that asks or changes
 * the directory by a message, so nobody can tell, except by the time.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/delegation.h"
#include "relayd/service/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOINS_MAX = 32 /* that wait for one transaction */ };

/** A Join that was received in this turn, and what came of it. */
struct join_waiting {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    bool counted; /* as a broadcast */
    size_t invite_size, part_size;
    uint8_t invite[INVITE_SIZE];
    char wanted_name[NAME_TEXT_SIZE];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    enum verdict verdict;
    struct directory_joined joined;
};

struct join_service {
    struct relay_base *base;                      /* these are borrowed */
    struct session_service *sessions;             /* which it admits */
    const struct delegation_service *delegations; /* which it tells */
    size_t count;
    struct join_waiting waiting[JOINS_MAX];
};

/** A session asks to join, which anybody may. It is carried out and answered by join_flush, which
 * this calls only if too many wait. */
void join_on_join(struct join_service *service, const struct relay_client *client,
                  const Ziglan__Control *message, struct mono now);

/** Carry out all joins that wait, and answer them. Before anything else is done for a message or an
 * operator that reads or changes the directory, and at the end of the turn. */
void join_flush(struct join_service *service, struct mono now);

/** True while joins wait for the end of the turn. */
bool join_waits(const struct join_service *service);
