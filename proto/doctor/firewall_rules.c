/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packet walks through the base chains of the hooks that see it, as in the kernel: rule after
 * rule, into chains to which rules jump and back. Each comparison is true, false, or not known.
 * A rule of which something is not known may or may not count: behind one that would let the packet
 * through no drop is certain any more, behind a return none of that chain.
 */
#include "proto/doctor/firewall_rules.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16 }; /* the kernel's own limit of jumps */

enum answer { NO, YES, UNKNOWN };

enum course { COURSE_ON, COURSE_ACCEPTED, COURSE_DROPPED, COURSE_RETURNED };

struct walk {
    const json_t *list; /* of all objects */
    const struct firewall_packet *packet;
    const char *family, *table; /* of the base chain */
    struct firewall_found *found;
    bool doubtful; /* it may have been accepted before */
    bool returned; /* it may have left this chain before */
    unsigned depth;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* ---- comparisons ---- */

static enum answer not_of(enum answer answer)
{
    return answer == UNKNOWN ? UNKNOWN : answer == YES ? NO : YES;
}

static enum answer text_is(const json_t *right, const char *value)
{
    const char *text = json_string_value(right);
    size_t size = text != NULL ? strlen(text) : 0;

    if (text == NULL || text[0] == '@' || value[0] == '\0') {
        return UNKNOWN;
    }
    if (size > 0 && text[size - 1] == '*') {
        return strncmp(text, value, size - 1) == 0 ? YES : NO;
    }
    return strcmp(text, value) == 0 ? YES : NO;
}

static enum answer number_is(const json_t *right, json_int_t value)
{
    const json_t *range = json_object_get(right, "range");

    if (json_is_integer(right)) {
        return json_integer_value(right) == value ? YES : NO;
    }
    if (json_array_size(range) == 2) {
        return json_integer_value(json_array_get(range, 0)) <= value &&
                       value <= json_integer_value(json_array_get(range, 1))
                   ? YES
                   : NO;
    }
    return UNKNOWN;
}

/* A value, a set of values, or a list of words. `text` NULL: a number. */
static enum answer one_of(const json_t *right, const char *text, json_int_t number)
{
    const json_t *set = json_object_get(right, "set");
    const json_t *item;
    enum answer answer = NO;
    size_t i;

    set = json_is_array(right) ? right : set;
    if (!json_is_array(set)) {
        return text != NULL ? text_is(right, text) : number_is(right, number);
    }
    json_array_foreach(set, i, item)
    {
        const json_t *element = json_object_get(json_object_get(item, "elem"), "val");
        enum answer one = one_of(element != NULL ? element : item, text, number);

        if (one == YES) {
            return YES;
        }
        answer = one == UNKNOWN ? UNKNOWN : answer;
    }
    return answer;
}

static enum answer protocol_is(const struct walk *walk, const json_t *right)
{
    static const struct {
        const char *name;
        json_int_t number;
    } protocols[] = {{"udp", 17}, {"tcp", 6}, {"icmp", 1}};
    const char *name = walk->packet->protocol;
    enum answer answer;

    if (walk->packet->ipv6 && strcmp(name, "icmp") == 0) {
        answer = one_of(right, "ipv6-icmp", 0);
        return answer == YES ? YES : one_of(right, "icmpv6", 0);
    }
    answer = one_of(right, name, 0);
    for (size_t i = 0; answer != YES && i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(protocols[i].name, name) == 0 &&
            one_of(right, NULL, protocols[i].number) == YES) {
            return YES;
        }
    }
    return answer;
}

static enum answer payload_is(const struct walk *walk, const json_t *payload, const json_t *right)
{
    const char *protocol = text_of(payload, "protocol"), *field = text_of(payload, "field");
    bool is_port = strcmp(field, "dport") == 0;

    if (strcmp(field, "protocol") == 0 || strcmp(field, "nexthdr") == 0) {
        return (strcmp(protocol, "ip6") == 0) == walk->packet->ipv6 ? protocol_is(walk, right) : NO;
    }
    if (strcmp(field, "saddr") == 0) {
        return NO; /* nobody in particular sent it */
    }
    if (strcmp(protocol, "ip") == 0 || strcmp(protocol, "ip6") == 0) {
        return (strcmp(protocol, "ip6") == 0) == walk->packet->ipv6 ? UNKNOWN : NO;
    }
    if (strcmp(protocol, "th") != 0 && strcmp(protocol, walk->packet->protocol) != 0) {
        return NO;
    }
    return is_port ? one_of(right, NULL, walk->packet->port) : UNKNOWN;
}

static enum answer meta_is(const struct walk *walk, const json_t *meta, const json_t *right)
{
    const char *key = text_of(meta, "key");

    if (strcmp(key, "l4proto") == 0) {
        return protocol_is(walk, right);
    }
    if (strcmp(key, "nfproto") == 0) {
        return one_of(right, walk->packet->ipv6 ? "ipv6" : "ipv4", 0);
    }
    if (strcmp(key, "protocol") == 0) {
        return one_of(right, walk->packet->ipv6 ? "ip6" : "ip", 0);
    }
    if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0) {
        return one_of(right, walk->packet->interface, 0);
    }
    return UNKNOWN;
}

