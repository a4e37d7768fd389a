/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leave (docs/protocol.md, section 4): a member gives up its admission and its name. Its session
 * goes on as a stranger's. One whose admission is over is a stranger already, and leaves all the
 * same.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/service/session.h"

/** Serve a Leave: answer Done, or Error if the store fails, which changes nothing. All who
 * watch are told. */
void leave_on_leave(struct session_service *sessions, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now);
