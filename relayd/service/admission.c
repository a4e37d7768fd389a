/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists first, then the mode; answers in a ring, in which the oldest makes room. */
#include "relayd/service/admission.h"

#include "relayd/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void admission_configure(struct admission_service *service, const struct admission_config *config)
{
    static const struct admission_config none;

    service->config = config != NULL ? *config : none;
    memset(service->places, 0, sizeof(service->places));
    admission_fini(service);
}

void admission_fini(struct admission_service *service)
{
    free(service->cache);
    service->cache = NULL;
    service->cache_at = 0;
}

/* ---- what is known ---- */

static bool configured(const struct admission_service *service, const uint8_t key[KEY_SIZE],
                       struct directory_terms *out)
{
    for (size_t i = 0; i < service->config.allowed_count; i++) {
        const struct admission_allowed *allowed = &service->config.allowed[i];

        if (memcmp(allowed->key, key, KEY_SIZE) == 0) {
            *out = (struct directory_terms){.uses = 1, .groups = allowed->groups};
            memcpy(out->name, allowed->name, sizeof(out->name));
            memcpy(out->note, allowed->note, sizeof(out->note));
            return true;
        }
    }
    return false;
}

static const struct admission_cached *cached(const struct admission_service *service,
                                             const uint8_t key[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; service->cache != NULL && i < ADMISSION_CACHE_MAX; i++) {
        const struct admission_cached *c = &service->cache[i];

        if (!mono_due(c->until, now) && memcmp(c->key, key, KEY_SIZE) == 0) {
            return c;
        }
    }
    return NULL;
}

static void script_rule(const struct admission_service *service, const uint8_t key[KEY_SIZE],
                        struct admission_ruling *out, struct mono now)
{
    const struct admission_cached *known = cached(service, key, now);

    out->word = ADMISSION_ASK;
    if (known != NULL) {
        out->word = known->answer.word;
        out->terms = known->answer.terms;
        memcpy(out->text, known->answer.text, sizeof(out->text));
    }
}

void admission_rule(const struct admission_service *service, const uint8_t key[KEY_SIZE],
                    struct admission_ruling *out, struct mono now)
{
    struct directory *directory = service->base->directory;
    bool found = false;

    memset(out, 0, sizeof(*out));
    if (configured(service, key, &out->terms) ||
        (directory_allowed_find(directory, key, &out->terms, &found) == ERR_OK && found)) {
        out->word = ADMISSION_ALLOW;
    } else if (service->config.mode == ADMISSION_MODE_OPEN) {
        out->word = ADMISSION_OPEN;
        out->terms.uses = 1;
    } else if (service->config.mode == ADMISSION_MODE_SCRIPT) {
        script_rule(service, key, out, now);
    }
}

const char *admission_word_text(enum admission_word word)
{
    static const char *const texts[] = {
        [ADMISSION_NONE] = "invite",     [ADMISSION_ALLOW] = "allow",
        [ADMISSION_OPEN] = "open",       [ADMISSION_SCRIPT] = "script",
        [ADMISSION_REFUSED] = "refused", [ADMISSION_FAILED] = "failed",
        [ADMISSION_ASK] = "ask",
    };

    return texts[word];
}

/* ---- who waits ---- */

/* The place of a key that waits; ADMISSION_PLACES if it does not. */
static size_t place_of(const struct admission_service *service, const uint8_t key[KEY_SIZE])
{
    size_t i = 0;

    while (i < ADMISSION_PLACES && (service->places[i].state == ADMISSION_PLACE_FREE ||
                                    memcmp(service->places[i].question.key, key, KEY_SIZE) != 0)) {
        i++;
    }
    return i;
}

int admission_wait(struct admission_service *service, const struct admission_question *question,
                   size_t *place)
{
    uint64_t address = limits_address_number(&question->remote);
    size_t of_address = 0, free_place = ADMISSION_PLACES;

    *place = place_of(service, question->key);
    if (*place < ADMISSION_PLACES) {
        return ERR_OK;
    }
    for (size_t i = 0; i < ADMISSION_PLACES; i++) {
        const struct admission_place *p = &service->places[i];

        if (p->state == ADMISSION_PLACE_FREE) {
            free_place = i;
        } else {
            of_address += p->address == address ? 1 : 0;
        }
    }
    if (free_place == ADMISSION_PLACES || of_address >= ADMISSION_ADDRESS_PLACES) {
        return ERR_LIMIT;
    }
    *place = free_place;
    service->places[free_place] = (struct admission_place){.state = ADMISSION_PLACE_QUEUED,
                                                           .ticket = ++service->tickets,
                                                           .address = address,
                                                           .question = *question};
    return ERR_OK;
}

bool admission_wanted(struct admission_service *service, uint64_t *ticket, size_t *place,
                      struct admission_question *out)
{
    struct admission_place *first = NULL;

    for (size_t i = 0; i < ADMISSION_PLACES; i++) {
        struct admission_place *p = &service->places[i];

        if (p->state == ADMISSION_PLACE_QUEUED && (first == NULL || p->ticket < first->ticket)) {
            first = p;
        }
    }
    if (first == NULL) {
        return false;
    }
    first->state = ADMISSION_PLACE_ASKED;
    *ticket = first->ticket;
    *place = (size_t)(first - service->places);
    *out = first->question;
    return true;
}

static struct admission_place *ticket_find(struct admission_service *service, uint64_t ticket)
{
    for (size_t i = 0; i < ADMISSION_PLACES; i++) {
        if (service->places[i].state == ADMISSION_PLACE_ASKED &&
            service->places[i].ticket == ticket) {
            return &service->places[i];
        }
    }
    return NULL;
}

void admission_dropped(struct admission_service *service, uint64_t ticket)
{
    struct admission_place *place = ticket_find(service, ticket);

    if (place != NULL) {
        place->state = ADMISSION_PLACE_FREE;
    }
}

/* ---- answers ---- */

/* An answer counts for a second at least, in which the Join that waits is carried out. */
static uint64_t cache_ms(const struct admission_service *service, enum admission_word word)
{
    uint64_t ms = (uint64_t)service->config.cache_s * 1000;

    if (word == ADMISSION_FAILED) {
        return ADMISSION_FAILED_MS;
    }
    return ms > 1000 ? ms : 1000;
}

/* Without memory it is not remembered, and the host, which asks every few seconds, asks again. */
static void answer_keep(struct admission_service *service, const uint8_t key[KEY_SIZE],
                        const struct admission_answer *answer, struct mono now)
{
    struct admission_cached *c;

    if (service->cache == NULL) {
        service->cache = calloc(ADMISSION_CACHE_MAX, sizeof(*service->cache));
    }
    if (service->cache == NULL) {
        return;
    }
    c = &service->cache[service->cache_at];
    service->cache_at = (service->cache_at + 1) % ADMISSION_CACHE_MAX;
    memcpy(c->key, key, KEY_SIZE);
    c->until = mono_add_ms(now, cache_ms(service, answer->word));
    c->answer = *answer;
}

bool admission_answered(struct admission_service *service, uint64_t ticket,
                        const struct admission_answer *answer, size_t *place, struct mono now)
{
    struct admission_place *asked = ticket_find(service, ticket);

    if (asked == NULL) {
        return false;
    }
    *place = (size_t)(asked - service->places);
    answer_keep(service, asked->question.key, answer, now);
    asked->state = ADMISSION_PLACE_FREE;
    return true;
}
