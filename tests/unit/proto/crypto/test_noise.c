/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Noise engine against the vectors of other implementations (tests/vectors/noise_ik.txt), and
 * against every damaged message.
 */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/vector_file.h"

#include "proto/crypto/aead.h"
#include "proto/crypto/noise.h"

#include <sodium.h>

enum { TEXT_MAX = 256, MESSAGE_COUNT = 6 };

struct text {
    uint8_t bytes[TEXT_MAX];
    size_t size;
};

/* One entry of the vector file. */
struct entry {
    char protocol[64];
    struct text prologue, psk, init_static, init_ephemeral, init_remote_static, resp_static,
        resp_ephemeral, hash_after_first;
    struct text payloads[MESSAGE_COUNT], ciphertexts[MESSAGE_COUNT];
    size_t payload_count, ciphertext_count;
};

static struct text *slot_of(struct entry *entry, const char *name)
{
    const struct {
        const char *name;
        struct text *slot;
    } slots[] = {
        {"prologue", &entry->prologue},
        {"psk", &entry->psk},
        {"init_static", &entry->init_static},
        {"init_ephemeral", &entry->init_ephemeral},
        {"init_remote_static", &entry->init_remote_static},
        {"resp_static", &entry->resp_static},
        {"resp_ephemeral", &entry->resp_ephemeral},
        {"hash_after_first", &entry->hash_after_first},
    };

    if (strcmp(name, "payload") == 0) {
        assert_true(entry->payload_count < MESSAGE_COUNT);
        return &entry->payloads[entry->payload_count++];
    }
    if (strcmp(name, "ciphertext") == 0) {
        assert_true(entry->ciphertext_count < MESSAGE_COUNT);
        return &entry->ciphertexts[entry->ciphertext_count++];
    }
    for (size_t i = 0; i < TEST_COUNT(slots); i++) {
        if (strcmp(name, slots[i].name) == 0) {
            return slots[i].slot;
        }
    }
    fail_msg("unknown name %s", name);
    return NULL;
}

/* Load the entry of one protocol. */
static void entry_load(struct entry *entry, const char *protocol)
{
    FILE *file = vector_file_open("noise_ik.txt");
    char name[64], value[1024];

    memset(entry, 0, sizeof(*entry));
    while (vector_file_next(file, name, value)) {
        if (strcmp(name, "protocol") == 0) {
            snprintf(entry->protocol, sizeof(entry->protocol), "%.63s", value);
        } else if (strcmp(entry->protocol, protocol) == 0) {
            struct text *slot = slot_of(entry, name);

            slot->size = fixture_hex(slot->bytes, TEXT_MAX, value);
        }
    }
    fclose(file);
    assert_int_equal(entry->payload_count, MESSAGE_COUNT);
    assert_int_equal(entry->ciphertext_count, MESSAGE_COUNT);
}

struct pair {
    struct noise initiator, responder;
    struct text first, second;
};

static void side_init(struct noise *noise, const struct entry *entry, bool initiator,
                      const uint8_t *psk)
{
    const struct text *secret = initiator ? &entry->init_static : &entry->resp_static;
    uint8_t public_key[NOISE_KEY_SIZE];
    struct noise_config config = {
        .prologue = entry->prologue.bytes,
        .prologue_size = entry->prologue.size,
        .static_secret = secret->bytes,
        .static_public = public_key,
        .psk = psk,
    };

    crypto_scalarmult_base(public_key, secret->bytes);
    if (initiator) {
        noise_init_initiator(noise, &config, entry->init_remote_static.bytes);
    } else {
        noise_init_responder(noise, &config);
    }
}

static void pair_init(struct pair *pair, const struct entry *entry)
{
    const uint8_t *psk = entry->psk.size > 0 ? entry->psk.bytes : NULL;

    memset(pair, 0, sizeof(*pair));
    side_init(&pair->initiator, entry, true, psk);
    side_init(&pair->responder, entry, false, psk);
}

static void first_write(struct pair *pair, const struct entry *entry)
{
    const struct text *payload = &entry->payloads[0];

    pair->first.size = NOISE_FIRST_OVERHEAD + payload->size;
    assert_int_equal(noise_write_first(&pair->initiator, entry->init_ephemeral.bytes,
                                       payload->bytes, payload->size, pair->first.bytes),
                     ERR_OK);
}

