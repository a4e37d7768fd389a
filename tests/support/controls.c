/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages as large as the wire allows, for tests of bounds. */
#include "tests/support/controls.h"

#include "proto/base/bytes.h"
#include "proto/wire/record.h"

#include <string.h>

size_t controls_changes(uint8_t out[CONTROL_SIZE_MAX], size_t count)
{
    Ziglan__Control control;
    Ziglan__Changes changes;
    Ziglan__Member members[CONTROLS_MEMBER_COUNT_MAX], *list[CONTROLS_MEMBER_COUNT_MAX];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    size_t size;

    CHECK(count <= CONTROLS_MEMBER_COUNT_MAX);
    memset(part, 0x5a, sizeof(part));
    ziglan__control__init(&control);
    ziglan__changes__init(&changes);
    for (size_t i = 0; i < count; i++) {
        ziglan__member__init(&members[i]);
        members[i].member_part = (ProtobufCBinaryData){.len = sizeof(part), .data = part};
        members[i].sequence = i;
        list[i] = &members[i];
    }
    changes.members = list;
    changes.n_members = count;
    control.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
    control.changes = &changes;
    CHECK(control_pack(out, CONTROL_SIZE_MAX, &size, &control) == ERR_OK);
    return size;
}
