/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of each page, and the path under which it stands. */
#include "relayd/service/http.h"

#include "relayd/service/front_page.h"
#include "ziglan_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE = 512 };

struct page {
    const char *content_type;
    int status;
    char text[PAGE_SIZE];
    char *long_text; /* malloc'ed, size bytes; NULL: text counts */
    size_t size;
};

/* Anybody may ask, so it has no figures. */
static void front_page(const struct relay_base *base, struct page *page)
{
    const struct front_page front = {.name = base->directory != NULL ? base->name : NULL,
                                     .healthy = base->health.ok};

    page->content_type = "text/html; charset=utf-8";
    if (front_page_print(&page->long_text, &page->size, &front) != ERR_OK) {
        page->status = 503;
    }
}

static void addr_page(struct page *page, const struct endpoint *remote)
{
    char ip[ENDPOINT_TEXT_SIZE];

    page->content_type = "application/json";
    (void)snprintf(page->text, sizeof(page->text),
                   "{\"ip\":\"%s\",\"port\":%u,\"transport\":\"quic\"}\n",
                   endpoint_ip_text(remote, ip), (unsigned)remote->port);
}

static void health_page(const struct relay_base *base, struct page *page)
{
    page->content_type = "application/json";
    page->status = base->health.ok ? 200 : 503;
    (void)snprintf(page->text, sizeof(page->text), "{\"status\":\"%s\"}\n",
                   base->health.ok ? "ok" : "storage failing");
}

static void ziglan_page(const struct relay_base *base, struct page *page)
{
    char key[KEY_TEXT_SIZE];

    page->content_type = "application/json";
    if (base->directory == NULL) {
        page->status = 404;
        (void)snprintf(page->text, sizeof(page->text), "{\"error\":\"no ziglan here\"}\n");
        return;
    }
    (void)snprintf(page->text, sizeof(page->text),
                   "{\"name\":\"%s\",\"key\":\"%s\",\"version\":\"%s\"}\n", base->name,
                   key_text(base->ziglan_key, key), ZIGLAN_VERSION);
}

static void page_make(struct relay_base *base, struct page *page, const struct link_event *event,
                      struct mono now)
{
    bool head = strcmp(event->request->method, "HEAD") == 0;

    page->status = 200;
    page->content_type = "text/plain; charset=utf-8";
    if (!limits_http_take(&base->limits, &event->remote, now)) {
        page->status = 429;
        (void)snprintf(page->text, sizeof(page->text), "at most %d requests a second\n",
                       HTTP_PER_S);
    } else if (strcmp(event->request->method, "GET") != 0 && !head) {
        page->status = 405;
        (void)snprintf(page->text, sizeof(page->text), "only GET and HEAD are answered here\n");
    } else if (strcmp(event->request->path, "/") == 0) {
        front_page(base, page);
    } else if (strcmp(event->request->path, "/addr") == 0) {
        addr_page(page, &event->remote);
    } else if (strcmp(event->request->path, "/health") == 0) {
        health_page(base, page);
    } else if (strcmp(event->request->path, "/.well-known/ziglan") == 0) {
        ziglan_page(base, page);
    } else {
        page->status = 404;
        (void)snprintf(page->text, sizeof(page->text), "not found\n");
    }
}

static void status_count(struct relay_base *base, int status)
{
    switch (status) {
    case 200:
        base->counters.http_ok++;
        break;
    case 404:
        base->counters.http_not_found++;
        break;
    case 405:
        base->counters.http_bad_method++;
        break;
    case 429: /* limits_http_take counted it */
        break;
    default:
        base->counters.http_unavailable++;
        break;
    }
}

void http_on_request(struct relay_base *base, const struct link_event *event, struct mono now)
{
    struct page page = {0};

    page_make(base, &page, event, now);
    status_count(base, page.status);
    /* The link answers HEAD with the body's length and without the body. */
    link_hub_respond(base->hub, event->handle, event->request->stream_id, page.status,
                     page.content_type, page.long_text != NULL ? page.long_text : page.text,
                     page.long_text != NULL ? page.size : strlen(page.text));
    free(page.long_text);
}
