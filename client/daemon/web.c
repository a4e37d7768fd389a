/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers GET of a path by what the core and the process tell. */
#include "client/daemon/web.h"

#include "client/admin/host_metrics.h"
#include "proto/host/os_env.h"
#include "proto/host/process.h"

#include <string.h>

static void metrics_answer(const struct web *web, const char *accept, struct http_answer *out)
{
    enum exposition_form form = exposition_wanted(accept);
    struct process_use process = {.start_time_s = web->started_at_s};

    process_use_read(&process);
    if (host_metrics_print(&out->body, &out->size, form, engine_core(web->host->engine), &process,
                           clock_mono()) != ERR_OK) {
        out->status = 503;
        return;
    }
    out->status = 200;
    out->content_type = exposition_content_type(form);
}

static void on_get(void *context, const struct http_ask *ask, struct http_answer *out)
{
    const struct web *web = context;

    if (strcmp(ask->path, "/metrics") == 0) {
        metrics_answer(web, ask->accept, out);
    }
}

static int serve(struct web *web, struct http_local **out, struct fault *fault)
{
    const struct client_config *config = web->host->config;
    const struct http_local_options options = {
        .listen = config->metrics, .context = web, .get = on_get};
    int rc = ERR_OK;

    *out = NULL;
    if (config->metrics_on) {
        rc = http_local_open(out, web->host->loop, &options, fault);
    }
    if (rc != ERR_OK) {
        fault_add(fault, "give `metrics:` another address, or off");
    }
    return rc;
}

int web_open(struct web *web, struct host *host, struct fault *fault)
{
    *web = (struct web){.host = host,
                        .started_at_s = (double)env_wall_ms(os_env_port(host->os)) / 1000};
    return serve(web, &web->http, fault);
}

int web_reload(struct web *web, struct fault *fault)
{
    const struct client_config *config = web->host->config;
    struct http_local *next;
    int rc;

    if (web->http != NULL && config->metrics_on) {
        struct endpoint now = http_local_endpoint(web->http);

        if (endpoint_equal(&now, &config->metrics)) {
            return ERR_OK;
        }
    }
    rc = serve(web, &next, fault);
    if (rc == ERR_OK) {
        http_local_close(web->http);
        web->http = next;
    }
    return rc;
}

void web_close(struct web *web)
{
    http_local_close(web->http);
    web->http = NULL;
}
