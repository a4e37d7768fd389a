/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page /metrics of a host, for Prometheus, over plain HTTP on a local address, where the
 * configuration has `metrics:`.
 */
#pragma once

#include "client/daemon/host.h"
#include "proto/host/http_local.h"

struct web {
    struct host *host; /* borrowed */
    double started_at_s;
    struct http_local *http; /* NULL: off */
};

/** Serve at the address of the host's configuration, or not at all. The struct does not move until
 * web_close. ERR_SYSTEM, ERR_NOMEM, with fault. */
int web_open(struct web *web, struct host *host, struct fault *fault) MUST_CHECK;

/** Serve at the address of the configuration as it is now. If that cannot be had, it stays as it
 * was, with fault. */
int web_reload(struct web *web, struct fault *fault) MUST_CHECK;

/** Stop serving; legal for zeroed memory. */
void web_close(struct web *web);
