/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Integers are put together byte by byte, so neither alignment nor the machine's order matters. */
#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
    abort();
}

uint8_t u8_of(size_t value)
{
    CHECK(value <= UINT8_MAX);
    return (uint8_t)value;
}

uint16_t u16_of(size_t value)
{
    CHECK(value <= UINT16_MAX);
    return (uint16_t)value;
}

uint32_t u32_of(size_t value)
{
    CHECK(value <= UINT32_MAX);
    return (uint32_t)value;
}

uint16_t be16_read(const uint8_t *at)
{
    return (uint16_t)((uint16_t)at[0] << 8 | at[1]);
}

uint32_t be32_read(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint64_t be64_read(const uint8_t *at)
{
    return (uint64_t)be32_read(at) << 32 | be32_read(at + 4);
}

void be16_write(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void be32_write(uint8_t *at, uint32_t value)
{
    be16_write(at, (uint16_t)(value >> 16));
    be16_write(at + 2, (uint16_t)value);
}

void be64_write(uint8_t *at, uint64_t value)
{
    be32_write(at, (uint32_t)(value >> 32));
    be32_write(at + 4, (uint32_t)value);
}
