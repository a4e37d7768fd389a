/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay tells the keepers of a key (docs/protocol.md, section 17): that it is here. The
 * announcer (rendezvous/presence/announcer.h) says when and to whom, this sends.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/presence_seats.h"
#include "rendezvous/presence/announcer.h"

#include <stdbool.h>
#include <stdint.h>

/** True if others may be told that this key is here: it is a member, or the relay is open. A
 * ziglan's key is "here" while the relay serves the ziglan. */
bool announcing_is_here(const struct relay_base *base, const uint8_t key[KEY_SIZE]);

/** Send all announcements that are due. */
void announcing_send(struct relay_base *base, struct presence_seats *seats,
                     struct announcer *announcer, struct mono now);
