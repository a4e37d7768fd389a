/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory's indexes after a crash or on a torn disk: made to fit the records, at every start.
 */
#pragma once

#include "proto/base/err.h"

struct directory;

/** Count what is there, make the indexes fit it, and find the sequence. What was wrong is traced.
 * ERR_NOMEM, ERR_SYSTEM: the directory cannot be used. */
int directory_repair(struct directory *directory) MUST_CHECK;
