/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words with commas between them. */
#include "tests/support/nat_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const rules[] = {"EI", "AD", "APD"};

enum { WORD_SIZE = 32, NUMBER_MAX = 32768 };

/* ---- writing ---- */

static const char *ports_text(const struct nat_kind *kind, char text[WORD_SIZE])
{
    if (kind->port_preserving) {
        (void)snprintf(text, WORD_SIZE, "keep");
    } else if (kind->step > 0) {
        (void)snprintf(text, WORD_SIZE, "step:%u", kind->step);
    } else if (kind->range_size > 0) {
        (void)snprintf(text, WORD_SIZE, "range:%u", kind->range_size);
    } else {
        (void)snprintf(text, WORD_SIZE, "random");
    }
    return text;
}

const char *nat_kind_text(const struct nat_kind *kind, char text[NAT_KIND_TEXT_SIZE])
{
    char ports[WORD_SIZE], addresses[WORD_SIZE] = "", others[WORD_SIZE] = "";

    if (!kind->translates) {
        (void)snprintf(text, NAT_KIND_TEXT_SIZE, "firewall,filter=%s,life=%u",
                       rules[kind->filtering], kind->lifetime_s);
        return text;
    }
    if (kind->addresses > 1) {
        (void)snprintf(addresses, sizeof(addresses), ",addresses=%u%s", kind->addresses,
                       kind->paired ? ":paired" : "");
    }
    if (kind->others_per_s > 0) {
        (void)snprintf(others, sizeof(others), ",others=%u", kind->others_per_s);
    }
    (void)snprintf(text, NAT_KIND_TEXT_SIZE, "map=%s,filter=%s,ports=%s,life=%u%s%s%s%s%s",
                   rules[kind->mapping], rules[kind->filtering], ports_text(kind, ports),
                   kind->lifetime_s, addresses, others, kind->hairpin ? ",hairpin" : "",
                   kind->answers_itself ? ",early" : "", kind->prohibits ? ",prohibits" : "");
    return text;
}

/* ---- reading ---- */

static bool rule_parse(enum nat_rule *rule, const char *text)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(text, rules[i]) == 0) {
            *rule = (enum nat_rule)i;
            return true;
        }
    }
    return false;
}

/* A number from 1 to max, which `tail` follows. */
static bool number_parse(unsigned long *number, unsigned long max, const char *text,
                         const char *tail)
{
    char *end;

    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && strcmp(end, tail) == 0 && *number >= 1 &&
           *number <= max;
}

static bool ports_parse(struct nat_kind *kind, const char *text)
{
    unsigned long number;

    kind->port_preserving = strcmp(text, "keep") == 0;
    if (strncmp(text, "step:", 5) == 0 && number_parse(&number, NUMBER_MAX, text + 5, "")) {
        kind->step = (uint16_t)number;
        return true;
    }
    if (strncmp(text, "range:", 6) == 0 && number_parse(&number, NUMBER_MAX, text + 6, "")) {
        kind->range_size = (uint16_t)number;
        return true;
    }
    return kind->port_preserving || strcmp(text, "random") == 0;
}

static bool flag_parse(struct nat_kind *kind, const char *word)
{
    kind->hairpin = kind->hairpin || strcmp(word, "hairpin") == 0;
    kind->answers_itself = kind->answers_itself || strcmp(word, "early") == 0;
    kind->prohibits = kind->prohibits || strcmp(word, "prohibits") == 0;
    kind->translates = kind->translates && strcmp(word, "firewall") != 0;
    return strcmp(word, "hairpin") == 0 || strcmp(word, "early") == 0 ||
           strcmp(word, "prohibits") == 0 || strcmp(word, "firewall") == 0;
}

static bool word_parse(struct nat_kind *kind, const char *word)
{
    const char *value = strchr(word, '=');
    unsigned long number = 0;
    bool ok = false;

    if (value == NULL) {
        return flag_parse(kind, word);
    }
    value++;
    if (strncmp(word, "map=", 4) == 0) {
        ok = rule_parse(&kind->mapping, value);
    } else if (strncmp(word, "filter=", 7) == 0) {
        ok = rule_parse(&kind->filtering, value);
    } else if (strncmp(word, "ports=", 6) == 0) {
        ok = ports_parse(kind, value);
    } else if (strncmp(word, "life=", 5) == 0) {
        ok = number_parse(&number, 86400, value, "");
        kind->lifetime_s = (uint32_t)number;
    } else if (strncmp(word, "addresses=", 10) == 0) {
        kind->paired = strstr(value, ":paired") != NULL;
        ok = number_parse(&number, 16, value, kind->paired ? ":paired" : "");
        kind->addresses = (uint8_t)number;
    } else if (strncmp(word, "others=", 7) == 0) {
        ok = number_parse(&number, 10000, value, "");
        kind->others_per_s = (uint16_t)number;
    }
    return ok;
}

bool nat_kind_parse(struct nat_kind *kind, const char *text)
{
    struct nat_kind read = {.translates = true, .lifetime_s = 120};

    while (text != NULL) {
        const char *comma = strchr(text, ',');
        size_t size = comma == NULL ? strlen(text) : (size_t)(comma - text);
        char word[WORD_SIZE];

        if (size >= sizeof(word)) {
            return false;
        }
        memcpy(word, text, size);
        word[size] = '\0';
        if (!word_parse(&read, word)) {
            return false;
        }
        text = comma == NULL ? NULL : comma + 1;
    }
    *kind = read;
    return true;
}