static void second_write(struct pair *pair, const struct entry *entry)
{
    const struct text *payload = &entry->payloads[1];

    pair->second.size = NOISE_SECOND_OVERHEAD + payload->size;
    assert_int_equal(noise_write_second(&pair->responder, entry->resp_ephemeral.bytes,
                                        payload->bytes, payload->size, pair->second.bytes),
                     ERR_OK);
}

static void assert_text(const struct text *got, const struct text *want)
{
    assert_int_equal(got->size, want->size);
    assert_memory_equal(got->bytes, want->bytes, want->size);
}

/* Messages 3 to 6 are sealed with the two keys of Split. Noise's nonces are those of our frames. */
static void check_transport(const struct pair *pair, const struct entry *entry)
{
    uint8_t keys[2][NOISE_KEY_SIZE], other[2][NOISE_KEY_SIZE];
    struct aead_key expanded[2];

    noise_split(&pair->initiator, keys[0], keys[1]);
    noise_split(&pair->responder, other[0], other[1]);
    assert_memory_equal(keys, other, sizeof(keys));
    for (size_t i = 0; i < 2; i++) {
        aead_key_init(&expanded[i], AEAD_CHACHA20_POLY1305, keys[i]);
    }
    for (size_t i = 2; i < MESSAGE_COUNT; i++) {
        const struct text *payload = &entry->payloads[i];
        struct text sealed = {.size = payload->size + AEAD_TAG_SIZE};

        aead_seal(&expanded[i % 2], (i - 2) / 2, NULL, 0, payload->bytes, payload->size,
                  sealed.bytes);
        assert_text(&sealed, &entry->ciphertexts[i]);
    }
}

static void check_vector(const char *protocol)
{
    struct entry entry;
    struct pair pair;
    uint8_t payload[TEXT_MAX];

    entry_load(&entry, protocol);
    pair_init(&pair, &entry);
    first_write(&pair, &entry);
    assert_text(&pair.first, &entry.ciphertexts[0]);
    assert_int_equal(noise_read_first(&pair.responder, pair.first.bytes, pair.first.size, payload,
                                      entry.payloads[0].size),
                     ERR_OK);
    assert_memory_equal(payload, entry.payloads[0].bytes, entry.payloads[0].size);
    assert_memory_equal(pair.responder.remote_static, pair.initiator.static_public, NOISE_KEY_SIZE);
    if (entry.hash_after_first.size > 0) {
        assert_memory_equal(pair.initiator.hash, entry.hash_after_first.bytes, NOISE_HASH_SIZE);
        assert_memory_equal(pair.responder.hash, entry.hash_after_first.bytes, NOISE_HASH_SIZE);
    }

    second_write(&pair, &entry);
    assert_text(&pair.second, &entry.ciphertexts[1]);
    assert_int_equal(noise_read_second(&pair.initiator, pair.second.bytes, pair.second.size,
                                       payload, entry.payloads[1].size),
                     ERR_OK);
    assert_memory_equal(payload, entry.payloads[1].bytes, entry.payloads[1].size);
    assert_memory_equal(pair.initiator.hash, pair.responder.hash, NOISE_HASH_SIZE);
    check_transport(&pair, &entry);
    noise_wipe(&pair.initiator);
    assert_true(sodium_is_zero((const uint8_t *)&pair.initiator, sizeof(pair.initiator)));
}

static void ik_matches_published_vectors(void **state)
{
    (void)state;
    check_vector("Noise_IK_25519_ChaChaPoly_BLAKE2b");
}

static void ikpsk2_matches_published_vectors(void **state)
{
    (void)state;
    check_vector("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b");
}

static void refuse(struct noise *noise,
                   int (*read)(struct noise *, const uint8_t *, size_t, uint8_t *, size_t),
                   const uint8_t *message, size_t size, size_t payload_size)
{
    struct noise before = *noise;
    uint8_t *copy = fixture_copy(message, size);
    uint8_t payload[TEXT_MAX];

    assert_int_equal(read(noise, copy, size, payload, payload_size), ERR_DROP);
    assert_memory_equal(noise, &before, sizeof(before));
    free(copy);
}

