/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What two hosts at different relays say of punches and blocks, and what a relay says to another
 * one of punches. A failure aborts.
 */
#pragma once

#include "tests/support/far_hosts.h"

/** The host does not want frames and punches of that key, or wants them again. */
void far_block(struct net_host *host, const uint8_t *key, bool on);

/** The host asks for a punch with target; what comes of it is only waited for by far_punch_ask. */
void far_punch_want(struct net_host *host, const uint8_t *target);
void far_punch_ask(struct net_host *host, const uint8_t *target);

/** It answers what it was offered last. */
void far_punch_say(struct net_host *host, bool accept);

/** Relay `from` says this to relay `to`. */
void far_punch_relay(struct far_hosts *town, size_t from, size_t to, Ziglan__PunchRelayed *body);
