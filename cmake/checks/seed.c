/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run by deploy/setup: does wolfSSL take its randomness from where we say? With our seed two
 * generators must agree, with the system's seed they must not.
 */
#include <wolfssl/options.h> /* before all others of wolfSSL: what it was built with */

#include <stdio.h>
#include <string.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

static int seed_counted(OS_Seed *os, byte *out, word32 size)
{
    (void)os;
    for (word32 i = 0; i < size; i++) {
        out[i] = (byte)(i * 37u + (i >> 3) + 11u);
    }
    return 0;
}

static int draw(byte *out, word32 size)
{
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc == 0) {
        rc = wc_RNG_GenerateBlock(&rng, out, size);
        wc_FreeRng(&rng);
    }
    return rc;
}

int main(void)
{
    byte a[64] = {0};
    byte b[64] = {0};

    if (wc_SetSeed_Cb(wc_GenerateSeed) != 0 || wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return 1;
    }
    if (draw(a, sizeof(a)) != 0 || draw(b, sizeof(b)) != 0 || memcmp(a, b, sizeof(a)) == 0) {
        puts("two generators on the system's seed agree, or do not work");
        return 1;
    }
    wc_SetSeed_Cb(seed_counted);
    if (draw(a, sizeof(a)) != 0 || draw(b, sizeof(b)) != 0 || memcmp(a, b, sizeof(a)) != 0) {
        puts("the seed callback does not decide what the generator gives");
        return 1;
    }
    return 0;
}
