/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token is good for its time, its address and its connection id, and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/quic/retry_token.h"

static void counting_random(void *context, void *buf, size_t size)
{
    uint8_t *out = buf;

    for (size_t i = 0; i < size; i++) {
        out[i] = (*(uint8_t *)context)++;
    }
}

static void a_token_is_good_for_its_time_address_and_connection_only(void **state)
{
    static const uint8_t ip[4] = {198, 51, 100, 7}, other_ip[4] = {198, 51, 100, 8};
    static const uint8_t cid_bytes[NGTCP2_MAX_CIDLEN] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    struct endpoint here = endpoint_v4(ip, 4000), port = endpoint_v4(ip, 4001);
    struct endpoint elsewhere = endpoint_v4(other_ip, 4000);
    uint8_t counter = 1;
    struct env env = {.context = &counter, .random = counting_random};
    struct retry_token_key key = {{1}}, other_key = {{2}};
    struct mono made = {.ns = 5 * NS_PER_S};
    ngtcp2_cid odcid, scid, other_scid, out;
    uint8_t token[TOKEN_SIZE + 1] = {0};

    (void)state;
    ngtcp2_cid_init(&odcid, cid_bytes, NGTCP2_MAX_CIDLEN);
    ngtcp2_cid_init(&scid, cid_bytes, 18);
    ngtcp2_cid_init(&other_scid, cid_bytes, 17);
    const struct {
        const char *name;
        const struct retry_token_key *key;
        const struct endpoint *remote;
        const ngtcp2_cid *scid;
        uint64_t age_ms;
        size_t size;
        int want;
    } cases[] = {
        {"at once", &key, &here, &scid, 0, TOKEN_SIZE, ERR_OK},
        {"in its last millisecond", &key, &here, &scid, TOKEN_MS_MAX, TOKEN_SIZE, ERR_OK},
        {"after its time", &key, &here, &scid, TOKEN_MS_MAX + 1, TOKEN_SIZE, ERR_DROP},
        {"from another address", &key, &elsewhere, &scid, 0, TOKEN_SIZE, ERR_DROP},
        {"from another port", &key, &port, &scid, 0, TOKEN_SIZE, ERR_DROP},
        {"for another connection", &key, &here, &other_scid, 0, TOKEN_SIZE, ERR_DROP},
        {"of another relay", &other_key, &here, &scid, 0, TOKEN_SIZE, ERR_DROP},
        {"cut short", &key, &here, &scid, 0, TOKEN_SIZE - 1, ERR_DROP},
        {"lengthened", &key, &here, &scid, 0, TOKEN_SIZE + 1, ERR_DROP},
        {"none", &key, &here, &scid, 0, 0, ERR_DROP},
    };

    retry_token_seal(token, &key, &env, &here, &odcid, &scid, made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&out, 0x55, sizeof(out));
        if (retry_token_open(&out, cases[i].key, token, cases[i].size, cases[i].remote,
                             cases[i].scid, mono_add_ms(made, cases[i].age_ms)) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        if (cases[i].want == ERR_OK) {
            assert_true(ngtcp2_cid_eq(&out, &odcid));
        }
    }
    for (size_t i = 0; i < TOKEN_SIZE; i++) {
        token[i] ^= 1;
        assert_int_equal(retry_token_open(&out, &key, token, TOKEN_SIZE, &here, &scid, made),
                         ERR_DROP);
        token[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_good_for_its_time_address_and_connection_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
