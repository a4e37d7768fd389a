/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a detached daemon tells its parent what became of its start: one exit code and one line of
 * text, over a pipe.
 */
#pragma once

#include "proto/base/fault.h"

#include <stdbool.h>

/** Write the line and close fd. Nothing is done if the parent is gone. */
void outcome_write(int fd, enum exit_code code, const char *text);

/** Wait for the line. *out is the code with the text; for EXIT_CODE_OK the text is the daemon's
 * greeting. False if the other end was closed without a word. */
bool outcome_read(int fd, struct fault *out);
