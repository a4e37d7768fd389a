/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a control message: one that is accepted is accepted again after it was packed. */
#include "proto/base/bytes.h"
#include "proto/wire/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Forget unknown fields, at all depths. One of them cannot be packed: protobuf-c accepts a field of
 * number 0 if its tag is longer than necessary, and packs it in a way that it does not accept. */
static void strip(ProtobufCMessage *message)
{
    message->n_unknown_fields = 0;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        char *at = (char *)message + field->offset;
        char *quantifier = (char *)message + field->quantifier_offset;
        ProtobufCMessage **one = (ProtobufCMessage **)(void *)at;
        size_t count;

        if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
            ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
             *(uint32_t *)(void *)quantifier != field->id)) {
            continue;
        }
        count = *one != NULL;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            one = *(ProtobufCMessage ***)(void *)at;
            count = *(size_t *)(void *)quantifier;
        }
        for (size_t j = 0; j < count; j++) {
            strip(one[j]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct control_arena arena;
    static uint8_t packed[CONTROL_SIZE_MAX];
    Ziglan__Control *message;
    size_t packed_size = 0;

    if (control_unpack(&message, &arena, data, size) != ERR_OK) {
        CHECK(message == NULL);
        return 0;
    }
    CHECK(control_problem(message) == NULL && control_name(message) != NULL);
    strip(&message->base);
    if (control_pack(packed, sizeof(packed), &packed_size, message) == ERR_OK) {
        CHECK(control_unpack(&message, &arena, packed, packed_size) == ERR_OK);
    }
    return 0;
}
