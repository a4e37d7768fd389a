/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packing and unpacking of control messages (control.proto; docs/protocol.md, section 4). A message
 * is unpacked into a bounded arena of the caller, so a hostile one cannot make us allocate. What is
 * packed or unpacked keeps the rules for the length and range of every field, which stand in a
 * table in control.c. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/control.pb-c.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_ARENA_SIZE = 65536,
    CONTROL_TEXT_SIZE_MAX = 255, /* of a text that has no rule of its own, without the NUL */
};

/** The numbers of GoAway.reason in control.proto. */
enum goaway {
    GOAWAY_SHUTDOWN = 0,
    GOAWAY_REPLACED = 1,
    GOAWAY_REVOKED = 2,
    GOAWAY_BUSY = 3,
    GOAWAY_NOT_ADMITTED = 4,
    GOAWAY_FORGOTTEN = 5,
};

/** The numbers of Gone.reason in control.proto. */
enum gone_reason {
    GONE_NO_SESSION = 0,
    GONE_NOT_ALLOWED = 1,
    GONE_OVER_VOLUME = 2,
    GONE_RELAY_UNREACHED = 3, /* of the way that the host named, with that relay's key */
    GONE_RELAY_REFUSES = 4,
    GONE_OVER_DAY = 5,
    GONE_OVER_RATE = 6,
    GONE_OVER_BANDWIDTH = 7,
};

/** True if only frames beyond a rate went nowhere: the way to dst is good. */
bool gone_is_too_fast(uint32_t reason);

/** A number of GoAway.reason as a word for the log ("stopped", "replaced"); "unknown" for others.
 */
const char *goaway_name(uint32_t reason);

/** Memory for one unpacked message. It is 64 KiB large: have one per program, not one per peer. */
struct control_arena {
    _Alignas(16) uint8_t memory[CONTROL_ARENA_SIZE];
    size_t used;
};

/**
 * Values for the fields of a message that is to be packed. They borrow what they are given until
 * the message is packed. (Packing only reads, but protobuf-c's types have no const.) control_bytes
 * gives no bytes if data is NULL, whatever size is; control_text gives the empty text for NULL;
 * control_ip gives 4 bytes or 16.
 */
ProtobufCBinaryData control_bytes(const void *data, size_t size);
ProtobufCBinaryData control_ip(const struct endpoint *endpoint);
char *control_text(const char *text);

/**
 * Unpack size bytes of any content into the arena, whose earlier content is lost. *out and all it
 * points to live in the arena until its next use; there is nothing to free. ERR_DROP, with *out
 * NULL, if the message is longer than CONTROL_SIZE_MAX, malformed, does not fit into the arena, or
 * breaks a rule. A message with a body that this version does not know is ERR_OK and has body_case
 * ZIGLAN__CONTROL__BODY__NOT_SET, so that it can be answered with ERROR_UNSUPPORTED.
 */
int control_unpack(Ziglan__Control **out, struct control_arena *arena, const uint8_t *data,
                   size_t size) MUST_CHECK;

/**
 * Pack into out, which has room for capacity bytes, and write the length to *size. ERR_DROP if the
 * message breaks a rule, because the receiver would refuse it; ERR_LIMIT if it is longer than
 * capacity or CONTROL_SIZE_MAX. Nothing is written then.
 */
int control_pack(uint8_t *out, size_t capacity, size_t *size,
                 const Ziglan__Control *message) MUST_CHECK;

/** The first field that breaks a rule, as "Join.wanted_name"; NULL if none does. */
const char *control_problem(const Ziglan__Control *message);

/** The name of the message in the body ("Join"), "none" if it is not set. Never NULL. */
const char *control_name(const Ziglan__Control *message);
