/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each change of a contact is one of its peer. */
#include "client/core/contacting.h"

#include "client/core/core_internal.h"
#include "client/core/membership.h"
#include "client/core/telling.h"
#include "proto/crypto/key_form.h"

#include <stdio.h>
#include <string.h>

/* A named key is a peer from now on, if there is room for it; a conversation with it may have more
 * ways. */
static void learn(struct host_core *core, struct contact *contact, struct mono now)
{
    struct peer *peer = peer_learn_contact(&core->peers, contact);

    if (peer != NULL && peer->conversation != NULL) {
        conversation_find_relays(peer->conversation, now);
    }
}

/* Its relays are told if the way to it is another one. */
static void set_way(struct host_core *core, struct contact *contact, const struct named_peer *peer,
                    struct mono now)
{
    size_t size = peer->via_count * sizeof(peer->via[0]);

    if (contact->via_count != peer->via_count || memcmp(contact->via, peer->via, size) != 0) {
        memcpy(contact->via, peer->via, size);
        contact->via_count = peer->via_count;
        telling_on_way(core, contact, now);
    }
}

/* Nobody names this key any more. */
static void drop(struct host_core *core, struct contact *contact, struct mono now)
{
    struct peer *peer = peer_find(&core->peers, contact->key);

    if (peer != NULL) {
        peer->contact = NULL;
    }
    contacts_drop(&core->contacts, contact);
    if (peer != NULL && peer->ziglan == NULL) {
        membership_drop(core, peer);
    } else if (peer != NULL && peer->conversation != NULL) {
        conversation_on_unnamed(peer->conversation, now);
    }
}

/* ---- the command line ---- */

static int refuse(char *error, size_t size, int rc, const char *text)
{
    (void)snprintf(error, size, "%s", text);
    return rc;
}

/* A name that leads to another peer already, or to this host, would take that one's place. */
static bool is_taken(const struct host_core *core, const uint8_t key[KEY_SIZE], const char *name)
{
    struct host_name_record record;
    uint8_t v6[16];

    key_ip6(v6, key);
    return names_find(&core->names, name, &record) && memcmp(record.v6, v6, sizeof(record.v6)) != 0;
}

/* Why this key cannot have this name; NULL if it can. out is the name as it is kept. */
static const char *problem_of(const struct host_core *core, const uint8_t key[KEY_SIZE],
                              const char *name, char out[NAME_TEXT_SIZE])
{
    const struct contact *known = contacts_find(&core->contacts, key);

    out[0] = '\0';
    if (name == NULL) {
        (void)snprintf(out, NAME_TEXT_SIZE, "%s", known == NULL ? "" : known->stored_name);
        return NULL;
    }
    if (!name_fold(out, name, strlen(name))) {
        return "a name is one label of a to z, 0 to 9 and inner hyphens, at most 63 characters";
    }
    const char *problem = name_problem(out, strlen(out));
    if (problem != NULL) {
        return problem;
    }
    return is_taken(core, key, out) ? "this name means another peer here; choose another one"
                                    : NULL;
}

int contacting_add(struct host_core *core, const char *key_text, const char *name, char *error,
                   size_t error_size, struct mono now)
{
    uint8_t key[KEY_SIZE];
    char kept[NAME_TEXT_SIZE];
    struct contact *contact;

    if (key_parse(key, key_text, strlen(key_text)) != ERR_OK) {
        return refuse(
            error, error_size, ERR_DROP,
            "a peer is named by its key, 52 characters, which it prints by: ziglan whoami");
    }
    if (memcmp(key, core->local.identity->public_key, KEY_SIZE) == 0) {
        return refuse(error, error_size, ERR_DROP, "this is the key of this host itself");
    }
    if (!key_is_usable(key)) {
        return refuse(error, error_size, ERR_DROP, "nobody can have this key; copy it again");
    }
    const char *problem = problem_of(core, key, name, kept);
    if (problem != NULL) {
        return refuse(error, error_size, ERR_DROP, problem);
    }
    int rc = contacts_add(&core->contacts, key, kept, &contact);
    if (rc == ERR_LIMIT) {
        return refuse(error, error_size, rc, "there are 10000 named peers; remove one first");
    }
    if (rc != ERR_OK) {
        return refuse(error, error_size, rc, "the peer could not be stored; is the disk full?");
    }
    learn(core, contact, now);
    return ERR_OK;
}

int contacting_remove(struct host_core *core, const char *name_or_key, char *error,
                      size_t error_size, struct mono now)
{
    size_t size = strlen(name_or_key);
    uint8_t key[KEY_SIZE];
    struct contact *contact = key_parse(key, name_or_key, size) == ERR_OK
                                  ? contacts_find(&core->contacts, key)
                                  : contacts_find_name(&core->contacts, name_or_key, size);
    bool gone;

    if (contact == NULL) {
        return refuse(error, error_size, ERR_DROP,
                      "no peer was named so by ziglan peer add; see: ziglan peers");
    }
    if (contacts_forget(&core->contacts, contact, &gone) != ERR_OK) {
        return refuse(error, error_size, ERR_SYSTEM, "this could not be stored; is the disk full?");
    }
    if (!gone) {
        return refuse(error, error_size, ERR_DROP,
                      "the configuration names this peer; take it out of `peers` there");
    }
    drop(core, contact, now);
    return ERR_OK;
}

/* ---- the configuration ---- */

void contacting_configure(struct host_core *core, const struct named_peer *peers, size_t count,
                          struct mono now)
{
    struct contact *contact;
    struct contact *next;
    char text[KEY_SHORT_SIZE];

    TAILQ_FOREACH(contact, &core->contacts.list, in_list)
    {
        contact->configured = false;
        contact->configured_name[0] = '\0';
    }
    for (size_t i = 0; i < count; i++) {
        if (!key_is_usable(peers[i].key)) {
            env_trace(core->env, TRACE_LEVEL_WARN, "config.peers",
                      "a peer of the configuration has a key that nobody can have: %s",
                      key_short(peers[i].key, text));
            continue;
        }
        contact = contacts_configure(&core->contacts, peers[i].key, peers[i].name);
        if (contact == NULL) {
            env_trace(core->env, TRACE_LEVEL_ERROR, "config.peers",
                      "not all peers of the configuration found room");
            break;
        }
        learn(core, contact, now);
        set_way(core, contact, &peers[i], now);
    }
    for (contact = TAILQ_FIRST(&core->contacts.list); contact != NULL; contact = next) {
        next = TAILQ_NEXT(contact, in_list);
        if (!contact->configured) {
            set_way(core, contact, &(const struct named_peer){0}, now);
        }
        if (!contact->stored && !contact->configured) {
            drop(core, contact, now);
        }
    }
}
