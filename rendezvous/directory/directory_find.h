/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is here: by key, by name, by address, and all in turn. Finding changes nothing.
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

/** What a key is here. A store that fails counts as stranger. */
enum directory_status directory_status(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** When the admission of a member ends (wall clock); 0 for a key that is none. */
uint64_t directory_admitted_until(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Find by key (revoked ones too), by name (case-insensitive), or by address: a key-derived IPv6
 * or a fixed one whose EUI-64 a member claimed first. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_find_key(struct directory *directory, const uint8_t key[KEY_SIZE],
                                struct directory_entry *out);
enum verdict directory_find_name(struct directory *directory, const char *name,
                                 struct directory_entry *out);
enum verdict directory_find_address(struct directory *directory, const uint8_t address[16],
                                    struct directory_entry *out);

/** The key that a text of an operator means: a key's text form, else a name (also of one revoked
 * within 30 days). NOT_FOUND, UNAVAILABLE. */
enum verdict directory_resolve(struct directory *directory, const char *text,
                               uint8_t key[KEY_SIZE]);

/**
 * The next entry of a listing in key order: `*key` is the last one seen (all zero to begin; the
 * key of all zeros is nobody's). NOT_FOUND at the end.
 */
enum verdict directory_next(struct directory *directory, uint8_t key[KEY_SIZE],
                            struct directory_entry *out);
