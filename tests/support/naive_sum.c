/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's complement sums, a byte at a time. */
#include "tests/support/naive_sum.h"

uint32_t naive_sum(uint32_t sum, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

uint32_t naive_pseudo(bool v6, const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                      size_t size)
{
    uint8_t tail[8] = {(uint8_t)(size >> 24),
                       (uint8_t)(size >> 16),
                       (uint8_t)(size >> 8),
                       (uint8_t)size,
                       0,
                       0,
                       0,
                       protocol};
    uint32_t sum;

    if (!v6 && protocol == 1) {
        return 0;
    }
    sum = naive_sum(0, source, v6 ? 16 : 4);
    sum = naive_sum(sum, destination, v6 ? 16 : 4);
    return naive_sum(sum, tail, sizeof(tail));
}

uint16_t naive_checksum(const uint8_t *data, size_t size)
{
    return (uint16_t)~naive_sum(0, data, size);
}
