/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list, and what of it is wanted. */
#include "client/path/path_sizes.h"

/* UDP payloads: the underlay's MTU less 28 bytes in IPv4, and less 48 in IPv6. */
static const uint16_t payloads[] = {
    8972,
    8952, /* Ethernet with jumbo frames */
    4060, /* some cloud networks, less their own tunnels */
    1472,
    1452, /* Ethernet */
    1464,
    1444, /* PPPoE: 1492 */
    1432,
    1412, /* IPv4 in IPv6 and the reverse: 1480, 1460 */
    1392,
    1372, /* inside another tunnel: 1420 */
    1352, /* 1400, which takes 1372 in IPv4 */
    1312, /* the least that takes a packet of 1280 bytes whole */
    PATH_FRAME_SIZE_IPV6,
};

_Static_assert(sizeof(payloads) / sizeof(payloads[0]) < PATH_SIZES_MAX, "and the full size");

/* The largest of the list that is below `below` and above `above`; 0: there is none. */
static uint16_t next_below(uint16_t below, uint16_t above, size_t head)
{
    uint16_t best = 0;

    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        uint16_t size = (uint16_t)(payloads[i] - head);

        if (size < below && size > above && size > best) {
            best = size;
        }
    }
    return best;
}

static uint16_t size_of_ipv6(size_t head)
{
    return (uint16_t)(PATH_FRAME_SIZE_IPV6 - head);
}

size_t path_sizes_first(uint16_t out[PATH_SIZES_MAX], uint16_t size, uint16_t full, size_t head,
                        bool least)
{
    size_t count = 0;

    out[count++] = full;
    if (size < size_of_ipv6(head) && full > size_of_ipv6(head)) {
        out[count++] = size_of_ipv6(head);
    }
    if (size < PATH_FRAME_SIZE_MIN && least) {
        out[count++] = PATH_FRAME_SIZE_MIN;
    }
    return count;
}

size_t path_sizes_below(uint16_t out[PATH_SIZES_MAX], uint16_t size, size_t head)
{
    size_t count = 0;

    out[count++] = size;
    if (size > size_of_ipv6(head)) {
        out[count++] = size_of_ipv6(head);
    }
    if (size > PATH_FRAME_SIZE_MIN) {
        out[count++] = PATH_FRAME_SIZE_MIN;
    }
    out[count++] = 0;
    return count;
}

size_t path_sizes_above(uint16_t out[PATH_SIZES_MAX], uint16_t size, uint16_t full, size_t head)
{
    size_t count = 0;

    for (uint16_t next = full; next > size; next = next_below(next, size, head)) {
        out[count++] = next;
    }
    return count;
}
