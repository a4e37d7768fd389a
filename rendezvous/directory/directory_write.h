/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the files of the directory write: each change is one transaction of the store and has a
 * number of the directory's growing sequence (docs/protocol.md, section 14), under which CHANGES
 * finds it.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stdint.h>

struct directory;

/** Commit if rc is ERR_OK, else abort. Returns the outcome. */
int directory_finish(struct directory *directory, int rc) MUST_CHECK;

/** Trace a failure of our own. Returns VERDICT_UNAVAILABLE. */
enum verdict directory_unavailable(const struct directory *directory, const char *what, int rc);

/** The number for a change: larger than all before, and at least the wall clock, so that it grows
 * even over the loss of a store. It is the directory's once it is committed. */
uint64_t directory_sequence_next(const struct directory *directory);

/** Inside a transaction: the entry's latest change moves from sequence `before` (0: none) to
 * `sequence`, which becomes the stored one of the directory. */
int directory_mark(struct directory *directory, const uint8_t key[KEY_SIZE], uint64_t before,
                   uint64_t sequence) MUST_CHECK;

/** Read the sequence that directory_mark stored last; 0 if none. */
int directory_sequence_load(struct directory *directory) MUST_CHECK;
