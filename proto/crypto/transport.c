/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender counts its frames. A receiver derives the key of a channel with its first frame, and
 * remembers which counters it has seen. */
#include "proto/crypto/transport.h"

#include "proto/base/bytes.h"
#include "proto/crypto/channel_key.h"
#include "proto/crypto/transport_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)FRAME_TAG_SIZE_MIN == (int)AEAD_TAG_SIZE, "tag of a frame");
_Static_assert((int)FRAME_TAG_SIZE_MAX == (int)AEAD_TAG_SIZE_MAX, "tag of a frame");

const char *transport_drop_name(enum transport_drop drop)
{
    static const char *const names[TRANSPORT_DROP_COUNT] = {
        [TRANSPORT_DROP_NONE] = "none",   [TRANSPORT_DROP_MALFORMED] = "malformed",
        [TRANSPORT_DROP_OLD] = "old",     [TRANSPORT_DROP_REPLAY] = "replay",
        [TRANSPORT_DROP_LIMIT] = "limit", [TRANSPORT_DROP_TAG] = "tag",
        [TRANSPORT_DROP_NOMEM] = "nomem",
    };

    return drop < TRANSPORT_DROP_COUNT ? names[drop] : "unknown";
}

static uint64_t rekey_frames(enum aead aead)
{
    switch (aead) {
    case AEAD_AES_256_GCM:
        return TRANSPORT_REKEY_FRAMES_AES_256_GCM;
    case AEAD_AEGIS_128L:
        return TRANSPORT_REKEY_FRAMES_AEGIS_128L;
    default:
        return TRANSPORT_REKEY_FRAMES_CHACHA20_POLY1305;
    }
}

/* Zeroed memory, aligned as expanded AES keys want it on every machine. */
static void *alloc_aligned(size_t size)
{
    void *memory = aligned_alloc(16, (size + 15) / 16 * 16);

    if (memory != NULL) {
        memset(memory, 0, size);
    }
    return memory;
}

static void free_wiped(void *memory, size_t size)
{
    if (memory != NULL) {
        sodium_memzero(memory, size);
        free(memory);
    }
}

static void channel_key_init(struct aead_key *out, const uint8_t split_key[AEAD_KEY_SIZE],
                             enum aead aead, uint8_t channel)
{
    uint8_t key[AEAD_KEY_SIZE];

    channel_key(key, split_key, aead, channel);
    aead_key_init(out, aead, key);
    sodium_memzero(key, sizeof(key));
}

/* ---- sending ---- */

int transport_sender_new(struct transport_sender **out, const struct session_keys *keys,
                         uint8_t channel)
{
    struct transport_sender *sender = alloc_aligned(sizeof(*sender));

    CHECK(channel < FRAME_CHANNEL_COUNT);
    if (sender == NULL) {
        return ERR_NOMEM;
    }
    sender->channel = channel;
    sender->index = keys->remote_index;
    channel_key_init(&sender->key, keys->send_key, keys->aead, channel);
    *out = sender;
    return ERR_OK;
}

void transport_sender_free(struct transport_sender *sender)
{
    free_wiped(sender, sizeof(*sender));
}

size_t transport_overhead(const struct transport_sender *sender)
{
    return FRAME_HEADER_SIZE + aead_tag_size(sender->key.aead);
}

size_t transport_seal(struct transport_sender *sender, enum frame_type type, uint8_t *buf,
                      size_t plain_size)
{
    return transport_seal_from(sender, type, buf + FRAME_HEADER_SIZE, plain_size, buf);
}

size_t transport_seal_from(struct transport_sender *sender, enum frame_type type,
                           const uint8_t *plain, size_t plain_size, uint8_t *frame)
{
    CHECK(type == FRAME_TYPE_DATA || type == FRAME_TYPE_PING);
    CHECK(plain_size <= FRAME_SIZE_MAX - transport_overhead(sender));
    if (transport_sender_exhausted(sender)) {
        return 0;
    }
    frame[0] = (uint8_t)type;
    frame[FRAME_CHANNEL_AT] = sender->channel;
    be16_write(frame + 2, 0);
    be32_write(frame + FRAME_INDEX_AT, sender->index);
    be64_write(frame + FRAME_COUNTER_AT, sender->counter);
    aead_seal(&sender->key, sender->counter, frame, FRAME_HEADER_SIZE, plain, plain_size,
              frame + FRAME_HEADER_SIZE);
    sender->counter++;
    return plain_size + transport_overhead(sender);
}

bool transport_sender_wants_rekey(const struct transport_sender *sender)
{
    return sender->counter >= rekey_frames(sender->key.aead);
}

bool transport_sender_exhausted(const struct transport_sender *sender)
{
    return sender->counter >= 2 * rekey_frames(sender->key.aead);
}

/* ---- receiving ---- */

int transport_receiver_new(struct transport_receiver **out, const struct session_keys *keys)
{
    struct transport_receiver *receiver = alloc_aligned(sizeof(*receiver));

    if (receiver == NULL) {
        return ERR_NOMEM;
    }
    CHECK(aead_available(keys->aead));
    receiver->aead = keys->aead;
    receiver->index = keys->local_index;
    memcpy(receiver->split_key, keys->receive_key, AEAD_KEY_SIZE);
    *out = receiver;
    return ERR_OK;
}

