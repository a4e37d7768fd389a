/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The DER is written out by hand: each part has a fixed length. */
#include "client/libstun2/certificate.h"

#include "proto/base/bytes.h"
#include "proto/base/wbuf.h"

#include <sodium.h>
#include <string.h>

enum { SERIAL_AT = 13, SERIAL_SIZE = 8, TBS_AT = 3, TBS_SIZE = 139, KEY_AT = TBS_AT + 107 };

/* Certificate, TBSCertificate, version 3, and the head of the serial number. */
static const uint8_t head[] = {0x30, 0x81, 0xd5, 0x30, 0x81, 0x88, 0xa0,
                               0x03, 0x02, 0x01, 0x02, 0x02, 0x08};
/* AlgorithmIdentifier id-Ed25519. */
static const uint8_t algorithm[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
/* Name: CN=stun2. */
static const uint8_t name[] = {0x30, 0x10, 0x31, 0x0e, 0x30, 0x0c, 0x06, 0x03, 0x55,
                               0x04, 0x03, 0x0c, 0x05, 's',  't',  'u',  'n',  '2'};
/* SubjectPublicKeyInfo without the key, and the head of the signature. */
static const uint8_t spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0};
static const uint8_t signature_head[] = {0x03, 0x41, 0x00};
static const uint8_t private_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

static void write_unsigned(uint8_t out[CERTIFICATE_SIZE], const uint8_t serial[SERIAL_SIZE],
                           const uint8_t key[KEY_SIZE])
{
    struct wbuf w = wbuf_over(out, TBS_AT + TBS_SIZE);

    wbuf_put(&w, head, sizeof(head));
    wbuf_put(&w, serial, SERIAL_SIZE);
    wbuf_put(&w, algorithm, sizeof(algorithm));
    wbuf_put(&w, name, sizeof(name));
    /* Validity. It ends with the date by which RFC 5280, section 4.1.2.5, says that there is no
     * well-defined end. */
    wbuf_put(&w, "\x30\x20\x17\x0d", 4);
    wbuf_put(&w, "200101000000Z", 13);
    wbuf_put(&w, "\x18\x0f", 2);
    wbuf_put(&w, "99991231235959Z", 15);
    wbuf_put(&w, name, sizeof(name));
    wbuf_put(&w, spki, sizeof(spki));
    wbuf_put(&w, key, KEY_SIZE);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == TBS_AT + TBS_SIZE);
    memcpy(out + TBS_AT + TBS_SIZE, algorithm, sizeof(algorithm));
    memcpy(out + TBS_AT + TBS_SIZE + sizeof(algorithm), signature_head, sizeof(signature_head));
}

void certificate_make(const struct identity *identity, const struct env *env,
                      uint8_t certificate[CERTIFICATE_SIZE],
                      uint8_t private_key[CERTIFICATE_PRIVATE_SIZE])
{
    uint8_t serial[SERIAL_SIZE];

    env_random(env, serial, sizeof(serial));
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of full length */
    write_unsigned(certificate, serial, identity->public_key);
    (void)crypto_sign_detached(certificate + CERTIFICATE_SIZE - SIGNATURE_SIZE, NULL,
                               certificate + TBS_AT, TBS_SIZE, identity->secret_key);
    memcpy(private_key, private_head, sizeof(private_head));
    memcpy(private_key + sizeof(private_head), identity->secret_key, IDENTITY_SEED_SIZE);
}

int certificate_key(uint8_t out[KEY_SIZE], const uint8_t *certificate, size_t size)
{
    uint8_t expected[CERTIFICATE_SIZE];

    if (size != CERTIFICATE_SIZE) {
        return ERR_DROP;
    }
    write_unsigned(expected, certificate + SERIAL_AT, certificate + KEY_AT);
    if (memcmp(expected, certificate, CERTIFICATE_SIZE - SIGNATURE_SIZE) != 0) {
        return ERR_DROP;
    }
    memcpy(out, certificate + KEY_AT, KEY_SIZE);
    return ERR_OK;
}
