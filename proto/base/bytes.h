/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CHECK, checked narrowing of sizes, and big-endian integers at fixed places. The latter are for
 * code on the fast path that works on fixed layouts; all other code reads with rbuf and writes
 * with wbuf.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Narrow a size that the caller has bounded. Aborts if it does not fit: the mistake is ours. */
uint8_t u8_of(size_t value);
uint16_t u16_of(size_t value);
uint32_t u32_of(size_t value);

/** Read big-endian integers from unaligned bytes. */
uint16_t be16_read(const uint8_t *at);
uint32_t be32_read(const uint8_t *at);
uint64_t be64_read(const uint8_t *at);

/** Write big-endian integers to unaligned bytes. */
void be16_write(uint8_t *at, uint16_t value);
void be32_write(uint8_t *at, uint32_t value);
void be64_write(uint8_t *at, uint64_t value);

/** Abort with file and line if `condition` is false. Stays on in release builds; nothing that a
 * peer sends may ever reach a failing CHECK. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_failed(#condition, __FILE__, __LINE__);                                          \
        }                                                                                          \
    } while (0)

/** Print the failed condition to standard error and abort. */
_Noreturn void check_failed(const char *condition, const char *file, int line);
