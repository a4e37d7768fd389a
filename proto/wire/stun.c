/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One walk over its attributes parses a message; an answer is written attribute by attribute. */
#include "proto/wire/stun.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum {
    TYPE_REQUEST = STUN_BINDING_REQUEST,
    TYPE_INDICATION = 0x0011,
    TYPE_SUCCESS = 0x0101,
    TYPE_ERROR = 0x0111,
    FINGERPRINT_XOR = 0x5354554e,
    FINGERPRINT_SIZE = 8, /* the whole attribute */
    ATTRIBUTE_HEADER_SIZE = 4,
    FAMILY_IPV4 = 1,
    FAMILY_IPV6 = 2,
    REQUIRED_BELOW = 0x8000, /* attributes below this must be understood */
    UNKNOWN_ATTRIBUTE = 420,
    CHANGE_IP_FLAG = 4,
    CHANGE_PORT_FLAG = 2,
    SHA1_SIZE = 20,
};

/* IANA's "STUN Attributes", and the two last, our own, which need not be understood. 0x0004 and
 * 0x0005 come from RFC 3489; CHANGE-REQUEST and the last two from RFC 5780. */
enum attribute {
    ATTRIBUTE_MAPPED_ADDRESS = 0x0001,
    ATTRIBUTE_CHANGE_REQUEST = 0x0003,
    ATTRIBUTE_SOURCE_ADDRESS = 0x0004,
    ATTRIBUTE_CHANGED_ADDRESS = 0x0005,
    ATTRIBUTE_USERNAME = 0x0006,
    ATTRIBUTE_MESSAGE_INTEGRITY = 0x0008,
    ATTRIBUTE_ERROR_CODE = 0x0009,
    ATTRIBUTE_UNKNOWN_ATTRIBUTES = 0x000a,
    ATTRIBUTE_REALM = 0x0014,
    ATTRIBUTE_NONCE = 0x0015,
    ATTRIBUTE_MESSAGE_INTEGRITY_SHA256 = 0x001c,
    ATTRIBUTE_PASSWORD_ALGORITHM = 0x001d,
    ATTRIBUTE_USERHASH = 0x001e,
    ATTRIBUTE_XOR_MAPPED_ADDRESS = 0x0020,
    ATTRIBUTE_FINGERPRINT = 0x8028,
    ATTRIBUTE_RESPONSE_ORIGIN = 0x802b,
    ATTRIBUTE_OTHER_ADDRESS = 0x802c,
    ATTRIBUTE_LEND = 0xd354,
    ATTRIBUTE_FILLING = 0xd355,
    ATTRIBUTE_LIVE = 0xd356,
};

/* CRC-32 of ITU V.42 (RFC 8489, 14.7), four bits at a time. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static size_t padded(size_t size)
{
    return (size + 3) / 4 * 4;
}

/* ---- parsing ---- */

/* A message while it is parsed. */
struct parse {
    struct stun_message m;
    const uint8_t *data; /* the whole message */
    size_t at;           /* offset of the attribute being read */
    bool mapped_is_xor, origin_is_new, other_is_new;
};