static void refuse_all(struct noise *noise,
                       int (*read)(struct noise *, const uint8_t *, size_t, uint8_t *, size_t),
                       const struct text *message, size_t payload_size)
{
    struct text damaged = *message;

    for (size_t size = 0; size < message->size; size++) {
        refuse(noise, read, message->bytes, size, payload_size);
    }
    refuse(noise, read, message->bytes, message->size + 1, payload_size);
    for (size_t i = 0; i < message->size; i++) {
        damaged.bytes[i] ^= 0x01;
        refuse(noise, read, damaged.bytes, damaged.size, payload_size);
        damaged.bytes[i] ^= 0x01;
    }
}

static void damaged_messages_are_refused_and_change_nothing(void **state)
{
    static const char *const protocols[] = {"Noise_IK_25519_ChaChaPoly_BLAKE2b",
                                            "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b"};
    uint8_t payload[TEXT_MAX];
    struct entry entry;
    struct pair pair;

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(protocols); i++) {
        entry_load(&entry, protocols[i]);
        pair_init(&pair, &entry);
        first_write(&pair, &entry);
        refuse_all(&pair.responder, noise_read_first, &pair.first, entry.payloads[0].size);
        assert_int_equal(noise_read_first(&pair.responder, pair.first.bytes, pair.first.size,
                                          payload, entry.payloads[0].size),
                         ERR_OK);
        second_write(&pair, &entry);
        refuse_all(&pair.initiator, noise_read_second, &pair.second, entry.payloads[1].size);
        assert_int_equal(noise_read_second(&pair.initiator, pair.second.bytes, pair.second.size,
                                           payload, entry.payloads[1].size),
                         ERR_OK);
    }
}

static void an_ephemeral_key_of_small_order_is_refused(void **state)
{
    struct entry entry;
    struct pair pair;

    (void)state;
    entry_load(&entry, "Noise_IK_25519_ChaChaPoly_BLAKE2b");
    pair_init(&pair, &entry);
    first_write(&pair, &entry);
    memset(pair.first.bytes, 0, NOISE_KEY_SIZE);
    refuse(&pair.responder, noise_read_first, pair.first.bytes, pair.first.size,
           entry.payloads[0].size);

    pair_init(&pair, &entry);
    memset(pair.initiator.remote_static, 0, NOISE_KEY_SIZE);
    assert_int_equal(
        noise_write_first(&pair.initiator, entry.init_ephemeral.bytes, NULL, 0, pair.first.bytes),
        ERR_DROP);
}

static void another_prologue_or_psk_does_not_fit(void **state)
{
    struct entry entry, other;
    struct pair pair;
    uint8_t payload[TEXT_MAX];

    (void)state;
    entry_load(&entry, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b");
    other = entry;
    other.prologue.bytes[0] ^= 1;
    pair_init(&pair, &entry);
    first_write(&pair, &entry);
    side_init(&pair.responder, &other, false, entry.psk.bytes);
    refuse(&pair.responder, noise_read_first, pair.first.bytes, pair.first.size,
           entry.payloads[0].size);
    side_init(&pair.responder, &entry, false, NULL); /* another protocol name */
    refuse(&pair.responder, noise_read_first, pair.first.bytes, pair.first.size,
           entry.payloads[0].size);

    other = entry;
    other.psk.bytes[31] ^= 1; /* shows in the second message only */
    side_init(&pair.responder, &entry, false, other.psk.bytes);
    assert_int_equal(noise_read_first(&pair.responder, pair.first.bytes, pair.first.size, payload,
                                      entry.payloads[0].size),
                     ERR_OK);
    second_write(&pair, &entry);
    refuse(&pair.initiator, noise_read_second, pair.second.bytes, pair.second.size,
           entry.payloads[1].size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ik_matches_published_vectors),
        cmocka_unit_test(ikpsk2_matches_published_vectors),
        cmocka_unit_test(damaged_messages_are_refused_and_change_nothing),
        cmocka_unit_test(an_ephemeral_key_of_small_order_is_refused),
        cmocka_unit_test(another_prologue_or_psk_does_not_fit),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
