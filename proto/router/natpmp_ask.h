/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A job of proto/portmap by NAT-PMP (RFC 6886). The only file that sees libnatpmp. It waits, so it
 * runs in a thread of its own.
 */
#pragma once

#include "proto/portmap/portmap.h"

/** Carry out a job; at most 8 s. */
void natpmp_ask(const struct portmap_job *job, struct portmap_result *result);
