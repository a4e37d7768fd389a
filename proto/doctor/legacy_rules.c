/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line is a chain, ":INPUT DROP [0:0]", or a rule, "-A INPUT -p udp --dport 443 -j ACCEPT". Of a
 * rule each option is one comparison; its words are those up to the next option.
 */
#include "proto/doctor/legacy_rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_SIZE = 256 };

struct reading {
    const char *at; /* in the line */
    const char *family;
    json_t *list, *expr; /* of all objects; of the rule */
    json_t *chains;      /* names, to tell jumps from other targets */
    bool negated;        /* the next option is preceded by ! */
};

/* The next word of the line, cut if it is long, without quotes. False: the line is over. */
static bool word_next(struct reading *reading, char word[WORD_SIZE])
{
    size_t size = 0;
    bool quoted = false;

    while (*reading->at == ' ') {
        reading->at++;
    }
    if (*reading->at == '\0' || *reading->at == '\n') {
        return false;
    }
    for (; *reading->at != '\0' && *reading->at != '\n'; reading->at++) {
        if (*reading->at == '"') {
            quoted = !quoted;
        } else if (*reading->at == ' ' && !quoted) {
            break;
        } else if (size + 1 < WORD_SIZE) {
            word[size++] = *reading->at;
        }
    }
    word[size] = '\0';
    return true;
}

static void lower(char *word)
{
    for (; *word != '\0'; word++) {
        *word = (char)tolower((unsigned char)*word);
    }
}

/* ---- values ---- */

/* "443", or "5000:5010". */
static json_t *port_value(const char *word)
{
    char *rest;
    long first = strtol(word, &rest, 10);

    if (*rest == ':') {
        return json_pack("{s:[I,I]}", "range", (json_int_t)first,
                         (json_int_t)strtol(rest + 1, NULL, 10));
    }
    return json_integer(first);
}

/* A list with commas: of ports, or of words. */
static json_t *list_value(char *word, bool is_port)
{
    json_t *list = json_array();
    char *rest = word;

    lower(word);
    for (char *item = strsep(&rest, ","); item != NULL; item = strsep(&rest, ",")) {
        (void)json_array_append_new(list, is_port ? port_value(item) : json_string(item));
    }
    return list;
}

/* iptables writes "eth+" for what nft writes as "eth*". */
static json_t *interface_value(char *word)
{
    size_t size = strlen(word);

    if (size > 0 && word[size - 1] == '+') {
        word[size - 1] = '*';
    }
    return json_string(word);
}

static json_t *protocol_value(char *word)
{
    lower(word);
    return isdigit((unsigned char)word[0]) ? json_integer(strtol(word, NULL, 10))
                                           : json_string(word);
}

/* ---- statements ---- */

static void unknown_add(struct reading *reading)
{
    (void)json_array_append_new(reading->expr, json_pack("{s:n}", "xt"));
}

/* left and right are given. */
static void match_add(struct reading *reading, json_t *left, json_t *right)
{
    (void)json_array_append_new(reading->expr, json_pack("{s:{s:s, s:o, s:o}}", "match", "op",
                                                         reading->negated ? "!=" : "==", "left",
                                                         left, "right", right));
}

static json_t *meta_left(const char *key)
{
    return json_pack("{s:{s:s}}", "meta", "key", key);
}

static json_t *payload_left(const char *protocol, const char *field)
{
    return json_pack("{s:{s:s, s:s}}", "payload", "protocol", protocol, "field", field);
}

static void target_add(struct reading *reading, char *word, const char *kind)
{
    static const char *const verdicts[] = {"accept", "drop", "reject", "return"};
    bool is_chain = false;
    const json_t *name;
    size_t i;

    json_array_foreach(reading->chains, i, name)
    {
        is_chain = is_chain || strcmp(json_string_value(name), word) == 0;
    }
    if (is_chain) {
        (void)json_array_append_new(reading->expr, json_pack("{s:{s:s}}", kind, "target", word));
        return;
    }
    lower(word);
    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (strcmp(verdicts[i], word) == 0) {
            (void)json_array_append_new(reading->expr, json_pack("{s:n}", word));
            return;
        }
    }
    unknown_add(reading); /* it logs, marks or counts */
}

