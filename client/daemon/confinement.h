/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host still needs of the system when everything is open (proto/sandbox): the folders of its
 * configuration, its state and its control socket; resolvectl, if names are on; and CAP_NET_ADMIN,
 * since it puts its addresses and rules back when somebody takes them away.
 */
#pragma once

#include "client/daemon/host.h"
#include "proto/sandbox/sandbox.h"

/** Close the sandbox, as the configuration says; off leaves *out NULL. As sandbox_enter. */
int confinement_enter(struct sandbox **out, const struct host *host) MUST_CHECK;
