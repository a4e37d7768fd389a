/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done when a database goes bad under a running program. LMDB reads its file through a map,
 * and the kernel answers with SIGBUS where somebody has cut the file, or the disk does not give it
 * back; and where LMDB finds a page that cannot be, it aborts. Neither can be undone, because LMDB
 * is in the middle of something: the program says one sentence and ends with EXIT_CODE_USAGE. Its
 * next start checks the file (database_file.h).
 */
#pragma once

/** From now on say the sentence, in which `path` is the file, instead of dying without a word.
 * There is one sentence for the whole process, that of the last call. */
void map_guard_set(const char *path);

/** Around every call that may read the map: SIGBUS in between is the database's. */
void map_guard_enter(void);
void map_guard_leave(void);

/** Say the sentence and end the process. Safe in a signal handler. */
_Noreturn void map_guard_end(void);
