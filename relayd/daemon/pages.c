/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers GET of a path by what the core, the sockets and the process tell. */
#include "relayd/daemon/pages.h"

#include "proto/host/os_env.h"
#include "proto/host/process.h"
#include "relayd/admin/admin.h"
#include "relayd/admin/metrics.h"

#include <string.h>

static void metrics_answer(const struct pages *pages, const char *accept, struct http_answer *out)
{
    enum exposition_form form = exposition_wanted(accept);
    struct relay_snapshot snapshot;
    struct process_use process = {.start_time_s = pages->started_at_s};
    struct socket_use sockets = relay_engine_socket_use(pages->engine);

    relay_core_snapshot(pages->core, &snapshot, clock_mono());
    process_use_read(&process);
    if (metrics_print(&out->body, &out->size, form, &snapshot, &process, &sockets) != ERR_OK) {
        out->status = 503;
        return;
    }
    out->status = 200;
    out->content_type = exposition_content_type(form);
}

static void health_answer(const struct pages *pages, struct http_answer *out)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(pages->core, &snapshot, clock_mono());
    out->status = snapshot.store_ok ? 200 : 503;
    out->content_type = "application/json";
    out->body = admin_health(&snapshot);
    out->size = out->body != NULL ? strlen(out->body) : 0;
}

static void front_answer(const struct pages *pages, struct http_answer *out)
{
    struct relay_snapshot snapshot;
    uint8_t key[KEY_SIZE];
    const char *name = relay_core_ziglan_key(pages->core, key) ? pages->name : NULL;

    relay_core_snapshot(pages->core, &snapshot, clock_mono());
    out->status = admin_page(&out->body, &out->size, &snapshot, name) == ERR_OK ? 200 : 503;
    out->content_type = "text/html; charset=utf-8";
}

static void on_get(void *context, const struct http_ask *ask, struct http_answer *out)
{
    const struct pages *pages = context;

    if (strcmp(ask->path, "/metrics") == 0) {
        metrics_answer(pages, ask->accept, out);
    } else if (strcmp(ask->path, "/health") == 0) {
        health_answer(pages, out);
    } else if (strcmp(ask->path, "/") == 0) {
        front_answer(pages, out);
    }
}

int pages_open(struct pages *pages, const struct relay_settings *settings, struct fault *fault)
{
    const struct http_local_options options = {
        .listen = settings->metrics, .context = pages, .get = on_get};
    int rc;

    if (!settings->metrics_on) {
        return ERR_OK;
    }
    rc = http_local_open(&pages->http, pages->loop, &options, fault);
    if (rc != ERR_OK) {
        fault_add(fault, "give `metrics:` another address, or off");
    }
    return rc;
}

int pages_reload(struct pages *pages, const struct relay_settings *before,
                 const struct relay_settings *next, struct fault *fault)
{
    struct http_local *old = pages->http;
    int rc;

    if (before->metrics_on == next->metrics_on &&
        endpoint_equal(&before->metrics, &next->metrics)) {
        return ERR_OK;
    }
    pages->http = NULL;
    rc = pages_open(pages, next, fault);
    if (rc != ERR_OK) {
        pages->http = old;
        return rc;
    }
    http_local_close(old);
    return ERR_OK;
}

void pages_close(struct pages *pages)
{
    http_local_close(pages->http);
}
