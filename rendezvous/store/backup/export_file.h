/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes the whole state as one text (export_line.h), which another machine or version reads
 * (import_file.h).
 */
#pragma once

#include "rendezvous/store/backup/state_copy.h"

/**
 * Write the state to the new file `to` (mode 0600), or to standard output if it is "-". The store
 * is that of one moment (state_copy_make). A file is complete and on the disk when this returns;
 * on errors there is none.
 *
 * ERR_SYSTEM, ERR_NOMEM, ERR_LIMIT; fault says why.
 */
int export_file_write(const char *to, const struct state_parts *parts, state_copy_asker ask,
                      void *context, const struct env *env, struct fault *fault) MUST_CHECK;
