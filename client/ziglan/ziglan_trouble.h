/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a ziglan does not work, as a code, of which client/admin makes a sentence. */
#pragma once

#include "proto/wire/control.h"

#include <stdint.h>

enum ziglan_trouble_code {
    ZIGLAN_TROUBLE_NONE,
    ZIGLAN_TROUBLE_NO_ANSWER,   /* the entry point is silent */
    ZIGLAN_TROUBLE_TLS,         /* the handshake failed */
    ZIGLAN_TROUBLE_INTERCEPTED, /* somebody else answers in the entry point's place */
    ZIGLAN_TROUBLE_WRONG_KEY,   /* it is no entry point of this ziglan */
    ZIGLAN_TROUBLE_PROTOCOL,    /* it does not speak our protocol */
    ZIGLAN_TROUBLE_FULL,        /* it has no room for us */
    ZIGLAN_TROUBLE_BUSY,        /* the same, or we came too often: it told us to come later;
                                   detail is its text, or empty */
    ZIGLAN_TROUBLE_DELEGATION,  /* its delegation is not in force by our clock */
    ZIGLAN_TROUBLE_CLOCK,       /* its clock and ours differ: ahead_ms */
    ZIGLAN_TROUBLE_REFUSED,     /* it refused our Join: detail is its text */
    ZIGLAN_TROUBLE_SAME_KEY,    /* another host uses our key */
    ZIGLAN_TROUBLE_REMOVED,     /* we were thrown out */
    ZIGLAN_TROUBLE_UNRESOLVED,  /* the host name in detail does not resolve */
    ZIGLAN_TROUBLE_COUNT,
};

struct ziglan_trouble {
    enum ziglan_trouble_code code;
    int64_t ahead_ms; /* our clock minus the relay's */
    char detail[CONTROL_TEXT_SIZE_MAX + 1];
};

/** Forget the one before, and set a code without more. */
void ziglan_trouble_set(struct ziglan_trouble *trouble, enum ziglan_trouble_code code);

/** The same with a text, which is cut where it is too long. */
void ziglan_trouble_set_detail(struct ziglan_trouble *trouble, enum ziglan_trouble_code code,
                               const char *detail);
