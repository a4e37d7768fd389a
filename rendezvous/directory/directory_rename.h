/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A member gets another name by the operator's word.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stdint.h>

struct directory;

/**
 * Give a member another name: its admission is signed anew, and ends when the former one would
 * have. The operator's word goes before the 30 days of a freed name, and before an invite that
 * grants it. The former name is freed as that of one who left. OK also if it has the name already.
 *
 * NOT_FOUND (no member), BAD_REQUEST (name_problem refuses the name), NAME_TAKEN (another member
 * has it, whose key goes to `holder`), UNAVAILABLE (the store failed, which was traced; nothing
 * changed).
 */
enum verdict directory_rename(struct directory *directory, const uint8_t key[KEY_SIZE],
                              const char *name, uint8_t holder[KEY_SIZE]);
