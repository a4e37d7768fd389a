/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ziglan's word that this relay is one of its entry points, as the relay says it in its Hello
 * and in Joined: made and renewed here while the ziglan's key is at hand, else taken from outside,
 * with a warning in the log before it ends.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"
#include "relayd/base/relay_base.h"

#include <stddef.h>
#include <stdint.h>

struct delegation_service {
    struct relay_base *base;                    /* borrowed */
    struct link_hello hello;                    /* borrows the delegation in use */
    uint8_t records[2][RECORD_SIGNED_SIZE_MAX]; /* the link borrows one while the next is made */
    size_t sizes[2];
    unsigned index;                          /* of the one in use */
    uint64_t made_ms, expires_ms, warned_ms; /* wall clock */
};

/**
 * Make or take the delegation that base->cfg speaks of, and put the ziglan's key into the base; a
 * relay without a ziglan has none. base is borrowed and outlives the service.
 *
 * ERR_SYSTEM if what was given is no delegation for this relay, which is traced.
 */
int delegation_service_init(struct delegation_service *service, struct relay_base *base) MUST_CHECK;

/** The delegation in use as the field of a message, which borrows it; empty if there is none. */
ProtobufCBinaryData delegation_service_field(const struct delegation_service *service);

/** Take a newer delegation that was made elsewhere; no-op where the ziglan's key is at hand. The
 * former one stays if it is no such thing, which is traced. */
void delegation_service_take(struct delegation_service *service, const uint8_t *data, size_t size);

/** Renew it, or warn that it ends; about once a minute, and when the clock was set. Only where
 * there is a ziglan. */
void delegation_service_keep(struct delegation_service *service);
