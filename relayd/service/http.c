/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of each page, and the path under which it stands. */
#include "relayd/service/http.h"

#include "ziglan_version.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_SIZE = 2048 };

struct page {
    const char *content_type;
    int status;
    char text[PAGE_SIZE];
};

static void front_page(const struct relay_base *base, struct page *page, struct mono now)
{
    uint64_t up_s = mono_ms_between(base->started_at, now) / 1000;

    page->content_type = "text/html; charset=utf-8";
    (void)snprintf(page->text, sizeof(page->text),
                   "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\">"
                   "<title>relayd</title></head>\n<body>\n<h1>This relay is alive</h1>\n"
                   "<p>It serves the ziglan <b>%s</b>. Its traffic is encrypted end to end; the "
                   "relay cannot read it.</p>\n<p>relayd %s, up %llu d %llu h %llu min.</p>\n"
                   "</body></html>\n",
                   base->name, ZIGLAN_VERSION, (unsigned long long)(up_s / 86400),
                   (unsigned long long)(up_s / 3600 % 24), (unsigned long long)(up_s / 60 % 60));
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
        front_page(base, page, now);
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
                     page.content_type, page.text, strlen(page.text));
}
