/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules below are applied by walking over a message along its protobuf descriptor, so no field
 * can be forgotten: bytes without a rule are refused, and a text without one has the default rule.
 */
#include "proto/wire/control.h"

#include "proto/base/bytes.h"
#include "proto/base/utf8.h"
#include "proto/wire/lend.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/stun.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <string.h>

enum {
    SIGNED_MIN = RECORD_SIGNED_SIZE_MIN,
    SIGNED_MAX = RECORD_OTHER_SIGNED_SIZE_MAX,
    PART_MAX = RECORD_SIGNED_SIZE_MAX,
    ALTERNATIVES_MAX = 8,
    ARENA_ALIGN = 16,
};

enum rule_kind {
    RULE_SIZE,          /* bytes, text: length from min to max */
    RULE_SIZE_OR_EMPTY, /* the same, or nothing */
    RULE_IP,            /* bytes: 4 or 16 */
    RULE_VALUE,         /* number: from min to max */
    RULE_PRESENT,       /* message: must be there */
    RULE_COUNT,         /* repeated numbers of any value: none, or exactly count_max */
};

struct rule {
    const char *field; /* "Message.field" */
    enum rule_kind kind;
    uint32_t min, max;
    uint32_t count_max; /* repeated fields: elements; 0: as many as the arena holds */
};

