/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file behind the reset ledger (proto/link/link.h, struct link_reset_row): about once a
 * second what changed in memory is written, so that the relay that comes after a crash can tell
 * everybody. It is a comfort: no error of it ends or delays anything. Nothing is written through
 * a mapping, because a full disk would then be a signal.
 */
#pragma once

#include "proto/link/link.h"

struct ev_loop;
struct reset_ledger_file;

/**
 * Open or make the file at `path`, mode 0600, for `capacity` rows. What another relay left
 * there within the last minute is in the memory afterwards; anything else is forgotten. NULL if
 * there is no memory; a file that cannot be used is traced, and the ledger then lives in memory
 * alone.
 */
struct reset_ledger_file *reset_ledger_file_open(const char *path, uint32_t capacity,
                                                 const struct env *env, struct ev_loop *loop);

/** The memory, reset_ledger_file_capacity rows, for the link; NULL and 0 for a NULL file. */
struct link_reset_row *reset_ledger_file_rows(struct reset_ledger_file *file);
uint32_t reset_ledger_file_capacity(const struct reset_ledger_file *file);

/** Stop writing. `clean`: everybody was told already, so the file goes. */
void reset_ledger_file_close(struct reset_ledger_file *file, bool clean);
