/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names are looked up among contacts and in rosters, and addresses in peers. */
#include "client/names/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void record_of(const struct tunnel_host *host, struct host_name_record *out)
{
    static const uint8_t none[4];

    memcpy(out->v4, host->v4, sizeof(out->v4));
    memcpy(out->v6, host->v6, sizeof(out->v6));
    out->has_v4 = memcmp(out->v4, none, sizeof(none)) != 0;
    out->has_v6 = true;
}

static bool record_of_key(const struct names *names, const uint8_t key[KEY_SIZE],
                          struct host_name_record *out)
{
    const struct peer *peer = peer_find(names->peers, key);

    if (memcmp(key, names->own_key, KEY_SIZE) == 0) {
        record_of(names->own, out);
        return true;
    }
    if (peer == NULL) {
        return false;
    }
    record_of(&peer->pair.peer, out);
    return true;
}

/* The split form of a key in hexadecimal: {32 digits}.{32 digits}. */
static bool parse_hex_key(const char *name, uint8_t key[KEY_SIZE])
{
    size_t digits = 0;

    memset(key, 0, KEY_SIZE);
    for (const char *c = name; *c != '\0'; c++) {
        static const char hex[] = "0123456789abcdef";
        const char *found;

        if (*c == '.' && digits == KEY_SIZE && c == name + KEY_SIZE) {
            continue;
        }
        found = strchr(hex, *c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c);
        if (found == NULL || digits == 2 * (size_t)KEY_SIZE) {
            return false;
        }
        key[digits / 2] = (uint8_t)(key[digits / 2] << 4 | (uint8_t)(found - hex));
        digits++;
    }
    return digits == 2 * (size_t)KEY_SIZE;
}

static bool find_in_ziglan(const struct names *names, const struct ziglan *ziglan,
                           const char *label, size_t size, struct host_name_record *out)
{
    const struct roster_member *member = roster_find_name(ziglan->roster, label, size);

    if (member != NULL) {
        return record_of_key(names, member->key, out);
    }
    if (strlen(ziglan->record.granted) == size &&
        strncasecmp(ziglan->record.granted, label, size) == 0) {
        record_of(names->own, out);
        return true;
    }
    return false;
}

bool names_find(const struct names *names, const char *name, struct host_name_record *out)
{
    uint8_t key[KEY_SIZE];
    const struct ziglan *ziglan;
    const char *dot = strchr(name, '.');
    size_t label_size = dot == NULL ? strlen(name) : (size_t)(dot - name);

    if (key_parse(key, name, strlen(name)) == ERR_OK || parse_hex_key(name, key)) {
        return record_of_key(names, key, out);
    }
    if (label_size == 0 || label_size > NAME_SIZE_MAX) {
        return false;
    }
    /* What the user says goes before what an entry point says. */
    const struct contact *contact =
        dot == NULL ? contacts_find_name(names->contacts, name, label_size) : NULL;
    if (contact != NULL) {
        return record_of_key(names, contact->key, out);
    }
    TAILQ_FOREACH(ziglan, &names->ziglans->head, in_list)
    {
        if (dot != NULL && strcasecmp(dot + 1, ziglan->record.name) != 0) {
            continue;
        }
        if (find_in_ziglan(names, ziglan, name, label_size, out)) {
            return true;
        }
    }
    return false;
}

bool names_has_ziglan(const struct names *names, const char *name)
{
    const struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &names->ziglans->head, in_list)
    {
        if (strcasecmp(name, ziglan->record.name) == 0 &&
            (ziglan->record.granted[0] != '\0' || roster_count(ziglan->roster) > 0)) {
            return true;
        }
    }
    return false;
}

const char *names_own(const struct names *names)
{
    const struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &names->ziglans->head, in_list)
    {
        if (ziglan->record.granted[0] != '\0') {
            return ziglan->record.granted;
        }
    }
    return NULL;
}

static bool own_name(const struct names *names, char *name, size_t name_size)
{
    char text[KEY_TEXT_SIZE];
    const char *granted = names_own(names);

    (void)snprintf(name, name_size, "%s",
                   granted != NULL ? granted : key_text(names->own_key, text));
    return true;
}

/* True if this name leads back to the peer, and not to one of another ziglan. */
static bool leads_to(const struct names *names, const char *name, const struct peer *peer)
{
    struct host_name_record record;

    return names_find(names, name, &record) &&
           memcmp(record.v6, peer->pair.peer.v6, sizeof(record.v6)) == 0;
}

bool names_of_address(const struct names *names, const uint8_t *ip, size_t size, char *name,
                      size_t name_size)
{
    uint32_t id;
    char text[KEY_TEXT_SIZE];

    switch (address_book_find(names->peers->book, ip, size, &id)) {
    case ADDRESS_BOOK_OWNER_NONE:
        return false;
    case ADDRESS_BOOK_OWNER_SELF:
        return own_name(names, name, name_size);
    case ADDRESS_BOOK_OWNER_PEER:
        break;
    }
    const struct peer *peer = peer_at(names->peers, id);
    if (peer == NULL) {
        return false;
    }
    (void)snprintf(name, name_size, "%s", peer_name(peer));
    if (leads_to(names, name, peer)) {
        return true;
    }
    const struct roster_member *member = peer_member(peer);
    if (member != NULL) {
        (void)snprintf(name, name_size, "%s.%s", member->name, peer_ziglan_name(peer));
        if (peer_ziglan_name(peer)[0] != '\0' && leads_to(names, name, peer)) {
            return true;
        }
    }
    (void)snprintf(name, name_size, "%s", key_text(peer->key, text));
    return true;
}
