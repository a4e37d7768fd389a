/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joins (docs/protocol.md, section 14). A join that changes the directory is answered when it is on
 * the disk. To wait for the disk takes 8 ms or more, in which nothing is forwarded. So the joins of
 * one turn of the relay wait for each other, and become one transaction. They are carried out
 * before any other message is served and before the operator sees or changes a member, so that all
 * things happen in the order in which they came. Who waits for the word of a program
 * (relayd/service/admission.h) is put aside, and asks again when that has spoken.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/admission.h"
#include "relayd/service/delegation.h"
#include "relayd/service/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOINS_MAX = 32 /* joins in one transaction */ };

/** A Join that was received in this turn, and its outcome. */
struct join_waiting {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    bool counted; /* a broadcast of this key was taken for it */
    bool opened;  /* a place in an open ziglan was taken for it */
    bool ruled;   /* `ruling` is known */
    struct admission_ruling ruling;
    size_t invite_size, part_size;
    uint8_t invite[INVITE_SIZE];
    char wanted_name[NAME_TEXT_SIZE];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    enum verdict verdict;
    struct directory_joined joined;
};

struct join_service {
    struct relay_base *base;                      /* these are borrowed */
    struct session_service *sessions;             /* told who was admitted */
    const struct delegation_service *delegations; /* for the delegation in Joined */
    struct admission_service *admission;          /* who may join without an invite */
    size_t count;                                 /* of waiting */
    struct join_waiting waiting[JOINS_MAX];
    struct join_waiting *aside; /* ADMISSION_PLACES, by place; NULL: nobody was put there yet */
};

/** A session asks to join. join_flush will carry that out and answer; if JOINS_MAX wait already, it
 * is called here first. Without a ziglan the refusal is answered at once. */
void join_on_join(struct join_service *service, const struct relay_client *client,
                  const Ziglan__Control *message, struct mono now);

/** Carry out the joins that wait, in their order, and answer them. To be called before another
 * message is served or the operator sees or changes a member, and at the end of each turn. */
void join_flush(struct join_service *service, struct mono now);

/** True while joins wait for the end of the turn. */
bool join_waits(const struct join_service *service);

/** The next question for the program that admits; false: there is none. Who ended meanwhile is not
 * asked about. */
bool join_script_wanted(struct join_service *service, uint64_t *ticket,
                        struct admission_question *out);

/** The program answered this ticket: the join goes on, at the end of the turn. */
void join_script_answered(struct join_service *service, uint64_t ticket,
                          const struct admission_answer *answer, struct mono now);

/** Free what it holds. */
void join_service_fini(struct join_service *service);
