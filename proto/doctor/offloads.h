/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether an interface joins and splits packets for the kernel (GRO, GSO, TSO), so that many of one
 * flow pass it as one. As `ethtool -k` shows; only read.
 */
#pragma once

#include "proto/doctor/findings.h"

/** `trains`: of the interface by which packets come from the internet ("": nothing is said). */
void offloads_device(struct findings *findings, const char *interface);

/** `tunnel`: of an interface of ours that is up, to which the kernel hands TCP. */
void offloads_tunnel(struct findings *findings, const char *interface);
