/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watches whether the system's resolver still asks ours. Network managers take our settings back, a
 * resolver starts later than we do or again, somebody changes /etc/resolv.conf: each is noticed
 * within DNS_WATCH_EVERY_MS, and what can be set again is, up to 12 times at once and then once in
 * 20 s. Telling the system's resolver may block, so a thread does it.
 */
#pragma once

#include "client/platform/dnscfg.h"
#include "proto/base/err.h"

struct ev_loop;
struct dns_watch;

enum {
    DNS_WATCH_EVERY_MS = 3000,
    DNS_WATCH_ANYWAY_MS = 60000, /* it is looked at even if nothing seems to have changed */
    DNS_WATCH_AGAIN_MS = 10000,  /* if it did not take our settings */
};

/** Called from the loop when it was looked at. result: how it stands now. */
typedef void (*dns_watch_told)(void *context, const struct dnscfg_result *result);

/** Begin to watch. loop, link and context are borrowed and outlive the watch. ERR_NOMEM, and then
 * *out is NULL. */
int dns_watch_new(struct dns_watch **out, struct ev_loop *loop, const struct dnscfg_link *link,
                  dns_watch_told told, void *context) MUST_CHECK;

/** Stop watching, and wait for the thread if one is at work (dnscfg_apply says how long). NULL is
 * fine. */
void dns_watch_free(struct dns_watch *watch);
