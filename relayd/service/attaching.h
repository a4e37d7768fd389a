/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is at this relay (docs/protocol.md, section 17, "Announcing"): it takes the attachments of
 * the hosts that are here, and its own delegation, for the announcer of the presence service, which
 * tells the relays that keep them.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/service/presence.h"

#include <stddef.h>
#include <stdint.h>

/** A session is the active one of its key now, and its Hello bore this attachment (any content;
 * empty: none). From then on the host is here, or, without a valid attachment, only its session. */
void attaching_on_open(struct presence_service *service, const struct relay_client *client,
                       const ProtobufCBinaryData *attachment, struct mono now);

/** A stranger's session is a member's now: what it attached is announced. */
void attaching_on_admitted(struct presence_service *service, const uint8_t key[KEY_SIZE],
                           struct mono now);

/** The key has no session here any more. */
void attaching_on_gone(struct presence_service *service, const uint8_t key[KEY_SIZE]);

/** A host renews its attachment: Done, or an Error. */
void attaching_on_announce(struct presence_service *service, const struct relay_client *client,
                           const Ziglan__Control *message, struct mono now);

/** The attachment of a host that is here, as it signed it; its size, or 0 if there is none. */
size_t attaching_record(const struct presence_service *service, const uint8_t key[KEY_SIZE],
                        uint8_t out[PRESENCE_SIGNED_SIZE_MAX]);

/** The delegation that this relay shows in its Hello (empty: none), each time it may have changed:
 * it is announced, so that the ziglan's key leads here. */
void attaching_keep(struct presence_service *service, const ProtobufCBinaryData *delegation,
                    struct mono now);
