/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leave: a member gives up its admission and its name. Its session goes on as a stranger's.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/service/session.h"

/** A member's Leave, answered by Done or Error. All who watch are told. */
void leave_on_leave(struct session_service *sessions, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now);
