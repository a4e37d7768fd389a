/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms in which both programs log (os_env_set_forms); apart, so that libstun2 has no part of
 * it. */
#pragma once

#include "proto/host/os_env.h"

/** JSON and the journal (proto/admin/log_line.h). */
extern const struct os_env_forms log_forms;