static enum answer left_is(const struct walk *walk, const json_t *left, const json_t *right)
{
    const json_t *part;

    if ((part = json_object_get(left, "payload")) != NULL) {
        return payload_is(walk, part, right);
    }
    if ((part = json_object_get(left, "meta")) != NULL) {
        return meta_is(walk, part, right);
    }
    if ((part = json_object_get(left, "ct")) != NULL) {
        bool is_state = strcmp(text_of(part, "key"), "state") == 0;
        bool is_status = strcmp(text_of(part, "key"), "status") == 0;

        return is_state ? one_of(right, "new", 0) : is_status ? NO : UNKNOWN;
    }
    if ((part = json_object_get(left, "fib")) != NULL &&
        strcmp(text_of(part, "result"), "type") == 0) {
        return one_of(right, "local", 0);
    }
    return UNKNOWN;
}

static bool is_of(const struct walk *walk, const json_t *object)
{
    return strcmp(text_of(object, "family"), walk->family) == 0 &&
           strcmp(text_of(object, "table"), walk->table) == 0;
}

/* The elements of a set by its name ("@web"); anything else as it is. */
static const json_t *set_of(const struct walk *walk, const json_t *right)
{
    const char *name = json_string_value(right);
    const json_t *object;
    size_t i;

    if (name == NULL || name[0] != '@') {
        return right;
    }
    json_array_foreach(walk->list, i, object)
    {
        const json_t *set = json_object_get(object, "set");

        if (set != NULL && is_of(walk, set) && strcmp(text_of(set, "name"), name + 1) == 0 &&
            json_is_array(json_object_get(set, "elem"))) {
            return json_object_get(set, "elem");
        }
    }
    return right;
}

static enum answer match_is(const struct walk *walk, const json_t *match)
{
    const char *op = text_of(match, "op");
    const json_t *right = set_of(walk, json_object_get(match, "right"));
    enum answer answer = left_is(walk, json_object_get(match, "left"), right);

    if (strcmp(op, "!=") == 0) {
        return not_of(answer);
    }
    return strcmp(op, "==") == 0 || strcmp(op, "in") == 0 ? answer : UNKNOWN;
}

/* ---- rules ---- */

static enum course chain_walk(struct walk *walk, const char *chain);

static void copy(char out[FIREWALL_NAME_SIZE], const char *text)
{
    (void)snprintf(out, FIREWALL_NAME_SIZE, "%s", text);
}

static enum course drop(struct walk *walk, const char *chain, bool certain)
{
    struct firewall_found *found = walk->found;

    certain = certain && !walk->doubtful && !walk->returned;
    if (certain) {
        found->verdict = FIREWALL_DROPS;
    } else if (found->verdict == FIREWALL_PASSES) {
        found->verdict = FIREWALL_PERHAPS;
    } else {
        return COURSE_ON;
    }
    copy(found->chain, chain);
    return certain ? COURSE_DROPPED : COURSE_ON;
}

static enum course jump_take(struct walk *walk, const char *target, bool comes_back, bool certain)
{
    bool before = walk->doubtful;
    enum course course;

    walk->doubtful = before || !certain;
    course = chain_walk(walk, target);
    if (!certain) {
        walk->doubtful = before || course == COURSE_ACCEPTED;
        return COURSE_ON;
    }
    if (course == COURSE_RETURNED || course == COURSE_ON) {
        return comes_back ? COURSE_ON : COURSE_RETURNED;
    }
    return course;
}

/* What an accept, return, drop or jump does, of which it is certain that it counts or not. */
static enum course verdict_take(struct walk *walk, const json_t *statement, const char *chain,
                                bool certain)
{
    const json_t *jump = json_object_get(statement, "jump");
    const json_t *target = jump != NULL ? jump : json_object_get(statement, "goto");

    if (json_object_get(statement, "accept") != NULL) {
        walk->doubtful = walk->doubtful || !certain;
        return certain ? COURSE_ACCEPTED : COURSE_ON;
    }
    if (json_object_get(statement, "return") != NULL) {
        walk->returned = walk->returned || !certain;
        return certain ? COURSE_RETURNED : COURSE_ON;
    }
    if (json_object_get(statement, "drop") != NULL ||
        json_object_get(statement, "reject") != NULL) {
        return drop(walk, chain, certain);
    }
    if (target != NULL) {
        return jump_take(walk, text_of(target, "target"), jump != NULL, certain);
    }
    return COURSE_ON;
}

/* A map of verdicts: the first one whose key fits. */
static enum course vmap_take(struct walk *walk, const json_t *vmap, const char *chain, bool certain)
{
    const json_t *set = json_object_get(json_object_get(vmap, "data"), "set");
    const json_t *pair;
    size_t i;

    json_array_foreach(set, i, pair)
    {
        enum answer fits = left_is(walk, json_object_get(vmap, "key"), json_array_get(pair, 0));
        enum course course;

        if (fits == NO) {
            continue;
        }
        course = verdict_take(walk, json_array_get(pair, 1), chain, certain && fits == YES);
        if (course != COURSE_ON || fits == YES) {
            return course;
        }
    }
    if (!json_is_array(set)) {
        walk->doubtful = true; /* a map by name */
    }
    return COURSE_ON;
}

