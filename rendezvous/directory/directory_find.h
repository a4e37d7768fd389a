/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding nodes in the directory: by key, by name, by address, and all in turn. Nothing here
 * changes the directory. UNAVAILABLE always means that the store failed, which was traced.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_entry.h"

#include <stdint.h>

struct directory;

enum directory_status {
    DIRECTORY_STATUS_STRANGER,
    DIRECTORY_STATUS_MEMBER,
    DIRECTORY_STATUS_REVOKED,
};

/** What a key is here. If the store fails, it is a stranger. */
enum directory_status directory_status(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Until when a key is a member. */
struct directory_until {
    uint64_t ms; /* of its admission, by the wall clock; 0: it is none */
    bool ends;   /* the membership ends then, not only this admission */
};

/** When the admission of a member ends; 0 if the key is no member, its membership is over, or the
 * store fails. */
struct directory_until directory_admitted_until(struct directory *directory,
                                                const uint8_t key[KEY_SIZE]);

/** Find who is a member, was revoked, or left: *out has the records to tell, which is the
 * revocation alone if there is one. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_find_key(struct directory *directory, const uint8_t key[KEY_SIZE],
                                struct directory_entry *out);

/** Find a member by name (case-insensitive), or by address: a key-derived IPv6, or a fixed one
 * whose EUI-64 the member claimed first. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_find_name(struct directory *directory, const char *name,
                                 struct directory_entry *out);
enum verdict directory_find_address(struct directory *directory, const uint8_t address[16],
                                    struct directory_entry *out);

/**
 * The next entry of a listing of members, revoked keys and those who left lately, in the order of
 * keys. key goes in as the last key of the listing (all zero to begin, which is nobody's key) and
 * comes out as that of *out. NOT_FOUND at the end, UNAVAILABLE.
 */
enum verdict directory_next(struct directory *directory, uint8_t key[KEY_SIZE],
                            struct directory_entry *out);