static const struct rule rules[] = {
    {"Address.ip", RULE_IP, 0, 0, 0},
    {"Address.port", RULE_VALUE, 0, UINT16_MAX, 0},
    {"Hello.pubkey", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Hello.node_record", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Hello.delegation", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Hello.signature", RULE_SIZE, SIGNATURE_SIZE, SIGNATURE_SIZE, 0},
    {"Hello.attachment", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Hello.rewards", RULE_PRESENT, 0, 0, RECORD_REWARDS_MAX},
    {"Reward.chain", RULE_SIZE, 1, RECORD_CHAIN_SIZE - 1, 0},
    {"Reward.address", RULE_SIZE, 1, RECORD_REWARD_SIZE - 1, 0},
    {"Reward.identity", RULE_SIZE, 0, RECORD_IDENTITY_SIZE - 1, 0},
    {"ObservedAddress.address", RULE_PRESENT, 0, 0, 0},
    {"GoAway.alternatives", RULE_SIZE, 0, CONTROL_TEXT_SIZE_MAX, ALTERNATIVES_MAX},
    {"RelayHosts.hosts", RULE_SIZE, 1, URL_HOSTS_TEXT_SIZE - 1, 0},
    {"Gone.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Gone.src", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"Gone.relay", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"PunchRequest.target", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"PunchRequest.app", RULE_SIZE, 0, RECORD_APP_SIZE - 1, 0},
    {"PunchRequest.requester", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"PunchRequest.token", RULE_SIZE, PUNCH_TOKEN_SIZE, PUNCH_TOKEN_SIZE, 0},
    {"PunchRequest.nat_kind", RULE_VALUE, 0, UINT8_MAX, 0},
    {"PunchAnswer.token", RULE_SIZE_OR_EMPTY, PUNCH_TOKEN_SIZE, PUNCH_TOKEN_SIZE, 0},
    {"PunchAnswer.nat_kind", RULE_VALUE, 0, UINT8_MAX, 0},
    {"PunchMessage.ip", RULE_IP, 0, 0, 0},
    {"PunchMessage.port", RULE_VALUE, 0, UINT16_MAX, 0},
    {"PunchMessage.token", RULE_SIZE, PUNCH_TOKEN_SIZE, PUNCH_TOKEN_SIZE, 0},
    {"PunchMessage.nat_kind", RULE_VALUE, 0, UINT8_MAX, 0},
    {"PunchGo.peer", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"PunchGo.message", RULE_PRESENT, 0, 0, 0},
    {"PunchGo.probe_key", RULE_SIZE, PUNCH_PROBE_KEY_SIZE, PUNCH_PROBE_KEY_SIZE, 0},
    {"PunchUpdate.peer", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"PunchUpdate.message", RULE_PRESENT, 0, 0, 0},
    {"PunchRelayed.src", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"PunchRelayed.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"PunchRelayed.attachment", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"NodeEntry.record", RULE_SIZE, SIGNED_MIN, SIGNED_MAX, 0},
    {"NodeEntry.attestations", RULE_SIZE, SIGNED_MIN, SIGNED_MAX, NODE_ATTESTATIONS_MAX},
    {"Nodes.entries", RULE_PRESENT, 0, 0, NODES_MAX},
    {"NodeRef.key", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"NodeDigest.buckets", RULE_COUNT, 0, 0, NODE_BUCKETS},
    {"NodeSummary.buckets", RULE_SIZE, NODE_BUCKETS / 8, NODE_BUCKETS / 8, 0},
    {"NodeSummary.refs", RULE_PRESENT, 0, 0, NODE_REFS_MAX},
    {"NodeWant.keys", RULE_SIZE, KEY_SIZE, KEY_SIZE, NODE_WANT_MAX},
    {"NodeLookup.key", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"NodeLookup.count", RULE_VALUE, 0, NODES_MAX, 0},
    {"ReachRequest.port", RULE_VALUE, 0, UINT16_MAX, 0},
    {"ReachJob.subject", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"ReachJob.address", RULE_PRESENT, 0, 0, 0},
    {"ReachJob.hops", RULE_VALUE, 0, REACH_HOPS_MAX, 0},
    {"ReachResult.outcome", RULE_VALUE, 0, UINT8_MAX, 0},
    {"ReachResult.attestation", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Announce.record", RULE_SIZE, SIGNED_MIN, SIGNED_MAX, 0},
    {"Locate.key", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Located.records", RULE_SIZE, SIGNED_MIN, SIGNED_MAX, LOCATED_MAX},
    {"Located.nodes", RULE_PRESENT, 0, 0, LOCATED_MAX},
    {"AttachmentWanted.src", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Via.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Via.relays", RULE_SIZE, KEY_SIZE, KEY_SIZE, RELAYED_VIA_MAX},
    {"Block.key", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Unblock.key", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Blocked.src", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"Blocked.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"PoolJoin.app", RULE_SIZE, 1, RECORD_APP_SIZE - 1, 0},
    {"PoolJoin.nat_kind", RULE_VALUE, 0, UINT8_MAX, 0},
    {"PoolJoined.app", RULE_SIZE, 1, RECORD_APP_SIZE - 1, 0},
    {"PoolLeave.app", RULE_SIZE, 1, RECORD_APP_SIZE - 1, 0},
    {"Find.apps", RULE_SIZE, 1, RECORD_APP_SIZE - 1, RECORD_APPS_MAX},
    {"Find.nat_kinds", RULE_VALUE, 0, UINT8_MAX, FIND_NAT_KINDS_MAX},
    {"Find.count", RULE_VALUE, 0, FIND_COUNT_MAX, 0},
    {"Find.origin", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"Find.hops", RULE_VALUE, 0, FIND_HOPS_MAX, 0},
    {"FoundRelay.node", RULE_PRESENT, 0, 0, 0},
    {"FoundRelay.app", RULE_SIZE, 1, RECORD_APP_SIZE - 1, 0},
    {"FindResult.origin", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"FindResult.relays", RULE_PRESENT, 0, 0, FIND_COUNT_MAX},
    {"LendJob.target", RULE_PRESENT, 0, 0, 0},
    {"LendJob.transaction", RULE_SIZE, STUN_ID_SIZE, STUN_ID_SIZE, 0},
    {"LendJob.from_port", RULE_VALUE, 0, UINT16_MAX, 0},
    {"LendClient.ip", RULE_IP, 0, 0, 0},
    {"LendPorts.ports", RULE_VALUE, 1, UINT16_MAX, LEND_ANSWER_PORTS_MAX},
    {"LaneOpen.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"LaneOpened.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"LaneOpened.secret", RULE_SIZE, LANE_SECRET_SIZE, LANE_SECRET_SIZE, 0},
    {"LaneIncoming.src", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"LaneIncoming.secret", RULE_SIZE, LANE_SECRET_SIZE, LANE_SECRET_SIZE, 0},
    {"LaneRelayed.src", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"LaneRelayed.dst", RULE_SIZE, KEY_SIZE, KEY_SIZE, 0},
    {"LaneRelayed.secret", RULE_SIZE, LANE_SECRET_SIZE, LANE_SECRET_SIZE, 0},
    {"LaneRelayed.attachment", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Join.invite", RULE_SIZE_OR_EMPTY, INVITE_SIZE, INVITE_SIZE, 0},
    {"Join.wanted_name", RULE_SIZE, 0, NAME_SIZE_MAX, 0},
    {"Join.member_part", RULE_SIZE, SIGNED_MIN, PART_MAX, 0},
    {"Joined.granted_name", RULE_SIZE, 1, NAME_SIZE_MAX, 0},
    {"Joined.ziglan_name", RULE_SIZE, 0, NAME_SIZE_MAX, 0},
    {"Joined.admission", RULE_SIZE, SIGNED_MIN, SIGNED_MAX, 0},
    {"Joined.delegation", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Joined.name_key", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"Member.member_part", RULE_SIZE_OR_EMPTY, SIGNED_MIN, PART_MAX, 0},
    {"Member.admission", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Member.revocation", RULE_SIZE_OR_EMPTY, SIGNED_MIN, SIGNED_MAX, 0},
    {"Lookup.key", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"Lookup.name", RULE_SIZE, 0, NAME_SIZE_MAX, 0},
    {"Lookup.address", RULE_SIZE_OR_EMPTY, 16, 16, 0},
    {"Found.member", RULE_PRESENT, 0, 0, 0},
    {"Invite.name", RULE_SIZE, 0, NAME_SIZE_MAX, 0},
    {"Invited.url", RULE_SIZE, 0, URL_SIZE_MAX, 0},
    {"Revoke.key", RULE_SIZE_OR_EMPTY, KEY_SIZE, KEY_SIZE, 0},
    {"Revoke.name", RULE_SIZE, 0, NAME_SIZE_MAX, 0},
};

static const struct rule default_text_rule = {"text", RULE_SIZE, 0, CONTROL_TEXT_SIZE_MAX, 0};

static const struct rule *rule_of(const char *message, const char *field)
{
    size_t size = strlen(message);

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *name = rules[i].field;

        /* Most differ in the first character, and this is asked for each field of a message. */
        if (name[0] == message[0] && strncmp(name, message, size) == 0 && name[size] == '.' &&
            strcmp(name + size + 1, field) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool size_allowed(const struct rule *rule, size_t size)
{
    switch (rule->kind) {
    case RULE_SIZE:
        return size >= rule->min && size <= rule->max;
    case RULE_SIZE_OR_EMPTY:
        return size == 0 || (size >= rule->min && size <= rule->max);
    case RULE_IP:
        return size == 4 || size == 16;
    case RULE_VALUE:
    case RULE_PRESENT:
    case RULE_COUNT:
        return false;
    }
    return false;
}

/* A text ends at its first NUL. protobuf-c also stores what follows, but nobody reads it. */
static bool text_allowed(const struct rule *rule, const char *text)
{
    const char *at = text;

    while (at != NULL && *at != '\0') {
        size_t size = utf8_size(at);

        if (size == 0) {
            return false;
        }
        at += size;
    }
    return size_allowed(rule, text == NULL ? 0 : strlen(text));
}

static const char *message_problem(const ProtobufCMessage *message);

/* Check one value of a field. Returns the name of the field that breaks a rule, or NULL. */
static const char *value_problem(const struct rule *rule, const ProtobufCFieldDescriptor *field,
                                 const void *at)
{
    const char *place = rule != NULL ? rule->field : field->name;

    switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = at;

        return rule != NULL && size_allowed(rule, bytes->len) ? NULL : place;
    }
    case PROTOBUF_C_TYPE_STRING: {
        const char *const *text = at;

        return text_allowed(rule != NULL ? rule : &default_text_rule, *text) ? NULL : place;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *const *message = at;

        if (*message == NULL) {
            return rule != NULL ? place : NULL;
        }
        return message_problem(*message);
    }
    case PROTOBUF_C_TYPE_UINT32: {
        const uint32_t *value = at;

        return rule == NULL || (*value >= rule->min && *value <= rule->max) ? NULL : place;
    }
    default:
        return NULL;
    }
}

static size_t element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_UINT32:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(uint64_t);
    default:
        return sizeof(void *);
    }
}

static const char *field_problem(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    const void *at = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    bool is_one_of = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    const struct rule *rule;

    if (is_one_of && *(const uint32_t *)quantifier != field->id) {
        return NULL; /* of the many bodies that a message could have, it has one */
    }
    rule = rule_of(message->descriptor->short_name, field->name);
    if (is_one_of) {
        return value_problem(rule, field, at);
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return value_problem(rule, field, at);
    }
    const size_t *count = quantifier;
    const char *const *elements = at;

    if (rule != NULL && rule->count_max != 0 && *count > rule->count_max) {
        return rule->field;
    }
    if (rule != NULL && rule->kind == RULE_COUNT && *count != 0 && *count != rule->count_max) {
        return rule->field;
    }
    for (size_t i = 0; i < *count; i++) {
        const char *problem = value_problem(rule, field, *elements + i * element_size(field->type));

        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

/* The recursion is as deep as the schema, in which no message contains itself. */
static const char *message_problem(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const char *problem = field_problem(message, &message->descriptor->fields[i]);

        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

const char *control_problem(const Ziglan__Control *message)
{
    return message_problem(&message->base);
}

const char *control_name(const Ziglan__Control *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->base.descriptor, message->body_case);
    const ProtobufCMessageDescriptor *body;

    if (message->body_case == ZIGLAN__CONTROL__BODY__NOT_SET || field == NULL) {
        return "none";
    }
    body = field->descriptor;
    return body->short_name;
}

static void *arena_alloc(void *context, size_t size)
{
    struct control_arena *arena = context;
    size_t rounded;

    if (size > CONTROL_ARENA_SIZE) {
        return NULL;
    }
    rounded = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (rounded > CONTROL_ARENA_SIZE - arena->used) {
        return NULL;
    }
    arena->used += rounded;
    return arena->memory + arena->used - rounded;
}

/* The memory is free again with the next control_unpack. */
static void arena_free(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

int control_unpack(Ziglan__Control **out, struct control_arena *arena, const uint8_t *data,
                   size_t size)
{
    static const uint8_t nothing[1];
    ProtobufCAllocator allocator = {
        .alloc = arena_alloc,
        .free = arena_free,
        .allocator_data = arena,
    };

    *out = NULL;
    arena->used = 0;
    if (size > CONTROL_SIZE_MAX) {
        return ERR_DROP;
    }
    Ziglan__Control *message = ziglan__control__unpack(&allocator, size, size > 0 ? data : nothing);

    if (message == NULL || control_problem(message) != NULL) {
        return ERR_DROP;
    }
    *out = message;
    return ERR_OK;
}

bool gone_is_too_fast(uint32_t reason)
{
    return reason == GONE_OVER_RATE || reason == GONE_OVER_BANDWIDTH;
}

const char *goaway_name(uint32_t reason)
{
    static const char *const names[] = {
        [GOAWAY_SHUTDOWN] = "stopped",          [GOAWAY_REPLACED] = "replaced",
        [GOAWAY_REVOKED] = "revoked",           [GOAWAY_BUSY] = "busy",
        [GOAWAY_NOT_ADMITTED] = "not_admitted", [GOAWAY_FORGOTTEN] = "forgotten",
    };

    return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

ProtobufCBinaryData control_bytes(const void *data, size_t size)
{
    union {
        const void *in;
        uint8_t *out;
    } borrowed = {.in = data};

    return (ProtobufCBinaryData){.len = data == NULL ? 0 : size, .data = borrowed.out};
}

ProtobufCBinaryData control_ip(const struct endpoint *endpoint)
{
    size_t size;
    const uint8_t *ip = endpoint_ip_bytes(endpoint, &size);

    return control_bytes(ip, size);
}

char *control_text(const char *text)
{
    union {
        const char *in;
        char *out;
    } borrowed = {.in = text != NULL ? text : ""};

    return borrowed.out;
}

int control_pack(uint8_t *out, size_t capacity, size_t *size, const Ziglan__Control *message)
{
    if (control_problem(message) != NULL) {
        return ERR_DROP;
    }
    size_t needed = ziglan__control__get_packed_size(message);

    if (needed > capacity || needed > CONTROL_SIZE_MAX) {
        return ERR_LIMIT;
    }
    *size = ziglan__control__pack(message, out);
    CHECK(*size == needed);
    return ERR_OK;
}
