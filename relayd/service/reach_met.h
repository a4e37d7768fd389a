/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays with which this one had a session lately, or to which it sent a word. A NAT may still let
 * them in because packets went to them, so that they get through says as little as that neighbours
 * do (docs/protocol.md, "Reach").
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/frame.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REACH_MET_MAX = 1024,      /* the oldest makes room */
    REACH_MET_MS = 3600 * 1000 /* no NAT is known that remembers a UDP mapping for longer */
};

/** Zeroed: none. */
struct reach_met {
    struct {
        uint8_t key[KEY_SIZE];
        struct mono at;
    } list[REACH_MET_MAX];
    size_t count, next;
};

/** A session with this relay is there, or ends; or a word goes to it. met may be NULL: nobody asks.
 */
void reach_met_note(struct reach_met *met, const uint8_t key[KEY_SIZE], struct mono now);

/** True if that was so within REACH_MET_MS. */
bool reach_met_has(const struct reach_met *met, const uint8_t key[KEY_SIZE], struct mono now);
