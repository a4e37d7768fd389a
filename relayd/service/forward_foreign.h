/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames that relays bring (docs/protocol.md, section 17): datagrams of kind 3 of a session or in a
 * word, for hosts here, or to be passed on to the next relay that stands in them. A relay in the
 * middle keeps no state about them but the attachments of their sources.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/service/forward_relay.h"

/** True if a host is at this neighbour, by an attachment that it brings now (any content, empty:
 * none) or that is known. */
bool forward_foreign_believes(struct forward_relay *service, const struct relay_client *neighbour,
                              const uint8_t src[KEY_SIZE], const ProtobufCBinaryData *attachment,
                              struct mono now);

/** Charge a neighbour for a frame of `size` bytes that it brought on a lane, of src at it for a
 * host here; as one of its datagrams. False if it may not have it: that is counted, and it is told.
 */
bool forward_foreign_charge(struct forward_relay *service, const struct relay_client *neighbour,
                            const uint8_t src[KEY_SIZE], const struct relay_client *to, size_t size,
                            struct mono now);

/** The HTTP datagram of a DATAGRAM event, of any content, whose session is this neighbour's. What
 * is not believed, not allowed or too much is dropped and counted by its reason. */
void forward_foreign_take(struct forward_relay *service, const struct relay_client *neighbour,
                          const struct link_event *event, struct mono now);

/** A datagram arrived that begins like a word with a frame (any content). It is treated as the
 * same frame over a session, but nobody is told why it was refused. */
void forward_foreign_word(struct forward_relay *service, const struct dgram *in, struct mono now);
