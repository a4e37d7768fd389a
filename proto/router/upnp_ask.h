/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A job of proto/portmap by UPnP IGD, versions 1 and 2. The only file that sees miniupnpc. It
 * waits, so it runs in a thread of its own. Whoever is in the LAN may answer a search; only answers
 * that lead to the router itself are followed.
 */
#pragma once

#include "proto/portmap/portmap.h"

enum { UPNP_URL_SIZE = 256 };

/** Carry out a job. url is where the router's description is, as found by an earlier job; empty: it
 * is searched for, which takes a second if it is there, four if not. It is written. */
void upnp_ask(const struct portmap_job *job, char url[UPNP_URL_SIZE],
              struct portmap_result *result);
