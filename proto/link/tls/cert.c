/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The DER is written out by hand: each part has a fixed length, but for the signature. */
#include "proto/link/tls/cert.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <sodium.h>
#include <string.h>

enum {
    POINT_SIZE = 65,
    SERIAL_SIZE = 8,
    TBS_SIZE = 191, /* TBSCertificate: all that is signed; its length octets below say the same */
    SIGNATURE_DER_SIZE_MAX = 72,
};

/* AlgorithmIdentifier ecdsa-with-SHA256. */
static const uint8_t der_algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
/* Name: CN=stun2. */
static const uint8_t der_name[] = {0x30, 0x10, 0x31, 0x0e, 0x30, 0x0c, 0x06, 0x03, 0x55,
                                   0x04, 0x03, 0x0c, 0x05, 's',  't',  'u',  'n',  '2'};
/* SubjectPublicKeyInfo of id-ecPublicKey prime256v1, without the point. */
static const uint8_t der_spki[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static void write_tbs(struct wbuf *w, const uint8_t serial[SERIAL_SIZE],
                      const uint8_t point[POINT_SIZE])
{
    static const uint8_t head[] = {0x30, 0x81, 0xbc, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x08};

    wbuf_put(w, head, sizeof(head));
    wbuf_put(w, serial, SERIAL_SIZE);
    wbuf_put(w, der_algorithm, sizeof(der_algorithm));
    wbuf_put(w, der_name, sizeof(der_name));
    /* Validity. It ends with the date by which RFC 5280, section 4.1.2.5, says that there is no
     * well-defined end. */
    wbuf_put(w, "\x30\x20\x17\x0d", 4);
    wbuf_put(w, "200101000000Z", 13);
    wbuf_put(w, "\x18\x0f", 2);
    wbuf_put(w, "99991231235959Z", 15);
    wbuf_put(w, der_name, sizeof(der_name));
    wbuf_put(w, der_spki, sizeof(der_spki));
    wbuf_put(w, point, POINT_SIZE);
}

static void write_certificate(struct wbuf *w, const uint8_t *tbs, const uint8_t *signature,
                              size_t signature_size)
{
    wbuf_put(w, "\x30\x82", 2);
    wbuf_u16(w, u16_of(TBS_SIZE + sizeof(der_algorithm) + 3 + signature_size));
    wbuf_put(w, tbs, TBS_SIZE);
    wbuf_put(w, der_algorithm, sizeof(der_algorithm));
    wbuf_u8(w, 0x03);
    wbuf_u8(w, u8_of(1 + signature_size));
    wbuf_u8(w, 0);
    wbuf_put(w, signature, signature_size);
}

static int sign_and_write(struct cert *out, const struct env *env, ecc_key *key, WC_RNG *rng)
{
    uint8_t point[POINT_SIZE], serial[SERIAL_SIZE], tbs[TBS_SIZE];
    uint8_t digest[WC_SHA256_DIGEST_SIZE], signature[SIGNATURE_DER_SIZE_MAX];
    word32 point_size = sizeof(point), signature_size = sizeof(signature);
    struct wbuf w = wbuf_over(tbs, sizeof(tbs));

    if (wc_ecc_export_x963(key, point, &point_size) != 0 || point_size != POINT_SIZE) {
        return ERR_SYSTEM;
    }
    env_random(env, serial, sizeof(serial));
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of full length */
    write_tbs(&w, serial, point);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == TBS_SIZE);
    if (wc_Sha256Hash(tbs, TBS_SIZE, digest) != 0 ||
        wc_ecc_sign_hash(digest, sizeof(digest), signature, &signature_size, rng, key) != 0) {
        return ERR_SYSTEM;
    }
    w = wbuf_over(out->der, sizeof(out->der));
    write_certificate(&w, tbs, signature, signature_size);
    CHECK(wbuf_ok(&w));
    out->der_size = wbuf_size(&w);
    return ERR_OK;
}

