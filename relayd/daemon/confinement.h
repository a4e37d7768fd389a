/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay still needs of the system when it serves (proto/sandbox): the folders of its
 * configuration, state, control socket and of the files that are read again on SIGHUP. It runs no
 * program and needs no right of root's: privileged ports are open by then.
 */
#pragma once

#include "proto/base/fault.h"
#include "proto/sandbox/sandbox.h"
#include "relayd/config/config.h"

/** Close the sandbox, as the settings say; off leaves *out NULL. As sandbox_enter. */
int confinement_enter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                      const char *config_path, const struct relay_settings *settings) MUST_CHECK;

/** Whether the files that `next` names, and that count at once, can be read from inside. False with
 * fault if not: a sandbox has the folders of the start. */
bool confinement_lets(const struct sandbox *sandbox, const struct relay_settings *next,
                      struct fault *fault);
