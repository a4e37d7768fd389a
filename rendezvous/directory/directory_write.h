/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the files of the directory write. Each change is one transaction of the store. It has a
 * number of the directory's growing sequence (docs/protocol.md, section 14), and the table CHANGES
 * leads from that number to the key that changed.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stdint.h>

struct directory;

/** End the transaction: commit it if rc is ERR_OK, and return the result of that; else abort it,
 * and return rc. */
int directory_finish(struct directory *directory, int rc) MUST_CHECK;

/** Trace that `what` failed with the error rc of the store. Returns VERDICT_UNAVAILABLE. */
enum verdict directory_unavailable(const struct directory *directory, const char *what, int rc);

/** The number for the next change: larger than all before, and at least the wall clock in ms, so
 * that it grows even over the loss of a store. The caller makes it the directory's when the change
 * is committed. */
uint64_t directory_sequence_next(const struct directory *directory);

/** Inside a transaction: CHANGES has the key under `sequence`, no longer under `before` (0: it was
 * not there), and `sequence` is stored as that of the directory. ERR_NOMEM, ERR_SYSTEM. */
int directory_mark(struct directory *directory, const uint8_t key[KEY_SIZE], uint64_t before,
                   uint64_t sequence) MUST_CHECK;

/** Set the directory's sequence to the one that directory_mark stored last; 0 if there is none, or
 * it is damaged: directory_repair then finds that of the latest record. ERR_NOMEM, ERR_SYSTEM. */
int directory_sequence_load(struct directory *directory) MUST_CHECK;