/* The private key: the first of a row of hashes of the seed that is a number of the curve. All but
 * one in four billion are. */
static int key_make(ecc_key *key, const uint8_t seed[CERT_SEED_SIZE])
{
    static const char label[] = "stun2 certificate key 1";
    uint8_t text[sizeof(label)], scalar[32];
    int rc = ERR_SYSTEM;

    memcpy(text, label, sizeof(label));
    for (uint8_t i = 0; i < 8 && rc != ERR_OK; i++) {
        text[sizeof(label) - 1] = i;
        (void)crypto_generichash(scalar, sizeof(scalar), text, sizeof(text), seed, CERT_SEED_SIZE);
        if (wc_ecc_import_private_key_ex(scalar, sizeof(scalar), NULL, 0, key, ECC_SECP256R1) ==
                0 &&
            wc_ecc_make_pub(key, NULL) == 0 && wc_ecc_check_key(key) == 0) {
            rc = ERR_OK;
        }
    }
    sodium_memzero(scalar, sizeof(scalar));
    return rc;
}

int cert_make(struct cert *out, const uint8_t seed[CERT_SEED_SIZE], const struct env *env)
{
    WC_RNG rng;
    ecc_key key;
    int rc = ERR_SYSTEM, size;

    memset(out, 0, sizeof(*out));
    if (wc_InitRng(&rng) != 0) {
        return ERR_SYSTEM;
    }
    if (wc_ecc_init(&key) != 0) {
        wc_FreeRng(&rng);
        return ERR_SYSTEM;
    }
#ifdef ECC_TIMING_RESISTANT
    if (wc_ecc_set_rng(&key, &rng) != 0) {
        goto out;
    }
#endif
    if (key_make(&key, seed) != ERR_OK) {
        goto out;
    }
    size = wc_EccKeyToDer(&key, out->key, sizeof(out->key));
    if (size <= 0) {
        goto out;
    }
    out->key_size = (size_t)size;
    rc = sign_and_write(out, env, &key, &rng);
out:
    wc_ecc_free(&key);
    wc_FreeRng(&rng);
    return rc;
}

/* Enter a DER element of this tag: r is led behind it, the result is over its content. */
static struct rbuf der_enter(struct rbuf *r, uint8_t tag)
{
    bool right = rbuf_u8(r) == tag;
    size_t size = rbuf_u8(r);
    const uint8_t *content;

    if (size == 0x81) {
        size = rbuf_u8(r);
    } else if (size == 0x82) {
        size = rbuf_u16(r);
    } else if (size > 0x7f) {
        right = false; /* 64 KiB and more, or no DER */
    }
    if (!right) {
        r->failed = true;
    }
    content = rbuf_take(r, size);
    return rbuf_over(content, content == NULL ? 0 : size);
}

int cert_spki(uint8_t out[CERT_SPKI_SIZE], const uint8_t *der, size_t size)
{
    /* Of TBSCertificate: serial number, signature algorithm, issuer, validity, subject. */
    static const uint8_t before[] = {0x02, 0x30, 0x30, 0x30, 0x30};
    struct rbuf r = rbuf_over(der, size);
    struct rbuf cert = der_enter(&r, 0x30);
    struct rbuf tbs = der_enter(&cert, 0x30);
    const uint8_t *from;

    if (rbuf_left(&tbs) > 0 && *tbs.at == 0xa0) { /* the version, which may be left out */
        (void)der_enter(&tbs, 0xa0);
    }
    for (size_t i = 0; i < sizeof(before); i++) {
        (void)der_enter(&tbs, before[i]);
    }
    from = tbs.at;
    (void)der_enter(&tbs, 0x30);
    if (r.failed || cert.failed || tbs.failed ||
        wc_Sha256Hash(from, (word32)(tbs.at - from), out) != 0) {
        return ERR_DROP;
    }
    return ERR_OK;
}

void cert_wipe(struct cert *cert)
{
    sodium_memzero(cert, sizeof(*cert));
}
