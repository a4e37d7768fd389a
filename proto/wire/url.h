/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The URLs that people pass on (docs/protocol.md, section 15):
 *   ziglan://KEY@HOST[:PORT][,HOST[:PORT]]...[?invite=TOKEN&name=LABEL]
 *   ziglan://KEY[?relay=KEY@HOST[:PORT]&invite=TOKEN&name=LABEL]
 *   relay://KEY@HOST[:PORT]
 * The second form says no address: its entry points are looked up by the key, at the relays that it
 * names and at those that the host knows. A URL may have hosts and name relays, too. KEY has 52
 * base32 characters, TOKEN has 26 (16 bytes). HOST is a DNS name, an IPv4 address, or an IPv6
 * address in brackets. Refused are the unspecified and multicast addresses, and IPv4 addresses in
 * 0.0.0.0/8 and from 224.0.0.0 on. Scheme, KEY, HOST and TOKEN may be in capitals. Unknown
 * parameters are ignored, and so are all parameters of relay://. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    URL_HOSTS_MAX = 8,
    URL_HOSTS_TEXT_SIZE = URL_HOSTS_MAX * (HOST_TEXT_SIZE + 8), /* "[HOST]:PORT,..." and NUL */
    INVITE_SIZE = 16,                                           /* random bytes of an invite */
    URL_RELAYS_MAX = 3,                                         /* that can be asked */
    URL_SIZE_MAX = 2500,                                        /* longer texts are refused */
    URL_ERROR_SIZE = 160,
};

enum url_kind {
    URL_KIND_ZIGLAN,
    URL_KIND_RELAY,
};

struct url_host {
    char name[HOST_TEXT_SIZE]; /* lower case, IPv6 without brackets */
    uint16_t port;             /* 0: not given */
    bool numeric;              /* it is an IP address, not a DNS name */
};

/** A relay that can be asked where an entry point is. */
struct url_relay {
    uint8_t key[KEY_SIZE];
    struct url_host host;
};

struct url {
    enum url_kind kind;
    uint8_t key[KEY_SIZE];
    struct url_host hosts[URL_HOSTS_MAX];
    size_t hosts_count; /* 1 of a relay; of a ziglan it may be 0 */
    struct url_relay relays[URL_RELAYS_MAX];
    size_t relays_count;
    bool has_invite;
    uint8_t invite[INVITE_SIZE];
    char name[NAME_TEXT_SIZE]; /* the ziglan's name; empty: not given */
};

/** Parse a URL of size characters (no NUL needed, any content). On success error is empty. ERR_DROP
 * leaves out untouched; error is then one sentence for people, which names the place in the text
 * and, where there is one, the remedy. */
int url_parse(struct url *out, const char *text, size_t size,
              char error[URL_ERROR_SIZE]) MUST_CHECK;

/** Put the hosts of a text, "HOST[:PORT],..." as in a URL (size characters, any content), in place
 * of those that url has. ERR_DROP leaves url untouched: the text is not valid. */
int url_set_hosts(struct url *url, const char *text, size_t size) MUST_CHECK;

/** Append the hosts and the relays of `more` that url does not have, as far as there is room. */
void url_add_places(struct url *url, const struct url *more);

/** True if both have the same hosts, with the same ports and in the same order, and the same
 * relays. */
bool url_same_places(const struct url *a, const struct url *b);

/** The relay:// URL of a relay that a URL names. */
struct url url_of_relay(const struct url_relay *relay);

/** Write the URL and a NUL to text, which has room for capacity bytes. ERR_LIMIT, with text
 * undefined, if they do not fit. */
int url_print(const struct url *url, char *text, size_t capacity) MUST_CHECK;
