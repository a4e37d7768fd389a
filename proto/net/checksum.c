/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of 16-bit words, computed in the machine's byte order and 64 bits at a time. */
#include "proto/net/checksum.h"

#include "proto/base/bytes.h"

#include <string.h>

/* One's complement addition of 64-bit words: the carry is added back. Because 2^64 - 1 is a
 * multiple of 2^16 - 1, the sum of 64-bit words folds to the sum of their 16-bit words. */
static uint64_t add_carry(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word ? 1 : 0);
}

static uint32_t fold64(uint64_t sum)
{
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint32_t)((sum >> 16) + (sum & 0xffff));
}

uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t size)
{
    const uint8_t *at = data;
    uint64_t total = 0;
    uint64_t words[4];
    uint64_t last;
    uint32_t four;
    uint16_t two;
    size_t left = size;

    for (; left >= sizeof(words); left -= sizeof(words)) {
        memcpy(words, at, sizeof(words));
        total = add_carry(total, words[0]);
        total = add_carry(total, words[1]);
        total = add_carry(total, words[2]);
        total = add_carry(total, words[3]);
        at += sizeof(words);
    }
    for (; left >= sizeof(last); left -= sizeof(last)) {
        memcpy(&last, at, sizeof(last));
        total = add_carry(total, last);
        at += sizeof(last);
    }
    if ((left & 4) != 0) {
        memcpy(&four, at, sizeof(four));
        total = add_carry(total, four);
        at += sizeof(four);
    }
    if ((left & 2) != 0) {
        memcpy(&two, at, sizeof(two));
        total = add_carry(total, two);
        at += sizeof(two);
    }
    if ((left & 1) != 0) {
        two = 0;
        memcpy(&two, at, 1); /* the zero byte behind adds nothing */
        total = add_carry(total, two);
    }
    /* RFC 1071 (B): summing in the machine's byte order gives the byte-swapped sum. */
    uint16_t machine = (uint16_t)fold64(total);
    uint8_t bytes[2];

    memcpy(bytes, &machine, sizeof(bytes));
    return checksum_fold(sum) + (uint32_t)be16_read(bytes);
}

uint16_t checksum_fold(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)((sum >> 16) + sum);
}

uint16_t checksum_finish(uint32_t sum)
{
    return (uint16_t)~checksum_fold(sum);
}

uint32_t checksum_pseudo(const uint8_t *addresses, size_t addresses_size, uint8_t protocol,
                         uint32_t size)
{
    return checksum_add(0, addresses, addresses_size) + protocol + (size >> 16) + (size & 0xffff);
}

uint16_t checksum_update(uint16_t checksum, uint32_t removed, uint32_t added)
{
    /* HC' = ~(~HC + ~m + m'). Equation 3 and not 2: with 2, a sum of zero would become 0xffff
     * where the full computation gives 0. */
    uint32_t sum = (uint16_t)~checksum;

    sum += (uint16_t)~checksum_fold(removed);
    sum += checksum_fold(added);
    return checksum_finish(sum);
}
