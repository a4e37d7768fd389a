/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hook of the wire. */
#include "tests/support/word_tap.h"

#include <string.h>

static bool passes(void *context, struct wire_packet *packet)
{
    struct word_tap *tap = context;

    if (packet->data[0] == FRAME_TYPE_FRAME_WORD) {
        memcpy(tap->word, packet->data, packet->size);
        tap->size = packet->size;
        tap->words++;
    }
    return tap->lost == 0 || packet->data[0] != tap->lost;
}

struct word_tap *word_tap_on(struct far_hosts *town, uint8_t lost)
{
    static struct word_tap tap;

    tap = (struct word_tap){.lost = lost};
    town->net->wire.hook = passes;
    town->net->wire.hook_context = &tap;
    return &tap;
}
