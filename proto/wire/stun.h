/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN (RFC 8489) as a server answers it and as a client asks, with the attributes of RFC 5780 and
 * the older form of RFC 3489, which has no magic cookie (docs/protocol.md, section 2). Pure:
 * nothing is allocated or kept. An answer has at most STUN_ANSWER_SIZE_MAX bytes, whatever was
 * asked.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUN_HEADER_SIZE = 20,
    STUN_ID_SIZE = 12,          /* after the cookie */
    STUN_TRANSACTION_SIZE = 16, /* cookie and id; all of it is the id in the old form */
    STUN_SIZE_MAX = 1500,       /* longer messages are refused */
    STUN_ANSWER_SIZE_MAX = 96,
    STUN_REQUEST_SIZE = 28, /* our own binding request: header and FINGERPRINT */
    STUN_UNKNOWN_MAX = 8,   /* unknown attributes that an answer lists at most */
    STUN_METHOD_BINDING = 1,
    STUN_BINDING_REQUEST = 1, /* the first two bytes of such a message, */
    STUN_COOKIE = 0x2112a442, /* and the four behind its length (RFC 8489) */
    STUN_LEND_SIZE_MAX = 640, /* of our own attribute LEND (proto/wire/lend.h) */
    STUN_LIVE_SIZE_MAX = 984, /* of our own attribute LIVE (proto/wire/live.h) */
    STUN_LEND_ANSWER_SIZE_MAX = STUN_ANSWER_SIZE_MAX + 96,
    STUN_MEASURE_SIZE_MAX = 1472, /* of a request that measures what size passes */
};

enum stun_class {
    STUN_CLASS_REQUEST,
    STUN_CLASS_INDICATION,
    STUN_CLASS_SUCCESS,
    STUN_CLASS_ERROR,
};

/** A parsed message. Endpoints are "none" where the attribute was absent. */
struct stun_message {
    enum stun_class class;
    uint16_t method;
    bool classic;                /* RFC 3489: no magic cookie */
    bool fingerprint;            /* it has one, which is right */
    bool change_ip, change_port; /* CHANGE-REQUEST (RFC 5780) */
    uint8_t transaction[STUN_TRANSACTION_SIZE];
    struct endpoint mapped;             /* XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS */
    struct endpoint origin;             /* RESPONSE-ORIGIN, else SOURCE-ADDRESS */
    struct endpoint other;              /* OTHER-ADDRESS, else CHANGED-ADDRESS */
    uint16_t error_code;                /* of an error answer, e.g. 420 */
    uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required attributes we do not know */
    size_t unknown_count;
    size_t integrity_at, integrity_sha256_at; /* offset of the attribute, 0: absent */
    size_t lend_at, lend_size; /* offset and size of the value of LEND; lend_at 0: absent */
    size_t live_at, live_size; /* the same of LIVE */
};

/**
 * Parse a STUN message of any class and method: size bytes, borrowed, any content. ERR_DROP, with
 * out untouched, unless it is well-formed to the last byte and its FINGERPRINT, if there is one, is
 * right. Unknown attributes are no error here; stun_answer refuses them. The integrity is not
 * checked here.
 */
int stun_parse(struct stun_message *out, const uint8_t *data, size_t size) MUST_CHECK;

/**
 * Write a server's answer to a binding request into out, and its length to *size.
 *
 * mapped  the address that the request came from
 * local   our address that it came to
 * other   our second address, NULL if there is none
 *
 * The answer is normally a success with these addresses. An address that is NULL, none, or does not
 * fit is left out; `local` first. The answer has a fingerprint if the request had one.
 *
 * The answer is error 420 if the request has an unknown attribute that must be understood, or if it
 * asks for a change of address and `other` is NULL.
 *
 * ERR_DROP, with *size untouched, if the message is not a binding request, or if it asks for a
 * change of address without the magic cookie and `other` is NULL. Such a client (RFC 3489) takes
 * any answer, even an error, for one from the other address. It would then report an open NAT (seen
 * with stun-client 0.97).
 *
 * If the request asks for a change of address and `other` is given, the caller sends the answer
 * from the address that was asked for, or not at all.
 */
