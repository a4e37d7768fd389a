/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control messages in and out of their protobuf form (control.proto). Unpacking happens in a
 * bounded arena of the caller, so a hostile message can neither allocate nor be amplified; what
 * comes out has passed the length and range rules of every field, which stand in one table in
 * control.c. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/control.pb-c.h"
#include "proto/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_ARENA_SIZE = 65536,
    CONTROL_TEXT_SIZE_MAX = 255, /* any string, without the NUL */
};

/** Memory for one unpacked message; about 64 KiB, so keep one per loop, not one per peer. */
struct control_arena {
    _Alignas(16) uint8_t memory[CONTROL_ARENA_SIZE];
    size_t used;
};

/**
 * The values of a message to be packed, from what the caller keeps: packing only reads, but
 * protobuf-c has one type for both directions, without const. All of them borrow until the message
 * is packed. Bytes of NULL are none, whatever the size; a text of NULL is the empty one. An IP
 * address has 4 bytes or 16.
 */
ProtobufCBinaryData control_bytes(const void *data, size_t size);
ProtobufCBinaryData control_ip(const struct endpoint *endpoint);
char *control_text(const char *text);

/**
 * Unpack size bytes into the arena, whose earlier content is lost. *out and all it points to
 * live in the arena: nothing is freed. ERR_DROP, with *out NULL, if it is longer than
 * CONTROL_SIZE_MAX, malformed, too rich for the arena, or breaks a rule. A message with a body
 * that this version does not know is ERR_OK with body_case ZIGLAN__CONTROL__BODY__NOT_SET, so
 * that it can be answered with ERROR_UNSUPPORTED.
 */
int control_unpack(Ziglan__Control **out, struct control_arena *arena, const uint8_t *data,
                   size_t size) MUST_CHECK;

/**
 * Pack into out (capacity bytes), length to *size. ERR_LIMIT if it does not fit or exceeds
 * CONTROL_SIZE_MAX; ERR_DROP if it breaks a rule that the receiver would refuse.
 */
int control_pack(uint8_t *out, size_t capacity, size_t *size,
                 const Ziglan__Control *message) MUST_CHECK;

/** The first field that breaks a rule, as "Join.wanted_name", or NULL. For traces and tests. */
const char *control_problem(const Ziglan__Control *message);

/** A name of the body ("Join"), "none" if not set. Never NULL. */
const char *control_name(const Ziglan__Control *message);
