/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies what is told. */
#include "client/ziglan/ziglan_name.h"

#include <string.h>

void ziglan_name_told(struct ziglan_name_why *why, const Ziglan__Joined *joined)
{
    *why = (struct ziglan_name_why){.free_ms = joined->name_free_ms};
    why->note = joined->name_note <= ZIGLAN_NAME_RESERVED ? (enum ziglan_name_note)joined->name_note
                                                          : ZIGLAN_NAME_CHOSEN;
    if (joined->name_key.len == KEY_SIZE) {
        memcpy(why->key, joined->name_key.data, KEY_SIZE);
    } else if (why->note == ZIGLAN_NAME_TAKEN || why->note == ZIGLAN_NAME_FREED) {
        why->note = ZIGLAN_NAME_CHOSEN; /* of whom it is not told */
    }
}
