/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start-up and end of wolfSSL in this process. */
#include "proto/link/tls/library.h"

#include "proto/base/bytes.h"
#include "proto/link/tls/suite.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

static struct {
    const struct env *env;
    char ciphers[SUITE_LIST_SIZE];
} library;

const char *library_ciphers(void)
{
    return library.ciphers;
}

void library_random(uint8_t *out, size_t size)
{
    CHECK(library.env != NULL);
    env_random(library.env, out, size);
}

/* wolfSSL seeds each of its random generators through this, so that a run can be repeated. */
static int seed(OS_Seed *os, byte *out, word32 size)
{
    (void)os;
    library_random(out, size);
    return 0;
}

int library_init(const struct env *env)
{
    library.env = env;
    /* Twice: wolfSSL_Init already draws random bytes, and then sets its own source of seeds. */
    wc_SetSeed_Cb(seed);
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return ERR_SYSTEM;
    }
    wc_SetSeed_Cb(seed);
    suite_list(library.ciphers);
    if (library.ciphers[0] == 0) {
        env_trace(env, TRACE_LEVEL_ERROR, "link.aead", "no cipher passed the self-test");
        wolfSSL_Cleanup();
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

void library_fini(void)
{
    wolfSSL_Cleanup();
    library.env = NULL;
    library.ciphers[0] = 0;
}