static void header_read(struct rbuf *r, size_t size, struct stun_message *m)
{
    uint16_t type = rbuf_u16(r);
    uint16_t left = rbuf_u16(r);

    rbuf_copy(r, m->transaction, sizeof(m->transaction));
    m->classic = be32_read(m->transaction) != STUN_COOKIE;
    /* The class is in bits 4 and 8, the method in the others (RFC 8489, figure 3). */
    m->class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    m->method = (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
    if ((type & 0xc000) != 0 || left % 4 != 0 || left + (size_t)STUN_HEADER_SIZE != size ||
        size > STUN_SIZE_MAX) {
        r->failed = true;
    }
}

/* Read an address attribute. `mask` is xored over port and address; NULL: they are plain. False if
 * it is malformed. */
static bool address_read(struct endpoint *out, const uint8_t *value, size_t size,
                         const uint8_t *mask)
{
    struct rbuf r = rbuf_over(value, size);
    uint8_t ip[16] = {0};

    (void)rbuf_u8(&r); /* "MUST be set to 0 and MUST be ignored" */
    uint8_t family = rbuf_u8(&r);
    uint16_t port = rbuf_u16(&r);
    size_t ip_size = family == FAMILY_IPV4 ? 4 : 16;

    rbuf_copy(&r, ip, ip_size);
    if (!rbuf_done(&r) || (family != FAMILY_IPV4 && family != FAMILY_IPV6)) {
        return false;
    }
    for (size_t i = 0; mask != NULL && i < ip_size; i++) {
        ip[i] ^= mask[i];
    }
    port = mask == NULL ? port : (uint16_t)(port ^ be16_read(mask));
    *out = endpoint_of_bytes(ip, ip_size, port);
    return true;
}

/* Read one of the two attributes, a newer and an older one, that can hold the same address. The
 * newer one counts; of two of one kind, the first. False if it is malformed. */
static bool address_choose(struct endpoint *out, bool *have_newer, bool newer, const uint8_t *value,
                           size_t size, const uint8_t *mask)
{
    struct endpoint e;

    if (!address_read(&e, value, size, mask)) {
        return false;
    }
    if (endpoint_is_none(out) || (newer && !*have_newer)) {
        *out = e;
        *have_newer = newer;
    }
    return true;
}

static bool fingerprint_ok(const struct parse *p, const uint8_t *value, size_t size)
{
    return size == 4 && be32_read(value) == (crc32(p->data, p->at) ^ (uint32_t)FINGERPRINT_XOR);
}

static void unknown_note(struct stun_message *m, uint16_t type)
{
    if (type < REQUIRED_BELOW && m->unknown_count < STUN_UNKNOWN_MAX) {
        m->unknown[m->unknown_count] = type;
        m->unknown_count++;
    }
}

/* Take in one attribute. False if it is malformed. */
static bool attribute_read(struct parse *p, uint16_t type, const uint8_t *value, size_t size)
{
    struct stun_message *m = &p->m;

    switch (type) {
    case ATTRIBUTE_XOR_MAPPED_ADDRESS:
        return address_choose(&m->mapped, &p->mapped_is_xor, true, value, size, m->transaction);
    case ATTRIBUTE_MAPPED_ADDRESS:
        return address_choose(&m->mapped, &p->mapped_is_xor, false, value, size, NULL);
    case ATTRIBUTE_RESPONSE_ORIGIN:
        return address_choose(&m->origin, &p->origin_is_new, true, value, size, NULL);
    case ATTRIBUTE_SOURCE_ADDRESS:
        return address_choose(&m->origin, &p->origin_is_new, false, value, size, NULL);
    case ATTRIBUTE_OTHER_ADDRESS:
        return address_choose(&m->other, &p->other_is_new, true, value, size, NULL);
    case ATTRIBUTE_CHANGED_ADDRESS:
        return address_choose(&m->other, &p->other_is_new, false, value, size, NULL);
    case ATTRIBUTE_CHANGE_REQUEST:
        if (size != 4) {
            return false;
        }
        m->change_ip = (value[3] & CHANGE_IP_FLAG) != 0;
        m->change_port = (value[3] & CHANGE_PORT_FLAG) != 0;
        return true;
    case ATTRIBUTE_ERROR_CODE:
        if (size < 4 || (value[2] & 7) < 3 || (value[2] & 7) > 6 || value[3] > 99) {
            return false;
        }
        m->error_code = (uint16_t)((value[2] & 7) * 100 + value[3]);
        return true;
    case ATTRIBUTE_MESSAGE_INTEGRITY:
        m->integrity_at = p->at;
        return size == SHA1_SIZE;
    case ATTRIBUTE_MESSAGE_INTEGRITY_SHA256:
        m->integrity_sha256_at = p->at;
        return size >= 16 && size <= STUN_MAC_SIZE_MAX && size % 4 == 0;
    case ATTRIBUTE_FINGERPRINT:
        m->fingerprint = !m->classic;
        return m->classic || fingerprint_ok(p, value, size);
    case ATTRIBUTE_LEND:
        if (m->lend_at == 0) {
            m->lend_at = p->at + ATTRIBUTE_HEADER_SIZE;
            m->lend_size = size;
        }
        return true;
    case ATTRIBUTE_LIVE:
        if (m->live_at == 0) {
            m->live_at = p->at + ATTRIBUTE_HEADER_SIZE;
            m->live_size = size;
        }
        return true;
    case ATTRIBUTE_USERNAME:
    case ATTRIBUTE_UNKNOWN_ATTRIBUTES:
    case ATTRIBUTE_REALM:
    case ATTRIBUTE_NONCE:
    case ATTRIBUTE_PASSWORD_ALGORITHM:
    case ATTRIBUTE_USERHASH:
        return true; /* known, but without meaning for us: we have no passwords */
    default:
        unknown_note(m, type);
        return true;
    }
}

/* Attributes behind an integrity are not covered by it and are ignored, except a stronger
 * integrity and the fingerprint (RFC 8489, 14.5 and 14.6). */
static bool is_ignored(const struct stun_message *m, uint16_t type)
{
    if (type == ATTRIBUTE_FINGERPRINT) {
        return false;
    }
    if (type == ATTRIBUTE_MESSAGE_INTEGRITY_SHA256) {
        return m->integrity_sha256_at != 0;
    }
    return m->integrity_at != 0 || m->integrity_sha256_at != 0;
}

int stun_parse(struct stun_message *out, const uint8_t *data, size_t size)
{
    struct parse p = {.data = data};
    struct rbuf r = rbuf_over(data, size);

    header_read(&r, size, &p.m);
    while (rbuf_left(&r) > 0) {
        p.at = size - rbuf_left(&r);
        if (p.m.fingerprint) {
            return ERR_DROP; /* it must be the last one */
        }
        uint16_t type = rbuf_u16(&r);
        uint16_t value_size = rbuf_u16(&r);
        const uint8_t *value = rbuf_take(&r, value_size);

        (void)rbuf_take(&r, padded(value_size) - value_size); /* any content (RFC 5769) */
        if (r.failed || (!is_ignored(&p.m, type) && !attribute_read(&p, type, value, value_size))) {
            return ERR_DROP;
        }
    }
    if (!rbuf_done(&r)) {
        return ERR_DROP;
    }
    *out = p.m;
    return ERR_OK;
}

/* ---- writing ---- */

static void header_write(struct wbuf *w, uint16_t type, const uint8_t transaction[16])
{
    wbuf_u16(w, type);
    wbuf_u16(w, 0); /* finish() writes the length here */
    wbuf_put(w, transaction, STUN_TRANSACTION_SIZE);
}

/* Append the fingerprint if wanted, and set the length. Returns the message's size. */
static size_t finish(struct wbuf *w, bool fingerprint)
{
    size_t size = wbuf_size(w) + (fingerprint ? FINGERPRINT_SIZE : 0);

    be16_write(w->start + 2, u16_of(size - STUN_HEADER_SIZE));
    if (fingerprint) {
        uint32_t crc = crc32(w->start, wbuf_size(w));

        wbuf_u16(w, ATTRIBUTE_FINGERPRINT);
        wbuf_u16(w, 4);
        wbuf_u32(w, crc ^ (uint32_t)FINGERPRINT_XOR);
    }
    CHECK(wbuf_ok(w));
    return size;
}

/* Of an address attribute; 0: there is none. */
static size_t address_size(const struct endpoint *e)
{
    size_t ip_size;

    if (e == NULL || endpoint_is_none(e)) {
        return 0;
    }
    (void)endpoint_ip_bytes(e, &ip_size);
    return ATTRIBUTE_HEADER_SIZE + 4 + ip_size;
}

/* Write an address attribute, unless e is NULL or none, or `room` bytes are not enough for it. */
static void address_write(struct wbuf *w, size_t room, uint16_t type, const struct endpoint *e,
                          const uint8_t *mask)
{
    size_t size = address_size(e), ip_size;

    if (size == 0 || room < size) {
        return;
    }
    const uint8_t *ip = endpoint_ip_bytes(e, &ip_size);

    wbuf_u16(w, type);
    wbuf_u16(w, u16_of(4 + ip_size));
    wbuf_u8(w, 0);
    wbuf_u8(w, ip_size == 4 ? FAMILY_IPV4 : FAMILY_IPV6);
    wbuf_u16(w, mask == NULL ? e->port : (uint16_t)(e->port ^ be16_read(mask)));
    for (size_t i = 0; i < ip_size; i++) {
        wbuf_u8(w, mask == NULL ? ip[i] : ip[i] ^ mask[i]);
    }
}

static void error_write(struct wbuf *w, const uint16_t *unknown, size_t unknown_count)
{
    static const char reason[] = "Unknown Attribute";
    size_t reason_size = sizeof(reason) - 1;

    wbuf_u16(w, ATTRIBUTE_ERROR_CODE);
    wbuf_u16(w, u16_of(4 + reason_size));
    wbuf_u16(w, 0);
    wbuf_u8(w, UNKNOWN_ATTRIBUTE / 100);
    wbuf_u8(w, UNKNOWN_ATTRIBUTE % 100);
    wbuf_put(w, reason, reason_size);
    wbuf_zeros(w, padded(reason_size) - reason_size);
    wbuf_u16(w, ATTRIBUTE_UNKNOWN_ATTRIBUTES);
    wbuf_u16(w, u16_of(2 * unknown_count));
    for (size_t i = 0; i < unknown_count; i++) {
        wbuf_u16(w, unknown[i]);
    }
    wbuf_zeros(w, padded(2 * unknown_count) - 2 * unknown_count);
}

int stun_answer(uint8_t out[STUN_ANSWER_SIZE_MAX], size_t *size, const struct stun_message *request,
                const struct endpoint *mapped, const struct endpoint *local,
                const struct endpoint *other)
{
    static const uint16_t change_request[] = {ATTRIBUTE_CHANGE_REQUEST};
    struct wbuf w = wbuf_over(out, STUN_ANSWER_SIZE_MAX);
    bool change = request->change_ip || request->change_port;
    bool classic = request->classic;

    if (request->class != STUN_CLASS_REQUEST || request->method != STUN_METHOD_BINDING) {
        return ERR_DROP;
    }
    if (classic && change && other == NULL) { /* its clients take an error for a yes */
        return ERR_DROP;
    }
    if (request->unknown_count > 0 || (change && other == NULL)) {
        header_write(&w, TYPE_ERROR, request->transaction);
        if (request->unknown_count > 0) {
            error_write(&w, request->unknown, request->unknown_count);
        } else {
            error_write(&w, change_request, 1);
        }
        *size = finish(&w, request->fingerprint);
        return ERR_OK;
    }
    size_t room_end = STUN_ANSWER_SIZE_MAX - (request->fingerprint ? FINGERPRINT_SIZE : 0);

    header_write(&w, TYPE_SUCCESS, request->transaction);
    address_write(&w, room_end - wbuf_size(&w),
                  classic ? ATTRIBUTE_MAPPED_ADDRESS : ATTRIBUTE_XOR_MAPPED_ADDRESS, mapped,
                  classic ? NULL : request->transaction);
    if (room_end - wbuf_size(&w) >= address_size(local) + address_size(other)) {
        address_write(&w, room_end - wbuf_size(&w),
                      classic ? ATTRIBUTE_SOURCE_ADDRESS : ATTRIBUTE_RESPONSE_ORIGIN, local, NULL);
    }
    address_write(&w, room_end - wbuf_size(&w),
                  classic ? ATTRIBUTE_CHANGED_ADDRESS : ATTRIBUTE_OTHER_ADDRESS, other, NULL);
    *size = finish(&w, request->fingerprint);
    return ERR_OK;
}

/* A message without attributes so far, of our own id. */
static struct wbuf own_begin(uint8_t *out, size_t size, uint16_t type,
                             const uint8_t id[STUN_ID_SIZE])
{
    struct wbuf w = wbuf_over(out, size);
    uint8_t transaction[STUN_TRANSACTION_SIZE];

    be32_write(transaction, STUN_COOKIE);
    memcpy(transaction + 4, id, STUN_ID_SIZE);
    header_write(&w, type, transaction);
    return w;
}

void stun_request(uint8_t out[STUN_REQUEST_SIZE], const uint8_t id[STUN_ID_SIZE])
{
    struct wbuf w = own_begin(out, STUN_REQUEST_SIZE, TYPE_REQUEST, id);

    CHECK(finish(&w, true) == STUN_REQUEST_SIZE);
}

void stun_request_of_size(uint8_t *out, size_t size, const uint8_t id[STUN_ID_SIZE])
{
    struct wbuf w = own_begin(out, size, TYPE_REQUEST, id);
    size_t filling = size - STUN_REQUEST_SIZE - ATTRIBUTE_HEADER_SIZE;

    CHECK(size % 4 == 0 && size >= STUN_REQUEST_SIZE + ATTRIBUTE_HEADER_SIZE &&
          size <= STUN_MEASURE_SIZE_MAX);
    wbuf_u16(&w, ATTRIBUTE_FILLING);
    wbuf_u16(&w, u16_of(filling));
    wbuf_zeros(&w, filling);
    CHECK(finish(&w, true) == size);
}

/* Our own binding request with one attribute of ours. Returns its size. */
static size_t own_request(uint8_t *out, const uint8_t id[STUN_ID_SIZE], uint16_t attribute,
                          const uint8_t *value, size_t value_size)
{
    size_t size = STUN_REQUEST_SIZE + ATTRIBUTE_HEADER_SIZE + value_size;
    struct wbuf w = own_begin(out, size, TYPE_REQUEST, id);

    CHECK(value_size % 4 == 0);
    wbuf_u16(&w, attribute);
    wbuf_u16(&w, u16_of(value_size));
    wbuf_put(&w, value, value_size);
    CHECK(finish(&w, true) == size);
    return size;
}

size_t stun_lend_request(uint8_t *out, const uint8_t id[STUN_ID_SIZE], const uint8_t *value,
                         size_t value_size)
{
    CHECK(value_size <= STUN_LEND_SIZE_MAX);
    return own_request(out, id, ATTRIBUTE_LEND, value, value_size);
}

size_t stun_live_request(uint8_t *out, const uint8_t id[STUN_ID_SIZE], const uint8_t *value,
                         size_t value_size)
{
    CHECK(value_size <= STUN_LIVE_SIZE_MAX);
    return own_request(out, id, ATTRIBUTE_LIVE, value, value_size);
}

/* What the answer to a request with an attribute of ours says. */
struct own_reply {
    const struct endpoint *mapped, *local;
    uint16_t attribute;
    const uint8_t *value;
    size_t value_size;
};

static int own_answer(uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], size_t *size,
                      const struct stun_message *request, const struct own_reply *reply)
{
    struct wbuf w = wbuf_over(out, STUN_LEND_ANSWER_SIZE_MAX);

    if (request->unknown_count > 0 || request->classic ||
        reply->value_size >
            STUN_LEND_ANSWER_SIZE_MAX - STUN_ANSWER_SIZE_MAX - ATTRIBUTE_HEADER_SIZE) {
        return ERR_DROP;
    }
    header_write(&w, TYPE_SUCCESS, request->transaction);
    address_write(&w, STUN_ANSWER_SIZE_MAX, ATTRIBUTE_XOR_MAPPED_ADDRESS, reply->mapped,
                  request->transaction);
    address_write(&w, STUN_ANSWER_SIZE_MAX, ATTRIBUTE_RESPONSE_ORIGIN, reply->local, NULL);
    wbuf_u16(&w, reply->attribute);
    wbuf_u16(&w, u16_of(reply->value_size));
    wbuf_put(&w, reply->value, reply->value_size);
    *size = finish(&w, request->fingerprint);
    return ERR_OK;
}