/* Statements that change nothing of what is decided. */
static bool is_idle(const json_t *statement)
{
    static const char *const idle[] = {"counter", "log", "comment", "mangle", "notrack"};

    for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
        if (json_object_get(statement, idle[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_verdict(const json_t *statement)
{
    static const char *const verdicts[] = {"accept", "drop", "reject", "return", "jump", "goto"};

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (json_object_get(statement, verdicts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static enum course rule_walk(struct walk *walk, const json_t *rule)
{
    const char *chain = text_of(rule, "chain");
    const json_t *statement;
    bool certain = true;
    size_t i;

    json_array_foreach(json_object_get(rule, "expr"), i, statement)
    {
        const json_t *match = json_object_get(statement, "match");
        const json_t *vmap = json_object_get(statement, "vmap");

        if (match != NULL) {
            enum answer answer = match_is(walk, match);

            if (answer == NO) {
                return COURSE_ON;
            }
            certain = certain && answer == YES;
        } else if (vmap != NULL) {
            return vmap_take(walk, vmap, chain, certain);
        } else if (is_verdict(statement)) {
            return verdict_take(walk, statement, chain, certain);
        } else if (!is_idle(statement)) {
            certain = false; /* a limit, or something of iptables */
        }
    }
    return COURSE_ON;
}

static enum course chain_walk(struct walk *walk, const char *chain)
{
    enum course course = COURSE_ON;
    bool returned = walk->returned;
    const json_t *object;
    size_t i;

    if (walk->depth == DEPTH_MAX) {
        walk->doubtful = true;
        return COURSE_ON;
    }
    walk->depth++;
    walk->returned = false;
    json_array_foreach(walk->list, i, object)
    {
        const json_t *rule = json_object_get(object, "rule");

        if (rule != NULL && is_of(walk, rule) && strcmp(text_of(rule, "chain"), chain) == 0) {
            course = rule_walk(walk, rule);
            if (course != COURSE_ON) {
                break;
            }
        }
    }
    walk->depth--;
    walk->returned = returned;
    return course;
}

/* ---- base chains ---- */

static void owner_set(struct firewall_found *found, const char *table)
{
    if (strncmp(found->chain, "ufw", 3) == 0 || strstr(found->owner, "ufw") != NULL) {
        copy(found->owner, "ufw");
    } else {
        copy(found->owner, strcmp(table, "firewalld") == 0 ? "firewalld" : "nftables");
    }
}

/* ufw drops what nobody let in by the policy of a chain of the kernel's, whose name is not its. */
static bool has_ufw(const json_t *list)
{
    const json_t *object;
    size_t i;

    json_array_foreach(list, i, object)
    {
        if (strncmp(text_of(json_object_get(object, "chain"), "name"), "ufw", 3) == 0) {
            return true;
        }
    }
    return false;
}

static bool sees_it(const json_t *chain, const struct firewall_packet *packet)
{
    const char *family = text_of(chain, "family"), *hook = text_of(chain, "hook");

    return strcmp(text_of(chain, "type"), "filter") == 0 &&
           (strcmp(hook, "input") == 0 || strcmp(hook, "prerouting") == 0) &&
           (strcmp(family, "inet") == 0 || strcmp(family, packet->ipv6 ? "ip6" : "ip") == 0);
}

static void base_walk(struct firewall_found *out, const json_t *list, const json_t *chain,
                      const struct firewall_packet *packet)
{
    struct firewall_found found = {.verdict = FIREWALL_PASSES};
    const char *name = text_of(chain, "name");
    struct walk walk = {.list = list,
                        .packet = packet,
                        .family = text_of(chain, "family"),
                        .table = text_of(chain, "table"),
                        .found = &found};
    enum course course = chain_walk(&walk, name);

    if ((course == COURSE_ON || course == COURSE_RETURNED) &&
        strcmp(text_of(chain, "policy"), "drop") == 0) {
        (void)drop(&walk, name, true);
    } else if (course != COURSE_DROPPED && !walk.doubtful) {
        found.verdict = FIREWALL_PASSES; /* whatever may drop it is not for everybody */
    }
    if (found.verdict > out->verdict) {
        *out = found;
        (void)snprintf(out->place, sizeof(out->place), "%s %s %s", walk.family, walk.table, name);
        copy(out->owner, has_ufw(list) && strcmp(walk.table, "filter") == 0 ? "ufw" : "");
        owner_set(out, walk.table);
    }
}

void firewall_judge(struct firewall_found *out, const json_t *rules,
                    const struct firewall_packet *packet)
{
    const json_t *list = json_object_get(rules, "nftables");
    const json_t *object;
    size_t i;

    memset(out, 0, sizeof(*out));
    json_array_foreach(list, i, object)
    {
        const json_t *chain = json_object_get(object, "chain");

        if (chain != NULL && sees_it(chain, packet)) {
            base_walk(out, list, chain, packet);
        }
    }
}
