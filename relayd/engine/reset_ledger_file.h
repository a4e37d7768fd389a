/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file behind the reset ledger (proto/link/link.h, struct link_reset_row). About once a second
 * the rows that changed in memory are written to it. After a crash the next start reads them, and
 * the link tells those who had a session. A relay works without the file, too: an error of the file
 * is traced, and ends or delays nothing. The file is written and not mapped, because on a full disk
 * a write to mapped memory would be a signal.
 */
#pragma once

#include "proto/link/link.h"

struct ev_loop;
struct reset_ledger_file;

/**
 * Open or make the file at `path`, mode 0600, for `capacity` rows. If a relay wrote it less than a
 * minute ago with as many rows, they are in the memory afterwards; otherwise the memory is zero and
 * the file is begun anew. A file that cannot be used is traced, and the ledger then is in memory
 * only. env and loop are borrowed and outlive the ledger. NULL without memory.
 */
struct reset_ledger_file *reset_ledger_file_open(const char *path, uint32_t capacity,
                                                 const struct env *env, struct ev_loop *loop);

/** The memory for the link: that many rows, borrowed until reset_ledger_file_close. NULL and 0 for
 * a NULL file. */
struct link_reset_row *reset_ledger_file_rows(struct reset_ledger_file *file);
uint32_t reset_ledger_file_capacity(const struct reset_ledger_file *file);

/** Stop writing, and free the memory. `clean`: all sessions were closed in order, so the file is
 * removed. NULL is fine. */
void reset_ledger_file_close(struct reset_ledger_file *file, bool clean);