/* What is told about a rule and asks nothing. */
static bool is_idle(const char *option)
{
    static const char *const idle[] = {"-m", "--comment", "--reject-with", "--log-prefix",
                                       "--log-level"};

    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
        if (strcmp(option, idle[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void option_add(struct reading *reading, const char *option, char *word)
{
    const char *ip = strcmp(reading->family, "ip6") == 0 ? "ip6" : "ip";

    if (strcmp(option, "-j") == 0) {
        target_add(reading, word, "jump");
    } else if (strcmp(option, "-g") == 0) {
        target_add(reading, word, "goto");
    } else if (strcmp(option, "-p") == 0) {
        match_add(reading, meta_left("l4proto"), protocol_value(word));
    } else if (strcmp(option, "-i") == 0) {
        match_add(reading, meta_left("iifname"), interface_value(word));
    } else if (strcmp(option, "-s") == 0) {
        match_add(reading, payload_left(ip, "saddr"), json_string(word));
    } else if (strcmp(option, "--dport") == 0) {
        match_add(reading, payload_left("th", "dport"), port_value(word));
    } else if (strcmp(option, "--dports") == 0) {
        match_add(reading, payload_left("th", "dport"), list_value(word, true));
    } else if (strcmp(option, "--ctstate") == 0 || strcmp(option, "--state") == 0) {
        match_add(reading, json_pack("{s:{s:s}}", "ct", "key", "state"), list_value(word, false));
    } else if (strcmp(option, "--dst-type") == 0) {
        match_add(reading, json_pack("{s:{s:s}}", "fib", "result", "type"),
                  list_value(word, false));
    } else if (!is_idle(option)) {
        unknown_add(reading);
    }
}

/* ---- lines ---- */

static void chain_read(struct reading *reading)
{
    char name[WORD_SIZE], policy[WORD_SIZE] = "";
    json_t *chain;

    reading->at++;
    if (!word_next(reading, name)) {
        return;
    }
    (void)word_next(reading, policy);
    lower(policy);
    chain =
        json_pack("{s:s, s:s, s:s}", "family", reading->family, "table", "filter", "name", name);
    if (strcmp(name, "INPUT") == 0) {
        (void)json_object_update_new(chain, json_pack("{s:s, s:s, s:s}", "type", "filter", "hook",
                                                      "input", "policy", policy));
    }
    (void)json_array_append_new(reading->list, json_pack("{s:o}", "chain", chain));
    (void)json_array_append_new(reading->chains, json_string(name));
}

static void rule_read(struct reading *reading)
{
    char chain[WORD_SIZE], option[WORD_SIZE], word[WORD_SIZE];
    bool more =
        word_next(reading, option) && word_next(reading, chain) && word_next(reading, option);

    if (!more) {
        return;
    }
    reading->expr = json_array();
    reading->negated = false;
    while (more) {
        if (strcmp(option, "!") == 0) {
            reading->negated = true;
            more = word_next(reading, option);
            continue;
        }
        more = word_next(reading, word);
        if (more && word[0] != '-' && strcmp(word, "!") != 0) {
            option_add(reading, option, word);
            more = word_next(reading, option);
        } else { /* an option without a word */
            unknown_add(reading);
            memcpy(option, word, sizeof(option));
        }
        while (more && option[0] != '-' && strcmp(option, "!") != 0) {
            more = word_next(reading, option); /* more words of the one before */
        }
        reading->negated = false;
    }
    (void)json_array_append_new(
        reading->list, json_pack("{s:{s:s, s:s, s:s, s:o}}", "rule", "family", reading->family,
                                 "table", "filter", "chain", chain, "expr", reading->expr));
}

json_t *legacy_rules(const char *text, bool ipv6)
{
    struct reading reading = {
        .family = ipv6 ? "ip6" : "ip", .list = json_array(), .chains = json_array()};
    bool is_filter = false;

    for (const char *line = text; *line != '\0'; line += line[0] == '\n' ? 1 : 0) {
        reading.at = line;
        if (line[0] == '*') {
            is_filter = strncmp(line, "*filter\n", 8) == 0;
        } else if (is_filter && line[0] == ':') {
            chain_read(&reading);
        } else if (is_filter && strncmp(line, "-A ", 3) == 0) {
            rule_read(&reading);
        }
        line += strcspn(line, "\n");
    }
    json_decref(reading.chains);
    return json_pack("{s:o}", "nftables", reading.list);
}
