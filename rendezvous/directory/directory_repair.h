/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * At every start, makes the indexes of the directory fit its records, whatever a crash or a torn
 * disk did to them.
 */
#pragma once

#include "proto/base/err.h"

struct directory;

/** Count members, revocations and invites, make the indexes fit the records, and raise the sequence
 * to the largest that a record has. If something was wrong, that is traced. ERR_NOMEM, ERR_SYSTEM:
 * the store failed, and the directory cannot be used. */
int directory_repair(struct directory *directory) MUST_CHECK;
