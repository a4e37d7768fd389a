/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay answers to a request: the results of the functions of rendezvous/. The numbers are
 * those of ErrorCode in proto/wire/control.proto, so a verdict goes into an Error message as it is.
 */
#pragma once

enum verdict {
    VERDICT_OK = 0,
    VERDICT_BAD_REQUEST = 1,
    VERDICT_NOT_MEMBER = 2,
    VERDICT_INVITE_INVALID = 3,
    VERDICT_NAME_TAKEN = 4,
    VERDICT_NOT_FOUND = 5,
    VERDICT_LIMIT = 6,
    VERDICT_MEASURE_FIRST = 7,
    VERDICT_REFUSED = 8,
    VERDICT_UNSUPPORTED = 9,
    VERDICT_REVOKED = 10,
    VERDICT_UNAVAILABLE = 11, /* our own failure (storage, memory); the request may be repeated */
    VERDICT_CLOCK = 12,       /* the member part is not live: the clocks differ */
    VERDICT_ENDED = 13,       /* the operator gave the membership an end, which is past */
    VERDICT_COUNT,
};

/** One sentence for people, fit for Error.text. Never NULL. */
const char *verdict_text(enum verdict verdict);

/** A stable short name ("invite_invalid") for traces and metric labels. Never NULL. */
const char *verdict_name(enum verdict verdict);
