/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored contact is its key, with the name as the value. */
#include "client/peer/contacts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void set_name(char out[NAME_TEXT_SIZE], const char *name)
{
    size_t size = strlen(name);

    size = size < NAME_TEXT_SIZE ? size : NAME_TEXT_SIZE - 1;
    memcpy(out, name, size);
    out[size] = '\0';
}

/* The contact with this key, made if there is none. */
static struct contact *make(struct contacts *contacts, const uint8_t key[KEY_SIZE])
{
    struct contact *contact = contacts_find(contacts, key);

    if (contact != NULL || contacts->count == CONTACTS_MAX) {
        return contact;
    }
    contact = calloc(1, sizeof(*contact));
    if (contact == NULL || map_put_pointer(contacts->by_key, key, contact) != ERR_OK) {
        free(contact);
        return NULL;
    }
    memcpy(contact->key, key, KEY_SIZE);
    TAILQ_INSERT_TAIL(&contacts->list, contact, in_list);
    contacts->count++;
    return contact;
}

static int load(struct contacts *contacts)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_CONTACTS, NULL, 0);

    for (;;) {
        char name[NAME_TEXT_SIZE] = "";
        size_t size;
        int rc = store_next_fitting(contacts->store, &cursor, name, sizeof(name) - 1, &size);

        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        if (cursor.key_size != KEY_SIZE || (size > 0 && name_problem(name, size) != NULL)) {
            env_trace(contacts->env, TRACE_LEVEL_ERROR, "contact.load",
                      "a stored peer cannot be read and is passed over");
            continue;
        }
        struct contact *contact = make(contacts, cursor.key);
        if (contact == NULL) {
            return ERR_NOMEM;
        }
        contact->stored = true;
        set_name(contact->stored_name, name);
    }
}

int contacts_init(struct contacts *contacts, struct store *store, const struct env *env)
{
    int rc;

    *contacts = (struct contacts){.store = store, .env = env};
    TAILQ_INIT(&contacts->list);
    rc = map_new(&contacts->by_key, KEY_SIZE, CONTACTS_MAX, env);
    return rc == ERR_OK ? load(contacts) : rc;
}

void contacts_fini(struct contacts *contacts)
{
    struct contact *contact = contacts->by_key == NULL ? NULL : TAILQ_FIRST(&contacts->list);

    while (contact != NULL) {
        struct contact *next = TAILQ_NEXT(contact, in_list);

        free(contact);
        contact = next;
    }
    map_free(contacts->by_key);
    *contacts = (struct contacts){0};
}

struct contact *contacts_find(const struct contacts *contacts, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(contacts->by_key, key);
}

struct contact *contacts_find_name(const struct contacts *contacts, const char *name, size_t size)
{
    struct contact *contact;

    TAILQ_FOREACH(contact, &contacts->list, in_list)
    {
        const char *own = contact_name(contact);

        if (size > 0 && strlen(own) == size && strncasecmp(own, name, size) == 0) {
            return contact;
        }
    }
    return NULL;
}

const char *contact_name(const struct contact *contact)
{
    return contact->configured_name[0] != '\0' ? contact->configured_name : contact->stored_name;
}

int contacts_add(struct contacts *contacts, const uint8_t key[KEY_SIZE], const char *name,
                 struct contact **out)
{
    struct contact *contact = contacts_find(contacts, key);
    int rc;

    *out = NULL;
    if (contact == NULL && contacts->count == CONTACTS_MAX) {
        return ERR_LIMIT;
    }
    rc = store_write(contacts->store, STORE_TABLE_CONTACTS, key, KEY_SIZE, name, strlen(name));
    if (rc != ERR_OK) {
        return rc;
    }
    contact = make(contacts, key);
    if (contact == NULL) {
        return ERR_NOMEM; /* the next start finds it */
    }
    contact->stored = true;
    set_name(contact->stored_name, name);
    *out = contact;
    return ERR_OK;
}

int contacts_forget(struct contacts *contacts, struct contact *contact, bool *gone)
{
    int rc = store_remove(contacts->store, STORE_TABLE_CONTACTS, contact->key, KEY_SIZE);

    if (rc == ERR_OK) {
        contact->stored = false;
        contact->stored_name[0] = '\0';
    }
    *gone = !contact->stored && !contact->configured;
    return rc;
}

void contacts_drop(struct contacts *contacts, struct contact *contact)
{
    (void)map_remove(contacts->by_key, contact->key, NULL);
    TAILQ_REMOVE(&contacts->list, contact, in_list);
    contacts->count--;
    free(contact);
}

struct contact *contacts_configure(struct contacts *contacts, const uint8_t key[KEY_SIZE],
                                   const char *name)
{
    struct contact *contact = make(contacts, key);

    if (contact != NULL) {
        contact->configured = true;
        set_name(contact->configured_name, name);
    }
    return contact;
}
