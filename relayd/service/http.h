/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages for foreign HTTP/3 clients: that this relay is alive, and where the client comes from.
 * Nothing here tells anything about members.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/relay_base.h"

/** Answer a request of a foreign HTTP client, any content. */
void http_on_request(struct relay_base *base, const struct link_event *event, struct mono now);
