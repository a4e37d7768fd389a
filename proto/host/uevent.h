/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uevents of the Linux kernel: lines of text, each ended by a NUL. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Whether one of the lines of a uevent of `size` bytes, any content, is `line`. The last one may
 * lack its NUL. */
bool uevent_has(const char *uevent, size_t size, const char *line);