int stun_lend_answer(uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], size_t *size,
                     const struct stun_message *request, const struct endpoint *mapped,
                     const struct endpoint *local, const uint8_t *value, size_t value_size)
{
    const struct own_reply reply = {mapped, local, ATTRIBUTE_LEND, value, value_size};

    return own_answer(out, size, request, &reply);
}

int stun_live_answer(uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], size_t *size,
                     const struct stun_message *request, const struct endpoint *mapped,
                     const struct endpoint *local, const uint8_t *value, size_t value_size)
{
    const struct own_reply reply = {mapped, local, ATTRIBUTE_LIVE, value, value_size};

    return own_answer(out, size, request, &reply);
}

size_t stun_lent_answer(uint8_t out[STUN_ANSWER_SIZE_MAX], const uint8_t id[STUN_ID_SIZE],
                        const struct endpoint *mapped, const struct endpoint *local)
{
    struct wbuf w = own_begin(out, STUN_ANSWER_SIZE_MAX, TYPE_SUCCESS, id);

    address_write(&w, STUN_ANSWER_SIZE_MAX, ATTRIBUTE_XOR_MAPPED_ADDRESS, mapped, out + 4);
    address_write(&w, STUN_ANSWER_SIZE_MAX, ATTRIBUTE_RESPONSE_ORIGIN, local, NULL);
    return finish(&w, false);
}

