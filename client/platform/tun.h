/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the platform's TUN device: batches of IP packets in and out, with checksum and
 * segmentation offload where the platform has it (client/tunnel/packet.h).
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tun;

enum { TUN_BATCH_MAX = 16, TUN_QUEUES_MAX = 16 };

/** Packets that made no sense, and packets that the kernel did not take (the device is down). */
struct tun_counters {
    uint64_t receive_errors, send_errors;
};

/** Create the device `name`, down and without addresses (see netcfg.h), with 1 to TUN_QUEUES_MAX
 * queues. A thread may read from each, and one more may send. It disappears when it is closed or
 * the process ends. *out is NULL on error: ERR_SYSTEM (fault: no driver, no permission, name
 * taken), ERR_NOMEM. */
int tun_open(struct tun **out, const char *name, size_t queues, struct fault *fault) MUST_CHECK;

/** Close the device, which disappears. NULL is fine. */
void tun_close(struct tun *tun);

/** How many queues it has. */
size_t tun_queues(const struct tun *tun);

/** Close all queues but the first, out of which everything comes then. */
void tun_queues_end(struct tun *tun);

/** The descriptor of a queue, to wait for readability. */
int tun_fd(const struct tun *tun, size_t queue);

/** What the device hands over and takes besides plain packets. */
struct packet_offload tun_offload(const struct tun *tun);

/** What went wrong at the device since it was opened. Any thread may ask. */
struct tun_counters tun_counters(const struct tun *tun);

/** Read what is there in a queue, at most TUN_BATCH_MAX packets, without waiting. Returns the
 * number at *items (borrowed until the next call for this queue, writable), 0 if there is none.
 * Malformed ones are left out. */
size_t tun_receive(struct tun *tun, size_t queue, struct packet **items);

/** True if the last tun_receive of this queue found that somebody removed the device. */
bool tun_gone(const struct tun *tun, size_t queue);

/** Hand every packet of the box to the kernel, those of a flow by the same queue (flow.h), so that
 * the answers come out there. What it refuses is counted and lost. */
void tun_send(struct tun *tun, const struct packet_box *box);
