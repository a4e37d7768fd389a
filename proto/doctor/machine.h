/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a doctor looks at on any machine, for a relay or a host. Each function adds a line or more;
 * nothing is changed, and what needs root and has not got it is a note.
 */
#pragma once

#include "proto/doctor/findings.h"
#include "proto/net/endpoint.h"

#include <stdint.h>

/** `kernel`: its version, and the offloads of UDP (GSO, GRO). */
void machine_kernel(struct findings *findings);

/** `buffers`: the room that sockets may ask for, below `wanted` bytes a note. */
void machine_buffers(struct findings *findings, uint64_t wanted);

/** `clock`: whether it is plausible and kept right. */
void machine_clock(struct findings *findings);

/** `network` and `mtu`: the way to the internet, by each family. Writes the interface that packets
 * from there come in by to `interface` ("" if there is none). */
void machine_network(struct findings *findings, char interface[16]);

/** `dns`: whether a name resolves. */
void machine_name(struct findings *findings, const char *host);

/** `state`: a folder that nobody else reads and that has room, and, for who asks as root, whose
 * files all belong to its owner. */
void machine_folder(struct findings *findings, const char *path);
