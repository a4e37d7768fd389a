/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The local web pages of a relay, over plain HTTP: /metrics for Prometheus, /health, and / for
 * people (relayd/admin/admin.h).
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
    struct relay_core *core;
    const struct relay_engine *engine;
    const char *name;        /* of the ziglan, which may change */
    double started_at_s;     /* when the process started, since 1970 UTC */
    struct http_local *http; /* NULL: off */
};

/** Serve at the address in the settings, or not at all if it is off there. The caller has filled in
 * what stands above http, and does not move the struct until pages_close. ERR_SYSTEM, ERR_NOMEM;
 * then fault says why. */
int pages_open(struct pages *pages, const struct relay_settings *settings,
               struct fault *fault) MUST_CHECK;

/** Move to the address in `next` if that is another one than in `before`. The new socket opens
 * before the old one closes, so that after an error nothing changed. */
int pages_reload(struct pages *pages, const struct relay_settings *before,
                 const struct relay_settings *next, struct fault *fault) MUST_CHECK;

/** Stop serving; legal for pages that were not opened. */
void pages_close(struct pages *pages);
