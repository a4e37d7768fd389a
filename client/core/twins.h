/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two URLs that lead to one relay. It has one session for each key, so that two of ours would
 * replace each other for ever.
 */
#pragma once

#include "client/core/core_internal.h"

/**
 * A connection of this relay opened, which showed `key`. If an open session of ours that answers
 * leads to the same relay, one of the two is removed, with all that knew it: not the entry point,
 * else not the one that was open. The other takes over its paths. Two entry points both stay.
 *
 * Returns false if `relay` was removed and is freed.
 */
bool twins_settle(struct host_core *core, struct relay_session *relay, const uint8_t key[KEY_SIZE],
                  struct mono now);
