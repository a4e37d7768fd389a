/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages for any HTTP/3 client (docs/protocol.md, section 3, Pages): that this relay is alive, and
 * from which address the client comes. No page tells anything about members.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/relay_base.h"

/** Answer the request of a REQUEST event; its method and path have any content. */
void http_on_request(struct relay_base *base, const struct link_event *event, struct mono now);
