/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two bits: the low ones of the type of service, or of the traffic class. */
#include "client/tunnel/ecn.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

enum {
    ECN_MASK = 0x03,
    IP4_CHECKSUM_AT = 10,
};

static unsigned version_of(const uint8_t *data)
{
    return data[0] >> 4;
}

bool ecn_is_capable(const uint8_t *data)
{
    switch (version_of(data)) {
    case 4:
        return (data[1] & ECN_MASK) != 0;
    case 6:
        return (data[1] >> 4 & ECN_MASK) != 0;
    default:
        return false;
    }
}

void ecn_mark(uint8_t *data)
{
    uint16_t before = be16_read(data);

    if (version_of(data) == 6) {
        data[1] |= ECN_MASK << 4;
        return;
    }
    data[1] |= ECN_MASK;
    be16_write(data + IP4_CHECKSUM_AT,
               checksum_update(be16_read(data + IP4_CHECKSUM_AT), before, be16_read(data)));
}
