/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A router that knows ANNOUNCE only as something that it sends says so; that is an answer, too. */
#include "proto/portmap/pcp_find.h"

enum { RESULT_UNSUPPORTED_OPCODE = 4 /* section 7.4 */ };

void pcp_find_begin(struct pcp_find *find, const struct endpoint *internal, struct mono now)
{
    *find = (struct pcp_find){.state = PCP_FIND_STATE_ASKING, .internal = *internal, .due = now};
}

void pcp_find_on_datagram(struct pcp_find *find, const uint8_t *data, size_t size)
{
    struct pcp_answer answer;

    if (find->state != PCP_FIND_STATE_ASKING) {
        return;
    }
    if (pcp_is_natpmp(data, size)) {
        find->state = PCP_FIND_STATE_SILENT;
    } else if (pcp_answer_decode(&answer, data, size) == ERR_OK) {
        bool speaks =
            answer.result == PCP_RESULT_SUCCESS || answer.result == RESULT_UNSUPPORTED_OPCODE;

        find->state = speaks ? PCP_FIND_STATE_FOUND : PCP_FIND_STATE_REFUSED;
        find->result = answer.result;
        if (answer.result == PCP_RESULT_UNSUPPORTED_VERSION) {
            find->state = PCP_FIND_STATE_SILENT;
        }
    }
}

size_t pcp_find_expire(struct pcp_find *find, uint8_t out[PCP_HEADER_SIZE], struct mono now)
{
    if (find->state != PCP_FIND_STATE_ASKING || !mono_due(find->due, now)) {
        return 0;
    }
    if (find->tries == PCP_FIND_TRIES) {
        find->state = PCP_FIND_STATE_SILENT;
        return 0;
    }
    find->due = mono_add_ms(now, (uint64_t)PCP_FIND_RETRY_MS << find->tries);
    find->tries++;
    pcp_announce_encode(out, &find->internal);
    return PCP_HEADER_SIZE;
}

struct mono pcp_find_deadline(const struct pcp_find *find)
{
    return find->state == PCP_FIND_STATE_ASKING ? find->due : MONO_NEVER;
}
