/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first steps of each control message (docs/protocol.md, section 4): find the session that sent
 * it, unpack it, and hold the session to its rate. relayd/core/dispatch.h then decides which
 * service answers.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

/** The session to which what came by that of the handle belongs: another one of the same relay, if
 * this one gave way to it, since what was under way then is that relay's all the same; else itself.
 * NULL: there is none (any more). */
struct relay_client *control_session(const struct relay_base *base, struct handle handle);

/**
 * Take one control message of a session.
 *
 * event    a CONTROL event; its data has any content, including hostile
 * client   who sent it, written only if a message is returned
 *
 * Returns the message, which lives in base->arena until the next call. Returns NULL if there is
 * nothing to serve: the session is not active (any more); the message is malformed, which is
 * counted; or the session sent too many, which is counted, and answered once a second.
 */
const Ziglan__Control *control_take(struct relay_base *base, const struct link_event *event,
                                    struct relay_client **client, struct mono now);
