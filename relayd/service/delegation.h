/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The delegation by which the ziglan says that this relay is one of its entry points
 * (docs/protocol.md, section 14). The relay shows it in its Hello and in Joined. With the ziglan's
 * key at hand the relay signs it and renews it every day. Otherwise it is given, and the log warns
 * before it ends.
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
    struct link_hello hello;                    /* for the link; borrows the record in use */
    uint8_t records[2][RECORD_SIGNED_SIZE_MAX]; /* the one in use, and room for the next */
    size_t sizes[2];
    unsigned index;                          /* of the record in use */
    uint64_t made_ms, expires_ms, warned_ms; /* wall clock; warned_ms: the last warning */
};

/**
 * Sign a delegation, or take the one of base->cfg, and write base->ziglan_key. A relay without a
 * ziglan has neither. The service is zeroed memory; base is borrowed and outlives it.
 *
 * ERR_SYSTEM if the given one is not a delegation for this relay, which is traced, or what
 * delegation_sign returns.
 */
int delegation_service_init(struct delegation_service *service, struct relay_base *base) MUST_CHECK;

/** The delegation in use as a field of a message, which borrows it; empty if there is none. */
ProtobufCBinaryData delegation_service_field(const struct delegation_service *service);

/** Tell all who connect from now on of the rewards of base->cfg, which is another one. */
void delegation_service_hello(struct delegation_service *service);

/** Take a newer delegation that was signed elsewhere. If it is not one of this ziglan for this
 * relay, that is traced and the former one stays. No-op if the relay signs its own or has no
 * ziglan. */
void delegation_service_take(struct delegation_service *service, const uint8_t *data, size_t size);

/** Renew the delegation if it is a day old, or warn once a day from a week before it ends. To be
 * called about once a minute and when the wall clock was set, on a relay with a ziglan. */
void delegation_service_keep(struct delegation_service *service);
