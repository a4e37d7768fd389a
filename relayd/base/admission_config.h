/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may join besides those who have an invite, as the configuration says. Plain values.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_groups.h"

#include <stddef.h>
#include <stdint.h>

enum admission_mode {
    ADMISSION_MODE_INVITE, /* nobody but those who are allowed, here or by `relayd allow` */
    ADMISSION_MODE_OPEN,   /* everybody */
    ADMISSION_MODE_SCRIPT, /* whom a program admits */
};

enum {
    ADMISSION_ALLOWED_MAX = 128, /* keys in the configuration; `relayd allow` takes more */
    ADMISSION_CACHE_S_MAX = 86400,
};

/** One key that may join. */
struct admission_allowed {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* that it gets; empty: the wanted one */
    struct directory_groups groups;
    char note[DIRECTORY_NOTE_TEXT_SIZE];
};

struct admission_config {
    enum admission_mode mode;
    uint32_t cache_s; /* for so long an answer of the program counts; 0 is 1 */
    struct admission_allowed allowed[ADMISSION_ALLOWED_MAX];
    size_t allowed_count;
};
