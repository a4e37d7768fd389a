/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The local web pages of a relay: /metrics for Prometheus, and /health.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/http_local.h"
#include "relayd/config/config.h"
#include "relayd/core/core.h"
#include "relayd/engine/engine.h"

struct ev_loop;

struct pages {
    struct ev_loop *loop; /* these are borrowed */
    const struct relay_core *core;
    const struct relay_engine *engine;
    double started_at_s;     /* since 1970 UTC, of the process */
    struct http_local *http; /* NULL: off */
};

/** Serve where the settings say; nothing if they say off. The struct stays where it is. ERR_SYSTEM,
 * ERR_NOMEM; fault says why. */
int pages_open(struct pages *pages, const struct relay_settings *settings,
               struct fault *fault) MUST_CHECK;

/** Move from the address of `before` to that of `next`, whose socket opens before the old one goes.
 * On an error nothing changed. */
int pages_reload(struct pages *pages, const struct relay_settings *before,
                 const struct relay_settings *next, struct fault *fault) MUST_CHECK;

/** Stop serving; legal for pages that were not opened. */
void pages_close(struct pages *pages);
