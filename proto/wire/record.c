/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of a record stand in its decoder only. An encoder checks as much as it needs to read
 * the struct safely, writes the bytes, and lets the decoder judge them.
 */
#include "proto/wire/record.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum {
    FAMILY_IPV4 = 4,
    FAMILY_IPV6 = 6,
};

static size_t size_max_of(uint8_t type)
{
    return type == RECORD_TYPE_MEMBER ? RECORD_MEMBER_SIZE_MAX : RECORD_SIZE_MAX;
}

/* ---- header ---- */

static void header_write(struct wbuf *w, enum record_type type, const struct record_header *h)
{
    wbuf_u8(w, (uint8_t)type);
    wbuf_u8(w, RECORD_VERSION);
    wbuf_put(w, h->key, sizeof(h->key));
    wbuf_u64(w, h->sequence);
    wbuf_u64(w, h->created_ms);
    wbuf_u32(w, h->lifetime_s);
}

/* The reader fails unless the version is ours and the type is known. */
static void header_read(struct rbuf *r, struct record_header *h)
{
    h->type = rbuf_u8(r);

    uint8_t version = rbuf_u8(r);

    rbuf_copy(r, h->key, sizeof(h->key));
    h->sequence = rbuf_u64(r);
    h->created_ms = rbuf_u64(r);
    h->lifetime_s = rbuf_u32(r);
    if (version != RECORD_VERSION || h->type < RECORD_TYPE_NODE ||
        h->type > RECORD_TYPE_ATTESTATION) {
        r->failed = true;
    }
}

/* Read the header of a record of this type. Returns the reader of its body, which has failed if the
 * record is another one. */
static struct rbuf body_open(struct record_header *h, enum record_type type, const uint8_t *data,
                             size_t size)
{
    struct rbuf r = rbuf_over(data, size);

    header_read(&r, h);
    if (h->type != type || size > size_max_of(h->type)) {
        r.failed = true;
    }
    return r;
}

int record_header_peek(struct record_header *out, const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    struct record_header h = {0};

    header_read(&r, &h);
    if (r.failed) {
        return ERR_DROP;
    }
    *out = h;
    return ERR_OK;
}

/* ---- parts of bodies ---- */

enum text_kind {
    TEXT_LABEL, /* a DNS label */
    TEXT_LABEL_OR_EMPTY,
    TEXT_PRINTABLE, /* printable ASCII, not empty */
    TEXT_PRINTABLE_OR_EMPTY,
};

static void text_write(struct wbuf *w, const char *text, size_t capacity)
{
    size_t size = strnlen(text, capacity);

    if (size == capacity) {
        w->failed = true; /* no NUL: not a text */
        return;
    }
    wbuf_u8(w, u8_of(size));
    wbuf_put(w, text, size);
}

