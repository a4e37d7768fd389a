/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host counts, as text for Prometheus (proto/admin/exposition.h). No label names a peer, a
 * relay or a ziglan, so there are as many samples on every host. Pure.
 */
#pragma once

#include "client/core/core_internal.h"
#include "proto/admin/exposition.h"
#include "proto/admin/process_use.h"

/** Print all metrics of a host. text is given: malloc'ed, *size bytes and a NUL. ERR_NOMEM. */
int host_metrics_print(char **text, size_t *size, enum exposition_form form,
                       const struct host_core *core, const struct process_use *process,
                       struct mono now) MUST_CHECK;