void stun_indication(uint8_t out[STUN_REQUEST_SIZE], const uint8_t id[STUN_ID_SIZE])
{
    struct wbuf w = own_begin(out, STUN_REQUEST_SIZE, TYPE_INDICATION, id);

    CHECK(finish(&w, true) == STUN_REQUEST_SIZE);
}

bool stun_is_indication(const struct stun_message *message, const uint8_t id[STUN_ID_SIZE])
{
    return message->class == STUN_CLASS_INDICATION && message->method == STUN_METHOD_BINDING &&
           !message->classic && message->unknown_count == 0 &&
           memcmp(message->transaction + 4, id, STUN_ID_SIZE) == 0;
}

bool stun_is_answer(const struct stun_message *message, const uint8_t id[STUN_ID_SIZE])
{
    return message->class == STUN_CLASS_SUCCESS && message->method == STUN_METHOD_BINDING &&
           !message->classic && message->unknown_count == 0 &&
           memcmp(message->transaction + 4, id, STUN_ID_SIZE) == 0 &&
           !endpoint_is_none(&message->mapped);
}

/* ---- integrity ---- */

static bool equal_secret(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++) { /* the time taken must not tell where they differ */
        difference |= (uint8_t)(a[i] ^ b[i]);
    }
    return difference == 0;
}

bool stun_integrity_ok(const uint8_t *data, size_t size, size_t at, const struct stun_hmac *hmac,
                       const uint8_t *key, size_t key_size)
{
    uint8_t copy[STUN_SIZE_MAX];
    uint8_t mac[STUN_MAC_SIZE_MAX];

    if (at < STUN_HEADER_SIZE || at > size || size > sizeof(copy)) {
        return false;
    }
    struct rbuf r = rbuf_over(data + at, size - at);

    (void)rbuf_u16(&r);
    size_t given_size = rbuf_u16(&r);
    const uint8_t *given = rbuf_take(&r, given_size);

    if (given == NULL || given_size < 16 || given_size > hmac->mac_size) {
        return false;
    }
    /* The hash is over everything before the attribute, with a header whose length ends with it. */
    memcpy(copy, data, at);
    be16_write(copy + 2, u16_of(at + ATTRIBUTE_HEADER_SIZE + given_size - STUN_HEADER_SIZE));
    hmac->mac(mac, key, key_size, copy, at);
    return equal_secret(mac, given, given_size);
}
