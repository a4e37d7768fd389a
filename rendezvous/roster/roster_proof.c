/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records are those that entry points gave; nothing is signed here. */
#include "rendezvous/roster/roster_proof.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster_internal.h"
#include "rendezvous/roster/roster_save.h"

#include <string.h>

static void put(struct wbuf *w, struct member_bytes bytes)
{
    size_t mark = wbuf_open_u16(w);

    wbuf_put(w, bytes.data, bytes.size);
    wbuf_close_u16(w, mark);
}

/* The delegation of whoever signed this admission. */
static struct member_bytes delegation_of(const struct roster *r, struct member_bytes admission)
{
    struct record_header header;

    for (size_t i = 0; record_header_peek(&header, admission.data, admission.size) == ERR_OK &&
                       i < r->entry_count;
         i++) {
        if (memcmp(r->entries[i].record.entry_key, header.key, KEY_SIZE) == 0) {
            return (struct member_bytes){r->entries[i].bytes, r->entries[i].size};
        }
    }
    return (struct member_bytes){NULL, 0};
}

int roster_proof_write(struct roster *roster, const uint8_t key[KEY_SIZE], uint8_t *out,
                       size_t capacity, size_t *size)
{
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct wbuf w = wbuf_over(out, capacity);
    struct member_bytes delegation;
    struct roster_saved saved;

    if (roster_read_saved(roster, key, value, &saved) != ERR_OK || saved.key == NULL ||
        saved.revoked) {
        return ERR_DROP;
    }
    delegation = delegation_of(roster, saved.admission);
    put(&w, delegation);
    put(&w, saved.admission);
    put(&w, saved.part);
    if (delegation.size == 0 || !wbuf_ok(&w)) {
        return ERR_DROP;
    }
    *size = wbuf_size(&w);
    return ERR_OK;
}

static struct member_bytes take(struct rbuf *r)
{
    size_t size = rbuf_u16(r);

    return (struct member_bytes){rbuf_take(r, size), size};
}

int roster_proof_read(struct roster_proof *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct roster_proof proof = {.key = {0}};
    struct record_header header;

    proof.delegation = take(&r);
    proof.admission = take(&r);
    proof.part = take(&r);
    if (!rbuf_done(&r) || record_header_peek(&header, proof.part.data, proof.part.size) != ERR_OK) {
        return ERR_DROP;
    }
    memcpy(proof.key, header.key, KEY_SIZE);
    *out = proof;
    return ERR_OK;
}

int roster_proof_apply(struct roster *roster, const struct roster_proof *proof,
                       enum roster_effect *effect)
{
    const struct roster_change change = {.part = proof->part, .admission = proof->admission};

    *effect = ROSTER_EFFECT_NONE;
    if (roster_set_delegation(roster, proof->delegation.data, proof->delegation.size) != ERR_OK) {
        return ERR_DROP;
    }
    return roster_apply(roster, &change, effect, NULL);
}
