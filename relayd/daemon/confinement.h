/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay still needs of the system when it serves (proto/sandbox): the folders of its
 * configuration, state, control socket and of the files that are read again on SIGHUP. It runs no
 * program and needs no right of root's: privileged ports are open by then. And what the process
 * beside it (admitter.h) needs, and the program that this one runs.
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

/** Close the sandbox around the process that runs the program which admits, as the settings of the
 * start say: any program, which is in a narrower one then, and the state folder to write to. What
 * the kernel refuses the relay's own process tells. As confinement_enter. */
int confinement_of_admitter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                            const struct relay_settings *settings) MUST_CHECK;

/** What this program needs, by the settings of the start. sandbox_policy_fini frees it. */
void confinement_program_policy(struct sandbox_policy *out, const char *config_path,
                                const struct relay_settings *settings, const char *program);

/** In the process that will be the program: keep to the policy from now on. Allocates nothing. */
void confinement_of_program(const struct sandbox_policy *policy);
