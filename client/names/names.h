/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names below zignet as this host sees them: keys, names that its user gave to peers, names of
 * members (ziglans in their configured order, the host's own name too), and name.ziglan; and back
 * from addresses to names. Pure.
 */
#pragma once

#include "client/peer/peer.h"
#include "client/ziglan/ziglan_list.h"

/** An address record of the Magic DNS. */
struct host_name_record {
    bool has_v4, has_v6;
    uint8_t v4[4];
    uint8_t v6[16];
};

/** Where names come from. All pointers are borrowed. */
struct names {
    const uint8_t *own_key;        /* KEY_SIZE bytes */
    const struct tunnel_host *own; /* this host's addresses */
    const struct peer_table *peers;
    const struct contacts *contacts;
    const struct ziglan_list *ziglans;
};

/** Look up a name below zignet, without that suffix and without trailing dot, any case: a key, a
 * name, or name.ziglan. False if unknown. */
bool names_find(const struct names *names, const char *name, struct host_name_record *out);

/** Name (below zignet, without the suffix) of an overlay address of 4 or 16 bytes: the shortest
 * one that leads back to it, else the key's text. False if nobody has it. */
bool names_of_address(const struct names *names, const uint8_t *ip, size_t size, char *name,
                      size_t name_size);

/** Whether hosts stand below this name, without suffix and in any case: it is that of a joined
 * ziglan in which somebody has a name. */
bool names_has_ziglan(const struct names *names, const char *name);

/** This host's name in the first ziglan that gave it one; NULL: none did. */
const char *names_own(const struct names *names);
