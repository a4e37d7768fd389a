/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a detached daemon tells its parent what became of its start: one exit code and one line of
 * text, over a pipe.
 */
#pragma once

#include "proto/base/fault.h"

#include <stdbool.h>

/** Write the line, cut at FAULT_TEXT_SIZE, and close fd. A parent that is gone does not matter. */
void outcome_write(int fd, enum exit_code code, const char *text);

/** Wait for the line. *out gets its code and text; for EXIT_CODE_OK the text is the daemon's
 * greeting. False (out untouched) if the other end was closed without a word. fd stays open. */
bool outcome_read(int fd, struct fault *out);