void transport_receiver_free(struct transport_receiver *receiver)
{
    if (receiver == NULL) {
        return;
    }
    for (size_t i = 0; i < FRAME_CHANNEL_COUNT; i++) {
        if (receiver->channels[i] != NULL) {
            free(receiver->channels[i]->replay.wide);
        }
        free_wiped(receiver->channels[i], sizeof(*receiver->channels[i]));
    }
    free_wiped(receiver, sizeof(*receiver));
}

/* Everything that can be judged before any cryptography. */
static enum transport_drop judge(const struct transport_receiver *receiver, const uint8_t *frame,
                                 size_t size, struct transport_opened *out)
{
    const size_t overhead = FRAME_HEADER_SIZE + aead_tag_size(receiver->aead);
    const struct transport_channel *channel;

    if (size < overhead || size > FRAME_SIZE_MAX ||
        (frame[0] != FRAME_TYPE_DATA && frame[0] != FRAME_TYPE_PING) ||
        frame[FRAME_CHANNEL_AT] >= FRAME_CHANNEL_COUNT || be16_read(frame + 2) != 0 ||
        be32_read(frame + FRAME_INDEX_AT) != receiver->index) {
        return TRANSPORT_DROP_MALFORMED;
    }
    out->type = (enum frame_type)frame[0];
    out->channel = frame[FRAME_CHANNEL_AT];
    out->counter = be64_read(frame + FRAME_COUNTER_AT);
    out->plain_size = size - overhead;
    if (out->counter >= 2 * rekey_frames(receiver->aead) ||
        transport_receiver_exhausted(receiver)) {
        return TRANSPORT_DROP_LIMIT;
    }
    channel = receiver->channels[out->channel];
    if (channel == NULL) {
        return TRANSPORT_DROP_NONE;
    }
    switch (replay_check(&channel->replay, out->counter)) {
    case REPLAY_VERDICT_SEEN:
        return TRANSPORT_DROP_REPLAY;
    case REPLAY_VERDICT_OLD:
        return TRANSPORT_DROP_OLD;
    case REPLAY_VERDICT_NEW:
        break;
    }
    return TRANSPORT_DROP_NONE;
}

/* The state of a channel whose first frame just verified. */
static struct transport_channel *channel_new(const struct aead_key *key)
{
    struct transport_channel *channel = alloc_aligned(sizeof(*channel));

    if (channel != NULL) {
        channel->key = *key;
    }
    return channel;
}

static void channel_widen(struct transport_channel *channel)
{
    uint64_t *wide =
        channel->replay.wide == NULL ? calloc(REPLAY_WORD_COUNT_WIDE, sizeof(*wide)) : NULL;

    if (wide != NULL) {
        replay_widen(&channel->replay, wide);
    }
}

static enum transport_drop open_verified(struct transport_receiver *receiver, const uint8_t *frame,
                                         uint8_t *plain, const struct transport_opened *opened)
{
    struct transport_channel *channel = receiver->channels[opened->channel];
    struct aead_key fresh = {.aead = AEAD_NONE};
    const struct aead_key *key = &fresh;
    enum transport_drop drop = TRANSPORT_DROP_NONE;

    if (channel != NULL) {
        key = &channel->key;
    } else {
        channel_key_init(&fresh, receiver->split_key, receiver->aead, opened->channel);
    }
    if (!aead_open(key, opened->counter, frame, FRAME_HEADER_SIZE, frame + FRAME_HEADER_SIZE,
                   opened->plain_size + aead_tag_size(receiver->aead), plain)) {
        receiver->failed_opens++;
        drop = TRANSPORT_DROP_TAG;
        goto out;
    }
    if (channel == NULL) { /* only now, so that forged frames do not make us allocate */
        channel = channel_new(&fresh);
        receiver->channels[opened->channel] = channel;
    }
    if (channel == NULL) {
        drop = TRANSPORT_DROP_NOMEM;
        goto out;
    }
    if (receiver->widen) {
        channel_widen(channel);
        receiver->widen = false;
    }
    replay_commit(&channel->replay, opened->counter);
    if (opened->counter > receiver->counter_max) {
        receiver->counter_max = opened->counter;
    }
out:
    if (key == &fresh) {
        aead_key_wipe(&fresh);
    }
    return drop;
}

int transport_open(struct transport_receiver *receiver, const uint8_t *frame, size_t size,
                   uint8_t *plain, struct transport_opened *out)
{
    struct transport_opened opened = {0};

    opened.drop = judge(receiver, frame, size, &opened);
    if (opened.drop == TRANSPORT_DROP_NONE) {
        opened.drop = open_verified(receiver, frame, plain, &opened);
    }
    *out = opened;
    return opened.drop == TRANSPORT_DROP_NONE ? ERR_OK : ERR_DROP;
}

void transport_receiver_widen(struct transport_receiver *receiver, bool wanted)
{
    receiver->widen = wanted;
}

bool transport_receiver_wants_rekey(const struct transport_receiver *receiver)
{
    return receiver->counter_max >= rekey_frames(receiver->aead);
}

bool transport_receiver_exhausted(const struct transport_receiver *receiver)
{
    return receiver->failed_opens >= TRANSPORT_FAILED_OPENS_MAX;
}
