/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run by deploy/setup: do the four libraries link together, into what ngtcp2 needs of wolfSSL?
 * Some functions are missing only at the final link, which no configure step tries.
 */
#include <wolfssl/options.h> /* before all others of wolfSSL: what it was built with */

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_wolfssl.h>
#include <sodium.h>
#include <stdio.h>
#include <wolfssl/ssl.h>

int main(void)
{
    WOLFSSL_CTX *client;
    WOLFSSL_CTX *server;
    /* naming the glue's callbacks pulls in all that they use of wolfSSL, AES-ECB for one */
    void (*volatile glue[])(void) = {
        (void (*)(void))ngtcp2_crypto_client_initial_cb, (void (*)(void))ngtcp2_crypto_encrypt_cb,
        (void (*)(void))ngtcp2_crypto_decrypt_cb,        (void (*)(void))ngtcp2_crypto_hp_mask_cb,
        (void (*)(void))ngtcp2_crypto_update_key_cb,
    };
    nghttp3_settings settings;

    if (wolfSSL_Init() != WOLFSSL_SUCCESS || sodium_init() < 0) {
        return 1;
    }
    client = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    server = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
    if (client == NULL || ngtcp2_crypto_wolfssl_configure_client_context(client) != 0) {
        return 1;
    }
    if (server == NULL || ngtcp2_crypto_wolfssl_configure_server_context(server) != 0) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(glue) / sizeof(glue[0]); i++) {
        if (glue[i] == NULL) {
            return 1;
        }
    }
    nghttp3_settings_default(&settings);
    printf("wolfssl %s ngtcp2 %s nghttp3 %s libsodium %s\n", wolfSSL_lib_version(),
           ngtcp2_version(0)->version_str, nghttp3_version(0)->version_str,
           sodium_version_string());
    wolfSSL_CTX_free(client);
    wolfSSL_CTX_free(server);
    return 0;
}
