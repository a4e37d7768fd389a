/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was attached stands in the announcer. */
#include "relayd/service/attaching.h"

#include <string.h>

/* Take an attachment of this host to this relay. */
static enum verdict attachment_take(struct presence_service *service,
                                    const struct relay_client *client, const uint8_t *data,
                                    size_t size, struct mono now)
{
    struct relay_base *base = service->base;
    struct presence_record record;
    enum presence_verdict verdict =
        presence_record_open(&record, data, size, env_wall_ms(&base->env));

    if (verdict == PRESENCE_FUTURE || verdict == PRESENCE_OVER) {
        base->counters.attachment_clock++;
        return VERDICT_CLOCK;
    }
    if (verdict != PRESENCE_OK || record.rights != 0 ||
        memcmp(record.key, client->key, KEY_SIZE) != 0 ||
        memcmp(record.relay, base->cfg.identity->public_key, KEY_SIZE) != 0) {
        base->counters.attachment_bad++;
        return VERDICT_BAD_REQUEST;
    }
    if (announcer_put(service->announcer, &record, now) != ERR_OK) {
        return VERDICT_UNAVAILABLE;
    }
    base->counters.attachment_ok++;
    return VERDICT_OK;
}

void attaching_on_open(struct presence_service *service, const struct relay_client *client,
                       const ProtobufCBinaryData *attachment, struct mono now)
{
    /* What an earlier session of the key attached holds no longer: this one may not want it. */
    announcer_remove(service->announcer, client->key);
    if (attachment->len > 0) {
        (void)attachment_take(service, client, attachment->data, attachment->len, now);
    }
}

void attaching_on_admitted(struct presence_service *service, const uint8_t key[KEY_SIZE],
                           struct mono now)
{
    announcer_again(service->announcer, key, now);
}

void attaching_on_gone(struct presence_service *service, const uint8_t key[KEY_SIZE])
{
    announcer_remove(service->announcer, key);
}

void attaching_on_announce(struct presence_service *service, const struct relay_client *client,
                           const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const ProtobufCBinaryData *record = &message->announce->record;
    enum verdict verdict = VERDICT_LIMIT;

    if (limits_broadcast_take(&base->limits, client->key, now)) {
        verdict = attachment_take(service, client, record->data, record->len, now);
    } else {
        base->counters.attachment_limit++;
    }
    reply_result(&base->reply, client, message->request_id, verdict);
}

void attaching_keep(struct presence_service *service, const ProtobufCBinaryData *delegation,
                    struct mono now)
{
    struct presence_record record;

    if (delegation->len > 0 &&
        presence_record_read(&record, delegation->data, delegation->len) == ERR_OK) {
        (void)!announcer_put(service->announcer, &record, now); /* the next call tries again */
    }
}

size_t attaching_record(const struct presence_service *service, const uint8_t key[KEY_SIZE],
                        uint8_t out[PRESENCE_SIGNED_SIZE_MAX])
{
    const struct presence_record *record = announcer_find(service->announcer, key);

    return record != NULL ? presence_record_write(record, out) : 0;
}
