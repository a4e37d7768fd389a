/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The generation of a virtual machine: its hypervisor counts it up when the machine is restored
 * from a snapshot or cloned (VM Generation ID), and Linux 6.10 and later tells it by a uevent.
 * Programs may not read the number itself. Where no such event comes, nothing is told.
 */
#pragma once

struct ev_loop;
struct generation;

/** Call `changed` from the loop when this machine has become a copy, before the loop's other
 * watchers of that turn. NULL if the kernel gives no uevents or memory is out: then it is never
 * called. */
struct generation *generation_new(struct ev_loop *loop, void (*changed)(void *context),
                                  void *context);

/** What it reads: as long as this is readable, the loop has not looked yet. -1 for NULL. */
int generation_fd(const struct generation *generation);

/** Stop. NULL is fine. */
void generation_free(struct generation *generation);
