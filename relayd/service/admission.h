/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may join without an invite: keys that the operator allows, in the configuration or by
 * `relayd allow`; everybody, where the relay is open; or whom a program admits. The program is the
 * shell's: it takes questions (admission_wanted) and brings answers (admission_answered). Until
 * then a host's Join waits in a place that it keeps here. Answers are remembered by key.
 *
 * Only sessions ask, so that the address of who asks is proven. Places are few, and one address has
 * a part of them at most; who finds none is told to come later.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/control.h"
#include "proto/wire/verdict.h"
#include "relayd/base/admission_config.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADMISSION_PLACES = 64,        /* hosts that wait for the program, or for its answer */
    ADMISSION_ADDRESS_PLACES = 8, /* of one IPv4 address or IPv6 /56 */
    ADMISSION_CACHE_MAX = 512,    /* answers that are remembered */
    ADMISSION_FAILED_MS = 10000,  /* for so long nobody asks again about a key when it failed */
    ADMISSION_TEXT_SIZE = 161,    /* why the program refuses, for the host's user, with NUL */
};

/** What is known about a key before it has joined. */
enum admission_word {
    ADMISSION_NONE,    /* it needs an invite */
    ADMISSION_ALLOW,   /* the operator allows it */
    ADMISSION_OPEN,    /* everybody may */
    ADMISSION_SCRIPT,  /* the program admits it */
    ADMISSION_REFUSED, /* the program does not */
    ADMISSION_FAILED,  /* the program gave no answer */
    ADMISSION_ASK,     /* the program is to be asked */
};

struct admission_ruling {
    enum admission_word word;
    struct directory_terms terms;   /* ALLOW, OPEN, SCRIPT: with which it may join */
    char text[ADMISSION_TEXT_SIZE]; /* REFUSED: why, for people; may be empty */
};

/** What the program is asked. */
struct admission_question {
    uint8_t key[KEY_SIZE];
    struct endpoint remote;
    char wanted_name[NAME_TEXT_SIZE];
};

/** What it answers: ADMISSION_SCRIPT, ADMISSION_REFUSED or ADMISSION_FAILED. */
struct admission_answer {
    enum admission_word word;
    struct directory_terms terms;
    char text[ADMISSION_TEXT_SIZE];
};

enum admission_place_state {
    ADMISSION_PLACE_FREE,
    ADMISSION_PLACE_QUEUED, /* nobody was asked so far */
    ADMISSION_PLACE_ASKED,
};

struct admission_place {
    enum admission_place_state state;
    uint64_t ticket; /* never the same twice */
    uint64_t address;
    struct admission_question question;
};

struct admission_cached {
    uint8_t key[KEY_SIZE];
    struct mono until;
    struct admission_answer answer;
};

struct admission_service {
    struct relay_base *base; /* borrowed */
    struct admission_config config;
    struct admission_place places[ADMISSION_PLACES];
    uint64_t tickets;
    struct admission_cached *cache; /* ADMISSION_CACHE_MAX; NULL: nobody was asked so far */
    size_t cache_at;                /* the place for the next answer */
};

/** Take the configuration; NULL: who has an invite. Who waits is forgotten, and so are answers. */
void admission_configure(struct admission_service *service, const struct admission_config *config);

/** Free what it holds. */
void admission_fini(struct admission_service *service);

/** What is known about a key. A store that fails counts as if it allowed nobody. */
void admission_rule(const struct admission_service *service, const uint8_t key[KEY_SIZE],
                    struct admission_ruling *out, struct mono now);

/** Wait for the program's word. A key that waits already keeps its place. *place is the number of
 * the place, below ADMISSION_PLACES. ERR_LIMIT: there is none for it now. */
int admission_wait(struct admission_service *service, const struct admission_question *question,
                   size_t *place) MUST_CHECK;

/** The next question for the program, first come first; *place is that of the key. False: there is
 * none. */
bool admission_wanted(struct admission_service *service, uint64_t *ticket, size_t *place,
                      struct admission_question *out);

/** Give up the place of a ticket that was not asked after all: nobody waits any more. */
void admission_dropped(struct admission_service *service, uint64_t ticket);

/** The program answered, or did not in time; that is remembered, and *place is free. False: nobody
 * waits for this ticket any more; the answer is forgotten. */
bool admission_answered(struct admission_service *service, uint64_t ticket,
                        const struct admission_answer *answer, size_t *place, struct mono now);

/** How the log calls the way by which somebody was admitted. */
const char *admission_word_text(enum admission_word word);