static bool printable(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static bool text_allowed(enum text_kind kind, const uint8_t *text, size_t size)
{
    switch (kind) {
    case TEXT_LABEL:
        return name_is_label((const char *)text, size);
    case TEXT_LABEL_OR_EMPTY:
        return size == 0 || name_is_label((const char *)text, size);
    case TEXT_PRINTABLE:
        return size > 0 && printable(text, size);
    case TEXT_PRINTABLE_OR_EMPTY:
        return printable(text, size);
    }
    return false;
}

static void text_read(struct rbuf *r, char *text, size_t capacity, enum text_kind kind)
{
    size_t size = rbuf_u8(r);
    const uint8_t *at = rbuf_take(r, size);

    if (at == NULL || size >= capacity || !text_allowed(kind, at, size)) {
        r->failed = true;
        return;
    }
    memcpy(text, at, size);
    text[size] = '\0';
}

static void count_write(struct wbuf *w, size_t count, size_t count_max)
{
    if (count > count_max) {
        w->failed = true;
        return;
    }
    wbuf_u8(w, u8_of(count));
}

/* The number of elements that follow; 0 and a failed reader if there are too many. */
static size_t count_read(struct rbuf *r, size_t count_max)
{
    size_t count = rbuf_u8(r);

    if (count > count_max) {
        r->failed = true;
        return 0;
    }
    return count;
}

static void address_write(struct wbuf *w, const struct endpoint *e)
{
    size_t size;
    const uint8_t *ip = endpoint_ip_bytes(e, &size);

    wbuf_u8(w, size == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
    wbuf_put(w, ip, size);
    wbuf_u16(w, e->port);
}

static struct endpoint address_read(struct rbuf *r)
{
    uint8_t family = rbuf_u8(r);
    size_t size = family == FAMILY_IPV4 ? 4 : 16;
    const uint8_t *ip = rbuf_take(r, size);
    uint16_t port = rbuf_u16(r);

    if (r->failed || (family != FAMILY_IPV4 && family != FAMILY_IPV6) || port == 0) {
        r->failed = true;
        return (struct endpoint){.port = 0};
    }
    struct endpoint e = endpoint_of_bytes(ip, size, port);

    if (endpoint_is_v4(&e) != (family == FAMILY_IPV4)) {
        r->failed = true; /* an IPv4 address in IPv6 form: only family 4 is allowed */
    }
    return e;
}

/* The end of every encoder. rc is the decoder's verdict about what was written. */
static int encoded(const struct wbuf *w, size_t *size, int rc)
{
    if (!wbuf_ok(w)) {
        return ERR_LIMIT;
    }
    if (rc == ERR_OK) {
        *size = wbuf_size(w);
    }
    return rc;
}

/* ---- node ---- */

int record_node_encode(uint8_t *out, size_t *size, const struct record_node *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_node check;

    header_write(&w, RECORD_TYPE_NODE, &record->header);
    text_write(&w, record->service, sizeof(record->service));
    count_write(&w, record->addresses_count, RECORD_ADDRESSES_MAX);
    for (size_t i = 0; !w.failed && i < record->addresses_count; i++) {
        address_write(&w, &record->addresses[i]);
    }
    wbuf_u8(&w, record->protocols);
    wbuf_put(&w, record->spki_sha256, sizeof(record->spki_sha256));
    wbuf_u8(&w, record->nat_kind);
    count_write(&w, record->apps_count, RECORD_APPS_MAX);
    for (size_t i = 0; !w.failed && i < record->apps_count; i++) {
        text_write(&w, record->apps[i], RECORD_APP_SIZE);
    }
    count_write(&w, record->rewards_count, RECORD_REWARDS_MAX);
    for (size_t i = 0; !w.failed && i < record->rewards_count; i++) {
        text_write(&w, record->rewards[i].chain, RECORD_CHAIN_SIZE);
        text_write(&w, record->rewards[i].address, RECORD_REWARD_SIZE);
        text_write(&w, record->rewards[i].identity, RECORD_IDENTITY_SIZE);
    }
    count_write(&w, record->extra_size, RECORD_EXTRA_SIZE_MAX);
    if (!w.failed) {
        wbuf_put(&w, record->extra, record->extra_size);
    }
    return encoded(&w, size, record_node_decode(&check, out, wbuf_size(&w)));
}

int record_node_decode(struct record_node *out, const uint8_t *data, size_t size)
{
    struct record_node m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_NODE, data, size);

    text_read(&r, m.service, sizeof(m.service), TEXT_PRINTABLE);
    m.addresses_count = count_read(&r, RECORD_ADDRESSES_MAX);
    for (size_t i = 0; i < m.addresses_count; i++) {
        m.addresses[i] = address_read(&r);
    }
    m.protocols = rbuf_u8(&r);
    rbuf_copy(&r, m.spki_sha256, sizeof(m.spki_sha256));
    m.nat_kind = rbuf_u8(&r);
    m.apps_count = count_read(&r, RECORD_APPS_MAX);
    for (size_t i = 0; i < m.apps_count; i++) {
        text_read(&r, m.apps[i], RECORD_APP_SIZE, TEXT_PRINTABLE);
    }
    m.rewards_count = count_read(&r, RECORD_REWARDS_MAX);
    for (size_t i = 0; i < m.rewards_count; i++) {
        text_read(&r, m.rewards[i].chain, RECORD_CHAIN_SIZE, TEXT_PRINTABLE);
        text_read(&r, m.rewards[i].address, RECORD_REWARD_SIZE, TEXT_PRINTABLE);
        text_read(&r, m.rewards[i].identity, RECORD_IDENTITY_SIZE, TEXT_PRINTABLE_OR_EMPTY);
    }
    m.extra_size = count_read(&r, RECORD_EXTRA_SIZE_MAX);
    rbuf_copy(&r, m.extra, m.extra_size);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- delegation and administrator: the ziglan's key gives rights to another key ---- */

int record_delegation_encode(uint8_t *out, size_t *size, const struct record_delegation *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_delegation check;

    header_write(&w, RECORD_TYPE_DELEGATION, &record->header);
    wbuf_put(&w, record->entry_key, KEY_SIZE);
    wbuf_u32(&w, record->rights);
    wbuf_u64(&w, record->expires_ms);
    return encoded(&w, size, record_delegation_decode(&check, out, wbuf_size(&w)));
}

int record_delegation_decode(struct record_delegation *out, const uint8_t *data, size_t size)
{
    struct record_delegation m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_DELEGATION, data, size);

    rbuf_copy(&r, m.entry_key, KEY_SIZE);
    m.rights = rbuf_u32(&r);
    m.expires_ms = rbuf_u64(&r);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

int record_administrator_encode(uint8_t *out, size_t *size,
                                const struct record_administrator *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_administrator check;

    header_write(&w, RECORD_TYPE_ADMINISTRATOR, &record->header);
    wbuf_put(&w, record->admin_key, KEY_SIZE);
    wbuf_u32(&w, record->rights);
    wbuf_u64(&w, record->expires_ms);
    return encoded(&w, size, record_administrator_decode(&check, out, wbuf_size(&w)));
}

int record_administrator_decode(struct record_administrator *out, const uint8_t *data, size_t size)
{
    struct record_administrator m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_ADMINISTRATOR, data, size);

    rbuf_copy(&r, m.admin_key, KEY_SIZE);
    m.rights = rbuf_u32(&r);
    m.expires_ms = rbuf_u64(&r);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- member part ---- */

int record_member_encode(uint8_t *out, size_t *size, const struct record_member *record)
{
    struct wbuf w = wbuf_over(out, RECORD_MEMBER_SIZE_MAX);
    struct record_member check;

    header_write(&w, RECORD_TYPE_MEMBER, &record->header);
    text_write(&w, record->wanted_name, NAME_TEXT_SIZE);
    count_write(&w, record->relays_count, RECORD_RELAYS_MAX);
    for (size_t i = 0; !w.failed && i < record->relays_count; i++) {
        wbuf_put(&w, record->relays[i], KEY_SIZE);
    }
    count_write(&w, record->services_count, RECORD_SERVICES_MAX);
    for (size_t i = 0; !w.failed && i < record->services_count; i++) {
        text_write(&w, record->services[i].name, NAME_TEXT_SIZE);
        wbuf_u8(&w, record->services[i].protocol);
        wbuf_u16(&w, record->services[i].port);
    }
    count_write(&w, record->fixed_count, ADDRPLAN_FIXED_MAX);
    for (size_t i = 0; !w.failed && i < record->fixed_count; i++) {
        wbuf_put(&w, record->fixed[i], sizeof(record->fixed[i]));
    }
    return encoded(&w, size, record_member_decode(&check, out, wbuf_size(&w)));
}

int record_member_decode(struct record_member *out, const uint8_t *data, size_t size)
{
    struct record_member m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_MEMBER, data, size);

    text_read(&r, m.wanted_name, NAME_TEXT_SIZE, TEXT_LABEL_OR_EMPTY);
    m.relays_count = count_read(&r, RECORD_RELAYS_MAX);
    for (size_t i = 0; i < m.relays_count; i++) {
        rbuf_copy(&r, m.relays[i], KEY_SIZE);
    }
    m.services_count = count_read(&r, RECORD_SERVICES_MAX);
    for (size_t i = 0; i < m.services_count; i++) {
        text_read(&r, m.services[i].name, NAME_TEXT_SIZE, TEXT_LABEL);
        m.services[i].protocol = rbuf_u8(&r);
        m.services[i].port = rbuf_u16(&r);
    }
    m.fixed_count = count_read(&r, ADDRPLAN_FIXED_MAX);
    for (size_t i = 0; i < m.fixed_count; i++) {
        rbuf_copy(&r, m.fixed[i], sizeof(m.fixed[i]));
    }
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- admission ---- */

int record_admission_encode(uint8_t *out, size_t *size, const struct record_admission *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_admission check;

    header_write(&w, RECORD_TYPE_ADMISSION, &record->header);
    wbuf_put(&w, record->ziglan_key, KEY_SIZE);
    wbuf_put(&w, record->member_key, KEY_SIZE);
    text_write(&w, record->granted_name, NAME_TEXT_SIZE);
    count_write(&w, record->groups_count, RECORD_GROUPS_MAX);
    for (size_t i = 0; !w.failed && i < record->groups_count; i++) {
        text_write(&w, record->groups[i], NAME_TEXT_SIZE);
    }
    wbuf_u64(&w, record->expires_ms);
    return encoded(&w, size, record_admission_decode(&check, out, wbuf_size(&w)));
}

int record_admission_decode(struct record_admission *out, const uint8_t *data, size_t size)
{
    struct record_admission m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_ADMISSION, data, size);

    rbuf_copy(&r, m.ziglan_key, KEY_SIZE);
    rbuf_copy(&r, m.member_key, KEY_SIZE);
    text_read(&r, m.granted_name, NAME_TEXT_SIZE, TEXT_LABEL);
    m.groups_count = count_read(&r, RECORD_GROUPS_MAX);
    for (size_t i = 0; i < m.groups_count; i++) {
        text_read(&r, m.groups[i], NAME_TEXT_SIZE, TEXT_LABEL);
    }
    m.expires_ms = rbuf_u64(&r);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- revocation ---- */

int record_revocation_encode(uint8_t *out, size_t *size, const struct record_revocation *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_revocation check;

    header_write(&w, RECORD_TYPE_REVOCATION, &record->header);
    wbuf_put(&w, record->ziglan_key, KEY_SIZE);
    wbuf_put(&w, record->member_key, KEY_SIZE);
    wbuf_u8(&w, record->reason);
    return encoded(&w, size, record_revocation_decode(&check, out, wbuf_size(&w)));
}

int record_revocation_decode(struct record_revocation *out, const uint8_t *data, size_t size)
{
    struct record_revocation m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_REVOCATION, data, size);

    rbuf_copy(&r, m.ziglan_key, KEY_SIZE);
    rbuf_copy(&r, m.member_key, KEY_SIZE);
    m.reason = rbuf_u8(&r);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- attachment ---- */

int record_attachment_encode(uint8_t *out, size_t *size, const struct record_attachment *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_attachment check;

    header_write(&w, RECORD_TYPE_ATTACHMENT, &record->header);
    wbuf_put(&w, record->relay_key, KEY_SIZE);
    wbuf_u64(&w, record->expires_ms);
    return encoded(&w, size, record_attachment_decode(&check, out, wbuf_size(&w)));
}

int record_attachment_decode(struct record_attachment *out, const uint8_t *data, size_t size)
{
    struct record_attachment m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_ATTACHMENT, data, size);

    rbuf_copy(&r, m.relay_key, KEY_SIZE);
    m.expires_ms = rbuf_u64(&r);
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = m;
    return ERR_OK;
}

/* ---- attestation ---- */

int record_attestation_encode(uint8_t *out, size_t *size, const struct record_attestation *record)
{
    struct wbuf w = wbuf_over(out, RECORD_SIZE_MAX);
    struct record_attestation check;

    header_write(&w, RECORD_TYPE_ATTESTATION, &record->header);
    wbuf_put(&w, record->subject_key, KEY_SIZE);
    wbuf_u64(&w, record->subject_sequence);
    address_write(&w, &record->address);
    wbuf_u8(&w, record->fresh ? 1 : 0);
    return encoded(&w, size, record_attestation_decode(&check, out, wbuf_size(&w)));
}

int record_attestation_decode(struct record_attestation *out, const uint8_t *data, size_t size)
{
    struct record_attestation m = {0};
    struct rbuf r = body_open(&m.header, RECORD_TYPE_ATTESTATION, data, size);

    rbuf_copy(&r, m.subject_key, KEY_SIZE);
    m.subject_sequence = rbuf_u64(&r);
    m.address = address_read(&r);

    uint8_t fresh = rbuf_u8(&r);

    if (!rbuf_done(&r) || fresh > 1) {
        return ERR_DROP;
    }
    m.fresh = fresh == 1;
    *out = m;
    return ERR_OK;
}

/* ---- time and signature ---- */

bool record_live(const struct record_header *header, uint64_t wall_ms)
{
    uint64_t created_ms = header->created_ms;

    if (created_ms > wall_ms) { /* created in the future, by our clock */
        return created_ms - wall_ms <= RECORD_CLOCK_SKEW_MS;
    }
    return (wall_ms - created_ms) / 1000 < header->lifetime_s;
}

bool record_unexpired(uint64_t expires_ms, uint64_t wall_ms)
{
    return wall_ms < RECORD_CLOCK_SKEW_MS || wall_ms - RECORD_CLOCK_SKEW_MS < expires_ms;
}

int record_split(struct record_parts *out, const uint8_t *data, size_t size)
{
    if (size < RECORD_SIGNED_SIZE_MIN || size > size_max_of(data[0]) + SIGNATURE_SIZE) {
        return ERR_DROP;
    }
    out->record = data;
    out->record_size = size - SIGNATURE_SIZE;
    out->signature = data + out->record_size;
    return ERR_OK;
}