int stun_answer(uint8_t out[STUN_ANSWER_SIZE_MAX], size_t *size, const struct stun_message *request,
                const struct endpoint *mapped, const struct endpoint *local,
                const struct endpoint *other) MUST_CHECK;

/** Write our own binding request with the 12-byte id. */
void stun_request(uint8_t out[STUN_REQUEST_SIZE], const uint8_t id[STUN_ID_SIZE]);

/** The same, `size` bytes long (a multiple of 4, STUN_REQUEST_SIZE + 4 to STUN_MEASURE_SIZE_MAX):
 * it is filled up by an attribute that whoever does not know it passes over. */
void stun_request_of_size(uint8_t *out, size_t size, const uint8_t id[STUN_ID_SIZE]);

/** Write our own binding request with the attribute LEND, whose value has value_size bytes (at most
 * STUN_LEND_SIZE_MAX, a multiple of 4). Returns its size: STUN_REQUEST_SIZE + 4 + value_size. */
size_t stun_lend_request(uint8_t *out, const uint8_t id[STUN_ID_SIZE], const uint8_t *value,
                         size_t value_size);

/** The same with the attribute LIVE, of at most STUN_LIVE_SIZE_MAX bytes. */
size_t stun_live_request(uint8_t *out, const uint8_t id[STUN_ID_SIZE], const uint8_t *value,
                         size_t value_size);

/** Write the success answer to a request that had LEND, with this value of LEND (a multiple of 4).
 * ERR_DROP if it does not fit out, or the request has an attribute that must be understood. */
int stun_lend_answer(uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], size_t *size,
                     const struct stun_message *request, const struct endpoint *mapped,
                     const struct endpoint *local, const uint8_t *value,
                     size_t value_size) MUST_CHECK;

/** The same with LIVE. */
int stun_live_answer(uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], size_t *size,
                     const struct stun_message *request, const struct endpoint *mapped,
                     const struct endpoint *local, const uint8_t *value,
                     size_t value_size) MUST_CHECK;

/** Write the success answer, without fingerprint, to a request with that id of which another relay
 * told us: it came from mapped, and `local` is the address that answers (RFC 5780). Returns its
 * size. */
size_t stun_lent_answer(uint8_t out[STUN_ANSWER_SIZE_MAX], const uint8_t id[STUN_ID_SIZE],
                        const struct endpoint *mapped, const struct endpoint *local);

/** Write a binding indication, which nobody answers, with the id. */
void stun_indication(uint8_t out[STUN_REQUEST_SIZE], const uint8_t id[STUN_ID_SIZE]);

/** True if message is a binding indication with that id. */
bool stun_is_indication(const struct stun_message *message, const uint8_t id[STUN_ID_SIZE]);

/** True if message is the success answer to our request of that id and names an address. */
bool stun_is_answer(const struct stun_message *message, const uint8_t id[STUN_ID_SIZE]);

enum { STUN_MAC_SIZE_MAX = 32 };

/** A keyed hash that the caller brings: HMAC-SHA1 (mac_size 20) or HMAC-SHA256 (32). */
struct stun_hmac {
    size_t mac_size;
    void (*mac)(uint8_t *out, const uint8_t *key, size_t key_size, const uint8_t *data,
                size_t size);
};

/**
 * Verify one integrity attribute of the message that was parsed from data (size bytes). at is its
 * offset: integrity_at for MESSAGE-INTEGRITY (HMAC-SHA1), integrity_sha256_at for
 * MESSAGE-INTEGRITY-SHA256 (HMAC-SHA256, which may be shortened to 16, 20, 24 or 28 bytes). False
 * if it is absent (0) or wrong. Later: applications of libstun2 that share a secret with a STUN
 * server (RFC 8489, section 9).
 */
bool stun_integrity_ok(const uint8_t *data, size_t size, size_t at, const struct stun_hmac *hmac,
                       const uint8_t *key, size_t key_size);
